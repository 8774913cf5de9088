//! Pod: running with every container ready, or ended well. A pod that ended badly has failed. What still tries is in progress: how long that makes
//! sense is for the causes to say, since they know why.

use super::judgement::{Judgement, State, condition, words};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    match object["status"]["phase"].as_str() {
        Some("Succeeded") => Judgement::Ready,
        Some("Failed") => Judgement::Failed(format!("it ended: {}", words(&object["status"]))),
        Some("Running") => condition(object, "Ready").lacks("its containers have not reported yet").unwrap_or(Judgement::Ready),
        _ => match condition(object, "PodScheduled") {
            State::Not(scheduled) => Judgement::InProgress(words(scheduled)),
            _ => Judgement::InProgress("it has not started yet".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn running_is_not_ready() {
        let pod = |phase: &str, ready: &str| json!({"status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]}});
        assert_eq!(judge(&pod("Running", "True")), Judgement::Ready);
        assert!(matches!(judge(&pod("Running", "False")), Judgement::InProgress(_)));
        assert_eq!(judge(&pod("Succeeded", "False")), Judgement::Ready);
        assert!(matches!(judge(&pod("Failed", "False")), Judgement::Failed(_)));
        assert!(matches!(judge(&json!({})), Judgement::InProgress(_)));
    }
}
