//! What a workload's controller says: pods that may not be made, Jobs that failed, rollouts that ran out of time.

use super::cause::{Cause, Patience, Scene, short};
use std::time::Duration;

const REFUSED: Duration = Duration::from_secs(20);

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
        found.push(Cause {
            id: "LAB-JOB-001",
            object: scene.object.clone(),
            sentence: format!(
                "{} failed: {} ({}){}",
                scene.object,
                short(failed["message"].as_str().unwrap_or_default()),
                failed["reason"].as_str().unwrap_or("no reason"),
                last.map(|line| format!("; it said: {}", short(line))).unwrap_or_default()
            ),
            fix: "read the log of its pods, correct the cause, then delete the Job and run again".to_owned(),
            patience: Patience::Now,
        });
    }
    if scene.object.kind == "Deployment"
        && let Some(deadline) = condition("Progressing", Some("ProgressDeadlineExceeded"))
    {
        found.push(Cause {
            id: "LAB-ROLLOUT-001",
            object: scene.object.clone(),
            sentence: format!("{} made no progress: {}", scene.object, short(deadline["message"].as_str().unwrap_or_default())),
            fix: "look at its pods; raise progressDeadlineSeconds if it is only slow".to_owned(),
            patience: Patience::Now,
        });
    }
    found
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
    let (id, what, fix, patience) = if lower.contains("exceeded quota") {
        ("LAB-QUOTA-001", "the namespace's quota is used up", "raise the quota or lower the requests", Patience::After(REFUSED))
    } else if lower.contains("failed calling webhook") {
        (
            "LAB-WEBHOOK-001",
            "an admission webhook cannot be reached",
            "look at the webhook's pods; they may still be coming up",
            Patience::Hold,
        )
    } else if lower.contains("serviceaccount") && lower.contains("not found") {
        ("LAB-ACCOUNT-001", "its service account is not there", "create the ServiceAccount, or correct its name", Patience::After(REFUSED))
    } else if lower.contains("podsecurity") {
        (
            "LAB-SECURITY-001",
            "the namespace's pod security level forbids it",
            "change the pod, or the namespace's label",
            Patience::After(REFUSED),
        )
    } else {
        ("LAB-PODS-001", "the API server refuses them", "change what the message names", Patience::After(REFUSED))
    };
    let quota = message.split_once("exceeded quota: ").and_then(|(_, rest)| rest.split(',').next());
    let by = quota.map(|name| format!(" ({name})")).unwrap_or_default();
    Some(Cause {
        id,
        object: scene.object.clone(),
        sentence: format!("{} gets no pods, {what}{by}: {}", scene.object, short(message)),
        fix: fix.to_owned(),
        patience,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::object::ObjectRef;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn causes(live: &Value, events: &[&Value], log: &str) -> Vec<Cause> {
        let reference = ObjectRef::of(live).unwrap();
        let logs = BTreeMap::from([(("p".to_owned(), "c".to_owned()), log.to_owned())]);
        of_owner(&Scene { object: &reference, live, pods: &[], events, claims: &[], logs: &logs })
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
