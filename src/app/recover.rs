//! `labctl scenario recover`: takes back what killed drills have left. `scenario run` and `up` do it before anything else.

use super::context::Context;
use super::drill::{Work, carry_out, ground, new_id, up_or_held};
use super::exit::{Failure, code};
use super::{runs, show, sweep};
use crate::cli::OutputMode;
use crate::drill::{Ground, Record, Records, Recovery, Unfinished, evidence, left, recovery};
use crate::engine::journal::JournalWriter;
use crate::engine::{Ending, RunOptions, SystemClock};
use crate::model::run::{FinishedAs, RunId, RunState, StepId, Verb};
use crate::model::scenario::{DrillResult, Rollback};
use crate::steps::{Setup, Standing};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Runs it.
pub async fn run(
    context: &Context,
    run: Option<&str>,
    keep_theirs: bool,
    wait: Option<Duration>,
    output: OutputMode,
) -> Result<u8, Failure> {
    show::writable(context, "scenario recover")?;
    let unfinished = found(context, run)?;
    let setup = match up_or_held(context, &unfinished).await {
        // a lab that is not there holds nothing either
        Err(_) if unfinished.is_empty() => {
            show::err(&format!("no drill of lab {} has left anything\n", context.global.lab));
            return Ok(code::OK);
        }
        setup => setup?,
    };
    let id = new_id("recover");
    let holder = Context::holder("scenario recover", &id);
    let _lock = context.lock(&holder, wait).await?;
    let ground = ground(context, &setup, Some((holder, wait))).await?;
    // looked at again under the lock: another may have done it meanwhile
    let unfinished = found(context, run)?;
    if unfinished.is_empty() {
        let swept = sweep::run(&setup, &ground).await;
        ground.cluster.unlock().await;
        let said = swept?;
        if said.is_empty() {
            show::err(&format!("no drill of lab {} has left anything\n", context.global.lab));
        }
        tell(&said);
        return Ok(code::OK);
    }
    let folders: Vec<_> = unfinished.iter().map(|one| (one.run.clone(), one.folder.clone())).collect();
    let how = Recovery { ground, lab: context.global.lab.clone(), keep_theirs };
    let plan = recovery(&how, unfinished).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    let journal = JournalWriter::create(&context.paths.runs(&context.global.lab), &id);
    let journal = journal.map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))?;
    let choice = context.front_end(output, true);
    let work = Work { run: id.clone(), verb: Verb::Recover, plan, journal, choice, in_background: false, finish: Box::new(ending) };
    let state = carry_out(context, work).await?;
    // what has its record is taken back by it; only then is what is still marked known to have none
    let swept = if run.is_none() && failures(&state).is_empty() { sweep::run(&setup, &how.ground).await } else { Ok(Vec::new()) };
    how.ground.cluster.unlock().await;
    settle(context, &folders, &id, &state)?;
    tell(&swept?);
    for (step, error) in failures(&state) {
        show::err(&format!("NOT SETTLED: {step}: {error}\n"));
    }
    Ok(state.summary.map_or(code::BUG, |summary| summary.exit_code))
}

fn tell(lines: &[String]) {
    for line in lines {
        show::err(&format!("{line}\n"));
    }
}

/// Takes back what earlier drills have left, before something else is begun with the lab's lock held; or refuses.
pub async fn before(context: &Context, ground: &Ground, refuse: bool) -> Result<(), Failure> {
    let unfinished = found(context, None)?;
    if unfinished.is_empty() {
        return Ok(());
    }
    let names = unfinished.iter().map(|one| one.run.0.as_str()).collect::<Vec<_>>().join(", ");
    if refuse {
        let message = format!("an earlier drill has left something ({names}), and --no-recover is set");
        return Err(Failure::new("LAB-DRILL-010", message));
    }
    let id = new_id("recover");
    let folders: Vec<_> = unfinished.iter().map(|one| (one.run.clone(), one.folder.clone())).collect();
    let how = Recovery { ground: ground.clone(), lab: context.global.lab.clone(), keep_theirs: false };
    let plan = recovery(&how, unfinished).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    let mut options = RunOptions::new(id.clone(), Verb::Recover, context.global.lab.clone(), Arc::new(SystemClock));
    let journal = JournalWriter::create(&context.paths.runs(&context.global.lab), &id);
    options.journal = Some(journal.map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))?);
    options.finish = Box::new(ending);
    let state = crate::engine::run(plan, options).await.map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))?;
    settle(context, &folders, &id, &state)?;
    match failures(&state).into_iter().next() {
        None => {
            show::err(&format!("an earlier drill was killed and has left something ({names}); it is taken back now\n"));
            Ok(())
        }
        Some((_, error)) => {
            let id = if error.contains("could not be taken back") { "LAB-DRILL-005" } else { "LAB-DRILL-006" };
            Err(Failure::new(id, format!("an earlier drill has left something ({names}): {error}")))
        }
    }
}

/// The same for `up`, which may find the cluster asleep or gone: then there is nothing to take back yet.
pub async fn before_up(context: &Context, setup: &Setup) -> Result<(), Failure> {
    if left(&context.paths.runs(&context.global.lab))?.is_empty() {
        return Ok(());
    }
    match setup.standing().await {
        Ok(Standing::Running(_)) => {}
        Ok(Standing::Asleep(_)) if held(&found(context, None)?) => {}
        _ => return Ok(()),
    }
    let ground = ground(context, setup, None).await?;
    before(context, &ground, false).await
}

/// Whether one of them may be why the cluster does not answer.
pub fn held(unfinished: &[Unfinished]) -> bool {
    unfinished.iter().any(|one| one.open.iter().any(Record::stops_a_node))
}

/// Runs that have left something, of those whose id starts or ends with `part`.
pub fn found(context: &Context, part: Option<&str>) -> Result<Vec<Unfinished>, Failure> {
    let runs = context.paths.runs(&context.global.lab);
    let mut found = Vec::new();
    for (run, _) in left(&runs)? {
        if part.is_none_or(|part| run.0.starts_with(part) || run.0.ends_with(part)) {
            let folder = runs.join(&run.0);
            found.push(Unfinished { scenario: evidence::read_scenario(&folder)?, open: Records::of(&folder).open()?, run, folder });
        }
    }
    Ok(found)
}

fn failures(state: &RunState) -> Vec<(StepId, String)> {
    let failed = state.steps.iter().filter_map(|step| match &step.result {
        Some(FinishedAs::Failed { error, .. }) => Some((step.plan.id.clone(), error.clone())),
        Some(FinishedAs::Cancelled) => Some((step.plan.id.clone(), "not done: asked to end".to_owned())),
        _ => None,
    });
    failed.collect()
}

fn ending(state: &RunState) -> Ending {
    let exit_code = if failures(state).is_empty() { code::OK } else { code::NOT_TAKEN_BACK };
    Ending { exit_code, ..Ending::default() }
}

/// Writes into the folder of each run what has become of it.
fn settle(context: &Context, folders: &[(RunId, std::path::PathBuf)], by: &RunId, state: &RunState) -> Result<(), Failure> {
    for (run, folder) in folders {
        let steady = state.step(&StepId(format!("steady/{run}"))).is_some_and(|step| step.failure().is_none() && step.ended.is_some());
        let result = result_of(context, run, folder, by, steady)?;
        evidence::seal(folder, &result)?;
    }
    Ok(())
}

fn result_of(context: &Context, run: &RunId, folder: &Path, by: &RunId, steady: bool) -> Result<DrillResult, Failure> {
    let scenario = evidence::read_scenario(folder)?;
    let lately = evidence::of_killed(folder, run, &context.global.lab, &scenario, by, steady, runs::now())?;
    let mut result = match evidence::read_result(folder)? {
        // it came to its end and could not take all back: what it found out stays true
        Some(before) => DrillResult { rollback: lately.rollback, changes: lately.changes, recovered: lately.recovered, ..before },
        None => lately,
    };
    result.exit_code = match result.rollback {
        Rollback::Failed | Rollback::Unverified => code::NOT_TAKEN_BACK,
        Rollback::Clean | Rollback::NotNeeded if result.exit_code == code::NOT_TAKEN_BACK || result.exit_code == code::OK => {
            code::NOT_CARRIED_OUT
        }
        Rollback::Clean | Rollback::NotNeeded => result.exit_code,
    };
    Ok(result)
}
