//! StatefulSet: every ordinal at or above the partition is of the new revision, all are ready. With `OnDelete` updating is a person's business.

use super::judgement::{Judgement, count, wanted};
use crate::cluster::object::at;
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    let wanted = wanted(object);
    let not_yet = |text: String| Judgement::InProgress(text);
    let [there, ready, available, updated] =
        ["replicas", "readyReplicas", "availableReplicas", "updatedReplicas"].map(|name| count(object, name));
    if there < wanted || ready < wanted {
        return not_yet(format!("{} of {wanted} pods are ready{}", ready.min(there), next_ordinal(object, ready.min(there))));
    }
    if there > wanted {
        return not_yet(format!("{} pods too many are still there", there - wanted));
    }
    // only then does available differ from ready
    if object["spec"]["minReadySeconds"].as_i64().unwrap_or(0) > 0 && available < wanted {
        return not_yet(format!("{available} of {wanted} pods have been ready for minReadySeconds"));
    }
    let strategy = &object["spec"]["updateStrategy"];
    if strategy["type"] == "OnDelete" {
        return Judgement::Ready;
    }
    let partition = at(strategy, &["rollingUpdate", "partition"]).as_i64().unwrap_or(0);
    if updated < wanted - partition {
        return not_yet(format!("{updated} of {} pods are of the new revision", wanted - partition));
    }
    if partition <= 0 && object["status"]["currentRevision"] != object["status"]["updateRevision"] {
        return not_yet("the new revision is not current yet".to_owned());
    }
    Judgement::Ready
}

/// Which pod is waited for, where pods come one after the other.
fn next_ordinal(object: &Value, ready: i64) -> String {
    if object["spec"]["podManagementPolicy"] == "Parallel" {
        return String::new();
    }
    let first = at(object, &["spec", "ordinals", "start"]).as_i64().unwrap_or(0);
    let name = object["metadata"]["name"].as_str().unwrap_or("its pod");
    format!(", {name}-{} is next", first.saturating_add(ready))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "tables read better without a reference on each value")]
    #[track_caller]
    fn check(spec: Value, status: Value, wanted: &str) {
        let got = judge(&json!({"metadata": {"name": "db"}, "spec": spec, "status": status}));
        assert!(format!("{got:?}").starts_with(wanted), "{got:?}");
    }

    #[test]
    fn table() {
        check(json!({"replicas": 3}), json!({"replicas": 2, "readyReplicas": 1}), "InProgress(\"1 of 3 pods are ready, db-1 is next");
        check(
            json!({"replicas": 3, "ordinals": {"start": 5}}),
            json!({"replicas": 2, "readyReplicas": 1}),
            "InProgress(\"1 of 3 pods are ready, db-6 is next",
        );
        let status = |updated: i64, current: &str| json!({"replicas": 2, "readyReplicas": 2, "updatedReplicas": updated, "currentRevision": current, "updateRevision": "b"});
        check(json!({"replicas": 2}), status(2, "b"), "Ready");
        check(json!({"replicas": 2}), status(1, "a"), "InProgress(\"1 of 2 pods are of the new revision");
        check(json!({"replicas": 2}), status(2, "a"), "InProgress(\"the new revision is not current");
        check(json!({"replicas": 1}), status(2, "b"), "InProgress(\"1 pods too many");
        check(json!({"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}}), status(1, "a"), "Ready");
        check(json!({"replicas": 2, "updateStrategy": {"type": "OnDelete"}}), status(0, "a"), "Ready");
        check(json!({"replicas": 2, "minReadySeconds": 5}), status(2, "b"), "InProgress(\"0 of 2 pods have been ready");
        check(json!({"replicas": 0}), json!({}), "Ready");
    }
}
