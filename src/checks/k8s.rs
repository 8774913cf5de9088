//! `k8s:` the state of an object, judged from its own status.

use super::attempt::{Around, Seen};
use crate::model::check::{Expect, K8sCheck};
use serde_json::Value;

/// What is looked at: `Deployment observability/loki`.
pub(super) fn query(check: &K8sCheck, around: &Around<'_>) -> String {
    let namespace = check.namespace.as_deref().unwrap_or(&around.scope.namespace);
    match check.name.as_str() {
        "" => format!("any {}", check.kind),
        name => format!("{} {namespace}/{name}", check.kind),
    }
}

pub(super) async fn look(check: &K8sCheck, around: &Around<'_>) -> Result<Seen, Seen> {
    let namespace = check.namespace.as_deref().unwrap_or(&around.scope.namespace);
    let name = format!("{} {}", check.kind, check.name).trim_end().to_owned();
    let object = match around.objects.get(check.api_version.as_deref(), &check.kind, namespace, &check.name).await {
        Ok(Some(object)) => object,
        Ok(None) => return Err(Seen::fail(format!("there is no {name}"))),
        Err(error) => return Err(Seen::no_data(error.to_string())),
    };
    match judge(check.expect, &check.kind, &object) {
        Ok(()) => Ok(Seen::pass(format!("{name} is {}", check.expect))),
        Err(Judged::Not(why)) => Err(Seen::fail(format!("{name} is not {}: {why}", check.expect))),
        Err(Judged::Unknown(why)) => Err(Seen::no_data(format!("{name}: {why}"))),
    }
}

enum Judged {
    Not(String),
    /// Its status says nothing of the kind.
    Unknown(String),
}

fn judge(expect: Expect, kind: &str, object: &Value) -> Result<(), Judged> {
    if expect == Expect::Exists {
        // on its way out is not there
        return match object.pointer("/metadata/deletionTimestamp") {
            None | Some(Value::Null) => Ok(()),
            Some(_) => Err(Judged::Not("it is being deleted".to_owned())),
        };
    }
    if expect == Expect::Bound {
        return match object.pointer("/status/phase").and_then(Value::as_str) {
            Some("Bound") => Ok(()),
            Some(phase) => Err(Judged::Not(format!("its phase is {phase}"))),
            None => Err(Judged::Unknown("no phase yet".to_owned())),
        };
    }
    match kind {
        "Deployment" | "StatefulSet" | "ReplicaSet" | "DaemonSet" => replicas(expect, kind, object),
        _ => condition(if expect == Expect::Available { "Available" } else { "Ready" }, object),
    }
}

fn replicas(expect: Expect, kind: &str, object: &Value) -> Result<(), Judged> {
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_u64);
    let generation = number("/metadata/generation").unwrap_or(0);
    if number("/status/observedGeneration").unwrap_or(0) < generation {
        return Err(Judged::Not("its controller has not seen the latest change".to_owned()));
    }
    let daemon = kind == "DaemonSet";
    let wanted = if daemon { number("/status/desiredNumberScheduled").unwrap_or(0) } else { number("/spec/replicas").unwrap_or(1) };
    // nothing that serves is no proof of anything
    if wanted == 0 {
        return Err(Judged::Unknown(if daemon { "no node takes it" } else { "it is scaled to 0" }.to_owned()));
    }
    let updated = if daemon { number("/status/updatedNumberScheduled") } else { number("/status/updatedReplicas") };
    let counts = match (daemon, expect) {
        (true, Expect::Available) => "/status/numberAvailable",
        (true, _) => "/status/numberReady",
        (false, Expect::Available) => "/status/availableReplicas",
        (false, _) => "/status/readyReplicas",
    };
    let have = number(counts).unwrap_or(0);
    if kind != "ReplicaSet" && updated.unwrap_or(0) < wanted {
        return Err(Judged::Not(format!("{} of {wanted} are of the current version", updated.unwrap_or(0))));
    }
    // a pod of the version before that still serves counts as available too
    let old = number("/status/replicas").unwrap_or(0).saturating_sub(updated.unwrap_or(0));
    if !daemon && kind != "ReplicaSet" && old > 0 {
        return Err(Judged::Not(format!("{old} of an older version are still there")));
    }
    if have < wanted { Err(Judged::Not(format!("{have} of {wanted}"))) } else { Ok(()) }
}

fn condition(name: &str, object: &Value) -> Result<(), Judged> {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some(condition) = conditions.iter().find(|condition| condition.get("type").and_then(Value::as_str) == Some(name)) else {
        return Err(Judged::Unknown(format!("no condition {name} yet")));
    };
    let field = |key: &str| condition.get(key).and_then(Value::as_str).unwrap_or_default();
    match field("status") {
        "True" => Ok(()),
        "False" => {
            let why = if field("message").is_empty() { field("reason") } else { field("message") };
            Err(Judged::Not(crate::support::http::short(if why.is_empty() { "it does not say why" } else { why })))
        }
        _ => Err(Judged::Unknown(format!("condition {name} is unknown"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(expect: Expect, kind: &str, object: &Value, want: &str) {
        let have = match judge(expect, kind, object) {
            Ok(()) => "yes".to_owned(),
            Err(Judged::Not(why)) => format!("no: {why}"),
            Err(Judged::Unknown(why)) => format!("unknown: {why}"),
        };
        assert_eq!(have, want);
    }

    #[test]
    fn workloads_are_available_only_with_all_replicas_of_the_current_version() {
        let deployment = |generation: u64, updated: u64, available: u64| {
            json!({"metadata": {"generation": generation}, "spec": {"replicas": 2},
                   "status": {"observedGeneration": 3, "updatedReplicas": updated, "availableReplicas": available, "readyReplicas": 2}})
        };
        check(Expect::Available, "Deployment", &deployment(3, 2, 2), "yes");
        check(Expect::Available, "Deployment", &deployment(3, 2, 1), "no: 1 of 2");
        check(Expect::Ready, "Deployment", &deployment(3, 2, 1), "yes");
        check(Expect::Available, "Deployment", &deployment(3, 1, 2), "no: 1 of 2 are of the current version");
        check(Expect::Available, "Deployment", &deployment(4, 2, 2), "no: its controller has not seen the latest change");
        check(Expect::Available, "Deployment", &json!({"spec": {"replicas": 0}}), "unknown: it is scaled to 0");
        check(Expect::Available, "Deployment", &json!({}), "no: 0 of 1 are of the current version");
        check(Expect::Available, "DaemonSet", &json!({"status": {"desiredNumberScheduled": 0}}), "unknown: no node takes it");
    }

    #[test]
    fn other_kinds_are_judged_by_their_condition() {
        let with = |status: &str| json!({"status": {"conditions": [{"type": "Available", "status": status, "message": "no endpoints"}]}});
        check(Expect::Available, "APIService", &with("True"), "yes");
        check(Expect::Available, "APIService", &with("False"), "no: no endpoints");
        check(Expect::Available, "APIService", &with("Unknown"), "unknown: condition Available is unknown");
        check(Expect::Ready, "Node", &with("True"), "unknown: no condition Ready yet");
        check(Expect::Bound, "PersistentVolumeClaim", &json!({"status": {"phase": "Pending"}}), "no: its phase is Pending");
        check(Expect::Exists, "Secret", &json!({"metadata": {"deletionTimestamp": "now"}}), "no: it is being deleted");
    }
}
