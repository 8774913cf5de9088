//! Closes the folder of a drill: result, report, JUnit, and a manifest over all of it.

use super::{chaostoolkit, html, junit, manifest, report};
use crate::drill::records::Records;
use crate::model::run::{At, RunId};
use crate::model::scenario::{ChangeRow, DrillResult, Rollback, Scenario, Verdict};
use crate::support::files::{self, FileError};
use std::io;
use std::path::Path;

/// What came of it, within the folder of the run.
pub const RESULT: &str = "result.json";
/// The scenario as it was carried out.
pub const SCENARIO: &str = "scenario.yaml";

fn bad(path: &Path, action: &'static str, error: impl std::fmt::Display) -> FileError {
    FileError { path: path.to_owned(), action, cause: io::Error::new(io::ErrorKind::InvalidData, error.to_string()) }
}

/// Keeps the scenario before anything is done: taking back after a crash needs it.
pub fn put_scenario(folder: &Path, scenario: &Scenario) -> Result<(), FileError> {
    let path = folder.join(SCENARIO);
    let text = serde_saphyr::to_string(scenario).map_err(|error| bad(&path, "written", error))?;
    files::write(&path, text.as_bytes(), 0o600)
}

/// The scenario that a run carried out.
pub fn read_scenario(folder: &Path) -> Result<Scenario, FileError> {
    let path = folder.join(SCENARIO);
    let text = std::fs::read_to_string(&path).map_err(|cause| FileError { path: path.clone(), action: "read", cause })?;
    serde_saphyr::from_str(&text).map_err(|error| bad(&path, "read", error))
}

/// What came of a run, if it has come to its end.
pub fn read_result(folder: &Path) -> Result<Option<DrillResult>, FileError> {
    let path = folder.join(RESULT);
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| bad(&path, "read", error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(FileError { path, action: "read", cause }),
    }
}

/// Writes all that follows from the result. The journal must have had its last line.
pub fn seal(folder: &Path, result: &DrillResult) -> Result<(), FileError> {
    files::write_json(&folder.join(RESULT), result)?;
    files::write(&folder.join("report.md"), report::markdown(result).as_bytes(), 0o600)?;
    files::write(&folder.join("report.html"), html::page(folder, result).as_bytes(), 0o600)?;
    let experiment = folder.join(chaostoolkit::EXPERIMENT);
    if let Some(experiment) = std::fs::read(experiment).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
        files::write_json(&folder.join(chaostoolkit::JOURNAL), &chaostoolkit::journal(&experiment, result))?;
    }
    files::write(&folder.join("junit.xml"), junit::xml(result).as_bytes(), 0o600)?;
    manifest::write(folder)
}

/// The result of a run that was killed, once its changes are taken back or could not be.
pub fn of_killed(
    folder: &Path,
    run: &RunId,
    lab: &str,
    scenario: &Scenario,
    by: &RunId,
    steady: bool,
    now: At,
) -> Result<DrillResult, FileError> {
    let records = Records::of(folder);
    let changes: Vec<ChangeRow> = records
        .all()?
        .into_iter()
        .map(|(record, undone)| ChangeRow {
            what: record.what,
            record: Records::name(record.number),
            undo: if undone { format!("settled by run {by}, or before") } else { "not taken back".to_owned() },
            undone,
        })
        .collect();
    let rollback = match (changes.iter().all(|change| change.undone), steady) {
        _ if changes.is_empty() => Rollback::NotNeeded,
        (false, _) => Rollback::Failed,
        (true, false) => Rollback::Unverified,
        (true, true) => Rollback::Clean,
    };
    let injected = records.all()?.first().map(|(record, _)| record.at);
    Ok(DrillResult {
        v: 1,
        run: run.clone(),
        scenario: scenario.metadata.name.clone(),
        title: scenario.metadata.title.clone(),
        lab: lab.to_owned(),
        verdict: Verdict::Error,
        rollback,
        landed: None,
        why: format!("labctl was killed during the drill; run {by} looked after what it had left"),
        started: injected.unwrap_or(now),
        injected,
        rolled_back: Some(now).filter(|_| rollback != Rollback::Failed),
        recovered: Some(now).filter(|_| rollback == Rollback::Clean),
        ended: now,
        recovery_ms: None,
        checks: Vec::new(),
        changes,
        loads: Vec::new(),
        clocks: Vec::new(),
        not_kept: vec!["metrics and events: labctl was killed".to_owned()],
        exit_code: 0,
    })
}
