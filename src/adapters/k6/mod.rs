//! The real k6, driven with files we write: <https://grafana.com/docs/k6/latest/using-k6/>

mod exit;
mod program;
mod samples;
mod script;
mod summary;

pub use exit::Exit;
pub use program::{Ended, Job, K6, Running, find};
pub use samples::{Counts, Meter};
pub use script::{built_in, config};
pub use summary::{Summary, Threshold};
