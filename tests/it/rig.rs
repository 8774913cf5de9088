//! Scripted steps and a run around them, in paused time.

use async_trait::async_trait;
use labctl::engine::journal::{Journal, JournalWriter};
use labctl::engine::step::{Cx, Observed, Step, StepError};
use labctl::engine::{EngineError, Node, Plan, RunOptions, RuntimeClock, run};
use labctl::model::run::{Control, Event, EventKind, FinishedAs, RunId, RunState, StepEvent, StepId, Verb};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;

/// What a scripted step does, act after act.
#[derive(Debug, Clone)]
pub enum Act {
    Sleep(u64),
    Say(StepEvent),
    Intend(&'static str),
    Fail(&'static str),
    Panic,
    /// Waits for ever, but comes back when it is told to.
    Wait,
    /// Waits for ever, whatever it is told.
    Hang,
    /// Waits until somebody adds a permit.
    Gate(Arc<tokio::sync::Semaphore>),
    /// Works until it is told to end, which is how it succeeds.
    UntilTold,
}

pub type Log = Arc<Mutex<Vec<String>>>;

pub struct Scripted {
    name: String,
    acts: Vec<Act>,
    done: bool,
    undo_fails: bool,
    /// Fails this many times before it follows its script.
    stumbles: Mutex<u32>,
    log: Log,
}

impl Scripted {
    pub fn new(name: &str, acts: impl Into<Vec<Act>>) -> Self {
        let (name, acts) = (name.to_owned(), acts.into());
        Self { name, acts, done: false, undo_fails: false, stumbles: Mutex::new(0), log: Log::default() }
    }

    pub fn done(mut self) -> Self {
        self.done = true;
        self
    }

    pub fn undo_fails(mut self) -> Self {
        self.undo_fails = true;
        self
    }

    pub fn stumbles(self, times: u32) -> Self {
        *self.stumbles.lock().unwrap() = times;
        self
    }

    pub fn logging(mut self, log: &Log) -> Self {
        self.log = Arc::clone(log);
        self
    }

    pub fn node(self) -> Node {
        let (id, title) = (self.name.clone(), self.name.to_uppercase());
        Node::new(id, title, Arc::new(self)).group("test")
    }

    fn note(&self, what: &str) {
        self.log.lock().unwrap().push(format!("{what} {}", self.name));
    }
}

/// A step that sleeps and then is done.
pub fn sleeper(name: &str, millis: u64) -> Node {
    Scripted::new(name, [Act::Sleep(millis)]).node()
}

#[async_trait]
impl Step for Scripted {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        self.note("observe");
        Ok(if self.done { Observed::Done("there".to_owned()) } else { Observed::Needed("missing".to_owned()) })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        self.note("apply");
        let stumbled = {
            let mut left = self.stumbles.lock().unwrap();
            let stumbled = *left > 0;
            *left = left.saturating_sub(1);
            stumbled
        };
        if stumbled {
            return Err(StepError::new("LAB-TEST-002", "stumbled"));
        }
        for act in &self.acts {
            match act {
                Act::Sleep(millis) => tokio::time::sleep(Duration::from_millis(*millis)).await,
                Act::Say(event) => cx.sink.say(event.clone()),
                Act::Intend(what) => {
                    cx.sink.intent(*what).await.map_err(|error| StepError::new("LAB-TEST-003", error.to_string()))?;
                    self.note("intended");
                }
                Act::Fail(why) => return Err(StepError::new("LAB-TEST-001", *why)),
                Act::Panic => panic!("scripted panic"),
                Act::Wait => {
                    cx.cancel.cancelled().await;
                    return Err(StepError::new("LAB-TEST-004", "told to end"));
                }
                Act::Hang => std::future::pending().await,
                Act::Gate(gate) => gate.acquire().await.unwrap().forget(),
                Act::UntilTold => cx.cancel.cancelled().await,
            }
        }
        Ok("made".to_owned())
    }

    async fn undo(&self, _cx: &Cx) -> Result<(), StepError> {
        self.note("undo");
        if self.undo_fails { Err(StepError::new("LAB-TEST-005", "stuck")) } else { Ok(()) }
    }
}

/// What is left of a run.
pub struct Ran {
    pub result: Result<RunState, EngineError>,
    /// As the front end got them.
    pub events: Vec<Event>,
    pub journal: Journal,
    pub path: PathBuf,
    pub folder: TempDir,
}

impl Ran {
    pub fn state(&self) -> &RunState {
        self.result.as_ref().unwrap()
    }

    pub fn result_of(&self, step: &str) -> &FinishedAs {
        self.state().step(&StepId::from(step)).unwrap().result.as_ref().unwrap()
    }

    pub fn notes(&self) -> String {
        self.state().notes.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// Runs `plan` with a journal and a front end that answers each event with what `steer` says.
pub async fn run_steered(
    plan: Plan,
    change: impl FnOnce(RunOptions) -> RunOptions,
    mut steer: impl FnMut(&Event) -> Vec<Control> + Send + 'static,
) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let id = RunId("20260102T030405Z-test-00ff".to_owned());
    let journal = JournalWriter::create(folder.path(), &id).unwrap();
    let path = journal.path().to_owned();
    let (events_out, mut events_in) = mpsc::channel::<Arc<Event>>(64);
    let (control_out, control_in) = mpsc::channel(64);
    let clock = Arc::new(RuntimeClock::starting(time::macros::datetime!(2026-01-02 03:04:05 UTC)));
    let mut options = RunOptions::new(id, Verb::Test, "lab", clock);
    options.journal = Some(journal);
    options.events = Some(events_out);
    options.control = control_in;
    let front_end = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(event) = events_in.recv().await {
            for control in steer(&event) {
                let _ended = control_out.send(control).await;
            }
            seen.push((*event).clone());
        }
        seen
    });
    let result = run(plan, change(options)).await;
    let events = front_end.await.unwrap();
    let journal = Journal::read(&path).unwrap();
    Ran { result, events, journal, path, folder }
}

pub async fn run_plan(plan: Plan) -> Ran {
    run_steered(plan, |options| options, |_| Vec::new()).await
}

/// True for the start of `step`.
pub fn starts(event: &Event, step: &str) -> bool {
    matches!(&event.event, EventKind::StepStarted { step: id } if id.0 == step)
}

/// True for the end of `step`.
pub fn ends(event: &Event, step: &str) -> bool {
    matches!(&event.event, EventKind::StepFinished { step: id, .. } if id.0 == step)
}
