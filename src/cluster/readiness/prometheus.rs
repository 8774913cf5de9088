//! Prometheus operator: servers that are reconciled and available, with every pod of the new template; configuration that no server refuses.

use super::judgement::{Judgement, condition, condition_of, count};
use serde_json::Value;

/// Prometheus, its agent, Alertmanager, Thanos ruler.
pub fn server(object: &Value) -> Judgement {
    if object["spec"]["paused"] == true {
        return Judgement::Ready;
    }
    let needed = [("Reconciled", "the operator has not looked at it yet"), ("Available", "the operator has not counted its pods yet")];
    if let Some(not_yet) = needed.into_iter().find_map(|(kind, absent)| condition(object, kind).lacks(absent)) {
        return not_yet;
    }
    let (replicas, updated) = (count(object, "replicas"), count(object, "updatedReplicas"));
    if updated < replicas {
        return Judgement::InProgress(format!("{updated} of {replicas} pods are of the new template"));
    }
    Judgement::Ready
}

/// Monitors, rules and the like. Newer operators say which server took them.
pub fn configuration(object: &Value) -> Judgement {
    for binding in object["status"]["bindings"].as_array().into_iter().flatten() {
        let accepted = condition_of(&binding["conditions"], "Accepted", &object["metadata"]["generation"]);
        if let Some(Judgement::InProgress(why)) = accepted.objects() {
            return Judgement::InProgress(format!("{} does not take it: {why}", binding["name"].as_str().unwrap_or_default()));
        }
    }
    Judgement::Ready
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn available_is_not_enough_while_pods_are_old() {
        let with = |available: &str, updated: i64| {
            server(&json!({"status": {"replicas": 2, "updatedReplicas": updated, "conditions": [{"type": "Reconciled", "status": "True"},
                {"type": "Available", "status": available, "reason": "SomePodsNotReady"}]}}))
        };
        assert_eq!(with("True", 2), Judgement::Ready);
        assert_eq!(with("True", 1), Judgement::InProgress("1 of 2 pods are of the new template".into()));
        assert_eq!(with("Degraded", 2), Judgement::InProgress("SomePodsNotReady".into()));
        assert!(matches!(server(&json!({})), Judgement::InProgress(_)));
    }

    #[test]
    fn configuration_is_ready_unless_refused() {
        assert_eq!(configuration(&json!({})), Judgement::Ready);
        let refused = json!({"status": {"bindings": [{"name": "main", "conditions": [{"type": "Accepted", "status": "False", "reason": "InvalidRule"}]}]}});
        assert_eq!(configuration(&refused), Judgement::InProgress("main does not take it: InvalidRule".into()));
    }
}
