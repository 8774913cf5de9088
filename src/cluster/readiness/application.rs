//! Argo CD's Application: what it wants is what was compared, it is in sync and healthy, and nothing is under way. Only then are both verdicts about
//! the present source; right after a change they are still about the one before.

use super::judgement::Judgement;
use crate::cluster::object::{at, is_empty};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    let not_yet = |text: String| Judgement::InProgress(text);
    let status = &object["status"];
    if !status["sync"]["status"].is_string() {
        return not_yet("Argo CD has not looked at it yet".to_owned());
    }
    let operation = &status["operationState"];
    let phase = operation["phase"].as_str().unwrap_or_default();
    if object["operation"].is_object() || matches!(phase, "Running" | "Terminating") {
        return not_yet(format!("a sync is under way: {}", operation["message"].as_str().unwrap_or("it has just begun")));
    }
    if !compared(object) {
        return not_yet("its last comparison is about another source".to_owned());
    }
    let conditions = status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let error = conditions.iter().find(|condition| condition["type"].as_str().is_some_and(|kind| kind.ends_with("Error")));
    let said = || error.and_then(|error| error["message"].as_str()).map(|text| format!(": {text}")).unwrap_or_default();
    let sync = status["sync"]["status"].as_str().unwrap_or_default();
    if sync != "Synced" {
        if matches!(phase, "Failed" | "Error") {
            return Judgement::Failed(format!("the last sync failed: {}", operation["message"].as_str().unwrap_or("no reason given")));
        }
        return not_yet(format!("it is {sync}{}", said()));
    }
    match at(status, &["health", "status"]).as_str() {
        Some("Healthy") => Judgement::Ready,
        Some(other) => not_yet(format!("its health is {other}{}", said())),
        None => not_yet(format!("its health is not known yet{}", said())),
    }
}

/// Whether the last comparison was of the source that the Application has now.
fn compared(object: &Value) -> bool {
    let (spec, to) = (&object["spec"], at(object, &["status", "sync", "comparedTo"]));
    let several = if is_empty(&spec["sources"]) { "source" } else { "sources" };
    same(&spec[several], &to[several])
}

/// Equal but for what is empty: Argo CD leaves that out when it copies.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let all_of = |of: &serde_json::Map<String, Value>, other: &serde_json::Map<String, Value>| {
                of.iter().all(|(name, value)| same(value, other.get(name).unwrap_or(&Value::Null)))
            };
            all_of(left, right) && all_of(right, left)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        _ => left == right || (blank(left) && blank(right)),
    }
}

fn blank(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => !truth,
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.values().all(blank),
        other => is_empty(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn application(revision: &str, sync: &str, health: &str, phase: &str) -> Value {
        json!({"spec": {"source": {"repoURL": "u", "path": "p", "targetRevision": "v2", "directory": {"recurse": false}}},
            "status": {"sync": {"status": sync, "comparedTo": {"source": {"repoURL": "u", "path": "p", "targetRevision": revision}}},
                "health": {"status": health}, "operationState": {"phase": phase, "message": "m"}}})
    }

    #[test]
    fn verdicts_on_the_source_before_do_not_count() {
        assert_eq!(judge(&application("v2", "Synced", "Healthy", "Succeeded")), Judgement::Ready);
        assert!(matches!(judge(&application("v1", "Synced", "Healthy", "Succeeded")), Judgement::InProgress(_)));
    }

    #[test]
    fn table() {
        assert!(matches!(judge(&json!({"spec": {"source": {}}})), Judgement::InProgress(_)));
        assert!(matches!(judge(&application("v2", "Synced", "Healthy", "Running")), Judgement::InProgress(_)));
        assert!(matches!(judge(&application("v2", "Synced", "Degraded", "Succeeded")), Judgement::InProgress(_)));
        assert!(matches!(judge(&application("v2", "OutOfSync", "Healthy", "Succeeded")), Judgement::InProgress(_)));
        assert_eq!(judge(&application("v2", "OutOfSync", "Missing", "Failed")), Judgement::Failed("the last sync failed: m".into()));
        let mut asked = application("v2", "Synced", "Healthy", "Succeeded");
        asked["operation"] = json!({"sync": {}});
        assert!(matches!(judge(&asked), Judgement::InProgress(_)));
    }

    #[test]
    fn several_sources_are_compared_in_order() {
        let with = |compared: Value| {
            json!({"spec": {"sources": [{"repoURL": "a"}, {"repoURL": "b"}]}, "status": {"health": {"status": "Healthy"},
                "sync": {"status": "Synced", "comparedTo": {"source": {"repoURL": ""}, "sources": compared}}}})
        };
        assert_eq!(judge(&with(json!([{"repoURL": "a"}, {"repoURL": "b"}]))), Judgement::Ready);
        assert!(matches!(judge(&with(json!([{"repoURL": "b"}, {"repoURL": "a"}]))), Judgement::InProgress(_)));
    }
}
