//! Every other kind: by the conditions that the ecosystem agrees on, else by a word in its status, else by being there.

use super::around::Around;
use super::judgement::{Judgement, State, condition, words};
use crate::cluster::object::is_empty;
use serde_json::Value;

/// Conditions that mean "it works", the most telling first.
const GOOD: [&str; 7] = ["Ready", "Available", "Healthy", "Established", "Accepted", "Succeeded", "Complete"];
/// Where controllers without conditions say how it goes.
const PLACES: [&str; 4] = ["phase", "state", "status", "health"];
/// Words, in small letters, that mean "not yet" or "not now". What is in neither list is no objection: nobody can wait for a word nobody knows.
const NOT_YET: [&str; 27] = [
    "pending",
    "unknown",
    "progressing",
    "inprogress",
    "creating",
    "initializing",
    "provisioning",
    "reconciling",
    "updating",
    "upgrading",
    "installing",
    "starting",
    "waiting",
    "scheduling",
    "deploying",
    "configuring",
    "restoring",
    "unavailable",
    "unhealthy",
    "notready",
    "degraded",
    "error",
    "invalid",
    "missing",
    "yellow",
    "red",
    "deleting",
];
const OVER: [&str; 2] = ["failed", "failure"];

pub fn judge(object: &Value, around: &dyn Around) -> Judgement {
    if let Some(stalled) = condition(object, "Stalled").holds() {
        return Judgement::Failed(words(stalled));
    }
    if let Some(reconciling) = condition(object, "Reconciling").holds() {
        return Judgement::InProgress(words(reconciling));
    }
    for kind in GOOD {
        match condition(object, kind) {
            State::Absent => {}
            state => return state.lacks("").unwrap_or(Judgement::Ready),
        }
    }
    for place in PLACES {
        if let Some(judgement) = by_word(object, place) {
            return judgement;
        }
    }
    let status = &object["status"];
    if status["ready"] == false || status["readyToUse"] == false {
        return Judgement::InProgress("its status says that it is not ready".to_owned());
    }
    if is_empty(status) && around.awaits_status(object) == Some(true) {
        return Judgement::InProgress("its controller has not written a status yet".to_owned());
    }
    Judgement::Ready
}

/// What a word in the status objects to; `None` where it does not. Some keep it one level lower (`health.status`).
fn by_word(object: &Value, place: &str) -> Option<Judgement> {
    let value = &object["status"][place];
    let word = value.as_str().or_else(|| value["status"].as_str()).filter(|word| !word.is_empty())?;
    let plain: String = word.to_lowercase().chars().filter(|c| !matches!(c, ' ' | '-' | '_')).collect();
    let said = || {
        let message = object["status"]["message"].as_str().filter(|text| !text.is_empty());
        format!("its {place} is {word}{}", message.map(|text| format!(": {text}")).unwrap_or_default())
    };
    if OVER.contains(&plain.as_str()) {
        return Some(Judgement::Failed(said()));
    }
    NOT_YET.contains(&plain.as_str()).then(|| Judgement::InProgress(said()))
}

#[cfg(test)]
mod tests {
    use super::super::Nothing;
    use super::*;
    use serde_json::json;

    struct New;

    impl Around for New {
        fn awaits_status(&self, _object: &Value) -> Option<bool> {
            Some(true)
        }
    }

    #[test]
    fn conditions_decide_and_their_absence_is_no_objection() {
        let with = |kind: &str, status: &str| judge(&json!({"status": {"conditions": [{"type": kind, "status": status}]}}), &Nothing);
        assert_eq!(judge(&json!({}), &Nothing), Judgement::Ready);
        assert_eq!(with("Ready", "True"), Judgement::Ready);
        assert!(matches!(with("Ready", "False"), Judgement::InProgress(_)));
        assert!(matches!(with("Ready", "Unknown"), Judgement::InProgress(_)));
        assert!(matches!(with("Stalled", "True"), Judgement::Failed(_)));
        assert_eq!(with("Dangling", "False"), Judgement::Ready);
    }

    #[test]
    fn words_are_read_whatever_their_letters() {
        let with = |place: &str, word: &str| judge(&json!({"status": {place: word, "message": "m"}}), &Nothing);
        assert_eq!(with("phase", "Active"), Judgement::Ready);
        assert_eq!(with("phase", "In Progress"), Judgement::InProgress("its phase is In Progress: m".into()));
        assert_eq!(with("state", "PENDING"), Judgement::InProgress("its state is PENDING: m".into()));
        assert_eq!(with("health", "failed"), Judgement::Failed("its health is failed: m".into()));
        assert!(matches!(judge(&json!({"status": {"health": {"status": "Progressing"}}}), &Nothing), Judgement::InProgress(_)));
        assert!(matches!(judge(&json!({"status": {"readyToUse": false}}), &Nothing), Judgement::InProgress(_)));
    }

    #[test]
    fn a_status_is_waited_for_where_one_will_come() {
        assert!(matches!(judge(&json!({"status": {}}), &New), Judgement::InProgress(_)));
        assert_eq!(judge(&json!({"status": {"seen": 1}}), &New), Judgement::Ready);
    }
}
