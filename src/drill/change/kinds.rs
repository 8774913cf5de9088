//! The kinds of change there are. Making and taking back may be called again at any time, after any crash: what is there is looked at, and only what is
//! missing is done.

use super::{Attributes, ChangeError, Field, Poison, Stress, Undone, fields, node, poison, queue};
use crate::adapters::process::Alive;
use crate::cluster::ObjectRef;
use crate::drill::ground::Ground;
use crate::drill::load;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Says which run changed an object, or made it.
pub const RUN_LABEL: &str = "labctl.dev/run";

/// How a thing is changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Change {
    /// Fields of an object that is there get other values.
    Fields {
        /// In the order they are set; taken back the other way round.
        fields: Vec<Field>,
        /// The object's `managedFields` before.
        owners: Value,
    },
    /// An object is made that was not there.
    Made {
        /// As it is made.
        object: Value,
    },
    /// A pod is deleted; its controller makes another, so there is nothing to write to take it back.
    PodEnded,
    /// A process of this host is started.
    Process {
        /// What it and its children carry in their environment: `LABCTL_DRILL=<run>/<name>`.
        marker: String,
        /// The process itself, once it was started.
        process: Option<Alive>,
    },
    /// A node's container is paused.
    NodePaused,
    /// Processes are started in a node's container.
    NodeStressed(Stress),
    /// Attributes of a queue get other values.
    QueueSet(Attributes),
    /// A message is put into a queue.
    MessageSent(Poison),
}

/// Which thing of which run.
#[derive(Debug, Clone, Copy)]
pub struct Of<'r> {
    /// The thing.
    pub object: &'r ObjectRef,
    /// What tells it from another of its name; empty for one that is only made.
    pub uid: &'r str,
    /// The run that makes the change.
    pub run: &'r str,
    /// What somebody else has set meanwhile is no conflict.
    pub keep_theirs: bool,
}

impl Change {
    /// Makes the change, if it is not made yet.
    pub async fn make(&self, ground: &Ground, object: &ObjectRef, uid: &str) -> Result<(), ChangeError> {
        let cluster = &ground.cluster;
        match self {
            Self::Fields { fields, .. } => fields::make(cluster, object, uid, fields).await,
            Self::Made { object: whole } => Ok(cluster.make(whole).await?),
            Self::PodEnded => Ok(cluster.end_one(object, uid).await?),
            // whoever starts it goes on listening to it
            Self::Process { .. } => Ok(()),
            Self::NodePaused => node::pause(ground, object, uid).await,
            Self::NodeStressed(stress) => node::stress(ground, object, uid, stress).await,
            Self::QueueSet(attributes) => queue::make(ground, object, uid, attributes).await,
            Self::MessageSent(message) => poison::make(ground, object, uid, message).await,
        }
    }

    /// Takes the change back, if it is there.
    pub async fn undo(&self, ground: &Ground, of: Of<'_>) -> Result<Undone, ChangeError> {
        let Of { object, uid, run, keep_theirs } = of;
        let cluster = &ground.cluster;
        match self {
            Self::Fields { fields, owners } => fields::undo(cluster, object, uid, run, fields, owners, keep_theirs).await,
            Self::Made { .. } => {
                let Some(live) = cluster.read(object).await? else {
                    return Ok(Undone::Nothing("it is not there (any more)".to_owned()));
                };
                if live["metadata"]["labels"][RUN_LABEL] != run {
                    return Ok(Undone::Nothing("what is there by its name is not of this drill".to_owned()));
                }
                cluster.end_one(object, live["metadata"]["uid"].as_str().unwrap_or_default()).await?;
                Ok(Undone::TakenBack)
            }
            Self::PodEnded => Ok(Undone::Nothing("its controller makes another".to_owned())),
            Self::Process { marker, process } => load::undo(object, marker, *process).await,
            Self::NodePaused => node::unpause(ground, object, uid).await,
            Self::NodeStressed(stress) => node::relieve(ground, object, uid, stress).await,
            Self::QueueSet(attributes) => queue::undo(ground, object, uid, attributes, keep_theirs).await,
            Self::MessageSent(message) => poison::undo(ground, object, uid, message).await,
        }
    }

    /// The name of the load, where it is one.
    pub fn process_name(&self) -> Option<&str> {
        match self {
            Self::Process { marker, .. } => Some(marker.rsplit_once('/')?.1),
            _ => None,
        }
    }

    /// Whether it is the process with this marker (`<run>/<name>`).
    pub fn is_process(&self, wanted: &str) -> bool {
        matches!(self, Self::Process { marker, .. } if marker.split_once('=').is_some_and(|(_, value)| value == wanted))
    }

    /// Whether it is made and taken back without the cluster: such a change may be what keeps the cluster from answering.
    pub fn needs_no_cluster(&self) -> bool {
        matches!(self, Self::NodePaused | Self::NodeStressed(_) | Self::Process { .. })
    }
}
