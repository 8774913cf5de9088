//! What is kept of a drill, in the folder of its run: docs/scenarios.md.

mod chaostoolkit;
mod chart;
mod clocks;
mod collect;
mod html;
mod junit;
mod manifest;
mod report;
mod seal;

pub use clocks::clocks;
pub use collect::{Collected, collect};
pub use manifest::{MANIFEST, Verified, verify, write as write_manifest};
pub use seal::{RESULT, SCENARIO, of_killed, put_scenario, read_result, read_scenario, seal};
