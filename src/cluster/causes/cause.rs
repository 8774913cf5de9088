//! A cause, and what it is found in.

use super::table::OUT_OF_TIME;
use crate::cluster::object::ObjectRef;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long to go on waiting once a cause is seen. Ordered: what ends the wait soonest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Patience {
    /// It cannot get better.
    Now,
    /// It may pass; not after this long.
    After(Duration),
    /// It often passes by itself: keep waiting and say so.
    Hold,
}

/// Why an object does not come up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Stable, such as `LAB-IMAGE-002`.
    pub id: &'static str,
    /// What the sentence is about: usually a pod.
    pub object: ObjectRef,
    /// Object, reason, and the last thing it said.
    pub sentence: String,
    /// The next step.
    pub fix: String,
    /// How long waiting still makes sense.
    pub patience: Patience,
    /// Of what is known by report only, when it was last reported; it may be over, and its controller takes minutes to try again.
    pub reported: Option<String>,
}

impl Cause {
    /// What is told first: that time ran out comes after whatever it ran out over, then what ends the wait soonest.
    pub fn rank(&self) -> (bool, Patience) {
        (self.id == OUT_OF_TIME.id, self.patience)
    }
}

/// Everything that is known about one object that is not ready.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'s> {
    /// What is not ready.
    pub object: &'s ObjectRef,
    /// As it was last seen.
    pub live: &'s Value,
    /// Its pods of the newest template.
    pub pods: &'s [&'s Value],
    /// Events of its namespace.
    pub events: &'s [&'s Value],
    /// Claims of its namespace.
    pub claims: &'s [&'s Value],
    /// The nodes of the cluster.
    pub nodes: &'s [&'s Value],
    /// Every pod of the cluster that has a node.
    pub placed: &'s [&'s Value],
    /// Last lines of containers that ended, by pod and container.
    pub logs: &'s BTreeMap<(String, String), String>,
}

impl<'s> Scene<'s> {
    /// A pod and nothing around it.
    #[cfg(test)]
    pub fn of(object: &'s ObjectRef, live: &'s Value) -> Self {
        static SILENCE: BTreeMap<(String, String), String> = BTreeMap::new();
        Self { object, live, pods: &[], events: &[], claims: &[], nodes: &[], placed: &[], logs: &SILENCE }
    }

    /// Messages of events about one object with one of these reasons, newest first.
    pub fn said(&self, kind: &str, name: &str, reasons: &[&str]) -> Vec<&'s str> {
        let mut found: Vec<&&Value> = self
            .events
            .iter()
            .filter(|event| {
                let about = &event["involvedObject"];
                about["kind"] == kind && about["name"] == name && event["reason"].as_str().is_some_and(|reason| reasons.contains(&reason))
            })
            .collect();
        found.sort_by_key(|event| std::cmp::Reverse(last_seen(event)));
        found.into_iter().filter_map(|event| event["message"].as_str()).collect()
    }
}

/// When an event last happened; RFC 3339 in UTC, so text order is time order.
pub fn last_seen(event: &Value) -> &str {
    ["lastTimestamp", "eventTime", "firstTimestamp"].iter().find_map(|name| event[*name].as_str()).unwrap_or_default()
}

/// `namespace/name` of an object.
pub fn name_of(object: &Value) -> String {
    let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name"))
}

/// One line, of bounded length.
pub fn short(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 300 { line } else { line.chars().take(299).chain(['…']).collect() }
}
