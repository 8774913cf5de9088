//! Questions that can only be asked again and again.

use super::subscription::{Out, Subscription};
use crate::model::look::{Answer, Query, Snapshot};
use crate::model::units::Elapsed;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often is asked, and how long one answer may take.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From one answer to the next question.
    pub every: Duration,
    /// What takes longer counts as no answer.
    pub deadline: Duration,
}

/// After a failure it is asked again this soon, then twice as late each time, up to the usual pace.
const AGAIN: Duration = Duration::from_secs(1);

/// Asks until the subscription is dropped.
pub fn poll<F, A>(query: Query, pace: Pace, to: mpsc::Sender<Snapshot>, ask: F) -> Subscription
where
    F: Fn() -> A + Send + 'static,
    A: Future<Output = Result<Answer, String>> + Send,
{
    let out = Out { query, to };
    Subscription::of(async move {
        let mut failures = 0;
        loop {
            let late = || Err(format!("there was no answer within {}", Elapsed(pace.deadline)));
            let answer = tokio::time::timeout(pace.deadline, ask()).await.unwrap_or_else(|_late| late());
            failures = if answer.is_ok() { 0 } else { failures + 1 };
            if out.send(|| Some(answer)).await.is_err() {
                return;
            }
            let wait = if failures == 0 { pace.every } else { (AGAIN * (1 << (failures - 1).min(6))).min(pace.every) };
            tokio::time::sleep(wait).await;
        }
    })
}
