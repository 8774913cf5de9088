//! What is kept of a drill, in the folder of its run: docs/scenarios.md.

mod collect;
mod junit;
mod manifest;
mod report;
mod seal;

pub use collect::{collect, events};
pub use manifest::{MANIFEST, Verified, verify, write as write_manifest};
pub use seal::{RESULT, SCENARIO, of_killed, put_scenario, read_result, read_scenario, seal};
