//! The rules that hold for every kind, and the way to each kind's own.

use super::{apiservice, crd, daemonset, deployment, generic, job, namespace, node, pod, pvc, service, statefulset};
use crate::cluster::object::{ObjectRef, at, built_in, group_of};
use serde_json::Value;

/// What an object's status says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It works, as far as its status can tell.
    Ready,
    /// Not yet, and why.
    InProgress(String),
    /// Its controller gave up.
    Failed(String),
}

/// Judges an object by its status.
pub fn judge(object: &Value) -> Judgement {
    if object["metadata"]["deletionTimestamp"].is_string() {
        return Judgement::InProgress("it is being deleted".to_owned());
    }
    if !generation_observed(object) {
        return Judgement::InProgress("its controller has not looked at the latest change yet".to_owned());
    }
    let group = group_of(object["apiVersion"].as_str().unwrap_or_default());
    match (group, object["kind"].as_str().unwrap_or_default()) {
        ("apps", "Deployment") => deployment::judge(object),
        ("apps", "StatefulSet") => statefulset::judge(object),
        ("apps", "DaemonSet") => daemonset::judge(object),
        ("batch", "Job") => job::judge(object),
        ("", "Pod") => pod::judge(object),
        ("", "PersistentVolumeClaim") => pvc::judge(object),
        ("", "Service") => service::judge(object),
        ("", "Namespace") => namespace::judge(object),
        ("", "Node") => node::judge(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => crd::judge(object),
        ("apiregistration.k8s.io", "APIService") => apiservice::judge(object),
        _ => generic::judge(object),
    }
}

/// Whether the controller has seen the object as it is now. Kinds whose controllers report a generation must have reported it.
pub fn generation_observed(object: &Value) -> bool {
    let Some(generation) = number(&object["metadata"]["generation"]) else {
        return true;
    };
    match number(at(object, &["status", "observedGeneration"])) {
        Some(observed) => observed >= generation,
        None => !reports_generation(object),
    }
}

/// Kinds that always report one; before they have, nobody has looked.
fn reports_generation(object: &Value) -> bool {
    let group = group_of(object["apiVersion"].as_str().unwrap_or_default());
    group == "apps" && matches!(object["kind"].as_str(), Some("Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet"))
}

/// Whether this kind can be there without being ready. ConfigMaps, rights and the like cannot, and are not worth a watch. A claim is judged with
/// the pods that use it: one without a consumer may rightly stay unbound for ever.
pub fn needs_waiting(object: &ObjectRef) -> bool {
    let group = object.group();
    if !built_in(group) {
        return true;
    }
    match group {
        "" => matches!(object.kind.as_str(), "Pod" | "Service" | "Namespace" | "Node"),
        "apps" => matches!(object.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet"),
        "batch" => object.kind == "Job",
        "apiextensions.k8s.io" | "apiregistration.k8s.io" => true,
        _ => false,
    }
}

/// A number, or a text that is one (Argo Rollouts writes its generation so).
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A count in the status; missing means none.
pub(super) fn count(object: &Value, name: &str) -> i64 {
    object["status"][name].as_i64().unwrap_or(0)
}

/// A condition by type.
pub(super) fn condition<'v>(object: &'v Value, kind: &str) -> Option<&'v Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// `reason: message` of a condition, as far as there is any.
pub(super) fn words(condition: &Value) -> String {
    let part = |name: &str| condition[name].as_str().filter(|text| !text.is_empty());
    match (part("reason"), part("message")) {
        (Some(reason), Some(message)) => format!("{reason}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "no reason given".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        #[test]
        fn never_ready_before_the_generation_is_observed(
            kind in prop::sample::select(vec![("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job"),
                ("v1", "Pod"), ("v1", "PersistentVolumeClaim"), ("example.org/v1", "Widget"), ("argoproj.io/v1alpha1", "Rollout")]),
            generation in 2_i64..1000, behind in 1_i64..1000, text in any::<bool>(), replicas in 0_i64..5,
        ) {
            let observed = (generation - behind).max(0);
            let observed = if text { json!(observed.to_string()) } else { json!(observed) };
            let object = json!({"apiVersion": kind.0, "kind": kind.1, "metadata": {"generation": generation},
                "spec": {"replicas": replicas}, "status": {"observedGeneration": observed, "replicas": replicas, "readyReplicas": replicas,
                "updatedReplicas": replicas, "availableReplicas": replicas, "phase": "Bound",
                "conditions": [{"type": "Available", "status": "True"}, {"type": "Ready", "status": "True"}, {"type": "Complete", "status": "True"}]}});
            prop_assert!(matches!(judge(&object), Judgement::InProgress(_)));
        }

        #[test]
        fn workloads_without_a_status_are_never_ready(kind in prop::sample::select(vec!["Deployment", "StatefulSet", "DaemonSet"]), replicas in 0_i64..5) {
            let object = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"generation": 1}, "spec": {"replicas": replicas}});
            prop_assert!(matches!(judge(&object), Judgement::InProgress(_)));
        }
    }

    #[test]
    fn what_is_being_deleted_is_not_ready() {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
        assert!(matches!(judge(&object), Judgement::InProgress(_)));
    }
}
