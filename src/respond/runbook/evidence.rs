//! What is kept of a runbook, in the folder of its run: the page as it was carried out, what came of it, and a manifest over all of it.

use crate::drill::evidence;
use crate::model::runbook::RunbookResult;
use crate::support::files::{self, FileError};
use std::io;
use std::path::Path;

/// Writes all that follows from the result. The journal must have had its last line.
pub fn seal(folder: &Path, page: &str, result: &RunbookResult) -> Result<(), FileError> {
    files::write(&folder.join("runbook.md"), page.as_bytes(), 0o600)?;
    files::write_json(&folder.join(evidence::RESULT), result)?;
    evidence::write_manifest(folder)
}

/// What came of the run of this folder; nothing where it is no runbook's, or has not come to its end.
pub fn read_result(folder: &Path) -> Result<Option<RunbookResult>, FileError> {
    let path = folder.join(evidence::RESULT);
    match std::fs::read(&path) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(FileError { path, action: "read", cause }),
    }
}
