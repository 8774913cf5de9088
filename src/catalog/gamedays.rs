//! Game days: the shipped ones by name, a person's own by path.

use super::error::{CatalogError, near};
use super::files::{Files, read_file};
use super::load::check_version;
use super::yaml;
use crate::model::gameday::GameDay;
use std::path::Path;

const FOLDER: &str = "scenarios/gameday";

/// Names of the shipped game days, in order.
pub fn gameday_names(files: &Files) -> Vec<String> {
    files.list(FOLDER).iter().filter_map(|path| Some(path.rsplit('/').next()?.strip_suffix(".yaml")?.to_owned())).collect()
}

/// The game day `which`: a shipped name, or a path.
pub fn gameday(files: &Files, which: &str) -> Result<GameDay, CatalogError> {
    let is_path = which.contains('/') || Path::new(which).extension().is_some_and(|end| end == "yaml" || end == "yml");
    if is_path {
        return read(which, &read_file(Path::new(which))?);
    }
    let known = gameday_names(files);
    let path = format!("{FOLDER}/{which}.yaml");
    let names = known.iter().map(String::as_str);
    let unknown = || CatalogError::NoGameDay { name: which.to_owned(), near: near(which, names.clone()), known: known.join(", ") };
    let found = read(&path, &files.read(&path)?.ok_or_else(unknown)?)?;
    if found.metadata.name == which {
        return Ok(found);
    }
    let message = format!("metadata.name is `{}`; a shipped file has the name of its game day", found.metadata.name);
    Err(CatalogError::Parse { path, message })
}

fn read(path: &str, text: &str) -> Result<GameDay, CatalogError> {
    let day: GameDay = yaml::typed(path, text)?;
    check_version(path, &day.api_version)?;
    let problems = day.problems();
    if problems.is_empty() { Ok(day) } else { Err(CatalogError::Parse { path: path.to_owned(), message: problems.join("; ") }) }
}
