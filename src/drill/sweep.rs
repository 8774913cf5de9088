//! What drills have marked and nobody can take back by its record, because the folder of its run is lost: found by its label, and cleared when it is
//! past its time.

use super::change::RUN_LABEL;
use super::inject::EXPIRES;
use super::target::reference;
use crate::cluster::{Cluster, ClusterError, ObjectRef, Tied};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Kinds that faults of backend `k8s` change or make.
const KINDS: [(&str, &str); 3] = [("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("v1", "ConfigMap")];
/// An object that goes on changing is left to the next sweep.
const TRIES: u32 = 10;

/// Something that a drill has marked.
#[derive(Debug, Clone)]
pub struct Leftover {
    /// Which object.
    pub object: ObjectRef,
    /// The run that marked it.
    pub run: String,
    /// Until when it was to be there at most, in Unix seconds.
    pub expires: i64,
    /// The component that it belongs to; none for what only the drill has made.
    pub component: Option<String>,
    uid: String,
}

impl Leftover {
    /// Whether it is known how it has to be: as its component wants it, or, where only the drill made it, not at all.
    pub fn is_known(&self) -> bool {
        self.component.is_some() || self.object.kind == "ConfigMap"
    }

    fn of(live: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let meta = &live["metadata"];
        Some(Self {
            object: reference(live).ok()?,
            run: text(&meta["labels"][RUN_LABEL])?,
            // a mark without its time is past it
            expires: meta["annotations"][EXPIRES].as_str().and_then(|text| text.parse().ok()).unwrap_or(0),
            component: text(&meta["labels"]["labctl.dev/component"]),
            uid: text(&meta["uid"])?,
        })
    }
}

/// All that is marked in these namespaces.
pub async fn leftovers(cluster: &Cluster, namespaces: &BTreeSet<String>) -> Result<Vec<Leftover>, ClusterError> {
    let mut all = Vec::new();
    for namespace in namespaces {
        for (api_version, kind) in KINDS {
            // with any value
            let found = cluster.list(api_version, kind, namespace, [(RUN_LABEL, "")]).await?;
            all.extend(found.iter().filter_map(Leftover::of));
        }
    }
    Ok(all)
}

/// Deletes what a drill has made; takes the marks off what it has changed, whose values must have been put right before.
pub async fn clear(cluster: &Cluster, left: &Leftover) -> Result<(), ClusterError> {
    if left.component.is_none() && left.object.kind == "ConfigMap" {
        return cluster.end_one(&left.object, &left.uid).await;
    }
    for _ in 0..TRIES {
        let Some(live) = cluster.read(&left.object).await? else { return Ok(()) };
        let marks = [("labels", RUN_LABEL), ("annotations", EXPIRES)];
        let there = marks.into_iter().filter(|(map, name)| !live["metadata"][*map][*name].is_null());
        let operations: Vec<Value> =
            there.map(|(map, name)| json!({"op": "remove", "path": format!("/metadata/{map}/{}", name.replace('/', "~1"))})).collect();
        if operations.is_empty() || cluster.patch(&left.object, &live, &operations).await? != Tied::Stale {
            return Ok(());
        }
    }
    Ok(())
}
