//! Runs a plan from its first event to its last.

use super::clock::Clock;
use super::dispatch::{Dispatcher, Message};
use super::journal::{JournalError, JournalWriter};
use super::outbox::Outbox;
use super::plan::Plan;
use super::slots::Slots;
use crate::model::run::{Control, Event, RunId, RunState, Verb};
use crate::model::scenario::Conclusion;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How many messages are taken at once; they share one write and at most one sync.
const BATCH: usize = 256;

/// What a run ends with, as its owner sees the final state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ending {
    /// What the lab can be reached at: name and URL.
    pub urls: Vec<(String, String)>,
    /// The exit code of the process.
    pub exit_code: u8,
    /// What a drill came to.
    pub drill: Option<Conclusion>,
}

/// Everything a run needs besides its plan.
pub struct RunOptions {
    /// Its name.
    pub run: RunId,
    /// Which command it is.
    pub verb: Verb,
    /// Of which lab.
    pub lab: String,
    /// None for runs that only look.
    pub journal: Option<JournalWriter>,
    /// Stamps events.
    pub clock: Arc<dyn Clock>,
    /// How many steps of a class run at once.
    pub slots: Slots,
    /// How long a step may take to come back once it was told to end.
    pub grace: Duration,
    /// The front end, if there is one.
    pub events: Option<mpsc::Sender<Arc<Event>>>,
    /// May be closed: then nobody steers.
    pub control: mpsc::Receiver<Control>,
    /// Asked once, when everything has ended.
    pub finish: Box<dyn FnOnce(&RunState) -> Ending + Send>,
}

impl RunOptions {
    /// No journal, no front end, nobody who steers, default slots, ten seconds of grace, exit code 0 or 5.
    pub fn new(run: RunId, verb: Verb, lab: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        let (_, control) = mpsc::channel(1);
        Self {
            run,
            verb,
            lab: lab.into(),
            journal: None,
            clock,
            slots: Slots::default(),
            grace: Duration::from_secs(10),
            events: None,
            control,
            finish: Box::new(|state| Ending { exit_code: if state.summarize(Vec::new(), 0).ok { 0 } else { 5 }, ..Ending::default() }),
        }
    }
}

/// Why a run could not be carried through. A step that fails is no such error: it stands in the state.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum EngineError {
    /// Nothing was started.
    #[error("begin the run: {0}")]
    NotBegun(#[source] JournalError),
    /// The run was cancelled as soon as it was noticed; `state` is how it ended, which the journal does not know.
    #[error("keep the run's journal: {source}")]
    Journal { source: JournalError, state: Box<RunState> },
    /// A bug in the engine itself; the journal says how far it came.
    #[error("run the plan: the engine broke ({0}); this is a bug")]
    Broken(#[source] tokio::task::JoinError),
    /// The runtime was shut down around the run.
    #[error("run the plan: the program is ending")]
    Gone,
}

/// Runs `plan` to its end and gives the final state. Dropping the future drops the steps, as a crash would.
pub async fn run(plan: Plan, options: RunOptions) -> Result<RunState, EngineError> {
    // As a task of its own it is woken on the very thread where a step has just spoken, and the step there again: an intent costs no change of
    // thread. The set aborts it when this future is dropped.
    let mut own = JoinSet::new();
    own.spawn(lead(plan, options));
    match own.join_next().await {
        Some(Ok(result)) => result,
        Some(Err(error)) if error.is_panic() => Err(EngineError::Broken(error)),
        _ => Err(EngineError::Gone),
    }
}

async fn lead(plan: Plan, options: RunOptions) -> Result<RunState, EngineError> {
    let RunOptions { run, verb, lab, journal, clock, slots, grace, events, mut control, finish } = options;
    let (say, mut messages) = mpsc::unbounded_channel::<Message>();
    let mut dispatcher = Dispatcher::new(plan, run, journal, clock, slots, grace, Outbox::new(events), say);
    dispatcher.begin(verb, lab).map_err(EngineError::NotBegun)?;
    let mut steered = true;
    let mut batch = Vec::with_capacity(BATCH);
    while dispatcher.go_on() {
        tokio::select! {
            biased;
            // What a person says comes before what steps say: a flood of output must not keep a cancel waiting.
            said = control.recv(), if steered => {
                // Nobody is left who could end a pause when the channel is closed.
                steered = said.is_some();
                dispatcher.steer(said.unwrap_or(Control::Resume));
            }
            _ = messages.recv_many(&mut batch, BATCH) => batch.drain(..).for_each(|message| dispatcher.hear(message)),
            () = dispatcher.outbox.send_one(), if dispatcher.outbox.is_waiting() => {}
        }
    }
    dispatcher.end(finish).await
}
