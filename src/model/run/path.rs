//! What decided how long a run took, what is still before it, and the summary: all worked out from the fold.

use super::event::{FinishedAs, Summary};
use super::fold::RunState;
use super::ids::{At, StepId};
use super::standing::{Standing, StepState};

impl RunState {
    /// The chain of steps that decided how long the run took, first to last: back from the step that ended last, always to the one before it
    /// that ended last.
    pub fn critical_path(&self) -> Vec<StepId> {
        let mut chain = Vec::new();
        let mut next = latest(self.steps.iter());
        while let Some(step) = next {
            chain.push(step.plan.id.clone());
            if chain.len() > self.steps.len() {
                break; // Only a forged journal has a cycle.
            }
            // What ended after this one began did not hold it up, whatever the plan says.
            let before = step.plan.needs.iter().chain(&step.plan.after).filter_map(|id| self.step(id));
            next = latest(before.filter(|before| before.ended <= step.started));
        }
        chain.reverse();
        chain
    }

    /// Each group with the time from its first start to its last end, in order of start. A group at work counts to the newest event.
    pub fn phases(&self) -> Vec<(String, u64)> {
        let Some(last) = self.last else { return Vec::new() };
        let mut groups: Vec<(&str, At, At)> = Vec::new();
        for step in &self.steps {
            let Some(started) = step.started else { continue };
            let ended = step.ended.unwrap_or(last);
            match groups.iter_mut().find(|(name, ..)| *name == step.plan.group) {
                Some((_, from, to)) => {
                    *from = started.min(*from);
                    *to = ended.max(*to);
                }
                None => groups.push((&step.plan.group, started, ended)),
            }
        }
        groups.sort_by_key(|(_, from, _)| *from);
        groups.into_iter().map(|(name, from, to)| (name.to_owned(), to.millis_since(from))).collect()
    }

    /// Milliseconds until the end as far as estimates tell: the longest chain of what is not done yet. A step that works longer than estimated
    /// counts as about to end.
    pub fn remaining_ms(&self, now: At) -> u64 {
        self.ends_in(now).into_iter().max().unwrap_or(0)
    }

    /// Milliseconds from `now` to the estimated end of each step, in the order of the plan; 0 for what is over.
    pub(super) fn ends_in(&self, now: At) -> Vec<u64> {
        let mut known: Vec<Option<u64>> = vec![None; self.steps.len()];
        (0..self.steps.len()).map(|index| self.end_in(index, now, &mut known)).collect()
    }

    /// Milliseconds from `now` to the estimated end of one step. Works off a list rather than the call stack: a plan may be a chain of thousands.
    fn end_in(&self, index: usize, now: At, known: &mut [Option<u64>]) -> u64 {
        let mut stack = vec![(index, false)];
        while let Some((index, deps_known)) = stack.pop() {
            let Some(step) = self.steps.get(index) else { continue };
            if known.get(index).is_none_or(Option::is_some) {
                continue;
            }
            let deps = || step.plan.needs.iter().chain(&step.plan.after).filter_map(|id| self.position(id));
            let value = match step.standing {
                Standing::Working => step.plan.estimate_ms.saturating_sub(step.took_ms(now).unwrap_or(0)),
                Standing::Pending if deps_known => {
                    let start = deps().filter_map(|dep| known.get(dep).copied().flatten()).max().unwrap_or(0);
                    start + step.plan.estimate_ms
                }
                Standing::Pending => {
                    stack.push((index, true));
                    if stack.len() <= self.steps.len() * 2 {
                        stack.extend(deps().filter(|dep| known.get(*dep).is_some_and(Option::is_none)).map(|dep| (dep, false)));
                    }
                    continue;
                }
                _ => 0,
            };
            if let Some(slot) = known.get_mut(index) {
                *slot = Some(value);
            }
        }
        known.get(index).copied().flatten().unwrap_or(0)
    }

    /// True when `before` must have ended before `after` may start, directly or through others.
    pub fn leads_to(&self, before: &StepId, after: &StepId) -> bool {
        let mut open = vec![after];
        let mut seen = vec![false; self.steps.len()];
        while let Some((id, index)) = open.pop().and_then(|id| Some((id, self.position(id)?))) {
            if id == before {
                return true;
            }
            if seen.get(index).copied().unwrap_or(true) {
                continue;
            }
            if let (Some(slot), Some(step)) = (seen.get_mut(index), self.steps.get(index)) {
                *slot = true;
                open.extend(step.plan.needs.iter().chain(&step.plan.after));
            }
        }
        false
    }

    /// The run in figures, as its last event says them.
    pub fn summarize(&self, urls: Vec<(String, String)>, exit_code: u8) -> Summary {
        let mut summary = Summary { urls, exit_code, ..Summary::default() };
        let mut whole = true;
        for step in &self.steps {
            match &step.result {
                Some(FinishedAs::Changed { .. }) => summary.changed += 1,
                Some(FinishedAs::Unchanged { .. }) => summary.unchanged += 1,
                Some(FinishedAs::Skipped { .. }) => summary.skipped += 1,
                Some(FinishedAs::Failed { .. }) => summary.failed += 1,
                Some(FinishedAs::Cancelled) | None => whole = false,
            }
            whole &= step.undo_failed.is_none();
        }
        summary.cancelled = self.cancelling.is_some();
        summary.ok = whole && summary.failed == 0 && !summary.cancelled;
        summary.duration_ms = self.last.map_or(0, |last| self.elapsed_ms(last));
        summary.critical_path = self.critical_path();
        summary.phases = self.phases();
        summary
    }
}

/// The step that ended last of those that ran; the first of equals.
fn latest<'a>(steps: impl Iterator<Item = &'a StepState>) -> Option<&'a StepState> {
    let ran = steps.filter(|step| step.started.is_some() && step.ended.is_some());
    ran.reduce(|last, step| if step.ended > last.ended { step } else { last })
}
