//! What the History screen asks: the list of runs, one of them to play, two to compare.

use super::effects::trouble;
use crate::app::context::Context;
use crate::app::exit::Failure;
use crate::app::runs;
use crate::engine::journal::RunStatus;
use crate::tui::{News, PastRun, PastStatus};
use std::path::Path;
use std::sync::Arc;

/// How much faster than it was a run of the past begins to play.
const SPEED: f64 = 10.0;

/// Runs of the lab, newest first.
pub fn list(context: &Context) -> News {
    let heads = match runs::heads(context) {
        Ok(heads) => heads,
        Err(failure) => return News::Failed(trouble(&failure)),
    };
    let run = |head: crate::engine::journal::RunHead| PastRun {
        run: head.run.0,
        journal: head.journal,
        verb: head.verb,
        started: head.started,
        status: match head.status {
            RunStatus::Running => PastStatus::Running,
            RunStatus::Unfinished => PastStatus::Unfinished,
            RunStatus::Finished(summary) => PastStatus::Ended(Box::new(summary)),
        },
    };
    News::History(heads.into_iter().map(run).collect())
}

/// The events of one.
pub fn recording(journal: &Path) -> News {
    match runs::read(journal) {
        Ok(journal) => News::Recording { events: Arc::new(journal.events.into_iter().map(Arc::new).collect()), speed: Some(SPEED) },
        Err(failure) => News::Failed(trouble(&failure)),
    }
}

/// How two ended, the earlier first.
pub fn compare(one: &Path, other: &Path) -> News {
    let read = || Ok::<_, Failure>(News::Compared(Arc::new(runs::read(one)?.state()), Arc::new(runs::read(other)?.state())));
    read().unwrap_or_else(|failure| News::Failed(trouble(&failure)))
}
