//! The sink through which working code says what it does. The engine hands one to each step; tests and plain commands use [`Sink::silent`].
//!
//! Rooms below the engine know only this type, never the engine.

use crate::model::run::{Because, Figure, Health, Object, StepEvent, Stream};
use std::fmt;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Where a sink answers, once what was said is on disk. Dropped unanswered when it could not be written.
pub type Written = oneshot::Sender<()>;

type Hear = dyn Fn(StepEvent, Option<Written>) + Send + Sync;

/// A cloneable way to report. Sending never blocks: the engine bounds and counts what a slow reader loses.
#[derive(Clone, Default)]
pub struct Sink {
    to: Option<Arc<Hear>>,
}

/// What was to be done may not be done: it could not be written down first.
#[derive(Debug, thiserror::Error)]
#[error("the run's journal cannot be written, so nothing that has to be taken back may be done; free some disk space and run again")]
pub struct NotWritten;

impl Sink {
    /// Reports to `to`. Intents count as written at once.
    pub fn new(to: mpsc::UnboundedSender<StepEvent>) -> Self {
        Self::hearing(move |event, written| {
            let _gone = to.send(event);
            if let Some(written) = written {
                let _gone = written.send(());
            }
        })
    }

    /// Reports to `hear`, which must not block, and answers intents once they are on disk.
    pub fn hearing(hear: impl Fn(StepEvent, Option<Written>) + Send + Sync + 'static) -> Self {
        Self { to: Some(Arc::new(hear)) }
    }

    /// Reports to nobody.
    pub fn silent() -> Self {
        Self::default()
    }

    /// Sends `event`; a reader that is gone is no error, the work goes on.
    pub fn say(&self, event: StepEvent) {
        if let Some(hear) = &self.to {
            hear(event, None);
        }
    }

    /// Writes down what is about to be done and must be taken back; comes back when it is safely on disk. Nothing may be done before.
    pub async fn intent(&self, what: impl Into<String>) -> Result<(), NotWritten> {
        let Some(hear) = &self.to else { return Ok(()) };
        let (written, answer) = oneshot::channel();
        hear(StepEvent::Intent { what: what.into() }, Some(written));
        answer.await.map_err(|_| NotWritten)
    }

    /// What was intended is done.
    pub fn applied(&self, what: impl Into<String>) {
        self.say(StepEvent::Applied { what: what.into() });
    }

    /// What was intended is taken back; `what` as in the intent.
    pub fn undone(&self, what: impl Into<String>) {
        self.say(StepEvent::Undone { what: what.into() });
    }

    /// Names why something does not come up; `fix` may be empty.
    pub fn cause(&self, id: &str, sentence: impl Into<String>, fix: impl Into<String>) {
        self.say(StepEvent::Cause { id: id.to_owned(), sentence: sentence.into(), fix: fix.into() });
    }

    /// How far along the work is.
    pub fn progress(&self, done: u64, total: Option<u64>, unit: &str) {
        self.say(StepEvent::Progress { done, total, unit: unit.to_owned() });
    }

    /// Says in a few words what is done now.
    pub fn line(&self, line: impl Into<String>) {
        self.say(StepEvent::Output { stream: Stream::Own, line: line.into() });
    }

    /// Says what is waited on; to be said again whenever the reason changes.
    pub fn waiting(&self, on: impl Into<String>, last_reason: impl Into<String>) {
        self.say(StepEvent::Waiting { on: on.into(), last_reason: last_reason.into(), cause: None });
    }

    /// The same, where the reason is the sentence of a cause.
    pub fn waiting_because(&self, on: impl Into<String>, sentence: impl Into<String>, cause: Because) {
        self.say(StepEvent::Waiting { on: on.into(), last_reason: sentence.into(), cause: Some(cause) });
    }

    /// Something went wrong and is tried again `after` a while.
    pub fn retry(&self, attempt: u32, after: std::time::Duration, error: impl Into<String>) {
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        self.say(StepEvent::Retry { attempt, after_ms, error: error.into() });
    }

    /// An object was written or removed.
    pub fn changed(&self, object: Object, change: &str) {
        self.say(StepEvent::ObjectChanged { object, change: change.to_owned() });
    }

    /// A check was run.
    pub fn probe(&self, target: impl Into<String>, health: Health, seen: impl Into<String>) {
        self.judged(target, health, seen, None);
    }

    /// A check was run and has judged a number.
    pub fn judged(&self, target: impl Into<String>, health: Health, seen: impl Into<String>, figure: Option<Figure>) {
        self.say(StepEvent::Probe { target: target.into(), health, seen: seen.into(), figure });
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("silent", &self.to.is_none()).finish()
    }
}
