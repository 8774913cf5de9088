//! Pod: running with every container ready, or ended well. A pod that is to run on and failed has failed.

use super::judgement::{Judgement, condition, words};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    match object["status"]["phase"].as_str() {
        Some("Succeeded") => Judgement::Ready,
        Some("Failed") => Judgement::Failed(format!("it ended: {}", words(&object["status"]))),
        Some("Running") => match condition(object, "Ready") {
            Some(ready) if ready["status"] == "True" => Judgement::Ready,
            Some(ready) => Judgement::InProgress(words(ready)),
            None => Judgement::InProgress("its containers have not reported yet".to_owned()),
        },
        _ => match condition(object, "PodScheduled").filter(|c| c["status"] == "False") {
            Some(scheduled) => Judgement::InProgress(words(scheduled)),
            None => Judgement::InProgress("it has not started yet".to_owned()),
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
