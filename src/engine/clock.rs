//! What time it is, passed in so that a test can say.

use crate::model::run::At;
use time::OffsetDateTime;

/// Tells the time of day for the stamps of events. Deadlines do not come from here but from the runtime's own clock.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> At;
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> At {
        At(OffsetDateTime::now_utc())
    }
}

/// A clock that starts where it is told and goes as the runtime's own does: in a test with paused time it stands until everything waits.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeClock {
    start: OffsetDateTime,
    origin: tokio::time::Instant,
}

impl RuntimeClock {
    /// Shows `start` now.
    pub fn starting(start: OffsetDateTime) -> Self {
        Self { start, origin: tokio::time::Instant::now() }
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> At {
        At(self.start + self.origin.elapsed())
    }
}
