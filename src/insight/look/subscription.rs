//! One question that is being answered.

use crate::model::look::{Answer, Query, Snapshot};
use crate::model::run::At;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// A question that is answered for as long as this is held.
#[derive(Debug)]
pub struct Subscription {
    _task: AbortOnDropHandle<()>,
}

impl Subscription {
    /// Answers by `work`, which goes on until it ends or this is dropped.
    pub(super) fn of(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { _task: AbortOnDropHandle::new(tokio::spawn(work)) }
    }
}

/// Where the answers to one question go. The channel is bounded: an answer is made when there is room for it, so a slow reader gets fewer and
/// newer ones.
#[derive(Debug, Clone)]
pub(super) struct Out {
    pub query: Query,
    pub to: mpsc::Sender<Snapshot>,
}

/// Nobody reads any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

impl Out {
    /// Waits for room, then sends what `answer` makes at that moment, if it makes anything.
    pub async fn send(&self, answer: impl FnOnce() -> Option<Result<Answer, String>>) -> Result<(), Gone> {
        let room = self.to.reserve().await.map_err(|_closed| Gone)?;
        if let Some(answer) = answer() {
            room.send(Snapshot { at: now(), query: self.query.clone(), answer });
        }
        Ok(())
    }
}

/// This moment.
pub(super) fn now() -> At {
    At(time::OffsetDateTime::now_utc())
}
