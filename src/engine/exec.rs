//! Runs one step: observe, then apply if something is needed; or undo. Always comes back, whatever the step does.

use super::step::{Cx, Observed, Step, StepError};
use crate::model::run::FinishedAs;
use futures::FutureExt;
use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// What a step is given to run with.
pub(super) struct Job {
    pub step: Arc<dyn Step>,
    pub cx: Cx,
    /// Cancelled when the run wants the step to end now. `cx.cancel` alone means: come to your own end, within your deadline.
    pub urgent: CancellationToken,
    pub deadline: Duration,
    /// How long a step may take to come back after it was told to, before it is dropped.
    pub grace: Duration,
}

/// How a step came back.
#[derive(Debug)]
pub(super) enum Outcome {
    Returned(Result<FinishedAs, StepError>),
    Deadline,
    Panicked(String),
    /// It was told to end and did not in time.
    Dropped,
}

/// Observes and applies.
pub(super) async fn run(job: Job) -> Outcome {
    let (step, cx, urgent) = (Arc::clone(&job.step), job.cx.clone(), job.urgent.clone());
    let work = async move {
        Ok(match step.observe(&cx).await? {
            Observed::Done(note) => FinishedAs::Unchanged { note },
            // Between looking and doing is the one place where stopping costs nothing.
            Observed::Needed(_) if urgent.is_cancelled() => FinishedAs::Cancelled,
            Observed::Needed(what) => {
                if !what.is_empty() {
                    cx.sink.line(what);
                }
                FinishedAs::Changed { note: step.apply(&cx).await? }
            }
        })
    };
    guard(&job, work).await
}

/// Takes back.
pub(super) async fn undo(job: Job) -> Outcome {
    let (step, cx) = (Arc::clone(&job.step), job.cx.clone());
    let work = async move { step.undo(&cx).await.map(|()| FinishedAs::Changed { note: "taken back".to_owned() }) };
    guard(&job, work).await
}

async fn guard(job: &Job, work: impl Future<Output = Result<FinishedAs, StepError>>) -> Outcome {
    // A panic leaves nothing behind that others read: steps share no state with the engine but channels.
    let mut work = std::pin::pin!(AssertUnwindSafe(work).catch_unwind());
    let end = Instant::now() + job.deadline;
    tokio::select! {
        biased;
        ended = &mut work => returned(ended),
        () = job.urgent.cancelled() => {
            job.cx.cancel.cancel();
            timeout(job.grace, &mut work).await.map_or(Outcome::Dropped, returned)
        }
        () = sleep_until(end) => {
            job.cx.cancel.cancel();
            // Whatever it still says, it is late; the grace only lets it end its children. A panic is worth more than a deadline.
            match timeout(job.grace, &mut work).await {
                Ok(Err(panic)) => Outcome::Panicked(message(panic.as_ref())),
                _ => Outcome::Deadline,
            }
        }
    }
}

fn returned(ended: Result<Result<FinishedAs, StepError>, Box<dyn Any + Send>>) -> Outcome {
    match ended {
        Ok(result) => Outcome::Returned(result),
        Err(panic) => Outcome::Panicked(message(panic.as_ref())),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}
