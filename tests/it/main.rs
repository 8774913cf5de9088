//! Hermetic tests: nothing outside this process and a temporary folder.

mod engine;
mod engine_props;
mod events_doc;
mod journal;
mod report;
mod rig;
