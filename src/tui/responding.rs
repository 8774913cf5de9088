//! Runbooks, as the app is told of them.

use super::message::Trouble;
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
