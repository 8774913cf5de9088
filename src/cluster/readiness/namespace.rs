//! Namespace: active. Its default ServiceAccount follows a moment later; who creates pods retries until it is there.

use super::judgement::Judgement;
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    match object["status"]["phase"].as_str() {
        Some("Active") => Judgement::Ready,
        Some(phase) => Judgement::InProgress(format!("it is {phase}")),
        None => Judgement::InProgress("it has no phase yet".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn terminating_is_not_ready() {
        assert_eq!(judge(&json!({"status": {"phase": "Active"}})), Judgement::Ready);
        assert!(matches!(judge(&json!({"status": {"phase": "Terminating"}})), Judgement::InProgress(_)));
    }
}
