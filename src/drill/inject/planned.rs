//! A change that a fault means, before it is made.

use crate::cluster::ObjectRef;
use crate::drill::change::Change;

/// A change that a fault means.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What is changed.
    pub object: ObjectRef,
    /// Its uid; empty for what is only made.
    pub uid: String,
    /// Its version when it was read.
    pub resource_version: String,
    /// In words: `Deployment apps/app-python: replicas 1 → 0`.
    pub what: String,
    /// The change itself.
    pub change: Change,
}
