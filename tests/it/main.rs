//! Hermetic tests: nothing outside this process and a temporary folder.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may say what they expect, as tests do")]

mod adapters;
mod attach;
mod attach_props;
mod bad_input;
mod causes;
mod causes_doc;
mod charts;
mod check_files;
mod checks;
mod cluster;
mod drill;
mod engine;
mod engine_props;
mod events_doc;
mod excalidraw;
mod exit_codes;
mod forward;
mod gamedays;
mod insight;
mod journal;
mod lab;
mod look;
mod readiness;
mod report;
mod rig;
mod runbooks;
mod scenario_files;
mod tidy;
mod tui;
mod yaml;
