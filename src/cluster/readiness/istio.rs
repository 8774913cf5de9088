//! Istio's own kinds have no status unless istiod is told to write one: ready by being there, and not where it says that they are wrong. That a
//! route works is for its component's checks, which ask through the gateway.

use super::judgement::{Judgement, condition};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    let messages = object["status"]["validationMessages"].as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(error) = messages.iter().find(|message| message["level"] == "ERROR") {
        let (code, name) = (error["type"]["code"].as_str().unwrap_or_default(), error["type"]["name"].as_str().unwrap_or_default());
        return Judgement::InProgress(format!("istiod says it is wrong: {code} {name}"));
    }
    condition(object, "Reconciled").objects().unwrap_or(Judgement::Ready)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn silence_is_consent() {
        assert_eq!(judge(&json!({})), Judgement::Ready);
        let message = |level: &str| json!({"status": {"validationMessages": [{"level": level, "type": {"code": "IST0101", "name": "ReferencedResourceNotFound"}}]}});
        assert_eq!(judge(&message("WARNING")), Judgement::Ready);
        assert_eq!(judge(&message("ERROR")), Judgement::InProgress("istiod says it is wrong: IST0101 ReferencedResourceNotFound".into()));
        let part = json!({"status": {"conditions": [{"type": "Reconciled", "status": "False", "message": "1/3 proxies up to date"}]}});
        assert_eq!(judge(&part), Judgement::InProgress("1/3 proxies up to date".into()));
    }
}
