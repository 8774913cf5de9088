//! What a step is: something that can be looked at, done, and taken back.

use crate::support::progress::Sink;
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

/// What a step may use while it runs.
#[derive(Debug, Clone)]
pub struct Cx {
    /// Where it says what it does.
    pub sink: Sink,
    /// Cancelled on the second signal (or at the step's deadline): stop waiting, end children, come back.
    pub cancel: CancellationToken,
}

/// What is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// Nothing to do; says in a few words what was found.
    Done(String),
    /// Something to do; says what.
    Needed(String),
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// A stable id such as `LAB-DOCKER-001`; `app::exit` knows its hint.
    pub code: &'static str,
    /// A lowercase fragment that fits "failed to …", or a full sentence that names the cause.
    pub message: String,
}

impl StepError {
    /// An error with its id.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// One piece of work. Observing never changes anything; applying brings about what observing then finds; both may be called again at any time,
/// after any crash.
#[async_trait]
pub trait Step: Send + Sync {
    /// Looks, and says whether there is something to do.
    async fn observe(&self, cx: &Cx) -> Result<Observed, StepError>;

    /// Does it. `Ok` means it works, not that it was asked for; the text says in a few words what was done.
    async fn apply(&self, cx: &Cx) -> Result<String, StepError>;

    /// False for what only looks: there is never anything to take back.
    fn acts(&self) -> bool {
        true
    }

    /// Takes back what `apply` did, for plans that unwind. Idempotent.
    async fn undo(&self, _cx: &Cx) -> Result<(), StepError> {
        Ok(())
    }
}
