//! Scenarios: the shipped ones by name, a person's own by path.

use super::error::{CatalogError, near};
use super::files::{Files, read_file};
use super::load::check_version;
use super::yaml;
use crate::model::scenario::Scenario;
use std::path::Path;

/// The folders under `scenarios/` that hold them, by what they are about.
const FOLDERS: [&str; 2] = ["scenarios/chaos", "scenarios/load"];

/// A scenario and the file it was read from.
#[derive(Debug, Clone)]
pub struct Found {
    /// As the file has it.
    pub scenario: Scenario,
    /// Within labctl, or on disk.
    pub path: String,
}

/// Names of the shipped scenarios with their files, in order of name.
pub fn scenario_names(files: &Files) -> Vec<(String, String)> {
    let all = FOLDERS.iter().flat_map(|folder| files.list(folder));
    let mut names: Vec<_> =
        all.filter_map(|path| Some((path.rsplit('/').next()?.strip_suffix(".yaml")?.to_owned(), path.clone()))).collect();
    names.sort();
    names
}

/// The scenario `which`: a shipped name, or a path.
pub fn scenario(files: &Files, which: &str) -> Result<Found, CatalogError> {
    let is_path = which.contains('/') || Path::new(which).extension().is_some_and(|end| end == "yaml" || end == "yml");
    if is_path {
        return read(which.to_owned(), &read_file(Path::new(which))?);
    }
    let known = scenario_names(files);
    let unknown = || CatalogError::NoScenario {
        name: which.to_owned(),
        near: near(which, known.iter().map(|(name, _)| name.as_str())),
        known: known.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
    };
    let (_, path) = known.iter().find(|(name, _)| name == which).ok_or_else(unknown)?;
    let found = read(path.clone(), &files.read(path)?.ok_or_else(unknown)?)?;
    if found.scenario.metadata.name != which {
        let message = format!("metadata.name is `{}`; a shipped file has the name of its scenario", found.scenario.metadata.name);
        return Err(CatalogError::Parse { path: found.path, message });
    }
    Ok(found)
}

fn read(path: String, text: &str) -> Result<Found, CatalogError> {
    let scenario: Scenario = yaml::typed(&path, text)?;
    check_version(&path, &scenario.api_version)?;
    let problems = scenario.problems();
    if problems.is_empty() { Ok(Found { scenario, path }) } else { Err(CatalogError::Parse { path, message: problems.join("; ") }) }
}
