//! APIService: its backend answers.

use super::judgement::{Judgement, condition};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    condition(object, "Available").lacks("nobody has asked its backend yet").unwrap_or(Judgement::Ready)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_available_is_ready() {
        assert!(matches!(judge(&json!({})), Judgement::InProgress(_)));
        let with =
            |status: &str| json!({"status": {"conditions": [{"type": "Available", "status": status, "reason": "MissingEndpoints"}]}});
        assert_eq!(judge(&with("False")), Judgement::InProgress("MissingEndpoints".into()));
        assert_eq!(judge(&with("True")), Judgement::Ready);
    }
}
