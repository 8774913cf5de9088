//! Undo records: what must be taken back, on disk before it is done. `undo/NNN.json` is open; `undo/NNN.json.done` is taken back. Never deleted.

use super::change::Change;
use crate::cluster::ObjectRef;
use crate::model::run::{At, RunId};
use crate::support::files::{self, FileError};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The folder within that of a run.
const FOLDER: &str = "undo";

/// One change, with all that taking it back needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of the meaning, 1 today.
    pub v: u32,
    /// From 1, in the order the changes are made.
    pub number: u32,
    /// The run that makes the change.
    pub run: RunId,
    /// Its step.
    pub step: String,
    /// `k8s`, `node`, `aws`.
    pub backend: String,
    /// The cluster it is made in: the uid of its namespace `kube-system`. Empty for what is done to a node: a cluster that does not answer cannot say
    /// which it is, and the container's id says it as well.
    pub cluster: String,
    /// What is changed.
    pub object: ObjectRef,
    /// Of the object; empty for one that is only made. Of a node its container's id, of a queue when it was made.
    pub uid: String,
    /// Of the object when it was read.
    pub resource_version: String,
    /// When the record was written.
    pub at: At,
    /// In words, as in the journal.
    pub what: String,
    /// The change itself.
    pub change: Change,
}

impl Record {
    /// Whether the cluster may not answer while this is not taken back.
    pub fn stops_a_node(&self) -> bool {
        self.change == Change::NodePaused
    }
}

/// The records of one run.
#[derive(Debug, Clone)]
pub struct Records {
    folder: PathBuf,
}

impl Records {
    /// Those of the run whose folder this is.
    pub fn of(run: &Path) -> Self {
        Self { folder: run.join(FOLDER) }
    }

    /// The name of a record's file, within the folder of the run.
    pub fn name(number: u32) -> String {
        format!("{FOLDER}/{number:03}.json")
    }

    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:03}.json"))
    }

    /// Puts a record on disk; once this has come back, neither a crash nor a power cut loses it.
    pub fn write(&self, record: &Record) -> Result<(), FileError> {
        files::write_json(&self.path(record.number), record)?;
        // the names as well: of the file in its folder, and of that folder in its own
        sync_folder(&self.folder)?;
        self.folder.parent().map_or(Ok(()), sync_folder)
    }

    /// Those that are not taken back, in the order they were made.
    pub fn open(&self) -> Result<Vec<Record>, FileError> {
        self.numbers(".json")?.into_iter().map(|number| read(&self.path(number))).collect()
    }

    /// All there are, in the order they were made, each with whether it is taken back.
    pub fn all(&self) -> Result<Vec<(Record, bool)>, FileError> {
        let mut all = self.open()?.into_iter().map(|record| (record, false)).collect::<Vec<_>>();
        for number in self.numbers(".json.done")? {
            all.push((read(&self.path(number).with_extension("json.done"))?, true));
        }
        all.sort_by_key(|(record, _)| record.number);
        Ok(all)
    }

    /// The highest number in use; 0 for none.
    pub fn last(&self) -> Result<u32, FileError> {
        let (open, done) = (self.numbers(".json")?, self.numbers(".json.done")?);
        Ok(open.into_iter().chain(done).max().unwrap_or(0))
    }

    /// Notes that a record is taken back. One that is noted already is fine.
    pub fn done(&self, number: u32) -> Result<(), FileError> {
        let path = self.path(number);
        match std::fs::rename(&path, path.with_extension("json.done")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(FileError { path, action: "renamed", cause }),
            Ok(()) => sync_folder(&self.folder),
        }
    }

    fn numbers(&self, end: &str) -> Result<Vec<u32>, FileError> {
        let failed = |cause| FileError { path: self.folder.clone(), action: "listed", cause };
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            numbers.extend(name.to_str().and_then(|name| name.strip_suffix(end)).and_then(|number| number.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// Runs under `runs` that have something to take back, newest first, each with how much. Runs that are at work are left out by whoever knows them.
pub fn left(runs: &Path) -> Result<Vec<(RunId, usize)>, FileError> {
    let failed = |cause| FileError { path: runs.to_owned(), action: "listed", cause };
    let folders = match std::fs::read_dir(runs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        folders => folders.map_err(failed)?,
    };
    let mut found = Vec::new();
    for folder in folders {
        let folder = folder.map_err(failed)?.path();
        let open = Records::of(&folder).numbers(".json")?.len();
        if let Some(name) = folder.file_name().filter(|_| open > 0) {
            found.push((RunId(name.to_string_lossy().into_owned()), open));
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0));
    Ok(found)
}

fn read(path: &Path) -> Result<Record, FileError> {
    let failed = |cause| FileError { path: path.to_owned(), action: "read", cause };
    let text = std::fs::read(path).map_err(failed)?;
    serde_json::from_slice(&text).map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error)))
}

fn sync_folder(folder: &Path) -> Result<(), FileError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|cause| FileError {
        path: folder.to_owned(),
        action: "written to disk",
        cause,
    })
}
