//! What came of a game day: `result.json`. Every time is that of an event of its journal; what no event tells stays unknown.

use super::draw::Drawn;
use crate::model::run::{At, Moment, RunId};
use crate::model::scenario::{Rollback, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A moment, and what told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stamp {
    /// When the event was written.
    pub at: At,
    /// Its number in `events.jsonl`.
    pub seq: u64,
    /// What told of it: an alert, a run, a person.
    pub source: String,
}

/// The moments of an act.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names are those of the moments")]
pub struct Stamps {
    pub begun: Option<Stamp>,
    pub injected: Option<Stamp>,
    pub detected: Option<Stamp>,
    pub acknowledged: Option<Stamp>,
    pub mitigated: Option<Stamp>,
    pub resolved: Option<Stamp>,
    pub ended: Option<Stamp>,
}

impl Stamps {
    /// The place of a moment.
    pub fn of(&mut self, moment: Moment) -> &mut Option<Stamp> {
        match moment {
            Moment::Begun => &mut self.begun,
            Moment::Injected => &mut self.injected,
            Moment::Detected => &mut self.detected,
            Moment::Acknowledged => &mut self.acknowledged,
            Moment::Mitigated => &mut self.mitigated,
            Moment::Resolved => &mut self.resolved,
            Moment::Ended => &mut self.ended,
        }
    }

    /// Milliseconds from one moment to a later one, where both are known.
    pub fn between(from: Option<&Stamp>, to: Option<&Stamp>) -> Option<u64> {
        Some(to?.at.millis_since(from?.at))
    }
}

/// Something that was expected, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoalRow {
    /// In words.
    pub goal: String,
    /// Nothing where it cannot be known; that counts as not met.
    pub met: Option<bool>,
    /// What was seen.
    pub seen: String,
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActResult {
    /// Its name.
    pub name: String,
    /// Its scenario.
    pub scenario: String,
    /// The run of its drill; nothing where it did not come to that.
    pub drill: Option<RunId>,
    /// The run of the runbook that was carried out.
    pub runbook: Option<RunId>,
    /// Of the drill.
    pub verdict: Option<Verdict>,
    /// Of the drill.
    pub rollback: Option<Rollback>,
    /// When what happened.
    pub times: Stamps,
    /// From the fault to the pager, in milliseconds.
    pub ttd_ms: Option<u64>,
    /// From the pager to whoever took it, in milliseconds.
    pub tta_ms: Option<u64>,
    /// From the fault until it was put right, in milliseconds.
    pub ttm_ms: Option<u64>,
    /// From the fault until the steady state held again, in milliseconds.
    pub ttr_ms: Option<u64>,
    /// What was expected.
    pub goals: Vec<GoalRow>,
    /// Of the drill; where something expected did not come, at least 10.
    pub exit_code: u8,
}

/// What came of a game day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GameDayResult {
    /// Version of the meaning, 1 today.
    pub v: u32,
    /// The run.
    pub run: RunId,
    /// Name of the game day.
    pub gameday: String,
    /// Its title.
    pub title: String,
    /// Of which lab.
    pub lab: String,
    /// What was drawn from.
    pub seed: u64,
    /// What was drawn.
    pub drawn: Vec<Drawn>,
    /// labctl itself responded.
    pub headless: bool,
    /// When the run began.
    pub started: At,
    /// When its last event was written.
    pub ended: At,
    /// In order.
    pub acts: Vec<ActResult>,
    /// Goals that were met.
    pub met: usize,
    /// Goals there were.
    pub of: usize,
    /// Of the process: that of the worst act.
    pub exit_code: u8,
}
