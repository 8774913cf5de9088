//! When steps will start and end as far as estimates tell, and the chain that decides when the run does.

use super::fold::RunState;
use super::ids::{At, StepId};

/// Start and end of one step in milliseconds from the start of the run; of a step that is not over, as estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// From.
    pub start: u64,
    /// To.
    pub end: u64,
    /// It has started.
    pub begun: bool,
}

/// The whole run as it was and as it will probably be.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forecast {
    /// One for each step of the plan, in its order; none for what was left out without being started.
    pub spans: Vec<Option<Span>>,
    /// The chain of steps that decides how long the run takes, first to last.
    pub critical: Vec<StepId>,
    /// Milliseconds from the start of the run to its end.
    pub end: u64,
}

impl RunState {
    /// Looks ahead from `now`.
    pub fn forecast(&self, now: At) -> Forecast {
        let Some(started) = self.started else { return Forecast::default() };
        let present = self.elapsed_ms(now);
        let ends = self.ends_in(now);
        let spans: Vec<Option<Span>> = self
            .steps
            .iter()
            .zip(&ends)
            .map(|(step, end_in)| match (step.started, step.standing.is_end()) {
                (Some(from), ended) => {
                    let start = from.millis_since(started);
                    let end = if ended { step.ended.map_or(start, |end| end.millis_since(started)) } else { present + end_in };
                    Some(Span { start, end: end.max(start), begun: true })
                }
                (None, true) => None,
                (None, false) if self.summary.is_some() => None,
                (None, false) => {
                    let end = present + end_in;
                    Some(Span { start: end.saturating_sub(step.plan.estimate_ms).max(present), end, begun: false })
                }
            })
            .collect();
        let end = spans.iter().flatten().map(|span| span.end).max().unwrap_or(present).max(present);
        Forecast { critical: self.chain(&spans), spans, end }
    }

    /// Back from the step that ends last, always to the one before it that ends last.
    fn chain(&self, spans: &[Option<Span>]) -> Vec<StepId> {
        let span = |index: usize| spans.get(index).copied().flatten();
        // the first of equals, as the summary has it
        let last = |candidates: &mut dyn Iterator<Item = usize>| {
            candidates
                .filter_map(|index| span(index).map(|span| (index, span.end)))
                .reduce(|best, one| if one.1 > best.1 { one } else { best })
        };
        let mut chain = Vec::new();
        let mut next = last(&mut (0..spans.len()));
        while let Some((index, _)) = next {
            let (Some(step), Some(own)) = (self.steps.get(index), span(index)) else { break };
            chain.push(step.plan.id.clone());
            if chain.len() > self.steps.len() {
                break; // Only a forged journal has a cycle.
            }
            let before = step.plan.needs.iter().chain(&step.plan.after).filter_map(|id| self.position(id));
            // What ended after this one began did not hold it up, whatever the plan says.
            next = last(&mut before.filter(|before| span(*before).is_some_and(|before| before.end <= own.start)));
        }
        chain.reverse();
        chain
    }
}
