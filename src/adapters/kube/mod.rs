//! The Kubernetes API: ports forwarded to services, objects read by kind and name.

mod forward;
mod forwards;
mod objects;
mod target;

pub use forward::{Forward, ForwardError};
pub use forwards::{Forwards, Key};
pub use objects::{ObjectError, Objects};
