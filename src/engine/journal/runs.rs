//! Which runs there were. Reads the first line and the tail of each journal, so that a folder of long runs lists at once.

use super::line::decode;
use super::write::{FILE, JournalError};
use crate::model::run::{At, Event, EventKind, RunId, Summary, Unfinished, Verb};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The last event of a run holds a summary of a few kilobytes; this is ample.
const TAIL: u64 = 512 * 1024;

/// How a run stands.
#[derive(Debug, Clone, PartialEq)]
pub enum RunStatus {
    /// Some process writes its journal now.
    Running,
    /// It was killed: nobody writes it, and its last event is not there.
    Unfinished,
    /// It came to its end.
    Finished(Summary),
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunHead {
    /// Its name.
    pub run: RunId,
    /// Where its events are.
    pub journal: PathBuf,
    /// Which command it was.
    pub verb: Verb,
    /// Of which lab.
    pub lab: String,
    /// When it began.
    pub started: At,
    /// What its plan asks for if it is found unfinished.
    pub unfinished: Unfinished,
    /// How it stands.
    pub status: RunStatus,
}

/// All runs under `runs`, newest first. Folders without a readable first event (killed before it was written) are left out.
pub fn list_runs(runs: &Path) -> Result<Vec<RunHead>, JournalError> {
    let failed = |source| JournalError::List { path: runs.to_owned(), source };
    let folders = match std::fs::read_dir(runs) {
        Ok(folders) => folders,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut heads = Vec::new();
    for folder in folders {
        let journal = folder.map_err(failed)?.path().join(FILE);
        if let Ok(Some(head)) = head(journal) {
            heads.push(head);
        }
    }
    heads.sort_by(|a, b| (b.started, &b.run).cmp(&(a.started, &a.run)));
    Ok(heads)
}

fn head(journal: PathBuf) -> io::Result<Option<RunHead>> {
    let mut file = BufReader::new(File::open(&journal)?);
    let mut line = Vec::new();
    file.read_until(b'\n', &mut line)?;
    let Ok(Event { run, at, event: EventKind::RunStarted { verb, lab, plan }, .. }) = decode(&line) else {
        return Ok(None);
    };
    let mut file = file.into_inner();
    // Asked before the tail is read: a run that ends in between is then called finished, not killed.
    let running = matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock));
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let status = match last_event(&tail) {
        Some(EventKind::RunFinished { summary }) => RunStatus::Finished(summary),
        _ if running => RunStatus::Running,
        _ => RunStatus::Unfinished,
    };
    Ok(Some(RunHead { run, journal, verb, lab, started: at, unfinished: plan.unfinished, status }))
}

/// The event of the last whole line; a torn line behind it does not count.
fn last_event(tail: &[u8]) -> Option<EventKind> {
    let end = tail.iter().rposition(|byte| *byte == b'\n')?;
    let line = tail.get(..=end)?;
    let start = line.get(..end)?.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    decode(line.get(start..)?).ok().map(|event| event.event)
}
