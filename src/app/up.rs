//! `labctl up`: plans, runs, shows, and says how it ended.

use super::context::Context;
use super::detach::Told;
use super::exit::{Failure, code, look_up};
use super::{attach, detach, reach, runs, screen, show, signals};
use crate::cli::UpArgs;
use crate::engine::attach::Served;
use crate::engine::journal::JournalWriter;
use crate::engine::{Estimates, Plan, RunOptions, SystemClock};
use crate::model::run::{Control, Event, FinishedAs, RunId, RunState, Verb};
use crate::report::{self, Choice, Mode};
use crate::steps::{self, Setup, Writer};
use crate::support::lock::LabLock;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Room between the engine and a front end; a slow one loses lines of output, nothing else.
const EVENTS: usize = 1024;

/// A run that may begin: the lab is read, fits this host, and is held by nobody else.
pub struct Ready {
    run: RunId,
    setup: Arc<Setup>,
    plan: Plan,
    journal: JournalWriter,
    served: Option<Served>,
    /// Held to the end of the run.
    _lock: LabLock,
}

/// Runs it.
pub async fn run(context: &Arc<Context>, args: &UpArgs) -> Result<u8, Failure> {
    show::writable(context, "up")?;
    if args.in_background {
        detach::leave_terminal();
    } else if args.detach {
        return detach::start(context, args).await;
    }
    let choice = if args.in_background { detach::LOG } else { context.front_end(args.output, args.headless) };
    if choice.mode == Mode::Screen {
        return screen::open(context, choice, screen::First::Up(Box::new(args.clone()))).await;
    }
    let preparing = |what: &str| {
        if args.in_background {
            detach::tell(&Told::Preparing(what.to_owned()));
        }
    };
    let ready = prepare(context, args, &preparing).await;
    if let (Err(failure), true) = (&ready, args.in_background) {
        detach::refuse(failure);
    }
    let mut ready = ready?;
    let (steer, control) = signals::controls();
    let last = signals::watch(steer.clone(), args.in_background).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    ready.serve(context, steer).await;
    let begun = args.in_background.then(|| detach::Begun::of(context, &ready.run, &ready.journal));
    let (say, events) = mpsc::channel::<Arc<Event>>(EVENTS);
    let shown = tokio::spawn(async move {
        if let Some(begun) = begun {
            begun.announce().await;
        }
        report::drive(events, runs::front_end(choice).as_mut(), runs::now).await
    });
    let state = ready.carry_out(context, say, control, last).await?;
    let _shown = shown.await;
    conclude(&state, choice);
    Ok(state.summary.as_ref().map_or(code::BUG, |summary| summary.exit_code))
}

/// Everything before the first event; `say` is told what takes its time.
pub async fn prepare(context: &Context, args: &UpArgs, say: &(dyn Fn(&str) + Send + Sync)) -> Result<Ready, Failure> {
    say("reading the lab");
    let setup = context.setup(Some(&args.which), false)?;
    say("looking whether this host has what it asks for");
    super::plan::refuse_what_does_not_fit(context, &setup, args.force).await?;
    let runs = context.paths.runs(&context.global.lab);
    let run = runs::new_id(Verb::Up, &context.global.lab);
    let holder = Context::holder("up", &run);
    say("waiting until no other labctl works on the lab");
    let lock = context.lock(&holder, args.wait.time()).await?;
    say("making the plan");
    // only now: two runs at once must not make two sets of passwords
    let setup = {
        drop(setup);
        context.setup(Some(&args.which), true)?
    };
    super::recover::before_up(context, &setup).await?;
    setup.shared.lock().await.writer = Some(Writer { holder, wait: args.wait.time() });
    let estimates = Estimates::from_runs(&runs).unwrap_or_default();
    let plan = Plan::new(steps::up(&setup)?).map_err(|error| Failure::new("LAB-USAGE-001", error.to_string()))?.estimated(&estimates);
    let journal = JournalWriter::create(&runs, &run).map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))?;
    Ok(Ready { run, setup, plan, journal, served: None, _lock: lock })
}

impl Ready {
    /// Lets others attach to the run; `steer` takes what they ask for.
    pub async fn serve(&mut self, context: &Context, steer: mpsc::Sender<Control>) {
        self.served = attach::serve(context, &self.run, Verb::Up, &self.journal, steer).await;
    }

    /// The run, to its end.
    pub async fn carry_out(
        self,
        context: &Context,
        events: mpsc::Sender<Arc<Event>>,
        control: mpsc::Receiver<Control>,
        last: signals::LastSignal,
    ) -> Result<RunState, Failure> {
        let Self { run, setup, plan, journal, served, _lock } = self;
        let mut options = RunOptions::new(run, Verb::Up, context.global.lab.clone(), Arc::new(SystemClock));
        options.journal = Some(journal);
        options.events = Some(events);
        options.control = control;
        options.finish = Box::new({
            let setup = setup.clone();
            move |state| ending(&setup, state, &last)
        });
        let state = crate::engine::run(plan, options).await.map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))?;
        if let Ok(connected) = setup.connected().await {
            // workloads are as wanted by now: what is left are marks, and copies that nothing reads
            if state.summary.as_ref().is_some_and(|summary| summary.ok) {
                // they do no harm: what could not be swept now is told and swept by scenario recover
                let _later = super::sweep::objects(&setup, &connected.cluster, None).await;
            }
            connected.cluster.unlock().await;
        }
        if let Some(served) = served {
            served.finish().await;
        }
        Ok(state)
    }
}

fn ending(setup: &Setup, state: &RunState, last: &signals::LastSignal) -> crate::engine::Ending {
    let port = setup.state().ok().and_then(|state| state.gateway_port);
    let urls = reach::urls(setup, port).into_iter().map(|url| (url.component, url.url)).collect();
    let exit_code = match (state.cancelling, first_code(state)) {
        (Some(_), _) => last.exit_code(),
        (None, None) => code::OK,
        (None, Some(id)) => look_up(&id).map_or(code::NOT_CONVERGED, |known| known.exit),
    };
    crate::engine::Ending { urls, exit_code, drill: None }
}

/// The id of the first failure; others mostly follow from it.
fn first_code(state: &RunState) -> Option<String> {
    let failed = state.steps.iter().filter_map(|step| match &step.result {
        Some(FinishedAs::Failed { code, .. }) => Some((step.ended, code.clone())),
        _ => None,
    });
    failed.min_by_key(|(ended, _)| *ended).map(|(_, code)| code)
}

/// Says how the run ended and what to do, unless a machine reads.
pub fn conclude(state: &RunState, choice: Choice) {
    if choice.mode == Mode::Json {
        return;
    }
    if let Some(drill) = state.summary.as_ref().and_then(|summary| summary.drill.as_ref()) {
        let run = state.run.as_ref().map(ToString::to_string).unwrap_or_default();
        return show::err(&format!("{run}: {}, rollback {}\n  {}\n", drill.verdict, drill.rollback, drill.why));
    }
    let mut text = Vec::new();
    let _written = report::summarize(state, runs::paint(choice), &mut text);
    show::err(&String::from_utf8_lossy(&text));
    if let Some(known) = first_code(state).as_deref().and_then(look_up) {
        show::err(&format!("\nhint: {}\n", known.fix));
    } else if state.cancelling.is_some() {
        show::err("\nhint: labctl up goes on where this stopped\n");
    }
}
