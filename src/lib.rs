//! labctl creates kind clusters, brings up an SRE lab in them, and proves that it works.

pub mod adapters;
pub mod cluster;
pub mod engine;
pub mod insight;
pub mod model;
pub mod report;
pub mod support;
