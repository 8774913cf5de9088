//! ReplicaSet and ReplicationController: as many pods as asked for, all available.

use super::judgement::{Judgement, condition, count, wanted, words};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    if let Some(failure) = condition(object, "ReplicaFailure").holds() {
        return Judgement::InProgress(format!("pods cannot be made: {}", words(failure)));
    }
    let wanted = wanted(object);
    for (name, text) in [("replicas", "are there"), ("readyReplicas", "are ready"), ("availableReplicas", "are available")] {
        if count(object, name) < wanted {
            return Judgement::InProgress(format!("{} of {wanted} pods {text}", count(object, name)));
        }
    }
    match count(object, "replicas") - wanted {
        0 => Judgement::Ready,
        more => Judgement::InProgress(format!("{more} pods too many are still there")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn neither_too_few_nor_too_many() {
        let set = |wanted: i64, there: i64, available: i64| {
            judge(
                &json!({"spec": {"replicas": wanted}, "status": {"replicas": there, "readyReplicas": there, "availableReplicas": available}}),
            )
        };
        assert_eq!(set(2, 2, 2), Judgement::Ready);
        assert_eq!(set(0, 0, 0), Judgement::Ready);
        assert_eq!(set(2, 2, 1), Judgement::InProgress("1 of 2 pods are available".into()));
        assert_eq!(set(1, 2, 2), Judgement::InProgress("1 pods too many are still there".into()));
    }
}
