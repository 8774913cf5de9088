//! What is done to a running lab: scenarios as plans of the engine, faults with their undo on disk before they are made, what was found out and what
//! is kept of it. docs/scenarios.md.

mod change;
mod compile;
pub mod evidence;
mod ground;
mod inject;
mod load;
mod records;
mod recover;
mod steps;
mod sweep;
mod target;
mod verdict;

pub use compile::{compile, preview};
pub use ground::{Drill, Ground, Nodes, go_on_when};
pub use load::{Address, Baseline, LOAD, Tool, find_baseline, keep_baseline};
pub use records::{Record, Records, left};
pub use recover::{Recovery, Unfinished, recovery};
pub use sweep::{Leftover, clear, leftovers};
pub use verdict::{Because, conclude};
