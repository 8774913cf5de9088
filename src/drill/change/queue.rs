//! Attributes of a queue.

use super::{ChangeError, Undone};
use crate::adapters::queue::{QueueError, Queues};
use crate::cluster::ObjectRef;
use crate::drill::ground::Ground;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Attributes that get other values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// As they were.
    pub before: BTreeMap<String, String>,
    /// As they become; the same names.
    pub after: BTreeMap<String, String>,
}

/// For how long a queue holds back what is put into it.
pub const DELAY: &str = "DelaySeconds";
/// When a queue was made: tells it from another of its name.
const MADE: &str = "CreatedTimestamp";
const POLICY: &str = "Policy";
const REDRIVE: &str = "RedrivePolicy";
const VISIBILITY: &str = "VisibilityTimeout";

/// A queue of the emulator, and all that it says of itself.
#[derive(Debug)]
pub struct Opened {
    /// The emulator.
    pub queues: Queues,
    /// The queue's address.
    pub url: String,
    /// By name.
    pub attributes: BTreeMap<String, String>,
}

impl Opened {
    /// Looks at a queue; `None` when there is none of this name.
    pub async fn named(ground: &Ground, name: &str) -> Result<Option<Self>, ChangeError> {
        let queues = emulator(ground).await?;
        let Some(url) = queues.find(name).await? else { return Ok(None) };
        let attributes = queues.attributes(&url).await?;
        Ok(Some(Self { queues, url, attributes }))
    }

    /// The very queue that was seen before; `None` when it is gone, or another has its name.
    pub(super) async fn seen(ground: &Ground, object: &ObjectRef, uid: &str) -> Result<Option<Self>, ChangeError> {
        Ok(Self::named(ground, &object.name).await?.filter(|opened| opened.uid() == uid))
    }

    /// What tells it from another of its name.
    pub fn uid(&self) -> &str {
        self.attributes.get(MADE).map_or("", String::as_str)
    }

    /// The queue that takes what nobody could work on, and after how many tries.
    pub fn dead(&self) -> Option<(String, u64)> {
        let policy: serde_json::Value = serde_json::from_str(self.attributes.get(REDRIVE)?).ok()?;
        let tries = &policy["maxReceiveCount"];
        let tries = tries.as_u64().or_else(|| tries.as_str()?.parse().ok())?;
        Some((policy["deadLetterTargetArn"].as_str()?.rsplit(':').next()?.to_owned(), tries))
    }

    /// For how many seconds a message that was received is nobody else's.
    pub fn visibility(&self) -> u64 {
        self.attributes.get(VISIBILITY).and_then(|text| text.parse().ok()).unwrap_or(30)
    }

    /// How many messages it says are in it: to be had, received and not deleted, held back.
    pub fn counts(&self) -> [u64; 3] {
        ["", "NotVisible", "Delayed"].map(|kind| {
            let said = self.attributes.get(&format!("ApproximateNumberOfMessages{kind}"));
            said.and_then(|text| text.parse().ok()).unwrap_or(0)
        })
    }

    async fn set(&self, wanted: &BTreeMap<String, String>) -> Result<(), QueueError> {
        let mut all = wanted.clone();
        // moto drops the policy of a queue whenever other attributes are set without it
        if let Some(policy) = self.attributes.get(POLICY) {
            all.entry(POLICY.to_owned()).or_insert_with(|| policy.clone());
        }
        self.queues.set_attributes(&self.url, &all).await
    }
}

async fn emulator(ground: &Ground) -> Result<Queues, ChangeError> {
    let backends = &ground.prober.lookup().backends;
    let lost = |why: String| ChangeError::NoWay { what: "the AWS emulator", why };
    let endpoint = backends.queues.as_ref().ok_or_else(|| lost("this lab has no component that provides queues".to_owned()))?;
    let way = ground.prober.way(endpoint).await.map_err(lost)?;
    let region = if backends.region.is_empty() { "us-east-1" } else { &backends.region };
    Ok(Queues::new(&way.base, region))
}

/// Attributes of `live` that are neither as in `from` nor as in `to`, in words; and whether all are as in `to`.
fn compared(live: &BTreeMap<String, String>, from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) -> (Vec<String>, bool) {
    let mut strange = Vec::new();
    let mut there = true;
    for (name, wanted) in to {
        let has = live.get(name);
        if has != Some(wanted) {
            there = false;
            if has != from.get(name) {
                let shown = |value: Option<&String>| value.map_or("nothing", String::as_str).to_owned();
                strange.push(format!("{name} is {}, neither {} nor {wanted}", shown(has), shown(from.get(name))));
            }
        }
    }
    (strange, there)
}

pub(super) async fn make(ground: &Ground, object: &ObjectRef, uid: &str, change: &Attributes) -> Result<(), ChangeError> {
    let moved = |what: String| ChangeError::Moved { object: object.clone(), what };
    let queue = Opened::seen(ground, object, uid).await?.ok_or_else(|| moved("it is gone".to_owned()))?;
    match compared(&queue.attributes, &change.before, &change.after) {
        (_, true) => Ok(()),
        (strange, false) if strange.is_empty() => Ok(queue.set(&change.after).await?),
        (strange, false) => Err(moved(strange.join("; "))),
    }
}

pub(super) async fn undo(
    ground: &Ground,
    object: &ObjectRef,
    uid: &str,
    change: &Attributes,
    keep_theirs: bool,
) -> Result<Undone, ChangeError> {
    let Some(queue) = Opened::seen(ground, object, uid).await? else {
        return Ok(Undone::Nothing("the queue is gone, and the change with it".to_owned()));
    };
    match compared(&queue.attributes, &change.after, &change.before) {
        (_, true) => return Ok(Undone::Nothing("it was as before already".to_owned())),
        (strange, false) if strange.is_empty() => queue.set(&change.before).await?,
        (strange, false) if keep_theirs => return Ok(Undone::Nothing(format!("somebody else has changed it: {}", strange.join("; ")))),
        (differences, false) => return Err(ChangeError::Conflict { object: object.clone(), differences }),
    }
    let now = queue.queues.attributes(&queue.url).await?;
    if !compared(&now, &change.after, &change.before).1 {
        return Err(ChangeError::NotYet { object: object.clone(), what: "it does not show what was set back".to_owned() });
    }
    Ok(Undone::TakenBack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_value_is_told_and_what_is_there_is_not_set_again() {
        let map = |value: &str| BTreeMap::from([(DELAY.to_owned(), value.to_owned())]);
        assert_eq!(compared(&map("0"), &map("45"), &map("0")), (vec![], true));
        assert_eq!(compared(&map("45"), &map("45"), &map("0")), (vec![], false));
        assert_eq!(compared(&map("7"), &map("45"), &map("0")).0, ["DelaySeconds is 7, neither 45 nor 0"]);
    }
}
