//! Every other kind: by the conditions that the ecosystem agrees on, else by being there.

use super::judgement::{Judgement, condition, words};
use serde_json::Value;

/// Conditions that mean "it works", the most telling first.
const GOOD: [&str; 5] = ["Ready", "Available", "Healthy", "Accepted", "Established"];

pub fn judge(object: &Value) -> Judgement {
    if let Some(stalled) = condition(object, "Stalled").filter(|c| c["status"] == "True") {
        return Judgement::Failed(words(stalled));
    }
    if let Some(reconciling) = condition(object, "Reconciling").filter(|c| c["status"] == "True") {
        return Judgement::InProgress(words(reconciling));
    }
    for kind in GOOD {
        if let Some(good) = condition(object, kind) {
            return if good["status"] == "True" { Judgement::Ready } else { Judgement::InProgress(words(good)) };
        }
    }
    // Argo CD's Application and its like
    match object["status"]["health"]["status"].as_str() {
        Some("Healthy") | None => Judgement::Ready,
        Some(other) => Judgement::InProgress(format!("its health is {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_decide_and_their_absence_is_no_objection() {
        let with = |kind: &str, status: &str| json!({"status": {"conditions": [{"type": kind, "status": status}]}});
        assert_eq!(judge(&json!({})), Judgement::Ready);
        assert_eq!(judge(&with("Ready", "True")), Judgement::Ready);
        assert!(matches!(judge(&with("Ready", "False")), Judgement::InProgress(_)));
        assert!(matches!(judge(&with("Ready", "Unknown")), Judgement::InProgress(_)));
        assert!(matches!(judge(&with("Stalled", "True")), Judgement::Failed(_)));
        assert!(matches!(judge(&json!({"status": {"health": {"status": "Progressing"}}})), Judgement::InProgress(_)));
    }
}
