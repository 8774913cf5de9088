//! Job: complete is ready, failed is failed, running is in progress. A suspended Job is done until somebody resumes it.

use super::judgement::{Judgement, condition, count, words};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    if condition(object, "Complete").holds().is_some() {
        return Judgement::Ready;
    }
    if let Some(failed) = condition(object, "Failed").holds() {
        return Judgement::Failed(words(failed));
    }
    if object["spec"]["suspend"] == true {
        return Judgement::Ready;
    }
    let wanted = object["spec"]["completions"].as_i64().unwrap_or(1);
    Judgement::InProgress(format!("{} of {wanted} runs succeeded, {} failed", count(object, "succeeded"), count(object, "failed")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_running_job_is_not_ready() {
        let with = |kind: &str| json!({"status": {"conditions": [{"type": kind, "status": "True", "reason": "r"}]}});
        assert_eq!(judge(&with("Complete")), Judgement::Ready);
        assert_eq!(judge(&with("Failed")), Judgement::Failed("r".into()));
        assert!(matches!(judge(&with("SuccessCriteriaMet")), Judgement::InProgress(_)));
        assert!(matches!(judge(&json!({"status": {"active": 1}})), Judgement::InProgress(_)));
        assert_eq!(judge(&json!({"spec": {"suspend": true}})), Judgement::Ready);
    }
}
