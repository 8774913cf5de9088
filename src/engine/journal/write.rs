//! Appends events. What must survive a power cut is forced to disk before anybody hears of it; the rest the kernel keeps through a `kill -9`.

use super::failpoint::Failpoint;
use super::line::encode;
use super::read::Reader;
use crate::model::run::{Event, EventKind, RunId, StepEvent};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// The journal's name within the folder of its run.
pub const FILE: &str = "events.jsonl";

/// Why a journal cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum JournalError {
    #[error("create the journal {}: {source}; is its folder writable?", path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error("open the journal {}: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("read the journal {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("write the journal {}: {source}; free some disk space and run again", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("list the runs in {}: {source}", path.display())]
    List { path: PathBuf, source: io::Error },
    #[error("the journal {} is being written by a run that is still going on", path.display())]
    InUse { path: PathBuf },
}

/// The only writer of one journal. Holds a lock on the file while it lives, so that readers can tell a run at work from a killed one.
#[derive(Debug)]
pub struct JournalWriter {
    file: File,
    path: PathBuf,
    /// Lines not yet given to the kernel.
    buffer: Vec<u8>,
    /// Set by an event that must be on disk before it is told.
    must_sync: bool,
    syncs: Arc<AtomicU64>,
    commits: watch::Sender<u64>,
    /// The folder's entry for the file has to be on disk before the first intent, else a power cut takes file and intents together.
    entry_synced: bool,
    failpoint: Failpoint,
}

impl JournalWriter {
    /// Makes `runs/<id>/events.jsonl`; it must not be there.
    pub fn create(runs: &Path, run: &RunId) -> Result<Self, JournalError> {
        let folder = runs.join(&run.0);
        let path = folder.join(FILE);
        let created = std::fs::create_dir_all(&folder).and_then(|()| OpenOptions::new().append(true).create_new(true).open(&path));
        let file = created.map_err(|source| JournalError::Create { path: path.clone(), source })?;
        Self::owning(file, path, false)
    }

    /// Opens the journal of a run that was killed, to add to it. A torn tail is cut off at the last good line. Gives the highest number too.
    pub fn reopen(path: &Path) -> Result<(Self, u64), JournalError> {
        let opened = OpenOptions::new().append(true).open(path);
        let file = opened.map_err(|source| JournalError::Open { path: path.to_owned(), source })?;
        let writer = Self::owning(file, path.to_owned(), true)?;
        let mut reader = Reader::open(path)?;
        let mut seq = 0;
        for event in reader.by_ref() {
            seq = event?.seq;
        }
        if let Some(cut) = reader.cut() {
            writer.file.set_len(cut.at).map_err(|source| JournalError::Write { path: path.to_owned(), source })?;
        }
        Ok((writer, seq))
    }

    fn owning(file: File, path: PathBuf, entry_synced: bool) -> Result<Self, JournalError> {
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(JournalError::InUse { path }),
            Err(std::fs::TryLockError::Error(source)) => return Err(JournalError::Open { path, source }),
        }
        let failpoint = Failpoint::from_environment();
        Ok(Self {
            file,
            path,
            buffer: Vec::new(),
            must_sync: false,
            syncs: Arc::default(),
            commits: watch::Sender::new(0),
            entry_synced,
            failpoint,
        })
    }

    /// Where the journal is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How often something was forced to disk: a count that can still be read when the writer is with its run.
    pub fn syncs(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.syncs)
    }

    /// Changes whenever lines were given to the kernel, so that who reads the file knows that there is more; closed when nothing more will come.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Adds the line of `event`; it counts once [`JournalWriter::commit`] came back.
    pub fn append(&mut self, event: &Event) -> Result<(), JournalError> {
        encode(event, &mut self.buffer).map_err(|error| self.failed(io::Error::other(error)))?;
        let intent = matches!(&event.event, EventKind::Step { says: StepEvent::Intent { .. }, .. });
        if intent && !self.entry_synced {
            self.sync_entry()?;
        }
        self.must_sync |= intent || matches!(event.event, EventKind::RunStarted { .. } | EventKind::RunFinished { .. });
        if self.failpoint.is_set() {
            // One line at a time, so that the process can be stopped on either side of each.
            self.failpoint.before(event.seq);
            self.commit()?;
            self.failpoint.after(event.seq);
        }
        Ok(())
    }

    /// Gives all appended lines to the kernel, and to the disk if one of them asks for it. Lines that were appended together share one sync.
    pub fn commit(&mut self) -> Result<(), JournalError> {
        let any = !self.buffer.is_empty();
        if any {
            let written = self.file.write_all(&self.buffer);
            self.buffer.clear();
            written.map_err(|source| self.failed(source))?;
        }
        if self.must_sync {
            self.must_sync = false;
            self.syncs.fetch_add(1, Ordering::Relaxed);
            self.file.sync_data().map_err(|source| self.failed(source))?;
        }
        if any {
            self.commits.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    fn sync_entry(&mut self) -> Result<(), JournalError> {
        self.entry_synced = true;
        self.syncs.fetch_add(1, Ordering::Relaxed);
        let mut folders = self.path.ancestors().skip(1).take(2);
        let synced = folders.try_for_each(|folder| File::open(folder).and_then(|folder| folder.sync_all()));
        synced.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> JournalError {
        JournalError::Write { path: self.path.clone(), source }
    }
}
