//! What a lab is and what a run says: plain data, validated, with a JSON Schema. Knows nothing of clusters, files or terminals.

pub mod budget;
pub mod check;
pub mod component;
pub mod finding;
pub mod gameday;
pub mod host;
pub mod image;
pub mod look;
pub mod run;
pub mod runbook;
pub mod scenario;
pub mod schema;
pub mod stack;
pub mod status;
pub mod units;
