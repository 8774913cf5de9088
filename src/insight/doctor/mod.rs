//! The doctor: reads the machine, judges what it read, and names a fix for each finding. Reading and judging are apart, so that the rules are
//! plain functions over facts.

mod engine_rules;
mod host_rules;
mod net_rules;
mod probe;
mod proc;
mod reach;
mod rules;

pub use probe::{Probe, ToolProbe};
pub use rules::{Wanted, exit_level, judge};
