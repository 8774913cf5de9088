//! Looks at one scene from every side.

use super::cause::{Cause, Patience, Scene};
use super::{container, control, image, schedule, storage};
use crate::cluster::object::ObjectRef;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

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
    if scene.object.kind == "Job" {
        // how often a run may fail is the Job's own business: its condition says when it is enough
        for cause in found.iter_mut().filter(|cause| cause.id == "LAB-CRASH-001") {
            cause.patience = Patience::Hold;
        }
    }
    let mut ids = Vec::new();
    found.retain(|cause| {
        let new = !ids.contains(&cause.id);
        ids.push(cause.id);
        new
    });
    found.sort_by_key(Cause::rank);
    found
}

/// A container that ended and may have said why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
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

/// A container that only just started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Fresh {
    pub pod: String,
    pub container: String,
    pub restarts: u64,
    /// How long it is worth a look.
    pub watch_for: Duration,
}

/// Containers that started too short a time before `now` to be trusted: after a restart, or without a readiness probe.
pub fn fresh_containers(pod: &Value, now: time::OffsetDateTime) -> Vec<Fresh> {
    let statuses = pod["status"]["containerStatuses"].as_array().map(Vec::as_slice).unwrap_or_default();
    statuses
        .iter()
        .filter_map(|status| {
            let name = status["name"].as_str().unwrap_or_default();
            let restarts = status["restartCount"].as_u64().unwrap_or(0);
            let specs = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
            let probed = specs.iter().any(|spec| spec["name"] == name && spec["readinessProbe"].is_object());
            let watch_for = match (restarts, probed) {
                (0, true) => return None,
                (0, false) => Duration::from_secs(2),
                _ => Duration::from_secs(10),
            };
            let started = status["state"]["running"]["startedAt"].as_str()?;
            let started = time::OffsetDateTime::parse(started, &time::format_description::well_known::Rfc3339).ok()?;
            let pod = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            ((now - started).abs() < watch_for).then(|| Fresh { pod, container: name.to_owned(), restarts, watch_for })
        })
        .collect()
}

/// A container of a pod that is to run on and does not run.
pub fn stopped_container(pod: &Value) -> Option<&str> {
    if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
        return None;
    }
    let statuses = pod["status"]["containerStatuses"].as_array()?;
    statuses.iter().find(|status| !status["state"]["running"].is_object())?["name"].as_str()
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
    fn a_container_that_just_restarted_is_not_trusted_and_one_that_runs_for_long_is() {
        let pod = |restarts: u64, started: &str, probe: bool| {
            json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "readinessProbe": if probe { json!({}) } else { Value::Null }}]},
                "status": {"containerStatuses": [{"name": "c", "restartCount": restarts, "state": {"running": {"startedAt": started}}}]}})
        };
        let now = time::macros::datetime!(2026-01-01 00:00:10 UTC);
        let fresh = |pod: &Value| fresh_containers(pod, now).first().map(|f| f.watch_for.as_secs());
        assert_eq!(fresh(&pod(3, "2026-01-01T00:00:05Z", true)), Some(10));
        assert_eq!(fresh(&pod(3, "2025-12-31T00:00:05Z", true)), None);
        assert_eq!(fresh(&pod(0, "2026-01-01T00:00:09Z", false)), Some(2));
        assert_eq!(fresh(&pod(0, "2026-01-01T00:00:09Z", true)), None);
    }

    #[test]
    fn a_container_that_ended_is_not_taken_for_running() {
        let pod =
            |phase: &str, state: &str| json!({"status": {"phase": phase, "containerStatuses": [{"name": "c", "state": {state: {}}}]}});
        assert_eq!(stopped_container(&pod("Running", "terminated")), Some("c"));
        assert_eq!(stopped_container(&pod("Running", "running")), None);
        // an evicted pod stays as a record and runs no more
        assert_eq!(stopped_container(&pod("Failed", "terminated")), None);
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
