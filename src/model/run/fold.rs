//! The state of a run as a pure fold of its events: the engine, the terminal app, `status`, `replay` and the summary all see the same.

use super::event::{CancelReason, Event, EventKind, RunPlan, StepEvent, Summary, Verb};
use super::ids::{At, RunId, StepId};
use super::standing::{Standing, StepState};
use std::collections::HashMap;

/// Notes older than this many are forgotten by the fold; the journal keeps all.
const NOTES: usize = 500;

/// A run as far as its events tell. Every prefix of a journal folds, also an empty one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunState {
    /// Its name, once the first event is in.
    pub run: Option<RunId>,
    /// Which command it is.
    pub verb: Option<Verb>,
    /// Of which lab.
    pub lab: String,
    /// As first announced.
    pub plan: RunPlan,
    /// In the order of the plan.
    pub steps: Vec<StepState>,
    /// When the first event happened.
    pub started: Option<At>,
    /// When the newest event happened.
    pub last: Option<At>,
    /// Of the newest event.
    pub seq: u64,
    /// Nothing new is started.
    pub paused: bool,
    /// The strongest reason so far to end.
    pub cancelling: Option<CancelReason>,
    /// Newest last.
    pub notes: Vec<(At, String)>,
    /// Set by the last event of the run.
    pub summary: Option<Summary>,
    index: HashMap<StepId, usize>,
}

/// How many steps stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Not started.
    pub pending: u32,
    /// At work.
    pub working: u32,
    /// Done or found in place.
    pub ready: u32,
    /// Failed.
    pub failed: u32,
    /// Left out.
    pub skipped: u32,
    /// Cancelled.
    pub cancelled: u32,
}

impl Counts {
    /// All steps.
    pub fn total(self) -> u32 {
        self.pending + self.working + self.ready + self.failed + self.skipped + self.cancelled
    }
}

impl RunState {
    /// The state after all of `events`.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut state = Self::default();
        for event in events {
            state.apply(event);
        }
        state
    }

    /// Takes in one event. Events of steps that the plan does not have, and kinds not known, change nothing but `seq` and `last`.
    pub fn apply(&mut self, event: &Event) {
        self.seq = event.seq;
        self.last = Some(event.at);
        let at = event.at;
        match &event.event {
            EventKind::RunStarted { verb, lab, plan } => {
                self.run = Some(event.run.clone());
                self.verb = Some(*verb);
                lab.clone_into(&mut self.lab);
                self.started = Some(at);
                self.steps = plan.steps.iter().cloned().map(StepState::new).collect();
                self.index = plan.steps.iter().enumerate().map(|(index, step)| (step.id.clone(), index)).collect();
                self.plan = plan.clone();
            }
            EventKind::StepStarted { step } => self.with(step, |state| state.start(at)),
            EventKind::Step { step, says } => {
                self.with(step, |state| state.hear(says, at));
                if let StepEvent::Undone { what } = says {
                    self.taken_back(what);
                }
            }
            EventKind::StepFinished { step, result } => self.with(step, |state| state.finish(result, at)),
            EventKind::StepRearmed { step } => self.with(step, StepState::rearm),
            EventKind::StepTakenBack { step } => self.with(step, StepState::taken_back),
            EventKind::StepNotTakenBack { step, error, code } => {
                self.with(step, |state| state.undo_failed = Some((error.clone(), code.clone())));
            }
            EventKind::Note { text } => {
                if self.notes.len() == NOTES {
                    self.notes.remove(0);
                }
                self.notes.push((at, text.clone()));
            }
            EventKind::RunPaused => self.paused = true,
            EventKind::RunResumed => self.paused = false,
            EventKind::RunCancelling { why } => self.cancelling = self.cancelling.max(Some(*why)),
            EventKind::RunFinished { summary } => self.summary = Some(summary.clone()),
            EventKind::Unknown => {}
        }
    }

    /// A step that takes back what others did says so in their words.
    fn taken_back(&mut self, what: &str) {
        let last = self.steps.iter_mut().rev().find_map(|step| Some((step.to_undo.iter().rposition(|intent| intent == what)?, step)));
        if let Some((index, step)) = last {
            step.to_undo.remove(index);
        }
    }

    fn with(&mut self, step: &StepId, change: impl FnOnce(&mut StepState)) {
        if let Some(state) = self.index.get(step).and_then(|index| self.steps.get_mut(*index)) {
            change(state);
        }
    }

    /// The step of that name.
    pub fn step(&self, id: &StepId) -> Option<&StepState> {
        self.index.get(id).and_then(|index| self.steps.get(*index))
    }

    pub(super) fn position(&self, id: &StepId) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// How many steps stand where now.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in &self.steps {
            let one = match step.standing {
                Standing::Pending => &mut counts.pending,
                Standing::Working => &mut counts.working,
                Standing::Ready => &mut counts.ready,
                Standing::Failed => &mut counts.failed,
                Standing::Skipped => &mut counts.skipped,
                Standing::Cancelled => &mut counts.cancelled,
            };
            *one += 1;
        }
        counts
    }

    /// Milliseconds from the first event to `now`, or to the last event of a run that is over.
    pub fn elapsed_ms(&self, now: At) -> u64 {
        let until = if self.summary.is_some() { self.last.unwrap_or(now) } else { now };
        self.started.map_or(0, |started| until.millis_since(started))
    }

    /// True when the run began and its last event is not here: it is still going on, or it was killed.
    pub fn is_unfinished(&self) -> bool {
        self.started.is_some() && self.summary.is_none()
    }
}
