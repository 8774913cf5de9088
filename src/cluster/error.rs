//! Why work on a cluster failed.

use super::object::ObjectRef;
use super::wait::NotReady;
use crate::adapters::kube::ApiError;
use std::time::Duration;

/// Why work on a cluster failed.
#[expect(missing_docs, reason = "each message names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error("an object of component {component} cannot be used: {reason}")]
    BadObject { component: String, reason: String },
    #[error("{what} failed: {error}")]
    Api { what: String, error: ApiError },
    /// The server said no and would say so again.
    #[error("{object} was refused: {error}{hint}")]
    Refused { object: Box<ObjectRef>, error: ApiError, hint: Hint },
    #[error(
        "{object} cannot be changed in place, field {field} is immutable; delete the object to have it made anew, or put the field back"
    )]
    Immutable { object: Box<ObjectRef>, field: String },
    /// The deadline ran out while the server kept giving a passing reason.
    #[error("{object} was not accepted within {} s; last answer: {last}", .after.as_secs())]
    GaveUp { object: Box<ObjectRef>, after: Duration, last: String },
    #[error("{object} is still there {} s after it was deleted; finalizers: {finalizers}", .after.as_secs())]
    StillThere { object: Box<ObjectRef>, after: Duration, finalizers: String },
    #[error("kind {kind} of {api_version} is not known to the cluster, and no component brings its definition")]
    UnknownKind { api_version: String, kind: String },
    #[error("the record of what labctl made ({name}) cannot be read: {reason}; nothing is pruned before it can")]
    Inventory { name: String, reason: String },
    /// Another run works on the same lab.
    #[error("another labctl is at work on this lab: {holder}")]
    Locked { holder: String },
    /// What a person asked for would come to nothing.
    #[error("nothing was done to {object}: {why}; {fix}")]
    Pointless { object: Box<ObjectRef>, why: String, fix: String },
    #[error("{0}")]
    NotReady(NotReady),
    #[error("cancelled")]
    Cancelled,
}

/// A way out that follows from the answer, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hint(pub &'static str);

impl std::fmt::Display for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "; {}", self.0) }
    }
}
