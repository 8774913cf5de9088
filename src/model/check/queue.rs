//! `queue:` a queue of the AWS emulator; `alert:` a test alert on its way to a receiver.

use super::item::CheckError;
use super::prom::Op;
use super::vars::Walk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A queue of the AWS emulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "QueueItem", into = "QueueItem")]
pub struct QueueCheck {
    /// Of the queue, not its address.
    pub name: String,
    /// What is asked of it.
    pub action: QueueAction,
}

/// What is asked of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueAction {
    /// It is there.
    Exists,
    /// A message goes in, comes out and is deleted. The queue is made when it is not there, and then removed again.
    RoundTrip,
    /// So many messages are in it.
    Holds {
        /// Which of them count.
        messages: Messages,
        /// How their number compares …
        op: Op,
        /// … with this.
        value: u64,
    },
}

/// Messages of a queue by what may be done with them, as SQS counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Messages {
    /// May be received.
    Visible,
    /// Received, and not yet deleted.
    InFlight,
    /// Held back for a time.
    Delayed,
    /// All of these.
    All,
}

impl fmt::Display for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Visible => "visible",
            Self::InFlight => "in flight",
            Self::Delayed => "held back",
            Self::All => "in all",
        })
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QueueCheck")]
struct QueueItem {
    name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    exists: bool,
    #[serde(default, rename = "roundTrip", skip_serializing_if = "std::ops::Not::not")]
    round_trip: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    messages: Option<Messages>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    op: Option<Op>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<u64>,
}

impl TryFrom<QueueItem> for QueueCheck {
    type Error = CheckError;

    fn try_from(item: QueueItem) -> Result<Self, CheckError> {
        let action = match (item.exists, item.round_trip, (item.messages, item.op, item.value)) {
            (true, false, (None, None, None)) => QueueAction::Exists,
            (false, true, (None, None, None)) => QueueAction::RoundTrip,
            (false, false, (Some(messages), Some(op), Some(value))) => QueueAction::Holds { messages, op, value },
            _ => {
                return Err(CheckError::Form(
                    "a queue check is either {name, exists: true}, {name, roundTrip: true} or {name, messages, op, value}",
                ));
            }
        };
        Ok(Self { name: item.name, action })
    }
}

impl From<QueueCheck> for QueueItem {
    fn from(check: QueueCheck) -> Self {
        let mut item = Self { name: check.name, ..Self::default() };
        match check.action {
            QueueAction::Exists => item.exists = true,
            QueueAction::RoundTrip => item.round_trip = true,
            QueueAction::Holds { messages, op, value } => {
                (item.messages, item.op, item.value) = (Some(messages), Some(op), Some(value));
            }
        }
        item
    }
}

impl QueueCheck {
    pub(super) fn validate(&self) -> Result<(), CheckError> {
        if self.name.is_empty() { Err(CheckError::Form("a queue has a name")) } else { Ok(()) }
    }
}

/// A test alert that must reach a receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertCheck {
    /// Its `alertname`.
    pub fire: String,
    /// The endpoint where received alerts can be read.
    pub inbox: String,
}

impl AlertCheck {
    pub(super) fn validate(&self) -> Result<(), CheckError> {
        if self.fire.is_empty() { Err(CheckError::Form("an alert has a name")) } else { Ok(()) }
    }

    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        walk.text(&mut self.fire);
    }
}
