//! How it went.

use crate::adapters::docker::DockerError;
use crate::adapters::queue::QueueError;
use crate::cluster::{ClusterError, ObjectRef};

/// How a change was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// It was there, and is no more.
    TakenBack,
    /// There was nothing to take back, and why.
    Nothing(String),
}

/// Why a change was not made, or not taken back.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// What was seen when the change was planned is not there any more. Nothing was done.
    #[error("{object} is not as it was a moment ago: {what}")]
    Moved {
        /// Which object.
        object: ObjectRef,
        /// What is different.
        what: String,
    },
    /// Somebody else has put other values where the drill had put its own.
    #[error("{object} was changed by somebody else meanwhile: {}; set it as you want it, then: labctl scenario recover --keep-theirs", .differences.join("; "))]
    Conflict {
        /// Which object.
        object: ObjectRef,
        /// Field by field.
        differences: Vec<String>,
    },
    /// It went on changing while it was written.
    #[error("{object} changed again and again while it was to be written")]
    Restless {
        /// Which object.
        object: ObjectRef,
    },
    /// It was asked for, and what is seen is not it yet.
    #[error("{object}: {what}")]
    NotYet {
        /// Which object.
        object: ObjectRef,
        /// What is still there.
        what: String,
    },
    /// There is no way to it now.
    #[error("{what} cannot be reached: {why}")]
    NoWay {
        /// What.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// The API server said no, or nothing.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The container engine did.
    #[error(transparent)]
    Docker(#[from] DockerError),
    /// The AWS emulator did.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl ChangeError {
    /// Whether asking again can change nothing.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Moved { .. })
    }
}
