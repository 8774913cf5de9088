//! The Kubernetes API server.

pub mod client;
mod error;

pub use client::{Kube, connect};
pub use error::{ApiError, ApiStatus, FieldCause};
