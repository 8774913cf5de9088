//! The Kubernetes API: a client that knows its errors, ports forwarded to services, objects and pods read by name.

pub mod client;
mod error;
mod forward;
mod forwards;
mod objects;
pub mod pods;
mod target;

pub use client::{Kube, connect, identity};
pub use error::{ApiError, ApiStatus, FieldCause};
pub use forward::{Forward, ForwardError};
pub use forwards::{Forwards, Key};
pub use objects::{ObjectError, Objects};
