//! CustomResourceDefinition: established, with its names accepted. Whether the kind is served is one more question, asked by who applies it.

use super::judgement::{Judgement, condition, words};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    if let Some(names) = condition(object, "NamesAccepted").filter(|c| c["status"] == "False") {
        return Judgement::Failed(format!("its names are taken: {}", words(names)));
    }
    match condition(object, "Established") {
        Some(established) if established["status"] == "True" => Judgement::Ready,
        Some(established) => Judgement::InProgress(words(established)),
        None => Judgement::InProgress("it is not established yet".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn accepted_names_alone_are_not_enough() {
        let with = |kind: &str, status: &str| json!({"status": {"conditions": [{"type": kind, "status": status}]}});
        assert!(matches!(judge(&with("NamesAccepted", "True")), Judgement::InProgress(_)));
        assert!(matches!(judge(&with("NamesAccepted", "False")), Judgement::Failed(_)));
        assert_eq!(judge(&with("Established", "True")), Judgement::Ready);
    }
}
