//! Events, as journals keep them and front ends show them, and the controls that go the other way.
//!
//! Tagged and snake_case, without `flatten` or `untagged`, so that a reader in any language can follow. A reader skips kinds it does not know
//! (`EventKind::Unknown`); `v` rises when a meaning is added.

use super::ids::{At, RunId, StepId};
use crate::model::check::Op;
use crate::model::scenario::Conclusion;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Version of the meaning, 1 today.
    pub v: u32,
    /// Rises by one from 1 within a run.
    pub seq: u64,
    /// When the engine stamped it.
    pub at: At,
    /// The run it belongs to.
    pub run: RunId,
    /// What happened.
    pub event: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the fields say what they hold")]
pub enum EventKind {
    /// Always the first event of a run.
    RunStarted {
        verb: Verb,
        lab: String,
        plan: RunPlan,
    },
    StepStarted {
        step: StepId,
    },
    /// Something a running step says of itself.
    Step {
        step: StepId,
        says: StepEvent,
    },
    /// Exactly one for each step of the plan, cancelled and blocked ones included, and one more after each `step_rearmed`. Steps that never got
    /// to start have no `step_started` before it.
    StepFinished {
        step: StepId,
        result: FinishedAs,
    },
    /// Something anybody may want to read later: a front end that lost lines, a person's note.
    Note {
        text: String,
    },
    /// A step that had ended is to run again, or may run after all: it is pending once more.
    StepRearmed {
        step: StepId,
    },
    /// A plan that unwinds has taken back what the step did.
    StepTakenBack {
        step: StepId,
    },
    /// Taking back went wrong; what is left needs a person.
    StepNotTakenBack {
        step: StepId,
        error: String,
        code: String,
    },
    /// Nothing new is started until `run_resumed`.
    RunPaused,
    RunResumed,
    RunCancelling {
        why: CancelReason,
    },
    /// Always the last event of a run.
    RunFinished {
        summary: Summary,
    },
    /// A kind that this reader does not know; kept so that a newer journal still folds.
    #[serde(other)]
    Unknown,
}

/// Which command the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say what they hold")]
pub enum Verb {
    Up,
    Down,
    Status,
    Test,
    /// A drill.
    Scenario,
    /// A scenario that breaks nothing and only brings load.
    Load,
    /// What killed drills have left is taken back.
    Recover,
    /// A runbook is carried out.
    Runbook,
    /// Drills in order, with those who respond.
    Gameday,
}

/// What a found cause adds to its sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Because {
    /// A stable id such as `LAB-IMAGE-002`.
    pub id: String,
    /// The way out; may be empty.
    pub fix: String,
}

/// What a running step says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the fields say what they hold")]
pub enum StepEvent {
    /// How far along; `unit` is `B`, `objects`, `images` …
    Progress {
        done: u64,
        total: Option<u64>,
        unit: String,
    },
    /// A line of a child process or of the step itself.
    Output {
        stream: Stream,
        line: String,
    },
    /// What the step waits for, and the last reason it was given; said again whenever the reason changes.
    Waiting {
        on: String,
        last_reason: String,
        /// Of the cause that the reason is the sentence of, where one was found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Because>,
    },
    Retry {
        attempt: u32,
        after_ms: u64,
        error: String,
    },
    /// An object in the cluster (or engine) that this step wrote or removed.
    ObjectChanged {
        object: Object,
        change: String,
    },
    /// A check was run: what it looked at, how it went, what it saw.
    Probe {
        target: String,
        health: Health,
        seen: String,
        /// The number that was judged, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        figure: Option<Figure>,
    },
    /// Figures of a load at work, at most once a second: of the time since the figures before.
    Load {
        requests_per_s: f64,
        /// Of the requests that ended, 0 to 1; nothing where none did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed_share: Option<f64>,
        /// Nineteen of twenty requests took no longer, in milliseconds; nothing where none ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p95_ms: Option<f64>,
        /// Virtual users at work.
        vus: u32,
    },
    /// Why something does not come up, as one sentence with a way out.
    Cause {
        id: String,
        sentence: String,
        fix: String,
    },
    /// Something that must be taken back is about to be done; fsynced before it is.
    Intent {
        what: String,
    },
    Applied {
        what: String,
    },
    Undone {
        what: String,
    },
    /// A moment of a game day's act, the first time it is seen; the times of the score are those of these events.
    Moment {
        act: String,
        moment: Moment,
        /// What told of it.
        source: String,
        /// The run that told of it: of the drill, of a runbook.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<RunId>,
    },
    /// A type that this reader does not know.
    #[serde(other)]
    Unknown,
}

impl StepEvent {
    /// The figures of a load as one short line; nothing for what is no load.
    pub fn load_line(&self) -> Option<String> {
        let Self::Load { requests_per_s, failed_share, p95_ms, vus } = self else { return None };
        let failed = failed_share.map_or_else(|| "none ended".to_owned(), |share| format!("{:.1} % failed", share * 100.0));
        let p95 = p95_ms.map(|p95| format!(", p95 {p95:.0} ms")).unwrap_or_default();
        Some(format!("{requests_per_s:.1} requests/s, {failed}{p95}, {vus} VUs"))
    }
}

/// A moment of a game day's act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// The act began; its drill begins some time later.
    Begun,
    /// The fault was made.
    Injected,
    /// The pager rang.
    Detected,
    /// Somebody took it.
    Acknowledged,
    /// What was broken works again.
    Mitigated,
    /// The steady state holds again, and all is taken back.
    Resolved,
    /// The act is over.
    Ended,
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Begun => "begun",
            Self::Injected => "fault made",
            Self::Detected => "detected",
            Self::Acknowledged => "acknowledged",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
            Self::Ended => "ended",
        })
    }
}

/// Where a line of output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say what they hold")]
pub enum Stream {
    Out,
    Err,
    /// The step itself.
    Own,
}

/// What a check saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say what they hold")]
pub enum Health {
    Pass,
    Fail,
    /// There was nothing to judge: never a pass.
    NoData,
}

/// A number that a check has judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// What was seen; always finite.
    pub value: f64,
    /// What it was held against, where the check compares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What the number counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// What a number is held against: `<= 800`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// The comparison.
    pub op: Op,
    /// With what.
    pub value: f64,
}

/// A Kubernetes object (or an engine's container, volume, network) by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Object {
    /// Such as `Deployment`.
    pub kind: String,
    /// Empty for what has no namespace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "as", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the fields say what they hold")]
pub enum FinishedAs {
    /// It did something; `note` says what in a few words.
    Changed {
        note: String,
    },
    /// What it is for was there already.
    Unchanged {
        note: String,
    },
    /// It was left out: a step it needs failed, or a person said so.
    Skipped {
        why: String,
    },
    Failed {
        error: String,
        code: String,
    },
    Cancelled,
}

/// The plan as events show it: every step with what it waits for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RunPlan {
    /// In the order of screens.
    pub steps: Vec<PlanStep>,
    /// What to do with this run when it is found unfinished.
    #[serde(default)]
    pub unfinished: Unfinished,
}

/// What to do with a run that was killed, or failed, before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unfinished {
    /// Observe and go on: a new run of the same plan ends where an uninterrupted one would have.
    #[default]
    Replan,
    /// Take back first, last step first.
    Unwind,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanStep {
    /// Unique within the plan.
    pub id: StepId,
    /// What a person reads: `Loki`, `cluster`.
    pub title: String,
    /// What it belongs to on a screen: `host`, `images`, `observability` …
    pub group: String,
    /// Steps that must have succeeded first.
    pub needs: Vec<StepId>,
    /// Steps that must have ended first, however.
    pub after: Vec<StepId>,
    /// Runs whatever failed before it.
    pub finally: bool,
    /// From past runs, else a guess.
    pub estimate_ms: u64,
}

/// Why a run is being cancelled; later ones are stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// Start nothing new, let running steps end.
    Requested,
    /// Stop waiting and end children.
    Now,
    /// Leave; undo is skipped and how to recover is printed.
    Abandon,
}

/// What those who watch may say to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "control", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the fields say what they hold")]
pub enum Control {
    Cancel { why: CancelReason },
    Retry { step: StepId },
    Skip { step: StepId },
    Pause,
    Resume,
    Note { text: String },
}

/// How a run ended, in figures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Nothing failed, nothing was cancelled, and nothing is left to take back.
    pub ok: bool,
    /// Somebody asked it to end.
    pub cancelled: bool,
    /// Steps that did something.
    pub changed: u32,
    /// Steps that found all in place.
    pub unchanged: u32,
    /// Steps left out.
    pub skipped: u32,
    /// Steps that failed.
    pub failed: u32,
    /// From the first event to the last.
    pub duration_ms: u64,
    /// The chain of steps that decided how long the run took, first to last.
    pub critical_path: Vec<StepId>,
    /// Time from the first start to the last end of each group, in order of start.
    pub phases: Vec<(String, u64)>,
    /// What the lab can be reached at, once it is up: name and URL.
    pub urls: Vec<(String, String)>,
    /// The exit code of the process.
    pub exit_code: u8,
    /// What a drill came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<Conclusion>,
}
