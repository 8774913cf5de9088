//! Events on their way to the front end. Whoever reads slowly, or not at all, never holds up the run.

use crate::model::run::{Event, EventKind, StepEvent};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Lines of output that wait for a slow front end. Beyond it they are dropped and counted; everything else waits for as long as it takes.
const LINES: usize = 1024;

/// How long a front end may take for what is left when the run is over.
const LAST_WORDS: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Outbox {
    to: Option<mpsc::Sender<Arc<Event>>>,
    queue: VecDeque<Arc<Event>>,
    lost: u64,
}

impl Outbox {
    pub fn new(to: Option<mpsc::Sender<Arc<Event>>>) -> Self {
        Self { to, queue: VecDeque::new(), lost: 0 }
    }

    pub fn push(&mut self, event: Arc<Event>) {
        if self.to.is_none() {
            return;
        }
        let line = matches!(event.event, EventKind::Step { says: StepEvent::Output { .. }, .. });
        if line && self.queue.len() >= LINES {
            self.lost += 1;
        } else {
            self.queue.push_back(event);
        }
    }

    /// Sends as much as there is room for.
    pub fn pump(&mut self) {
        while let (Some(to), Some(event)) = (&self.to, self.queue.front()) {
            match to.try_send(Arc::clone(event)) {
                Ok(()) => drop(self.queue.pop_front()),
                Err(mpsc::error::TrySendError::Full(_)) => return,
                Err(mpsc::error::TrySendError::Closed(_)) => self.give_up(),
            }
        }
    }

    pub fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Waits for room and sends one. Safe to drop at any time.
    pub async fn send_one(&mut self) {
        let Some(to) = self.to.clone() else { return };
        let Ok(room) = to.reserve().await else { return self.give_up() };
        if let Some(event) = self.queue.pop_front() {
            room.send(event);
        }
    }

    /// Sends all that is left, unless the front end takes too long.
    pub async fn drain(&mut self) {
        let all = async {
            while self.is_waiting() {
                self.send_one().await;
            }
        };
        // A front end that hangs must not keep the run from ending; the journal has everything.
        let _hung = tokio::time::timeout(LAST_WORDS, all).await;
    }

    /// Lines dropped so far.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn give_up(&mut self) {
        self.to = None;
        self.queue.clear();
    }
}
