//! Looks at one scene from every side.

use super::cause::{Cause, Scene};
use super::{container, control, image, schedule, storage};
use crate::cluster::object::ObjectRef;
use serde_json::Value;
use std::sync::Arc;

/// Whether an object of this kind runs pods.
pub fn has_pods(object: &ObjectRef) -> bool {
    matches!((object.group(), object.kind.as_str()), ("apps", "Deployment" | "StatefulSet" | "DaemonSet") | ("batch", "Job") | ("", "Pod"))
}

/// Every cause there is for one object that is not ready; of several pods with the same cause one is named.
pub fn find(scene: &Scene<'_>) -> Vec<Cause> {
    let mut found = control::of_owner(scene);
    for pod in scene.pods {
        let Some(reference) = ObjectRef::of(pod) else { continue };
        found.extend(schedule::of_pod(pod, &reference, scene));
        found.extend(storage::of_pod(pod, scene));
        for status in statuses(pod) {
            found.extend(image::of_container(pod, &reference, status, scene));
            found.extend(container::of_container(pod, &reference, status, scene));
        }
        found.extend(container::of_pod(pod, &reference, scene));
    }
    let mut ids = Vec::new();
    found.retain(|cause| {
        let new = !ids.contains(&cause.id);
        ids.push(cause.id);
        new
    });
    found.sort_by_key(|cause| cause.patience);
    found
}

/// A container that ended and may have said why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub namespace: String,
    pub pod: String,
    pub container: String,
    pub restarts: u64,
    /// The log is of the run before the current one.
    pub previous: bool,
}

/// Containers of a pod whose last log lines would help.
pub fn ended_containers(pod: &Value) -> Vec<Ended> {
    let text = |name: &str| pod["metadata"][name].as_str().unwrap_or_default().to_owned();
    statuses(pod)
        .filter_map(|status| {
            let now = status["state"]["terminated"]["exitCode"].as_i64().is_some_and(|code| code != 0);
            let before = status["lastState"]["terminated"].is_object() && status["ready"] != true;
            (now || before).then(|| Ended {
                namespace: text("namespace"),
                pod: text("name"),
                container: status["name"].as_str().unwrap_or_default().to_owned(),
                restarts: status["restartCount"].as_u64().unwrap_or(0),
                previous: !now,
            })
        })
        .collect()
}

/// Of a workload's pods those of the newest template: what older ones do says nothing about the change.
pub fn youngest(mut pods: Vec<Arc<Value>>) -> Vec<Arc<Value>> {
    let template = |pod: &Value| {
        let labels = &pod["metadata"]["labels"];
        ["pod-template-hash", "controller-revision-hash"].iter().find_map(|name| labels[*name].as_str()).unwrap_or_default().to_owned()
    };
    pods.sort_by(|a, b| a["metadata"]["creationTimestamp"].as_str().cmp(&b["metadata"]["creationTimestamp"].as_str()));
    if let Some(newest) = pods.last().map(|pod| template(pod)) {
        pods.retain(|pod| template(pod) == newest);
    }
    pods
}

fn statuses(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainerStatuses", "containerStatuses"].into_iter().flat_map(|name| pod["status"][name].as_array().into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pods_of_an_older_template_do_not_count() {
        let pod = |name: &str, hash: &str, made: &str| {
            Arc::new(json!({"metadata": {"name": name, "creationTimestamp": made, "labels": {"pod-template-hash": hash}}}))
        };
        let got = youngest(vec![
            pod("new", "b", "2026-01-02T00:00:00Z"),
            pod("old", "a", "2026-01-01T00:00:00Z"),
            pod("new2", "b", "2026-01-03T00:00:00Z"),
        ]);
        assert_eq!(got.iter().map(|p| p["metadata"]["name"].as_str().unwrap()).collect::<Vec<_>>(), ["new", "new2"]);
    }

    #[test]
    fn logs_are_wanted_of_what_ended_badly_only() {
        let pod = json!({"metadata": {"name": "p", "namespace": "n"}, "status": {"containerStatuses": [
            {"name": "fine", "ready": true, "state": {"running": {}}},
            {"name": "crash", "ready": false, "restartCount": 2, "state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": 1}}},
            {"name": "dead", "restartCount": 0, "state": {"terminated": {"exitCode": 3}}}]}});
        let got: Vec<(String, bool)> = ended_containers(&pod).into_iter().map(|e| (e.container, e.previous)).collect();
        assert_eq!(got, [("crash".to_owned(), true), ("dead".to_owned(), false)]);
    }
}
