//! Argo Rollouts' Rollout: its controller calls it Healthy. An aborted or timed out one has failed; one that lacks a Service may yet get it.

use super::deployment::out_of_time;
use super::judgement::{Judgement, condition, words};
use serde_json::Value;

/// The generation of the Deployment that a Rollout takes its template from.
const WORKLOAD_GENERATION: &str = "rollout.argoproj.io/workload-generation";

pub fn judge(object: &Value) -> Judgement {
    if object["spec"]["paused"] == true {
        return Judgement::Ready;
    }
    let status = &object["status"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let (Some(wanted), Some(seen)) =
        (text(&object["metadata"]["annotations"][WORKLOAD_GENERATION]), text(&status["workloadObservedGeneration"]))
        && wanted != seen
    {
        return Judgement::InProgress("its controller has not looked at the workload's latest change yet".to_owned());
    }
    let message = status["message"].as_str().filter(|text| !text.is_empty()).unwrap_or("no reason given");
    match status["phase"].as_str() {
        Some("Healthy") => Judgement::Ready,
        Some("Degraded") if status["abort"] == true => Judgement::Failed(format!("it was aborted: {message}")),
        Some("Degraded") => match (out_of_time(object), condition(object, "InvalidSpec").holds()) {
            (Some(deadline), _) => Judgement::Failed(words(deadline)),
            (None, Some(invalid)) => Judgement::InProgress(words(invalid)),
            (None, None) => Judgement::InProgress(format!("it is degraded: {message}")),
        },
        Some("Paused") => Judgement::InProgress(format!("it waits at a step: {message}")),
        Some(phase) => Judgement::InProgress(format!("it is {phase}: {message}")),
        None => Judgement::InProgress("it has no phase yet".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::readiness;
    use serde_json::json;

    #[test]
    fn a_generation_in_quotes_is_a_generation() {
        let rollout = |observed: &str| {
            json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"generation": 7},
                "status": {"observedGeneration": observed, "phase": "Healthy"}})
        };
        assert_eq!(readiness::judge(&rollout("7")), Judgement::Ready);
        assert!(matches!(readiness::judge(&rollout("6")), Judgement::InProgress(_)));
        // before 1.0 it was a hash, which tells nothing
        assert!(matches!(readiness::judge(&rollout("6b9d4c")), Judgement::InProgress(_)));
    }

    #[test]
    fn table() {
        let with = |status: Value| judge(&json!({"status": status})).word();
        assert_eq!(with(json!({"phase": "Healthy"})), "ready");
        assert_eq!(with(json!({"phase": "Paused", "message": "CanaryPauseStep"})), "waiting");
        assert_eq!(with(json!({"phase": "Degraded", "abort": true})), "failed");
        let condition =
            |kind: &str, reason: &str| json!({"phase": "Degraded", "conditions": [{"type": kind, "status": "True", "reason": reason}]});
        assert_eq!(with(condition("InvalidSpec", "InvalidSpec")), "waiting");
        assert_eq!(with(condition("Progressing", "ProgressDeadlineExceeded")), "failed");
        assert_eq!(judge(&json!({"spec": {"paused": true}})), Judgement::Ready);
    }
}
