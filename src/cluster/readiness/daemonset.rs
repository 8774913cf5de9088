//! DaemonSet: a pod of the new template is available on every node it belongs on. No such node counts as ready.

use super::judgement::{Judgement, count};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    let Some(wanted) = object["status"]["desiredNumberScheduled"].as_i64() else {
        return Judgement::InProgress("its controller has not counted the nodes yet".to_owned());
    };
    let steps = [
        ("currentNumberScheduled", "have a pod"),
        ("updatedNumberScheduled", "have a pod of the new template"),
        ("numberReady", "have a ready pod"),
        ("numberAvailable", "have an available pod"),
    ];
    for (name, words) in steps {
        // with OnDelete old pods stay until a person deletes them
        if name == "updatedNumberScheduled" && object["spec"]["updateStrategy"]["type"] == "OnDelete" {
            continue;
        }
        if count(object, name) < wanted {
            return Judgement::InProgress(format!("{} of {wanted} nodes {words}", count(object, name)));
        }
    }
    Judgement::Ready
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_node_counts() {
        let status = |available: i64| {
            json!({"status": {"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2,
                "numberAvailable": available}})
        };
        assert_eq!(judge(&status(2)), Judgement::Ready);
        assert_eq!(judge(&status(1)), Judgement::InProgress("1 of 2 nodes have an available pod".into()));
        assert_eq!(judge(&json!({"status": {"desiredNumberScheduled": 0}})), Judgement::Ready);
        assert!(matches!(judge(&json!({"status": {"observedGeneration": 1}})), Judgement::InProgress(_)));
    }
}
