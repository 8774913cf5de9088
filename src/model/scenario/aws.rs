//! Backend `aws`: what is done to the queues of the lab's AWS emulator.

use crate::model::check::CheckError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A fault of one queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "AwsItem", into = "AwsItem")]
pub enum AwsFault {
    /// What is put into a queue while the fault lasts is not delivered before it ends.
    QueueStopped(QueueFault),
    /// A message that no worker can read goes into a queue.
    PoisonMessage(QueueFault),
}

/// Which queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueFault {
    /// Of the queue, not its address.
    pub queue: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "AwsFault")]
struct AwsItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue_stopped: Option<QueueFault>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    poison_message: Option<QueueFault>,
}

impl TryFrom<AwsItem> for AwsFault {
    type Error = CheckError;

    fn try_from(item: AwsItem) -> Result<Self, CheckError> {
        let all = [item.queue_stopped.map(Self::QueueStopped), item.poison_message.map(Self::PoisonMessage)];
        let mut found = all.into_iter().flatten();
        match (found.next(), found.next()) {
            (Some(fault), None) if fault.queue().is_empty() => Err(CheckError::Form("a queue has a name")),
            (Some(fault), None) => Ok(fault),
            _ => Err(CheckError::Form("an aws fault is exactly one of queueStopped, poisonMessage")),
        }
    }
}

impl From<AwsFault> for AwsItem {
    fn from(fault: AwsFault) -> Self {
        match fault {
            AwsFault::QueueStopped(of) => Self { queue_stopped: Some(of), ..Self::default() },
            AwsFault::PoisonMessage(of) => Self { poison_message: Some(of), ..Self::default() },
        }
    }
}

impl AwsFault {
    /// The name of the queue.
    pub fn queue(&self) -> &str {
        match self {
            Self::QueueStopped(of) | Self::PoisonMessage(of) => &of.queue,
        }
    }
}

impl fmt::Display for AwsFault {
    /// In a few words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueStopped(QueueFault { queue }) => write!(f, "queue {queue} delivers nothing new"),
            Self::PoisonMessage(QueueFault { queue }) => write!(f, "a message that nobody can read goes into queue {queue}"),
        }
    }
}
