//! Runbooks and game days, as the app is told of them.

use super::message::Trouble;
use crate::model::gameday::GameDay;
use crate::model::run::At;
use crate::model::runbook::{Outcome, Runbook};
use std::path::PathBuf;

/// A runbook that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct RunbookInfo {
    /// Its name.
    pub name: String,
    /// The page; an error if it cannot be read.
    pub runbook: Result<Runbook, Trouble>,
    /// What came of it last.
    pub last: Option<LastRunbook>,
}

impl RunbookInfo {
    /// The alerts it is for.
    pub fn alerts(&self) -> impl Iterator<Item = &str> {
        self.runbook.iter().flat_map(|runbook| &runbook.front.metadata.alerts).map(String::as_str)
    }
}

/// What came of a runbook.
#[derive(Debug, Clone, PartialEq)]
pub struct LastRunbook {
    /// Where its events are.
    pub journal: PathBuf,
    /// When it ended.
    pub at: At,
    /// What it came to.
    pub result: Outcome,
    /// Why, in one sentence.
    pub why: String,
}

/// A game day that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct GamedayInfo {
    /// Its name.
    pub name: String,
    /// The file; an error if it cannot be read.
    pub day: Result<GameDay, Trouble>,
    /// What came of it last.
    pub last: Option<LastGameday>,
}

/// What came of a game day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastGameday {
    /// Where its events are.
    pub journal: PathBuf,
    /// When it ended.
    pub at: At,
    /// Goals that were met.
    pub met: usize,
    /// Of so many.
    pub of: usize,
}
