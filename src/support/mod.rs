//! What every room that does something needs: progress, paths, digests, locks, plain HTTP.

pub mod digest;
pub mod files;
pub mod holder;
pub mod http;
pub mod lock;
pub mod paths;
pub mod progress;
pub mod tls;
