//! `labctl runbook`: pages that say what to do when an alert fires, read, checked and carried out.

use super::context::Context;
use super::drill::{Work, carry_out, new_id, up};
use super::exit::{Failure, code, of_runbook};
use super::{detach, runs, show};
use crate::catalog::{self, AlertRule};
use crate::cli::{CarryArgs, Format, RunbookVerb};
use crate::engine::journal::{JournalWriter, RunHead};
use crate::engine::{Ending, SystemClock};
use crate::model::run::{At, RunState, Verb};
use crate::model::runbook::{Outcome, Runbook, RunbookResult, Stepped};
use crate::report::Mode;
use crate::respond::{self, Ask, Carrying, compile, conclude};
use crate::steps::Setup;
use crate::support::files;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A page that nobody has proved for so long may have gone stale.
const STALE: time::Duration = time::Duration::days(30);

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    alerts: Vec<String>,
    severity: String,
    blocks: usize,
    description: String,
    /// When its Verify last held on this lab.
    proved: Option<At>,
}

/// Runs it.
pub async fn run(context: &Arc<Context>, verb: &RunbookVerb) -> Result<u8, Failure> {
    match verb {
        RunbookVerb::List { output } => list(context, *output),
        RunbookVerb::Show { which, output } => {
            let runbook = catalog::runbook(&context.files, which)?;
            show::answer(*output, &runbook, |runbook| runbook.text.clone())?;
            Ok(code::OK)
        }
        RunbookVerb::Check(args) => carry(context, args, true).await,
        RunbookVerb::Run(args) => {
            show::writable(context, "runbook run")?;
            carry(context, args, false).await
        }
        RunbookVerb::Lint { which } => lint(context, which),
    }
}

/// When each runbook's Verify last held on this lab, by the journals.
fn proved(context: &Context) -> Result<BTreeMap<String, At>, Failure> {
    let mut proved = BTreeMap::new();
    for head in runs::heads(context)?.into_iter().filter(|head| head.verb == Verb::Runbook) {
        if let Some(result) = result(&head).filter(|result| result.result == Outcome::Resolved && !result.only_looked) {
            let newest = proved.entry(result.runbook).or_insert(result.ended);
            *newest = (*newest).max(result.ended);
        }
    }
    Ok(proved)
}

/// What came of a run of a runbook.
pub fn result(head: &RunHead) -> Option<RunbookResult> {
    respond::read_result(head.journal.parent()?).ok()?
}

fn list(context: &Context, output: Format) -> Result<u8, Failure> {
    let proved = proved(context)?;
    let mut rows = Vec::new();
    for name in catalog::runbook_names(&context.files) {
        let runbook = catalog::runbook(&context.files, &name)?;
        let blocks = runbook.blocks().count();
        let (metadata, description) = (runbook.front.metadata, runbook.front.description);
        let proved = proved.get(&name).copied();
        rows.push(Row { name, alerts: metadata.alerts, severity: metadata.severity, blocks, description, proved });
    }
    show::answer(output, &rows, |rows| {
        let never = || "never on this lab".to_owned();
        let cells: Vec<_> = rows
            .iter()
            .map(|row| {
                vec![row.name.clone(), row.alerts.join(", "), row.blocks.to_string(), row.proved.map_or_else(never, |at| at.to_string())]
            })
            .collect();
        show::table(&["NAME", "ALERTS", "BLOCKS", "PROVED"], &cells)
    })?;
    Ok(code::OK)
}

/// Reads each, and tells of all that are wrong, not of the first alone.
fn lint(context: &Context, which: &[String]) -> Result<u8, Failure> {
    let all = if which.is_empty() { catalog::runbook_names(&context.files) } else { which.to_vec() };
    let rules = catalog::alert_rules(&context.files)?;
    let scenarios: Vec<String> = catalog::scenario_names(&context.files).into_iter().map(|(name, _)| name).collect();
    let (mut wrong, mut right) = (Vec::new(), Vec::new());
    for which in &all {
        match catalog::runbook(&context.files, which) {
            Ok(runbook) => {
                let problems = strangers(&runbook, &rules, &scenarios);
                if problems.is_empty() {
                    show::out(&format!("{}: {} is right\n", runbook.path, runbook.name));
                }
                wrong.extend(problems.into_iter().map(|problem| format!("{}: {problem}", runbook.path)));
                right.push(runbook.name);
            }
            Err(error) => wrong.push(error.to_string()),
        }
    }
    if which.is_empty() {
        let proved = proved(context)?;
        let now = runs::now();
        for name in right {
            let late = match proved.get(&name) {
                None => Some("it was never proved on this lab".to_owned()),
                Some(at) if now.0 - at.0 > STALE => Some(format!("it was last proved on this lab {at}")),
                Some(_) => None,
            };
            if let Some(late) = late {
                show::err(&format!("warning: {name}: {late}; labctl runbook run {name} proves it\n"));
            }
        }
        let known = catalog::runbook_names(&context.files);
        for rule in &rules {
            match rule.runbook() {
                Some(name) if !known.iter().any(|known| known == name) => {
                    wrong.push(format!("alert {} of {}: its runbook_url leads to {name}, which is not there", rule.name, rule.component));
                }
                None if rule.severity != "none" => {
                    show::err(&format!("warning: alert {} of {} has no runbook_url\n", rule.name, rule.component));
                }
                _ => {}
            }
        }
    }
    match wrong.as_slice() {
        [] => Ok(code::OK),
        wrong => Err(Failure::new("LAB-USAGE-001", wrong.join("\n"))),
    }
}

/// What a page names and nobody has.
fn strangers(runbook: &Runbook, rules: &[AlertRule], scenarios: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for alert in &runbook.front.metadata.alerts {
        match rules.iter().find(|rule| rule.name == *alert) {
            None => found.push(format!("no component has an alert {alert}")),
            Some(rule) if rule.runbook() != Some(&runbook.name) => {
                found.push(format!(
                    "alert {alert} of {} does not lead here: its runbook_url is {}",
                    rule.component,
                    rule.runbook_url.as_deref().unwrap_or("missing")
                ));
            }
            Some(_) => {}
        }
    }
    let missing = runbook.front.metadata.scenarios.iter().filter(|name| !scenarios.contains(name));
    found.extend(missing.map(|name| format!("there is no scenario {name}")));
    found
}

/// The page's own inputs, and what is given instead.
fn inputs(runbook: &Runbook, given: &[(String, String)]) -> Result<BTreeMap<String, String>, Failure> {
    let mut inputs = runbook.front.metadata.inputs.clone();
    for (name, value) in given {
        if inputs.insert(name.clone(), value.clone()).is_none() {
            let known = runbook.front.metadata.inputs.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(Failure::new("LAB-USAGE-001", format!("runbook {} has no input {name}; it has {known}", runbook.name)));
        }
    }
    Ok(inputs)
}

/// What commands of runbooks find around them: a `kubectl` that means this lab whatever the kubeconfig's current context is.
pub fn surroundings(context: &Context, setup: &Setup) -> Result<Vec<(String, String)>, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folder = context.folder().join("bin");
    // not the one that labctl itself has put there for a command it runs
    let found =
        std::env::split_paths(&path).filter(|place| *place != folder).map(|place| place.join("kubectl")).find(|file| file.is_file());
    let Ok(program) = super::context::tool("kubectl", found, setup.images.bundle()) else { return Ok(Vec::new()) };
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let text = format!(
        "#!/bin/sh\n# Made by labctl for the commands of runbooks: kubectl that means this lab.\nexec {} --kubeconfig {} --context {} \"$@\"\n",
        quoted(&program.to_string_lossy()),
        quoted(&context.paths.kubeconfig.to_string_lossy()),
        quoted(&setup.context())
    );
    files::write(&folder.join("kubectl"), text.as_bytes(), 0o700)?;
    let mut places = vec![folder];
    places.extend(std::env::split_paths(&path));
    let joined = std::env::join_paths(places).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    Ok(vec![("PATH".to_owned(), joined.to_string_lossy().into_owned())])
}

/// Asks at the terminal; `--yes` answers yes, and where nobody is there the answer is no.
fn asking(context: &Arc<Context>) -> Arc<Ask> {
    let context = Arc::clone(context);
    Arc::new(move |question| {
        let context = Arc::clone(&context);
        Box::pin(async move { tokio::task::spawn_blocking(move || show::confirm(&context, &question).is_ok()).await.unwrap_or(false) })
    })
}

async fn carry(context: &Arc<Context>, args: &CarryArgs, only_look: bool) -> Result<u8, Failure> {
    if !args.in_background {
        return carry_here(context, args, only_look).await;
    }
    detach::leave_terminal();
    let ended = carry_here(context, args, only_look).await;
    if let Err(failure) = &ended {
        detach::refuse(failure);
    }
    ended
}

async fn carry_here(context: &Arc<Context>, args: &CarryArgs, only_look: bool) -> Result<u8, Failure> {
    let runbook = catalog::runbook(&context.files, &args.which)?;
    let inputs = inputs(&runbook, &args.inputs)?;
    let setup = up(context).await?;
    let prober = crate::checks::Prober::clone(&setup.connect().await?.prober);
    let runs = context.paths.runs(&context.global.lab);
    let run = new_id(&runbook.name);
    let env = surroundings(context, &setup)?;
    let journal = JournalWriter::create(&runs, &run).map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))?;
    let carrying = Arc::new(Carrying {
        run: run.clone(),
        lab: context.global.lab.clone(),
        runbook,
        inputs,
        only_look,
        prober,
        env,
        ask: asking(context),
        clock: Arc::new(SystemClock),
        progress: std::sync::Mutex::default(),
    });
    let plan = compile(&carrying).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    let choice = if args.in_background { detach::LOG } else { context.front_end(args.output, true) };
    let finish = {
        let carrying = Arc::clone(&carrying);
        Box::new(move |state: &RunState| Ending { exit_code: concluded(&carrying, state).exit_code, ..Ending::default() })
    };
    // no lock of the lab is taken: who responds must not be kept out by the drill that is responded to
    let state = carry_out(
        context,
        Work { run: run.clone(), verb: Verb::Runbook, plan, journal, choice, in_background: args.in_background, finish },
    )
    .await?;
    let result = concluded(&carrying, &state);
    let folder = runs.join(&run.0);
    // before the seal: in the background, what is said goes to a log that is sealed too
    if choice.mode != Mode::Json {
        tell(&result, &folder.display().to_string());
    }
    respond::seal(&folder, &carrying.runbook.text, &result)?;
    Ok(result.exit_code)
}

/// What came of it, with its exit code.
pub fn concluded(carrying: &Carrying, state: &RunState) -> RunbookResult {
    let cancelled = state.cancelling.is_some();
    let mut result = conclude(carrying, state.started.unwrap_or_else(runs::now), cancelled);
    let refused = result.blocks.iter().any(|row| row.result == Stepped::Refused);
    result.exit_code = of_runbook(result.result, cancelled, refused);
    result
}

fn tell(result: &RunbookResult, folder: &str) {
    let rows: Vec<_> =
        result.blocks.iter().map(|row| vec![row.part.to_string(), row.name.clone(), row.result.to_string(), row.seen.clone()]).collect();
    show::err(&format!(
        "\n{}\n{}: {}\n  {}\n  evidence: {folder}\n",
        show::table(&["PART", "BLOCK", "RESULT", "SEEN"], &rows),
        result.runbook,
        result.result,
        result.why
    ));
}
