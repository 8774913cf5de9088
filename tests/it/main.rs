//! Hermetic tests: nothing outside this process and a temporary folder.

mod adapters;
mod check_files;
mod checks;
mod engine;
mod engine_props;
mod events_doc;
mod excalidraw;
mod forward;
mod insight;
mod journal;
mod lab;
mod report;
mod rig;
mod tidy;
