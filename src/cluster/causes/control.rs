//! What a workload's controller says: pods that may not be made, Jobs that failed, rollouts that ran out of time.

use super::cause::{Cause, Scene, last_seen, short};
use super::table::{self, Kind};
use serde_json::Value;

pub fn of_owner(scene: &Scene<'_>) -> Vec<Cause> {
    let mut found = Vec::new();
    found.extend(pods_refused(scene));
    let condition = |kind: &str, reason: Option<&str>| {
        scene.live["status"]["conditions"].as_array()?.iter().find(|condition| {
            condition["type"] == kind && reason.map_or(condition["status"] == "True", |reason| condition["reason"] == reason)
        })
    };
    if scene.object.kind == "Job"
        && let Some(failed) = condition("Failed", None)
    {
        let last = scene.logs.values().find_map(|log| log.lines().map(str::trim).rfind(|line| !line.is_empty()));
        let last = last.map(|line| format!("; it said: {}", short(line))).unwrap_or_default();
        let reason = failed["reason"].as_str().unwrap_or("no reason");
        found.push(told(&table::JOB_FAILED, scene, failed["message"].as_str().unwrap_or_default(), &[("reason", reason), ("last", &last)]));
    }
    if scene.object.kind == "Deployment"
        && let Some(deadline) = condition("Progressing", Some("ProgressDeadlineExceeded"))
    {
        found.push(told(&table::OUT_OF_TIME, scene, deadline["message"].as_str().unwrap_or_default(), &[]));
    }
    found
}

/// A cause about the controller itself.
fn told(kind: &Kind, scene: &Scene<'_>, said: &str, more: &[(&str, &str)]) -> Cause {
    let (object, said) = (scene.object.to_string(), short(said));
    let mut values = vec![("object", object.as_str()), ("said", said.as_str())];
    values.extend_from_slice(more);
    kind.cause(scene.object, &values)
}

/// Pods that the API server refused to the controller: quota, policy, pod security, a webhook that is down.
fn pods_refused(scene: &Scene<'_>) -> Option<Cause> {
    let from_status = scene.live["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|c| c["type"] == "ReplicaFailure" && c["status"] == "True")
        .and_then(|c| c["message"].as_str());
    // an old event says nothing once pods are there
    let from_events = || {
        if scene.pods.is_empty() { scene.said(&scene.object.kind, &scene.object.name, &["FailedCreate"]).first().copied() } else { None }
    };
    let message = from_status.or_else(from_events)?;
    let lower = message.to_lowercase();
    let kind = if lower.contains("exceeded quota") {
        &table::QUOTA
    } else if lower.contains("failed calling webhook") {
        &table::WEBHOOK_DOWN
    } else if lower.contains("serviceaccount") && lower.contains("not found") {
        &table::NO_ACCOUNT
    } else if lower.contains("podsecurity") {
        &table::POD_SECURITY
    } else {
        &table::PODS_REFUSED
    };
    let quota = message.split_once("exceeded quota: ").and_then(|(_, rest)| rest.split(',').next());
    let by = quota.map(|name| format!(" ({name})")).unwrap_or_default();
    Some(Cause { reported: Some(last_refusal(scene)), ..told(kind, scene, message, &[("by", &by)]) })
}

/// When pods were last refused to the controller, or to the ReplicaSets of a Deployment; empty when no event tells.
fn last_refusal(scene: &Scene<'_>) -> String {
    let name = scene.object.name.as_str();
    let of_it = |event: &&&Value| {
        let about = event["involvedObject"]["name"].as_str().unwrap_or_default();
        event["reason"] == "FailedCreate" && about.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    scene.events.iter().filter(of_it).map(|event| last_seen(event)).max().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::cause::Patience;
    use super::*;
    use crate::cluster::object::ObjectRef;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn causes(live: &Value, events: &[&Value], log: &str) -> Vec<Cause> {
        let reference = ObjectRef::of(live).unwrap();
        let logs = BTreeMap::from([(("p".to_owned(), "c".to_owned()), log.to_owned())]);
        of_owner(&Scene { events, logs: &logs, ..Scene::of(&reference, live) })
    }

    #[test]
    fn quota_is_told_from_the_condition_and_from_events() {
        let message = "pods \"d-1\" is forbidden: exceeded quota: small, requested: cpu=2, used: cpu=1, limited: cpu=1";
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "n"},
            "status": {"conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}]}});
        let found = causes(&deployment, &[], "");
        assert_eq!(found[0].id, "LAB-QUOTA-001");
        assert!(found[0].sentence.contains("used up (small):"), "{}", found[0].sentence);
        let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "s", "namespace": "n"}});
        let event = json!({"involvedObject": {"kind": "StatefulSet", "name": "s"}, "reason": "FailedCreate", "message": message});
        assert_eq!(causes(&set, &[&event], "")[0].id, "LAB-QUOTA-001");
        let at = |name: &str, time: &str| json!({"involvedObject": {"kind": "ReplicaSet", "name": name}, "reason": "FailedCreate", "message": message, "lastTimestamp": time});
        let events =
            [at("d-5c5db479d8", "2026-01-01T00:00:10Z"), at("d-5c5db479d8", "2026-01-01T00:00:30Z"), at("dd-1", "2026-01-01T00:00:50Z")];
        let found = causes(&deployment, &events.iter().collect::<Vec<_>>(), "");
        assert_eq!(found[0].reported.as_deref(), Some("2026-01-01T00:00:30Z"));
    }

    #[test]
    fn a_failed_job_says_its_last_line() {
        let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "n"}, "status": {"conditions": [
            {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"}]}});
        let found = causes(&job, &[], "start\nno such table\n\n");
        assert_eq!((found[0].id, found[0].patience), ("LAB-JOB-001", Patience::Now));
        assert!(found[0].sentence.contains("no such table") && found[0].sentence.contains("BackoffLimitExceeded"));
    }
}
