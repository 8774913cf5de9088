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

impl Planned {
    /// How it would be taken back, in words.
    pub fn undo_words(&self) -> String {
        match &self.change {
            Change::Fields { fields, .. } => {
                // what marks the object as the drill's goes without saying
                let set = fields.iter().rev().filter(|field| field.before != field.after && !field.pointer.contains("labctl.dev"));
                let words: Vec<String> = set
                    .map(|field| match &field.before {
                        Some(before) => format!("{} is {before} again", field.pointer),
                        None => format!("{} is removed again", field.pointer),
                    })
                    .collect();
                words.join(", ")
            }
            Change::Made { .. } => "it is deleted again".to_owned(),
            Change::NodePaused => "the container engine lets the node go on".to_owned(),
            Change::NodeStressed(_) => "the processes are ended".to_owned(),
            Change::QueueSet(_) => "the queue's attributes are as they were again".to_owned(),
            Change::MessageSent(_) => "the message is taken out again".to_owned(),
            Change::Process { .. } => "the process is ended".to_owned(),
            Change::PodEnded => "nothing to take back: its controller makes another".to_owned(),
        }
    }
}
