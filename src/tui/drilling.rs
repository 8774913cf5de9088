//! Drills, as the app is told of them.

use super::message::Trouble;
use crate::model::run::At;
use crate::model::scenario::{Rollback, Verdict};
use std::path::PathBuf;

/// What a drill does to the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DrillKind {
    /// It breaks something.
    #[default]
    Chaos,
    /// It asks more of it than usual.
    Load,
}

impl DrillKind {
    /// For lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chaos => "chaos",
            Self::Load => "load",
        }
    }
}

/// All drills, and what stands in the way of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drills {
    /// In the order of a list.
    pub all: Vec<DrillInfo>,
    /// `labctl halt` is on, and why.
    pub halted: Option<String>,
    /// Runs that were killed and have left something.
    pub left: Vec<String>,
}

/// A drill that can be chosen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DrillInfo {
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: DrillKind,
    /// What is claimed, in one sentence.
    pub title: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// What is done, in words.
    pub faults: Vec<String>,
    /// What is asked of the lab meanwhile.
    pub load: Option<String>,
    /// How much may be touched.
    pub blast: String,
    /// What the lab must have, and whether it has it; nothing where that is not known.
    pub needs: Vec<(String, Option<bool>)>,
    /// What must hold first, and again.
    pub steady: Vec<String>,
    /// What is claimed.
    pub claims: Vec<String>,
    /// What ends it at once.
    pub aborts: Vec<String>,
    /// How long its faults last, all together.
    pub broken_ms: u64,
    /// Where it is written.
    pub file: String,
    /// What came of it last.
    pub last: Option<LastDrill>,
    /// Why it cannot be chosen.
    pub trouble: Option<Trouble>,
}

impl DrillInfo {
    /// What the lab lacks.
    pub fn lacks(&self) -> impl Iterator<Item = &str> {
        self.needs.iter().filter(|(_, there)| *there == Some(false)).map(|(name, _)| name.as_str())
    }
}

/// What came of a drill.
#[derive(Debug, Clone, PartialEq)]
pub struct LastDrill {
    /// Its run.
    pub run: String,
    /// Where its events are.
    pub journal: PathBuf,
    /// When it ended.
    pub at: At,
    /// What was found out.
    pub verdict: Verdict,
    /// How the taking back went.
    pub rollback: Rollback,
    /// Why, in one sentence.
    pub why: String,
}
