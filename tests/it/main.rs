//! Hermetic tests: nothing outside this process and a temporary folder.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, too, may say what went wrong")]

mod engine;
mod engine_props;
mod events_doc;
mod excalidraw;
mod insight;
mod journal;
mod report;
mod rig;
mod tidy;
