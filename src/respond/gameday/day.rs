//! What the steps of one game day share.

use crate::catalog::Files;
use crate::drill::{Because, Ground};
use crate::model::gameday::{Act, Drawn, GameDay};
use crate::model::run::{At, Moment, RunId, StepEvent};
use crate::model::runbook::Outcome;
use crate::model::scenario::{Rollback, Scenario};
use crate::support::progress::Sink;
use rand::Rng as _;
use std::path::PathBuf;

/// Exit codes are decided by whoever composes; runs within a game day have them too.
#[derive(Debug, Clone, Copy)]
pub struct Grades {
    /// Of a drill.
    pub drill: fn(Because, Rollback) -> u8,
    /// Of a runbook, whether it was ended, whether something was refused.
    pub runbook: fn(Outcome, bool, bool) -> u8,
}

/// One game day.
pub struct Day {
    /// Its run.
    pub run: RunId,
    /// The lab's name.
    pub lab: String,
    /// What is carried out.
    pub day: GameDay,
    /// What was drawn for each act.
    pub drawn: Vec<Drawn>,
    /// The scenario of each act, as it is carried out.
    pub scenarios: Vec<Scenario>,
    /// labctl itself responds.
    pub headless: bool,
    /// Where.
    pub ground: Ground,
    /// The folder of all runs of the lab.
    pub runs: PathBuf,
    /// Where runbooks are found.
    pub files: Files,
    /// Variables that commands of runbooks get.
    pub env: Vec<(String, String)>,
    /// How runs within it end.
    pub grades: Grades,
}

impl Day {
    /// This moment.
    pub fn now(&self) -> At {
        self.ground.clock.now().whole_millis()
    }

    /// The folder of its run.
    pub fn folder(&self) -> PathBuf {
        self.runs.join(&self.run.0)
    }

    /// A name for a run within it, which does not tell what it does.
    pub fn child(&self, name: &str) -> RunId {
        RunId::begun(self.now(), &format!("{}-{name}", self.day.metadata.name), rand::rng().random())
    }

    /// The act at a place, with what was drawn for it.
    pub fn act(&self, at: usize) -> Option<(&Act, &Drawn, &Scenario)> {
        Some((self.day.acts.get(at)?, self.drawn.get(at)?, self.scenarios.get(at)?))
    }
}

/// Writes down a moment of an act.
pub fn moment(sink: &Sink, act: &str, moment: Moment, source: impl Into<String>, run: Option<&RunId>) {
    sink.say(StepEvent::Moment { act: act.to_owned(), moment, source: source.into(), by: run.cloned() });
}
