//! `labctl postmortem`: drafted from the evidence of a run, kept up to date, checked against it.

use super::context::Context;
use super::exit::{Failure, code};
use super::{runs, show};
use crate::catalog::yaml;
use crate::cli::PostmortemVerb;
use crate::model::run::RunId;
use crate::respond::{self, Facts};
use crate::support::files::{self, FileError};
use serde_json::Value;
use std::path::Path;

/// Runs it.
pub fn run(context: &Context, verb: &PostmortemVerb) -> Result<u8, Failure> {
    match verb {
        PostmortemVerb::New { run, out } => new(context, run, out.as_deref()),
        PostmortemVerb::Refresh { file } => refresh(context, file),
        PostmortemVerb::Lint { file } => lint(context, file),
    }
}

fn facts(context: &Context, run: &RunId) -> Result<Facts, Failure> {
    let runs = context.paths.runs(&context.global.lab);
    Facts::read(&runs, run).map_err(|error| Failure::new("LAB-POSTMORTEM-002", error.to_string()))
}

fn new(context: &Context, run: &str, out: Option<&Path>) -> Result<u8, Failure> {
    show::writable(context, "postmortem new")?;
    let heads = runs::heads(context)?;
    let head = heads.iter().find(|head| head.run.0.starts_with(run) || head.run.0.ends_with(run));
    let head =
        head.ok_or_else(|| Failure::new("LAB-RUN-001", format!("no run of lab {} starts or ends with `{run}`", context.global.lab)))?;
    let facts = facts(context, &head.run)?;
    let date: String = facts.started.0.to_string().chars().take(10).collect();
    let own = || context.folder().join("postmortems").join(format!("{date}-{}.md", facts.slug));
    let path = out.map_or_else(own, Path::to_owned);
    if path.exists() {
        let message = format!(
            "{} is there already, and people may have written in it; labctl postmortem refresh brings it up to date",
            path.display()
        );
        return Err(Failure::new("LAB-POSTMORTEM-003", message));
    }
    files::write(&path, respond::draft(&facts).as_bytes(), 0o644)?;
    show::out(&format!("{}\n", path.display()));
    Ok(code::OK)
}

/// The text of a postmortem, its front matter, and what it is about.
fn read(context: &Context, path: &Path) -> Result<(String, Value, Facts), Failure> {
    let text = std::fs::read_to_string(path).map_err(|cause| FileError { path: path.to_owned(), action: "read", cause })?;
    let wrong = |why: &str| Failure::new("LAB-USAGE-001", format!("{}: {why}", path.display()));
    let front = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map(|(front, _)| front.to_owned());
    let front = front.ok_or_else(|| wrong("it has no front matter between two lines of ---"))?;
    let front: Value = yaml::typed(&path.display().to_string(), &front)?;
    let run = front["runs"][0].as_str().ok_or_else(|| wrong("its front matter names no runs"))?;
    let facts = facts(context, &RunId(run.to_owned()))?;
    Ok((text, front, facts))
}

fn unusable(path: &Path, error: &respond::AutoError) -> Failure {
    Failure::new("LAB-USAGE-001", format!("{}: {error}", path.display()))
}

fn refresh(context: &Context, path: &Path) -> Result<u8, Failure> {
    show::writable(context, "postmortem refresh")?;
    let (text, _, facts) = read(context, path)?;
    let refreshed = respond::refresh(&text, &facts).map_err(|error| unusable(path, &error))?;
    if refreshed.text != text {
        files::write(path, refreshed.text.as_bytes(), 0o644)?;
    }
    show::err(&format!("written: {}\n", refreshed.written.join(", ")));
    if refreshed.kept.is_empty() {
        return Ok(code::OK);
    }
    for (name, wanted) in &refreshed.kept {
        show::err(&format!("kept, because somebody has changed it: {name}; labctl would have written:\n{wanted}"));
    }
    let names = refreshed.kept.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
    Err(Failure::new("LAB-POSTMORTEM-004", format!("{}: {names} were changed by somebody and are kept as they are", path.display())))
}

fn lint(context: &Context, path: &Path) -> Result<u8, Failure> {
    let (text, front, facts) = read(context, path)?;
    let findings = respond::lint(&text, &front, &facts).map_err(|error| unusable(path, &error))?;
    for warning in findings.iter().filter(|finding| !finding.error) {
        show::err(&format!("warning: {}:{}: {}\n", path.display(), warning.line, warning.text));
    }
    let errors: Vec<_> = findings
        .iter()
        .filter(|finding| finding.error)
        .map(|finding| format!("{}:{}: {}", path.display(), finding.line, finding.text))
        .collect();
    if errors.is_empty() {
        show::out(&format!("{}: every number of it is in the evidence\n", path.display()));
        return Ok(code::OK);
    }
    Err(Failure::new("LAB-POSTMORTEM-001", errors.join("\n")))
}
