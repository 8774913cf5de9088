//! What every room that does something needs: progress, paths, process identity, redaction.

pub mod http;
pub mod progress;
pub mod tls;
