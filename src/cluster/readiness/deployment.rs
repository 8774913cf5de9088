//! Deployment: every replica is of the new template, none of the old and none too many is left, all are available. Paused counts as done; the
//! controller's own progress deadline is a failure.

use super::judgement::{Judgement, condition, count, wanted, words};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    if object["spec"]["paused"] == true {
        return Judgement::Ready;
    }
    if let Some(deadline) = out_of_time(object) {
        return Judgement::Failed(words(deadline));
    }
    let wanted = wanted(object);
    let [replicas, updated, ready, available] =
        ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"].map(|name| count(object, name));
    let not_yet = |text: String| Judgement::InProgress(text);
    if updated < wanted {
        if let Some(failure) = condition(object, "ReplicaFailure").holds() {
            return not_yet(format!("pods cannot be made: {}", words(failure)));
        }
        return not_yet(format!("{updated} of {wanted} pods are of the new template"));
    }
    if replicas > updated {
        return not_yet(format!("{} pods of the old template are still there", replicas - updated));
    }
    if replicas > wanted {
        return not_yet(format!("{} pods too many are still there", replicas - wanted));
    }
    if ready < wanted {
        return not_yet(format!("{ready} of {wanted} pods are ready"));
    }
    if available < wanted {
        return not_yet(format!("{available} of {wanted} pods are available"));
    }
    if wanted == 0 {
        return Judgement::Ready;
    }
    condition(object, "Available").lacks("its controller has not called it available yet").unwrap_or(Judgement::Ready)
}

/// The condition with which a controller gives up on a rollout.
pub(super) fn out_of_time(object: &Value) -> Option<&Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == "Progressing" && condition["reason"] == "ProgressDeadlineExceeded")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "tables read better without a reference on each value")]
    #[track_caller]
    fn check(spec: Value, status: Value, wanted: &str) {
        let got = judge(&json!({"spec": spec, "status": status}));
        assert!(format!("{got:?}").starts_with(wanted), "{got:?}");
    }

    #[test]
    fn table() {
        let available = json!([{"type": "Available", "status": "True"}]);
        let all = json!({"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2, "conditions": available});
        check(json!({"replicas": 2}), all.clone(), "Ready");
        check(json!({"replicas": 3}), all.clone(), "InProgress(\"2 of 3 pods are of the new");
        check(json!({"replicas": 1}), all, "InProgress(\"1 pods too many");
        check(
            json!({"replicas": 1}),
            json!({"replicas": 2, "updatedReplicas": 1, "readyReplicas": 2, "availableReplicas": 2}),
            "InProgress(\"1 pods of the old",
        );
        check(
            json!({"replicas": 2}),
            json!({"replicas": 2, "updatedReplicas": 2, "readyReplicas": 1}),
            "InProgress(\"1 of 2 pods are ready",
        );
        check(
            json!({}),
            json!({"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}),
            "InProgress(\"its controller has not called",
        );
        check(json!({"replicas": 0}), json!({}), "Ready");
        check(json!({}), json!({}), "InProgress");
        check(json!({"paused": true, "replicas": 2}), json!({}), "Ready");
        check(
            json!({"replicas": 1}),
            json!({"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "m"}]}),
            "Failed",
        );
        check(
            json!({"replicas": 1}),
            json!({"conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: q"}]}),
            "InProgress(\"pods cannot be made: FailedCreate: exceeded quota",
        );
    }
}
