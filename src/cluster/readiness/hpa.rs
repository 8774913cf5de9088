//! HorizontalPodAutoscaler: it reads its metrics and may scale. One whose workload is scaled to nothing rests.

use super::judgement::{Judgement, State, condition_of};
use serde_json::Value;

/// Where version 1 keeps what later versions have as conditions.
const OLD_CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";

pub fn judge(object: &Value) -> Judgement {
    let old: Option<Value> = object["metadata"]["annotations"][OLD_CONDITIONS].as_str().and_then(|text| serde_json::from_str(text).ok());
    let conditions = old.as_ref().unwrap_or(&object["status"]["conditions"]);
    let condition = |kind: &str| condition_of(conditions, kind, &object["metadata"]["generation"]);
    if let Some(not_yet) = condition("AbleToScale").lacks("its controller has not looked at it yet") {
        return not_yet;
    }
    match condition("ScalingActive") {
        State::Not(condition) if condition["reason"] == "ScalingDisabled" => Judgement::Ready,
        state => state.lacks("it has read no metrics yet").unwrap_or(Judgement::Ready),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metrics_are_needed_unless_there_is_nothing_to_scale() {
        let with = |active: &str, reason: &str| json!([{"type": "AbleToScale", "status": "True"}, {"type": "ScalingActive", "status": active, "reason": reason}]);
        let new = |conditions: &Value| judge(&json!({"status": {"conditions": conditions}}));
        assert_eq!(new(&with("True", "ValidMetricFound")), Judgement::Ready);
        assert_eq!(new(&with("False", "ScalingDisabled")), Judgement::Ready);
        assert_eq!(new(&with("False", "FailedGetResourceMetric")), Judgement::InProgress("FailedGetResourceMetric".into()));
        assert!(matches!(new(&json!([])), Judgement::InProgress(_)));
        let old = |conditions: &Value| judge(&json!({"metadata": {"annotations": {OLD_CONDITIONS: conditions.to_string()}}}));
        assert_eq!(old(&with("True", "ValidMetricFound")), Judgement::Ready);
        assert!(matches!(old(&with("False", "FailedGetScale")), Judgement::InProgress(_)));
    }
}
