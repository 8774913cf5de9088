//! Where one step of a run stands, as far as the events so far tell.

use super::event::{Because, FinishedAs, Health, PlanStep, StepEvent, Stream};
use super::ids::At;

/// The state of a step. Shown as a glyph and a colour, and as a letter where there is no colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// Has not started.
    Pending,
    /// Runs.
    Working,
    /// Done, or found in place.
    Ready,
    /// Ended with an error.
    Failed,
    /// Left out: what it needs failed, or a person said so.
    Skipped,
    /// Ended, or never begun, because the run was to end.
    Cancelled,
}

impl Standing {
    /// One column wide.
    pub fn glyph(self) -> char {
        match self {
            Self::Pending => '·',
            Self::Working => '▸',
            Self::Ready => '✓',
            Self::Failed => '✗',
            Self::Skipped => '–',
            Self::Cancelled => '○',
        }
    }

    /// For where there is neither glyph nor colour.
    pub fn letter(self) -> char {
        match self {
            Self::Pending => 'P',
            Self::Working => 'W',
            Self::Ready => 'R',
            Self::Failed => 'F',
            Self::Skipped => 'S',
            Self::Cancelled => 'C',
        }
    }

    /// True for what will not change unless the step is rearmed.
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Pending | Self::Working)
    }
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What it waits on.
    pub on: String,
    /// Why that is not there yet, as last heard; may be empty.
    pub last_reason: String,
    /// Of the cause that the reason is the sentence of, where one was found.
    pub cause: Option<Because>,
    /// Since when it waits on this; a new reason for the same wait does not begin it anew.
    pub since: At,
}

/// How far along a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// How much is done.
    pub done: u64,
    /// Of how much, if known.
    pub total: Option<u64>,
    /// `B`, `objects`, `images` …
    pub unit: String,
}

/// Why something does not come up, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// A stable id such as `LAB-IMAGE-002`.
    pub id: String,
    /// The cause.
    pub sentence: String,
    /// The way out; may be empty.
    pub fix: String,
}

/// The newest check of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastProbe {
    /// What was looked at.
    pub target: String,
    /// How it went.
    pub health: Health,
    /// What it saw.
    pub seen: String,
    /// When.
    pub at: At,
}

/// One step with everything that the events say of it. Lines of output are not kept here but for the last one.
#[derive(Debug, Clone, PartialEq)]
pub struct StepState {
    /// The step as planned.
    pub plan: PlanStep,
    /// Where it stands.
    pub standing: Standing,
    /// What it does now, in a few words; empty when it does nothing.
    pub doing: String,
    /// What it waits on now.
    pub waiting: Option<Waiting>,
    /// How far along it is now.
    pub progress: Option<Progress>,
    /// How often something was tried again.
    pub retries: u32,
    /// The error that led to the last retry.
    pub last_retry: Option<String>,
    /// What is known of why it does not come up; cleared once it does.
    pub causes: Vec<Cause>,
    /// Its newest check.
    pub probe: Option<LastProbe>,
    /// Objects written or removed.
    pub objects: u64,
    /// Its last start.
    pub started: Option<At>,
    /// Its end, also of a step that never started.
    pub ended: Option<At>,
    /// How it ended.
    pub result: Option<FinishedAs>,
    /// Intents that are not known to be taken back, oldest first.
    pub to_undo: Vec<String>,
    /// Set once an unwinding plan has taken the step back.
    pub undone: bool,
    /// Error and code of an undo that went wrong.
    pub undo_failed: Option<(String, String)>,
}

impl StepState {
    pub(super) fn new(plan: PlanStep) -> Self {
        Self {
            plan,
            standing: Standing::Pending,
            doing: String::new(),
            waiting: None,
            progress: None,
            retries: 0,
            last_retry: None,
            causes: Vec::new(),
            probe: None,
            objects: 0,
            started: None,
            ended: None,
            result: None,
            to_undo: Vec::new(),
            undone: false,
            undo_failed: None,
        }
    }

    /// How long it ran, or has run by `now`; nothing for what never started.
    pub fn took_ms(&self, now: At) -> Option<u64> {
        self.started.map(|started| self.ended.unwrap_or(now).millis_since(started))
    }

    /// Error and code of a step that failed.
    pub fn failure(&self) -> Option<(&str, &str)> {
        match &self.result {
            Some(FinishedAs::Failed { error, code }) => Some((error, code)),
            _ => None,
        }
    }

    /// True when it started and may have left something that an undo has to look at.
    pub fn may_have_acted(&self) -> bool {
        self.started.is_some() && !self.undone && !matches!(self.result, Some(FinishedAs::Unchanged { .. }))
    }

    pub(super) fn start(&mut self, at: At) {
        self.standing = Standing::Working;
        self.started = Some(at);
        self.ended = None;
        self.result = None;
    }

    pub(super) fn finish(&mut self, result: &FinishedAs, at: At) {
        self.standing = match result {
            FinishedAs::Changed { .. } | FinishedAs::Unchanged { .. } => Standing::Ready,
            FinishedAs::Skipped { .. } => Standing::Skipped,
            FinishedAs::Failed { .. } => Standing::Failed,
            FinishedAs::Cancelled => Standing::Cancelled,
        };
        if self.standing == Standing::Ready {
            // What was wrong on the way is history once it works.
            self.causes.clear();
        }
        self.doing.clear();
        self.waiting = None;
        self.progress = None;
        self.ended = Some(at);
        self.result = Some(result.clone());
    }

    /// Back to pending; what must be taken back is not forgotten.
    pub(super) fn rearm(&mut self) {
        let to_undo = std::mem::take(&mut self.to_undo);
        *self = Self { to_undo, ..Self::new(self.plan.clone()) };
    }

    pub(super) fn hear(&mut self, says: &StepEvent, at: At) {
        match says {
            StepEvent::Progress { done, total, unit } => {
                self.progress = Some(Progress { done: *done, total: *total, unit: unit.clone() });
            }
            StepEvent::Output { stream, line } => {
                if *stream == Stream::Own {
                    self.doing.clone_from(line);
                    self.waiting = None;
                }
            }
            StepEvent::Waiting { on, last_reason, cause } => {
                let since = self.waiting.as_ref().filter(|now| now.on == *on).map_or(at, |now| now.since);
                self.waiting = Some(Waiting { on: on.clone(), last_reason: last_reason.clone(), cause: cause.clone(), since });
            }
            StepEvent::Retry { error, .. } => {
                self.retries = self.retries.saturating_add(1);
                self.last_retry = Some(error.clone());
            }
            StepEvent::ObjectChanged { .. } => self.objects = self.objects.saturating_add(1),
            StepEvent::Probe { target, health, seen, .. } => {
                self.probe = Some(LastProbe { target: target.clone(), health: *health, seen: seen.clone(), at });
            }
            StepEvent::Load { .. } => {
                self.waiting = None;
                self.doing = says.load_line().unwrap_or_default();
            }
            StepEvent::Cause { id, sentence, fix } => {
                self.name_cause(Cause { id: id.clone(), sentence: sentence.clone(), fix: fix.clone() });
            }
            StepEvent::Intent { what } => self.to_undo.push(what.clone()),
            // the state as a whole knows whose it was
            StepEvent::Undone { .. } | StepEvent::Applied { .. } | StepEvent::Moment { .. } | StepEvent::Unknown => {}
        }
    }

    pub(super) fn taken_back(&mut self) {
        self.undone = true;
        self.doing.clear();
        self.waiting = None;
        self.undo_failed = None;
        self.to_undo.clear();
    }

    /// A cause said again replaces what it said before: the newest sentence knows most.
    fn name_cause(&mut self, cause: Cause) {
        match self.causes.iter_mut().find(|known| known.id == cause.id) {
            Some(known) => *known = cause,
            None => self.causes.push(cause),
        }
    }
}
