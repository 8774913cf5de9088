//! What every room that does something needs: progress, paths, digests, process identity.

pub mod digest;
pub mod files;
pub mod lock;
pub mod paths;
pub mod progress;
