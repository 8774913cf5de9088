//! A runbook as a plan of the engine: docs/runbooks.md.

mod carry;
mod evidence;
mod step;

pub use carry::{Ask, Carrying, Progress, compile, conclude};
pub use evidence::{read_result, seal};
