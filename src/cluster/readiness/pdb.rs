//! PodDisruptionBudget: its controller has counted the pods. That none may be evicted right now is what it is for.

use super::judgement::{Judgement, State, condition, words};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    match condition(object, "DisruptionAllowed") {
        State::Not(condition) if condition["reason"] == "SyncFailed" => Judgement::InProgress(words(condition)),
        _ => Judgement::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_count_that_failed_is_waited_for() {
        let with =
            |reason: &str| judge(&json!({"status": {"conditions": [{"type": "DisruptionAllowed", "status": "False", "reason": reason}]}}));
        assert_eq!(with("InsufficientPods"), Judgement::Ready);
        assert_eq!(with("SyncFailed"), Judgement::InProgress("SyncFailed".into()));
    }
}
