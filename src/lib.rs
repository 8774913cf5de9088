//! labctl creates kind clusters, brings up an SRE lab in them, and proves that it works.

pub mod adapters;
pub mod app;
pub mod catalog;
pub mod checks;
pub mod cli;
pub mod cluster;
pub mod drill;
pub mod engine;
pub mod insight;
pub mod model;
pub mod report;
pub mod respond;
pub mod steps;
pub mod support;
pub mod tui;
