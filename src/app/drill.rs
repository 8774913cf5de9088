//! `labctl scenario run`: a drill, from its file to its sealed evidence.

use super::context::Context;
use super::detach::{Begun, Told};
use super::exit::{Failure, of_drill};
use super::{attach, detach, recover, runs, show, signals};
use crate::catalog;
use crate::cli::DrillArgs;
use crate::drill::{self, Address, Drill, Ground, Nodes, Tool, Unfinished, compile, evidence};
use crate::engine::journal::JournalWriter;
use crate::engine::{Ending, EngineError, Plan, RunOptions, SystemClock};
use crate::model::run::{Event, RunId, RunState, Verb};
use crate::model::scenario::{Conclusion, DrillResult, LoadRow, Rollback, Scenario};
use crate::report::{self, Choice, Mode};
use crate::steps::{Setup, Standing};
use crate::support::holder::Holder;
use rand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Room between the engine and a front end; a slow one loses lines of output, nothing else.
const EVENTS: usize = 1024;

/// A lab that is up.
pub async fn up(context: &Context) -> Result<Arc<Setup>, Failure> {
    up_or_held(context, &[]).await
}

/// A lab that is up, or that a killed drill among `unfinished` keeps from it.
pub async fn up_or_held(context: &Context, unfinished: &[Unfinished]) -> Result<Arc<Setup>, Failure> {
    let setup = context.setup(None, false)?;
    match setup.standing().await? {
        Standing::Running(_) => Ok(setup),
        Standing::Asleep(_) if recover::held(unfinished) => Ok(setup),
        Standing::Absent => Err(super::reach::no_lab(context)),
        Standing::Asleep(nodes) => {
            Err(Failure::new("LAB-CLUSTER-004", format!("the lab does not run: {}; {} wakes it", nodes.join(", "), context.typed("up"))))
        }
    }
}

/// While this file is there, nothing is broken in this lab.
pub fn halt(context: &Context) -> PathBuf {
    context.folder().join("halt")
}

/// Components of a lab, and what they provide.
pub fn provided(lab: &catalog::Lab) -> BTreeSet<String> {
    lab.parts.iter().flat_map(|(name, part)| std::iter::once(name.clone()).chain(part.component.provides.clone())).collect()
}

/// What drills of this lab stand on.
pub async fn ground(context: &Context, setup: &Setup, holder: Option<(Holder, Option<Duration>)>) -> Result<Ground, Failure> {
    let connected = setup.connect().await?;
    let parts = &setup.lab.parts;
    let platform =
        parts.values().filter(|part| part.component.metadata.group != "apps").map(|part| part.component.namespace.clone()).collect();
    let nodes = (!setup.is_existing()).then(|| Nodes { engine: setup.engine.clone(), cluster: setup.cluster.clone() });
    Ok(Ground {
        nodes,
        cluster: connected.cluster,
        prober: crate::checks::Prober::clone(&connected.prober),
        provided: provided(&setup.lab),
        platform,
        halt: halt(context),
        holder,
        load: None,
        clock: Arc::new(SystemClock),
    })
}

/// What load is made with in this lab, for a scenario that brings some.
pub fn load_tool(context: &Context, setup: &Setup, scenario: &Scenario) -> Result<Option<Tool>, Failure> {
    if !scenario.brings_load() {
        return Ok(None);
    }
    let port = context.state()?.gateway_port.ok_or_else(|| super::reach::no_lab(context))?;
    let mut addresses = BTreeMap::new();
    for (name, part) in &setup.lab.parts {
        for endpoint in part.component.endpoints.iter().filter(|endpoint| endpoint.public) {
            let host = format!("{name}.{}.localhost", setup.lab.name);
            let address = Address { host, port, namespace: part.component.namespace.clone() };
            addresses.insert(format!("{name}/{}", endpoint.name), address);
        }
    }
    Ok(Some(Tool { k6: Context::k6(setup.images.bundle())?, addresses }))
}

/// The folder that names of scripts in a scenario's file start from.
pub fn base(found: &catalog::Found) -> PathBuf {
    Path::new(&found.path).parent().map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// A new run's name.
pub fn new_id(name: &str) -> RunId {
    RunId::begun(runs::now(), name, rand::rng().random())
}

/// Runs it.
pub async fn run(context: &Arc<Context>, args: &DrillArgs) -> Result<u8, Failure> {
    if !args.in_background {
        return carry(context, args).await;
    }
    detach::leave_terminal();
    let ended = carry(context, args).await;
    if let Err(failure) = &ended {
        detach::refuse(failure);
    }
    ended
}

async fn carry(context: &Arc<Context>, args: &DrillArgs) -> Result<u8, Failure> {
    show::writable(context, "scenario run")?;
    let preparing = |what: &str| {
        if args.in_background {
            detach::tell(&Told::Preparing(what.to_owned()));
        }
    };
    preparing("reading the lab");
    let found = catalog::scenario(&context.files, &args.which)?;
    let (base, scenario) = (base(&found), found.scenario);
    let setup = up_or_held(context, &recover::found(context, None)?).await?;
    show::confirm(context, &question(context, &scenario))?;
    let verb = if scenario.inject.is_empty() { Verb::Load } else { Verb::Scenario };
    let runs = context.paths.runs(&context.global.lab);
    let run = new_id(&scenario.metadata.name);
    let holder = Context::holder("scenario run", &run);
    preparing("waiting until no other labctl works on the lab");
    let _lock = context.lock(&holder, args.wait.time()).await?;
    let mut ground = ground(context, &setup, Some((holder, args.wait.time()))).await?;
    ground.load = load_tool(context, &setup, &scenario)?;
    preparing("looking for what earlier drills have left");
    recover::before(context, &ground, args.no_recover).await?;
    let journal = JournalWriter::create(&runs, &run).map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))?;
    let folder = runs.join(&run.0);
    evidence::put_scenario(&folder, &scenario)?;
    let mut drill = Drill::new(run.clone(), &context.global.lab, scenario, ground, folder.clone());
    drill.base = base;
    drill.baseline = drill::find_baseline(&context.folder(), &runs, &drill.scenario);
    let drill = Arc::new(drill);
    let plan = compile(&drill).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    let choice = if args.in_background { detach::LOG } else { context.front_end(args.output, true) };
    let finish = {
        let drill = Arc::clone(&drill);
        Box::new(move |state: &RunState| {
            let result = concluded(&drill, state);
            Ending { exit_code: result.exit_code, drill: Some(Conclusion::from(&result)), ..Ending::default() }
        })
    };
    let work = Work { run, verb, plan, journal, choice, in_background: args.in_background, finish };
    let state = carry_out_until(context, work, drill.stop.clone()).await?;
    drill.ground.cluster.unlock().await;
    let result = concluded(&drill, &state);
    // before the seal: in the background, what is said goes to a log that is sealed too
    if choice.mode != Mode::Json {
        tell(&result, &folder.display().to_string());
    }
    if let Err(error) = evidence::seal(&folder, &result) {
        show::err(&format!("error: the evidence could not be sealed: {error} [LAB-FILE-001]\n"));
    }
    if args.keep_baseline {
        drill::keep_baseline(&context.folder(), &result, &drill.scenario).map_err(|why| Failure::new("LAB-LOAD-002", why))?;
    }
    Ok(result.exit_code)
}

fn question(context: &Context, scenario: &Scenario) -> String {
    let lab = &context.global.lab;
    let load = scenario.load.as_ref().map(|load| format!("{} for {}", load.k6, load.lasts()));
    let faults: Vec<String> = scenario.inject.iter().map(|inject| inject.fault.to_string()).collect();
    match load {
        Some(load) if faults.is_empty() => format!("Put load on lab {lab}: {load}?"),
        load => {
            let under = load.map(|load| format!(", under load ({load})")).unwrap_or_default();
            format!("Break lab {lab} on purpose, in namespace {}: {}{under}?", scenario.target.namespace, faults.join(", then "))
        }
    }
}

fn concluded(drill: &Drill, state: &RunState) -> DrillResult {
    let started = state.started.unwrap_or_else(runs::now);
    let (mut result, because) = drill::conclude(drill, started, state.cancelling.is_some());
    result.exit_code = of_drill(because, result.rollback);
    result
}

fn tell(result: &DrillResult, folder: &str) {
    let landed = match result.landed {
        Some(true) => "the fault landed".to_owned(),
        Some(false) => "not every fault landed".to_owned(),
        None if result.loads.is_empty() => "nothing was broken".to_owned(),
        None => result.loads.iter().map(LoadRow::sentence).collect::<Vec<_>>().join("; "),
    };
    show::err(&format!(
        "\n{}: {}, rollback {}, {landed}\n  {}\n  evidence: {folder}\n",
        result.scenario, result.verdict, result.rollback, result.why
    ));
    for change in result.changes.iter().filter(|change| !change.undone) {
        show::err(&format!("  NOT TAKEN BACK: {}: {}\n", change.what, change.undo));
    }
    match result.rollback {
        Rollback::Failed => show::err("\nhint: labctl scenario recover tries again and says what is left\n"),
        Rollback::Unverified => show::err("\nhint: all is taken back; labctl status shows why the steady state does not hold\n"),
        Rollback::Clean | Rollback::NotNeeded => {}
    }
}

/// A plan to be carried out headless, and all that goes with it.
pub struct Work {
    pub run: RunId,
    pub verb: Verb,
    pub plan: Plan,
    pub journal: JournalWriter,
    pub choice: Choice,
    /// Whoever started this process is told once the run has begun.
    pub in_background: bool,
    pub finish: Box<dyn FnOnce(&RunState) -> Ending + Send>,
}

/// Carries a plan out, with signals, a front end, and others who may attach.
pub async fn carry_out(context: &Context, work: Work) -> Result<RunState, Failure> {
    carry_out_until(context, work, CancellationToken::new()).await
}

/// The same; once `stop` is cancelled, the run does not stay paused: what was made must be taken back, also when whoever paused it has left.
async fn carry_out_until(context: &Context, work: Work, stop: CancellationToken) -> Result<RunState, Failure> {
    let Work { run, verb, plan, journal, choice, in_background, finish } = work;
    let (steer, control) = signals::controls();
    let _last = signals::watch(steer.clone(), in_background).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    tokio::spawn(drill::go_on_when(stop, steer.clone()));
    let served = attach::serve(context, &run, verb, &journal, steer).await;
    let (say, events) = mpsc::channel::<Arc<Event>>(EVENTS);
    let begun = in_background.then(|| Begun::of(context, &run, &journal));
    let shown = tokio::spawn(async move {
        if let Some(begun) = begun {
            begun.announce().await;
        }
        report::drive(events, runs::front_end(choice).as_mut(), runs::now).await
    });
    let mut options = RunOptions::new(run, verb, context.global.lab.clone(), Arc::new(SystemClock));
    options.journal = Some(journal);
    options.events = Some(say);
    options.control = control;
    options.finish = finish;
    let state = match crate::engine::run(plan, options).await {
        Ok(state) => state,
        // the disk is full, say: all was taken back none the less, and that must be told
        Err(EngineError::Journal { source, state }) => {
            show::err(&format!("error: {source} [LAB-FILE-001]\n"));
            *state
        }
        Err(error) => return Err(Failure::new("LAB-FILE-001", error.to_string())),
    };
    if let Some(served) = served {
        served.finish().await;
    }
    let _shown = shown.await;
    Ok(state)
}
