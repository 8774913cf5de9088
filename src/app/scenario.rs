//! `labctl scenario`: the files, and what each would do to this lab. Carrying out is `drill`, taking back `recover`.

use super::context::Context;
use super::exit::{Failure, code};
use super::{compare, drill, new, recover, runs, show};
use crate::catalog;
use crate::cli::{Format, HaltVerb, KindVerb, ScenarioVerb};
use crate::drill::preview;
use crate::model::run::RunId;
use crate::model::scenario::{DrillPlan, Scenario};
use crate::support::files::{self, FileError};
use serde::Serialize;
use std::sync::Arc;

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    title: String,
    tags: Vec<String>,
    /// What would be done, fault by fault.
    faults: Vec<String>,
    /// What would be asked meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<String>,
    file: String,
}

impl Row {
    fn done(&self) -> String {
        self.faults.iter().cloned().chain(self.load.as_ref().map(|load| format!("load {load}"))).collect::<Vec<_>>().join(", ")
    }
}

/// Which scenarios a verb is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    /// Those that break something.
    Chaos,
    /// Those that only bring load.
    Load,
}

impl Which {
    fn has(self, scenario: &Scenario) -> bool {
        match self {
            Self::All => true,
            Self::Chaos => !scenario.inject.is_empty(),
            Self::Load => scenario.inject.is_empty(),
        }
    }
}

/// Runs `labctl chaos`: `scenario`, for those that break something.
pub async fn chaos(context: &Arc<Context>, verb: &KindVerb) -> Result<u8, Failure> {
    of_kind(context, Which::Chaos, verb).await
}

/// Runs `labctl load`: `scenario`, for those that only bring load.
pub async fn load(context: &Arc<Context>, verb: &KindVerb) -> Result<u8, Failure> {
    of_kind(context, Which::Load, verb).await
}

async fn of_kind(context: &Arc<Context>, which: Which, verb: &KindVerb) -> Result<u8, Failure> {
    match verb {
        KindVerb::List { output } => list(context, which, *output),
        KindVerb::Run(args) => {
            let scenario = catalog::scenario(&context.files, &args.which)?.scenario;
            if !which.has(&scenario) {
                let (what, verb) = if which == Which::Load { ("breaks something", "chaos") } else { ("breaks nothing", "load") };
                let name = &scenario.metadata.name;
                return Err(Failure::new("LAB-USAGE-001", format!("{name} {what}: labctl {verb} run {}", args.which)));
            }
            drill::run(context, args).await
        }
    }
}

/// Runs it.
pub async fn run(context: &Arc<Context>, verb: &ScenarioVerb) -> Result<u8, Failure> {
    match verb {
        ScenarioVerb::List { output } => list(context, Which::All, *output),
        ScenarioVerb::Lint { which } => lint(context, which),
        ScenarioVerb::Plan { which, output } => plan(context, which, *output).await,
        ScenarioVerb::New { name, load } => new::write(context, name, *load),
        ScenarioVerb::Compare { a, b, output } => compare::run(context, a, b, *output),
        ScenarioVerb::Run(args) => drill::run(context, args).await,
        ScenarioVerb::Recover { run, keep_theirs, wait, output } => {
            recover::run(context, run.as_deref(), *keep_theirs, wait.time(), *output).await
        }
    }
}

fn list(context: &Context, which: Which, output: Format) -> Result<u8, Failure> {
    let mut rows = Vec::new();
    for (name, file) in catalog::scenario_names(&context.files) {
        let scenario = catalog::scenario(&context.files, &name)?.scenario;
        if !which.has(&scenario) {
            continue;
        }
        let faults = scenario.inject.iter().map(|inject| inject.fault.to_string()).collect();
        let load = scenario.load.as_ref().map(|load| format!("{} for {}", load.k6, load.lasts()));
        rows.push(Row { name, title: scenario.metadata.title, tags: scenario.metadata.tags, faults, load, file });
    }
    show::answer(output, &rows, |rows| {
        let cells: Vec<_> = rows.iter().map(|row| vec![row.name.clone(), row.done(), row.tags.join(","), row.title.clone()]).collect();
        show::table(&["NAME", "DOES", "TAGS", "TITLE"], &cells)
    })?;
    Ok(code::OK)
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

async fn plan(context: &Context, which: &str, output: Format) -> Result<u8, Failure> {
    show::answer(output, &planned(context, which).await?, text)?;
    Ok(code::OK)
}

/// What a scenario would do to this lab now; nothing is done.
pub async fn planned(context: &Context, which: &str) -> Result<DrillPlan, Failure> {
    let found = catalog::scenario(&context.files, which)?;
    let setup = drill::up(context).await?;
    let mut ground = drill::ground(context, &setup, None).await?;
    ground.load = drill::load_tool(context, &setup, &found.scenario)?;
    let base = drill::base(&found);
    // nothing is done under this name
    let run = RunId::begun(runs::now(), &found.scenario.metadata.name, 0);
    let folder = context.paths.runs(&context.global.lab).join(&run.0);
    let mut drill = crate::drill::Drill::new(run, &context.global.lab, found.scenario, ground, folder);
    drill.base = base;
    let drill = Arc::new(drill);
    let faults = preview(&drill).await.map_err(|why| Failure::new("LAB-DRILL-001", format!("it would be refused: {why}")))?;
    let steps = crate::drill::compile(&drill).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    let scenario = &drill.scenario;
    Ok(DrillPlan {
        scenario: scenario.metadata.name.clone(),
        title: scenario.metadata.title.clone(),
        lab: context.global.lab.clone(),
        namespace: scenario.target.namespace.clone(),
        faults,
        load: scenario.load.as_ref().map(|load| format!("{} for {}", load.k6, load.lasts())),
        steady_state: scenario.steady_state.checks.iter().map(|check| check.name.clone()).collect(),
        hypotheses: scenario.hypotheses.iter().map(|hypothesis| hypothesis.name.clone()).chain(thresholds(scenario)).collect(),
        abort: scenario.abort.iter().map(|abort| abort.check.name.clone()).collect(),
        steps: steps.nodes().iter().map(|node| node.data.id.0.clone()).collect(),
    })
}

fn thresholds(scenario: &Scenario) -> impl Iterator<Item = String> {
    let claims = scenario.load.iter().flat_map(|load| &load.k6.thresholds);
    claims.flat_map(|(metric, claims)| claims.iter().map(move |claim| format!("{metric} {claim}")))
}

fn text(plan: &DrillPlan) -> String {
    let mut text = format!("{} on lab {}: {}\n\n", plan.scenario, plan.lab, plan.title);
    for fault in &plan.faults {
        text.push_str(&format!("fault {}\n", fault.name));
        for change in &fault.changes {
            text.push_str(&format!("  {}\n    taken back: {}\n", change.what, change.undo));
        }
    }
    if let Some(load) = &plan.load {
        text.push_str(&format!("load {load}\n"));
    }
    let mut line = |name: &str, values: &[String]| {
        if !values.is_empty() {
            text.push_str(&format!("{name:16} {}\n", values.join(", ")));
        }
    };
    line("steady state", &plan.steady_state);
    line("claims", &plan.hypotheses);
    line("aborts when", &plan.abort);
    line("steps", &plan.steps);
    text.push_str("\nall changes are taken back at the end, whatever happens; nothing was done now\n");
    text
}

/// Runs `labctl halt`. A drill at work looks every two seconds.
pub fn halt(context: &Context, verb: &HaltVerb) -> Result<u8, Failure> {
    let path = drill::halt(context);
    match verb {
        HaltVerb::On { why } => {
            files::write(&path, why.as_deref().unwrap_or_default().as_bytes(), 0o600)?;
            show::err(&format!("drills of lab {} are ended and refused until labctl halt off\n", context.global.lab));
        }
        HaltVerb::Off => match std::fs::remove_file(&path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(FileError { path, action: "removed", cause }.into());
            }
            _ => show::err(&format!("drills of lab {} may be done again\n", context.global.lab)),
        },
    }
    Ok(code::OK)
}
