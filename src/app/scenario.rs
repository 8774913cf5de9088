//! `labctl scenario`: the files, what they would do, and the way to run one and to take it back.

use super::context::Context;
use super::exit::{Failure, code};
use super::show;
use crate::catalog;
use crate::cli::ScenarioVerb;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    title: String,
    tags: Vec<String>,
    /// What would be done, fault by fault.
    faults: Vec<String>,
    file: String,
}

/// Runs it.
pub fn run(context: &Context, verb: &ScenarioVerb) -> Result<u8, Failure> {
    match verb {
        ScenarioVerb::List { output } => {
            let mut rows = Vec::new();
            for (name, file) in catalog::scenario_names(&context.files) {
                let scenario = catalog::scenario(&context.files, &name)?.scenario;
                let faults = scenario.inject.iter().map(|inject| inject.fault.to_string()).collect();
                rows.push(Row { name, title: scenario.metadata.title, tags: scenario.metadata.tags, faults, file });
            }
            show::answer(*output, &rows, |rows| {
                let cells: Vec<_> =
                    rows.iter().map(|row| vec![row.name.clone(), row.faults.join(", "), row.tags.join(","), row.title.clone()]).collect();
                show::table(&["NAME", "FAULTS", "TAGS", "TITLE"], &cells)
            })?;
            Ok(code::OK)
        }
        ScenarioVerb::Lint { which } => lint(context, which),
    }
}

/// Reads each, and tells of all that are wrong, not of the first alone.
fn lint(context: &Context, which: &[String]) -> Result<u8, Failure> {
    let shipped = || catalog::scenario_names(&context.files).into_iter().map(|(name, _)| name).collect();
    let all: Vec<String> = if which.is_empty() { shipped() } else { which.to_vec() };
    let mut wrong = Vec::new();
    for which in &all {
        match catalog::scenario(&context.files, which) {
            Ok(found) => show::out(&format!("{}: {} is right\n", found.path, found.scenario.metadata.name)),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    match wrong.as_slice() {
        [] => Ok(code::OK),
        wrong => Err(Failure::new("LAB-USAGE-001", wrong.join("\n"))),
    }
}
