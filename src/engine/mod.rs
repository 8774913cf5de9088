//! How work is done: plan, dispatch, execution, journal. Knows steps as a trait and nothing of what they do.

pub mod attach;
mod board;
pub mod clock;
mod dispatch;
pub mod estimates;
mod exec;
pub mod journal;
mod order;
mod outbox;
pub mod plan;
mod run;
mod slots;
pub mod step;
mod unwind;

pub use clock::{Clock, RuntimeClock, SystemClock};
pub use estimates::Estimates;
pub use plan::{Node, Plan, PlanError};
pub use run::{Ending, EngineError, RunOptions, run};
pub use slots::{ResourceClass, Slots};
