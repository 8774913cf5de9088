//! PersistentVolumeClaim: bound. One whose class waits for the first consumer is bound only after a pod came, so by itself it is no failure.

use super::judgement::Judgement;
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    match object["status"]["phase"].as_str() {
        Some("Bound") => Judgement::Ready,
        Some("Lost") => Judgement::Failed("its volume is lost".to_owned()),
        _ => Judgement::InProgress("no volume is bound yet".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bound_is_ready_and_lost_is_failed() {
        assert_eq!(judge(&json!({"status": {"phase": "Bound"}})), Judgement::Ready);
        assert!(matches!(judge(&json!({"status": {"phase": "Lost"}})), Judgement::Failed(_)));
        assert!(matches!(judge(&json!({})), Judgement::InProgress(_)));
    }
}
