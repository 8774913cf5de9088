//! The events of a run, read from its journal while it is being written. Each reader has its own place in the file, so that nobody waits for anybody
//! and nothing is kept in memory for those who are slow; whoever comes late sees the same as whoever was there from the start.

use crate::engine::journal::{event_of, json_of};
use crate::model::run::EventKind;
use std::io;
use std::path::Path;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;

/// Read at once; what one client holds of a run.
const CHUNK: usize = 64 * 1024;

/// A place in a journal.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    /// Read and not yet a whole line.
    rest: Vec<u8>,
    commits: watch::Receiver<u64>,
    /// Events up to this number are passed over.
    after: u64,
}

/// Some events, as lines of JSON.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    pub lines: Vec<u8>,
    /// The last one is the last of the run.
    pub finished: bool,
}

impl Tail {
    pub async fn open(journal: &Path, commits: watch::Receiver<u64>, after: u64) -> io::Result<Self> {
        Ok(Self { file: File::open(journal).await?, rest: Vec::new(), commits, after })
    }

    /// The next events, once there are some; `None` when the journal ends without the last event of the run. Dropped half-way, nothing is lost.
    pub async fn next(&mut self) -> io::Result<Option<Batch>> {
        loop {
            // Asked before the file is read: what is written after that is announced again.
            let closed = self.commits.has_changed().is_err();
            self.commits.borrow_and_update();
            self.rest.reserve(CHUNK);
            if self.file.read_buf(&mut self.rest).await? == 0 {
                if closed {
                    return Ok(None);
                }
                // Closed means one more look, with nothing to come after it.
                let _closed = self.commits.changed().await;
                continue;
            }
            let Some(batch) = self.take_lines() else { return Ok(None) };
            if !batch.lines.is_empty() {
                return Ok(Some(batch));
            }
        }
    }

    /// Takes all whole lines; `None` when one of them is no line of a journal.
    fn take_lines(&mut self) -> Option<Batch> {
        let end = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let mut batch = Batch::default();
        for line in self.rest.drain(..end).as_slice().split_inclusive(|byte| *byte == b'\n') {
            let json = json_of(line).ok()?;
            let event = event_of(json).ok()?;
            if event.seq > self.after {
                batch.lines.extend_from_slice(json);
                batch.lines.push(b'\n');
            }
            if matches!(event.event, EventKind::RunFinished { .. }) {
                batch.finished = true;
            }
        }
        Some(batch)
    }
}
