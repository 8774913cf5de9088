//! CustomResourceDefinition: established, with its names accepted, and served.

use super::around::Around;
use super::judgement::{Judgement, State, condition, words};
use serde_json::Value;

pub fn judge(object: &Value, around: &dyn Around) -> Judgement {
    if let State::Not(names) = condition(object, "NamesAccepted") {
        return Judgement::Failed(format!("its names are taken: {}", words(names)));
    }
    if condition(object, "Terminating").holds().is_some() {
        return Judgement::Terminating("its objects are being deleted".to_owned());
    }
    if let Some(not_yet) = condition(object, "Established").lacks("it is not established yet") {
        return not_yet;
    }
    let spec = &object["spec"];
    let (group, kind) = (spec["group"].as_str().unwrap_or_default(), spec["names"]["kind"].as_str().unwrap_or_default());
    let served = spec["versions"].as_array().into_iter().flatten().filter(|version| version["served"] == true);
    for version in served.filter_map(|version| version["name"].as_str()) {
        let api_version = format!("{group}/{version}");
        if around.serves(&api_version, kind) == Some(false) {
            return Judgement::InProgress(format!("{api_version} is established and not served yet"));
        }
    }
    Judgement::Ready
}

#[cfg(test)]
mod tests {
    use super::super::Nothing;
    use super::*;
    use serde_json::json;

    struct Serves(bool);

    impl Around for Serves {
        fn serves(&self, api_version: &str, kind: &str) -> Option<bool> {
            (api_version == "example.org/v1" && kind == "Widget").then_some(self.0)
        }
    }

    #[test]
    fn accepted_names_alone_are_not_enough() {
        let with = |kind: &str, status: &str| json!({"status": {"conditions": [{"type": kind, "status": status}]}});
        assert!(matches!(judge(&with("NamesAccepted", "True"), &Nothing), Judgement::InProgress(_)));
        assert!(matches!(judge(&with("NamesAccepted", "False"), &Nothing), Judgement::Failed(_)));
        assert_eq!(judge(&with("Established", "True"), &Nothing), Judgement::Ready);
    }

    #[test]
    fn established_is_not_served() {
        let crd = json!({"spec": {"group": "example.org", "names": {"kind": "Widget"}, "versions": [{"name": "v1", "served": true},
            {"name": "v0", "served": false}]}, "status": {"conditions": [{"type": "Established", "status": "True"}]}});
        assert!(matches!(judge(&crd, &Serves(false)), Judgement::InProgress(_)));
        assert_eq!(judge(&crd, &Serves(true)), Judgement::Ready);
    }
}
