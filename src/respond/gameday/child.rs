//! Runs within a game day: a drill or a runbook with a run of its own, as if a person had started it. So each has its journal, its evidence and, whatever
//! becomes of the game day, what is needed to take it back.

use super::day::Day;
use crate::drill::{self, Drill, conclude, evidence};
use crate::engine::journal::JournalWriter;
use crate::engine::{Ending, EngineError, Plan, RunOptions, run};
use crate::model::run::{Control, Event, RunId, RunState, Verb};
use crate::model::runbook::{Runbook, RunbookResult, Stepped};
use crate::model::scenario::{Conclusion, DrillResult, Scenario};
use crate::respond::runbook::{self, Carrying};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// Room between a run and the game day that follows it.
const EVENTS: usize = 4096;
/// A drill that is told to end takes back first, and that may take a while.
const GRACE: Duration = Duration::from_mins(5);

/// A drill at work.
pub struct Running {
    /// The drill.
    pub drill: Arc<Drill>,
    /// Its events.
    pub events: mpsc::Receiver<Arc<Event>>,
    /// Steers it.
    pub steer: mpsc::Sender<Control>,
    task: tokio::task::JoinHandle<Result<RunState, EngineError>>,
}

/// Begins the drill of an act.
pub fn begin(day: &Day, id: RunId, scenario: &Scenario) -> Result<Running, String> {
    let folder = day.runs.join(&id.0);
    let journal = JournalWriter::create(&day.runs, &id).map_err(|error| error.to_string())?;
    evidence::put_scenario(&folder, scenario).map_err(|error| error.to_string())?;
    let drill = Arc::new(Drill::new(id.clone(), &day.lab, scenario.clone(), day.ground.clone(), folder));
    let plan = drill::compile(&drill).map_err(|error| error.to_string())?;
    let (say, events) = mpsc::channel(EVENTS);
    let (steer, control) = mpsc::channel(8);
    let finish = {
        let (drill, grade) = (Arc::clone(&drill), day.grades.drill);
        move |state: &RunState| {
            let result = drilled(&drill, grade, state);
            Ending { exit_code: result.exit_code, drill: Some(Conclusion::from(&result)), ..Ending::default() }
        }
    };
    let options = options(day, id, Verb::Scenario, journal, finish);
    let options = RunOptions { events: Some(say), control, ..options };
    let task = tokio::spawn(run(plan, options));
    Ok(Running { drill, events, steer, task })
}

impl Running {
    /// Its result, sealed, once it has come to its end.
    pub async fn end(self, day: &Day) -> Result<DrillResult, String> {
        let state = match self.task.await.map_err(|error| error.to_string())? {
            Ok(state) => state,
            Err(EngineError::Journal { state, .. }) => *state,
            Err(error) => return Err(error.to_string()),
        };
        let result = drilled(&self.drill, day.grades.drill, &state);
        evidence::seal(&self.drill.folder, &result).map_err(|error| error.to_string())?;
        Ok(result)
    }
}

fn drilled(drill: &Drill, grade: fn(crate::drill::Because, crate::model::scenario::Rollback) -> u8, state: &RunState) -> DrillResult {
    let started = state.started.unwrap_or_else(|| drill.now());
    let (mut result, because) = conclude(drill, started, state.cancelling.is_some());
    result.exit_code = grade(because, result.rollback);
    result
}

/// Carries a runbook out from its first block to its last, with a yes to every question: the game day's file says so.
pub async fn carry(day: &Day, id: RunId, page: Runbook) -> Result<RunbookResult, String> {
    let journal = JournalWriter::create(&day.runs, &id).map_err(|error| error.to_string())?;
    let carrying = Arc::new(Carrying {
        run: id.clone(),
        lab: day.lab.clone(),
        inputs: page.front.metadata.inputs.clone(),
        runbook: page,
        only_look: false,
        prober: day.ground.prober.clone(),
        env: day.env.clone(),
        ask: Arc::new(|_| Box::pin(async { true })),
        clock: Arc::clone(&day.ground.clock),
        progress: Mutex::default(),
    });
    let plan: Plan = runbook::compile(&carrying).map_err(|error| error.to_string())?;
    let finish = {
        let (carrying, grade) = (Arc::clone(&carrying), day.grades.runbook);
        move |state: &RunState| Ending { exit_code: carried(&carrying, grade, state).exit_code, ..Ending::default() }
    };
    let state = match run(plan, options(day, id, Verb::Runbook, journal, finish)).await {
        Ok(state) => state,
        Err(EngineError::Journal { state, .. }) => *state,
        Err(error) => return Err(error.to_string()),
    };
    let result = carried(&carrying, day.grades.runbook, &state);
    runbook::seal(&day.runs.join(&result.run.0), &carrying.runbook.text, &result).map_err(|error| error.to_string())?;
    Ok(result)
}

fn carried(carrying: &Carrying, grade: fn(crate::model::runbook::Outcome, bool, bool) -> u8, state: &RunState) -> RunbookResult {
    let cancelled = state.cancelling.is_some();
    let mut result = runbook::conclude(carrying, state.started.unwrap_or_else(|| carrying.now()), cancelled);
    let refused = result.blocks.iter().any(|row| row.result == Stepped::Refused);
    result.exit_code = grade(result.result, cancelled, refused);
    result
}

fn options(
    day: &Day,
    id: RunId,
    verb: Verb,
    journal: JournalWriter,
    finish: impl FnOnce(&RunState) -> Ending + Send + 'static,
) -> RunOptions {
    let mut options = RunOptions::new(id, verb, day.lab.clone(), Arc::clone(&day.ground.clock));
    options.journal = Some(journal);
    options.grace = GRACE;
    options.finish = Box::new(finish);
    options
}
