//! How long steps take here, from what they took before.

use super::journal::{JournalError, Reader, list_runs};
use crate::model::run::{FinishedAs, RunState, StepId};
use std::collections::HashMap;
use std::path::Path;

/// Older runs say less: another machine load, another version.
const RUNS: usize = 10;

/// Medians of past runs, by step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estimates(HashMap<StepId, u64>);

impl Estimates {
    /// From the newest ten runs under `runs`. A journal that cannot be read is left out: estimates are no reason to fail.
    pub fn from_runs(runs: &Path) -> Result<Self, JournalError> {
        let heads = list_runs(runs)?;
        let states = heads.iter().take(RUNS).filter_map(|head| {
            let events: Vec<_> = Reader::open(&head.journal).ok()?.filter_map(Result::ok).collect();
            Some(RunState::fold(&events))
        });
        Ok(Self::from_states(states))
    }

    /// From folded runs. Only steps that changed something count: one that found all in place says nothing of how long the work takes.
    pub fn from_states(states: impl IntoIterator<Item = RunState>) -> Self {
        let mut times: HashMap<StepId, Vec<u64>> = HashMap::new();
        for state in states {
            for step in &state.steps {
                if let (Some(FinishedAs::Changed { .. }), Some(ended)) = (&step.result, step.ended) {
                    times.entry(step.plan.id.clone()).or_default().extend(step.took_ms(ended));
                }
            }
        }
        Self(times.into_iter().filter_map(|(step, times)| Some((step, median(times)?))).collect())
    }

    /// Milliseconds the step takes, if it was ever seen to.
    pub fn get(&self, step: &StepId) -> Option<u64> {
        self.0.get(step).copied()
    }
}

/// The middle one; of an even number the upper middle.
fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}
