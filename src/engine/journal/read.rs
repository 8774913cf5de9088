//! Reads a journal event by event, up to the first line that does not count.

use super::line::{BadLine, decode};
use super::write::JournalError;
use crate::model::run::{Event, RunState};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Where a journal stops counting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Bytes up to here are good.
    pub at: u64,
    /// What is wrong with the line there.
    pub why: BadLine,
}

/// Streams the events of a journal; holds one line at a time.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    path: PathBuf,
    line: Vec<u8>,
    good: u64,
    cut: Option<Cut>,
    over: bool,
}

impl Reader<BufReader<File>> {
    /// Opens the journal at `path`, which may be one that is still being written.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let file = File::open(path).map_err(|source| JournalError::Open { path: path.to_owned(), source })?;
        Ok(Self::new(BufReader::new(file), path))
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads `from`; `path` is for messages.
    pub fn new(from: R, path: &Path) -> Self {
        Self { from, path: path.to_owned(), line: Vec::new(), good: 0, cut: None, over: false }
    }

    /// Once the events are read: where the journal was cut, if it was.
    pub fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }

    /// How many bytes were good so far.
    pub fn good(&self) -> u64 {
        self.good
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Event, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        self.line.clear();
        match self.from.read_until(b'\n', &mut self.line) {
            Ok(0) => {
                self.over = true;
                None
            }
            Ok(read) => match decode(&self.line) {
                Ok(event) => {
                    self.good += read as u64;
                    Some(Ok(event))
                }
                Err(why) => {
                    // What follows a bad line may be as bad in a way no checksum shows (a lost block), so nothing after it counts.
                    self.over = true;
                    self.cut = Some(Cut { at: self.good, why });
                    None
                }
            },
            Err(source) => {
                self.over = true;
                Some(Err(JournalError::Read { path: self.path.clone(), source }))
            }
        }
    }
}

/// A journal read whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// In order.
    pub events: Vec<Event>,
    /// Where it was cut, if it was.
    pub cut: Option<Cut>,
}

impl Journal {
    /// Reads all good events of the journal at `path`.
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let mut reader = Reader::open(path)?;
        let events = reader.by_ref().collect::<Result<_, _>>()?;
        Ok(Self { events, cut: reader.cut().cloned() })
    }

    /// The run as far as the journal knows it.
    pub fn state(&self) -> RunState {
        RunState::fold(&self.events)
    }
}
