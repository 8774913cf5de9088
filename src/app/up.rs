//! `labctl up`: plans, runs, shows, and says how it ended.

use super::context::Context;
use super::exit::{Failure, code, look_up};
use super::{attach, detach, reach, runs, show, signals};
use crate::cli::UpArgs;
use crate::engine::journal::JournalWriter;
use crate::engine::{Estimates, Plan, RunOptions, SystemClock};
use crate::model::run::{Event, FinishedAs, RunState, Verb};
use crate::report::{self, Choice, Mode};
use crate::steps::{self, Setup, Writer};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Room between the engine and a front end; a slow one loses lines of output, nothing else.
const EVENTS: usize = 1024;

/// Runs it.
pub async fn run(context: &Context, args: &UpArgs) -> Result<u8, Failure> {
    show::writable(context, "up")?;
    if args.in_background {
        detach::leave_terminal();
    } else if args.detach {
        return detach::start(context, args).await;
    }
    let setup = context.setup(Some(&args.which), false)?;
    super::plan::refuse_what_does_not_fit(context, &setup, args.force).await?;
    let runs = context.paths.runs(&context.global.lab);
    let run = runs::new_id(Verb::Up, &context.global.lab);
    let holder = Context::holder("up", &run);
    let _lock = context.lock(&holder, args.wait.time()).await?;
    // only now: two runs at once must not make two sets of passwords
    let setup = {
        drop(setup);
        context.setup(Some(&args.which), true)?
    };
    setup.shared.lock().await.writer = Some(Writer { holder, wait: args.wait.time() });
    let estimates = Estimates::from_runs(&runs).unwrap_or_default();
    let plan = Plan::new(steps::up(&setup)?).map_err(|error| Failure::new("LAB-USAGE-001", error.to_string()))?.estimated(&estimates);
    let journal = JournalWriter::create(&runs, &run).map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))?;
    let (steer, control) = signals::controls();
    let last = signals::watch(steer.clone(), args.in_background).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    let served = attach::serve(context, &run, Verb::Up, &journal, steer).await;
    let begun = args.in_background.then(|| detach::Begun::of(context, &run, &journal));
    let choice = if args.in_background { detach::LOG } else { context.front_end(args.output, true) };
    let (say, events) = mpsc::channel::<Arc<Event>>(EVENTS);
    let shown = tokio::spawn(async move {
        if let Some(begun) = begun {
            begun.tell().await;
        }
        report::drive(events, runs::front_end(choice).as_mut(), runs::now).await
    });
    let mut options = RunOptions::new(run, Verb::Up, context.global.lab.clone(), Arc::new(SystemClock));
    options.journal = Some(journal);
    options.events = Some(say);
    options.control = control;
    options.finish = Box::new({
        let (setup, last) = (setup.clone(), last.clone());
        move |state| ending(&setup, state, &last)
    });
    let state = crate::engine::run(plan, options).await.map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))?;
    if let Ok(connected) = setup.connected().await {
        connected.cluster.unlock().await;
    }
    if let Some(served) = served {
        served.finish().await;
    }
    let _shown = shown.await;
    conclude(&state, choice);
    Ok(state.summary.as_ref().map_or(code::BUG, |summary| summary.exit_code))
}

fn ending(setup: &Setup, state: &RunState, last: &signals::LastSignal) -> crate::engine::Ending {
    let port = setup.state().ok().and_then(|state| state.gateway_port);
    let urls = reach::urls(setup, port).into_iter().map(|url| (url.component, url.url)).collect();
    let exit_code = match (state.cancelling, first_code(state)) {
        (Some(_), _) => last.exit_code(),
        (None, None) => code::OK,
        (None, Some(id)) => look_up(&id).map_or(code::NOT_CONVERGED, |known| known.exit),
    };
    crate::engine::Ending { urls, exit_code }
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
    let mut text = Vec::new();
    let _written = report::summarize(state, runs::paint(choice), &mut text);
    show::err(&String::from_utf8_lossy(&text));
    if let Some(known) = first_code(state).as_deref().and_then(look_up) {
        show::err(&format!("\nhint: {}\n", known.fix));
    } else if state.cancelling.is_some() {
        show::err("\nhint: labctl up goes on where this stopped\n");
    }
}
