//! Steps that were left out, told in one line for each reason: a failed registry leaves out a dozen steps, and that is one thing to know.

use crate::model::run::{FinishedAs, RunState, StepId, StepState};

/// How many steps a line names.
const NAMED: usize = 3;

/// Steps left out for one reason.
pub(super) struct LeftOut<'s> {
    /// The step that failed and took the others along; `None` for one that stands alone.
    because: Option<&'s str>,
    steps: Vec<&'s StepState>,
}

impl LeftOut<'_> {
    /// `left out because Registry failed: 11 steps (AWS emulator, Gateway, Loki, …)`, or name and reason of the only one.
    pub(super) fn sentence(&self) -> String {
        match (self.because, self.steps.as_slice()) {
            (Some(because), steps) if steps.len() > 1 => {
                let mut names: Vec<&str> = steps.iter().take(NAMED).map(|step| step.plan.title.as_str()).collect();
                if steps.len() > NAMED {
                    names.push("…");
                }
                format!("left out because {because} failed: {} steps ({})", steps.len(), names.join(", "))
            }
            (_, steps) => {
                let one = |step: &&StepState| format!("{}: {}", step.plan.title, why(step).unwrap_or_default());
                steps.iter().map(one).collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// The only step, when it is one.
    pub(super) fn single(&self) -> Option<&StepState> {
        if let [only] = self.steps.as_slice() { Some(only) } else { None }
    }
}

/// Why a step was left out; `None` for one that was not.
pub(super) fn why(step: &StepState) -> Option<&str> {
    match &step.result {
        Some(FinishedAs::Skipped { why }) => Some(why),
        _ => None,
    }
}

/// Those of `steps` that were left out, by the failed step that is behind it; in the plan's order.
pub(super) fn left_out<'s>(state: &'s RunState, steps: impl IntoIterator<Item = &'s StepState>) -> Vec<LeftOut<'s>> {
    let mut groups: Vec<LeftOut<'s>> = Vec::new();
    for step in steps.into_iter().filter(|step| why(step).is_some()) {
        let because = root(state, step);
        match groups.iter_mut().find(|group| because.is_some() && group.because == because) {
            Some(group) => group.steps.push(step),
            None => groups.push(LeftOut { because, steps: vec![step] }),
        }
    }
    groups
}

/// Title of the failed step that a left out one waited for, over however many others.
fn root<'s>(state: &'s RunState, step: &'s StepState) -> Option<&'s str> {
    let mut seen: Vec<&StepId> = Vec::new();
    let mut open: Vec<&StepId> = step.plan.needs.iter().collect();
    while let Some(id) = open.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let Some(need) = state.step(id) else { continue };
        if need.failure().is_some() {
            return Some(&need.plan.title);
        }
        if why(need).is_some() {
            open.extend(&need.plan.needs);
        }
    }
    None
}
