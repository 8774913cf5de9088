//! The sink through which working code says what it does. The engine hands one to each step; tests and plain commands use [`Sink::silent`].
//!
//! Rooms below the engine know only this type, never the engine.

use crate::model::run::{Health, Object, StepEvent, Stream};
use tokio::sync::mpsc;

/// A cloneable way to report. Sending never blocks: the engine bounds and counts what a slow reader loses.
#[derive(Debug, Clone, Default)]
pub struct Sink {
    to: Option<mpsc::UnboundedSender<StepEvent>>,
}

impl Sink {
    /// Reports to `to`.
    pub fn new(to: mpsc::UnboundedSender<StepEvent>) -> Self {
        Self { to: Some(to) }
    }

    /// Reports to nobody.
    pub fn silent() -> Self {
        Self::default()
    }

    /// Sends `event`; a reader that is gone is no error, the work goes on.
    pub fn say(&self, event: StepEvent) {
        if let Some(to) = &self.to {
            let _gone = to.send(event);
        }
    }

    pub fn progress(&self, done: u64, total: Option<u64>, unit: &str) {
        self.say(StepEvent::Progress {
            done,
            total,
            unit: unit.to_owned(),
        });
    }

    pub fn line(&self, line: impl Into<String>) {
        self.say(StepEvent::Output {
            stream: Stream::Own,
            line: line.into(),
        });
    }

    pub fn waiting(&self, on: impl Into<String>, last_reason: impl Into<String>) {
        self.say(StepEvent::Waiting {
            on: on.into(),
            last_reason: last_reason.into(),
        });
    }

    pub fn retry(&self, attempt: u32, after: std::time::Duration, error: impl Into<String>) {
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        self.say(StepEvent::Retry {
            attempt,
            after_ms,
            error: error.into(),
        });
    }

    pub fn changed(&self, object: Object, change: &str) {
        self.say(StepEvent::ObjectChanged {
            object,
            change: change.to_owned(),
        });
    }

    pub fn probe(&self, target: impl Into<String>, health: Health, seen: impl Into<String>) {
        self.say(StepEvent::Probe {
            target: target.into(),
            health,
            seen: seen.into(),
        });
    }
}
