//! StatefulSet: every ordinal at or above the partition is of the new revision, all are ready. With `OnDelete` updating is a person's business.

use super::judgement::{Judgement, count};
use crate::cluster::object::at;
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1);
    let ready = count(object, "readyReplicas");
    if ready < wanted {
        let next = (0..wanted).nth(usize::try_from(ready).unwrap_or(0)).unwrap_or(0);
        return Judgement::InProgress(format!("{ready} of {wanted} pods are ready (ordinal {next} is next, when they start in order)"));
    }
    if count(object, "replicas") > wanted {
        return Judgement::InProgress(format!("{} pods too many are still there", count(object, "replicas") - wanted));
    }
    let strategy = &object["spec"]["updateStrategy"];
    if strategy["type"] == "OnDelete" {
        return Judgement::Ready;
    }
    let partition = at(strategy, &["rollingUpdate", "partition"]).as_i64().unwrap_or(0);
    let revision = |name: &str| object["status"][name].as_str().unwrap_or_default().to_owned();
    let updated = count(object, "updatedReplicas");
    let behind = revision("currentRevision") != revision("updateRevision");
    if behind && updated < wanted - partition {
        return Judgement::InProgress(format!("{updated} of {} pods are of the new revision", wanted - partition));
    }
    if behind && partition == 0 && count(object, "currentReplicas") < wanted {
        return Judgement::InProgress("the new revision is not current yet".to_owned());
    }
    Judgement::Ready
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
        check(json!({"replicas": 3}), json!({"replicas": 1, "readyReplicas": 1}), "InProgress(\"1 of 3 pods are ready (ordinal 1");
        check(json!({"replicas": 1}), json!({"replicas": 1, "readyReplicas": 1, "currentRevision": "a", "updateRevision": "a"}), "Ready");
        check(
            json!({"replicas": 2}),
            json!({"replicas": 2, "readyReplicas": 2, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"}),
            "InProgress(\"1 of 2 pods are of the new revision",
        );
        check(
            json!({"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}}),
            json!({"replicas": 2, "readyReplicas": 2, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"}),
            "Ready",
        );
        check(
            json!({"replicas": 1, "updateStrategy": {"type": "OnDelete"}}),
            json!({"replicas": 1, "readyReplicas": 1, "currentRevision": "a", "updateRevision": "b"}),
            "Ready",
        );
        check(json!({"replicas": 0}), json!({}), "Ready");
    }
}
