//! `queue:` a queue of the AWS emulator; `alert:` a test alert on its way to a receiver.

use super::item::CheckError;
use super::vars::Walk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
}

impl TryFrom<QueueItem> for QueueCheck {
    type Error = CheckError;

    fn try_from(item: QueueItem) -> Result<Self, CheckError> {
        let action = match (item.exists, item.round_trip) {
            (true, false) => QueueAction::Exists,
            (false, true) => QueueAction::RoundTrip,
            _ => {
                return Err(CheckError::Form("a queue check is either {name, exists: true} or {name, roundTrip: true}"));
            }
        };
        Ok(Self { name: item.name, action })
    }
}

impl From<QueueCheck> for QueueItem {
    fn from(check: QueueCheck) -> Self {
        let exists = check.action == QueueAction::Exists;
        Self { name: check.name, exists, round_trip: !exists }
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
