//! Hermetic tests: nothing outside this process and a temporary folder.

mod cluster;
mod engine;
mod engine_props;
mod events_doc;
mod excalidraw;
mod insight;
mod journal;
mod report;
mod rig;
mod tidy;
