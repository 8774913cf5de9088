//! Pods that no node takes.

use super::cause::{Cause, Patience, Scene, name_of};
use super::{room, table};
use crate::cluster::object::ObjectRef;
use serde_json::Value;

pub fn of_pod(pod: &Value, reference: &ObjectRef, scene: &Scene<'_>) -> Option<Cause> {
    let scheduled = pod["status"]["conditions"].as_array()?.iter().find(|c| c["type"] == "PodScheduled" && c["status"] == "False")?;
    let message = match scheduled["message"].as_str().filter(|text| !text.is_empty()) {
        Some(message) => message,
        None => scene.said("Pod", &reference.name, &["FailedScheduling"]).first().copied()?,
    };
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let coming = Some(Patience::Hold);
    let (step, patience) =
        if says(&["node.kubernetes.io/not-ready", "node.kubernetes.io/network-unavailable", "no nodes available", "node.cloudprovider"]) {
            ("the nodes are still coming up", coming)
        } else if says(&["unbound immediate PersistentVolumeClaims", "persistentvolumeclaim", "volume binding"]) {
            ("look at the pod's volume claims", coming)
        } else if says(&["Insufficient"]) {
            ("lower the requests, take a smaller profile, or give the cluster more CPU or memory", None)
        } else if says(&["free ports"]) {
            ("another pod holds the host port; change the port or remove the other", None)
        } else {
            ("check nodeSelector, affinity and tolerations of the pod against the nodes' labels and taints", None)
        };
    let room = if says(&["Insufficient"]) { room::arithmetic(pod, scene) } else { String::new() };
    let cause = table::UNSCHEDULABLE.of_pod(reference, &name_of(pod), message, &[("asks", &asks(pod)), ("room", &room), ("step", step)]);
    Some(Cause { patience: patience.unwrap_or(cause.patience), ..cause })
}

/// What the pod asks for, beside what the scheduler says of the nodes.
fn asks(pod: &Value) -> String {
    let parts: Vec<String> = pod["spec"]["containers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|container| {
            let requests = container["resources"]["requests"].as_object().filter(|r| !r.is_empty())?;
            let amounts: Vec<String> = requests.iter().map(|(name, v)| format!("{name} {}", v.as_str().unwrap_or("?"))).collect();
            Some(format!("{} asks for {}", container["name"].as_str().unwrap_or_default(), amounts.join(", ")))
        })
        .collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    const NO_ROOM: Duration = Duration::from_secs(20);

    #[track_caller]
    fn check(message: &str, patience: Patience) {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"},
            "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "8"}}}]},
            "status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]}});
        let reference = ObjectRef::of(&pod).unwrap();
        let scene = Scene { pods: &[&pod], ..Scene::of(&reference, &pod) };
        let cause = of_pod(&pod, &reference, &scene).unwrap();
        assert_eq!(cause.patience, patience);
        assert!(cause.sentence.contains(message) && cause.sentence.contains("c asks for cpu 8"), "{}", cause.sentence);
    }

    #[test]
    fn table() {
        check("0/1 nodes are available: 1 Insufficient cpu.", Patience::After(NO_ROOM));
        check("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.", Patience::After(NO_ROOM));
        check("0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.", Patience::Hold);
        check("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.", Patience::Hold);
    }
}
