//! Litmus: an engine that ended with every experiment passed, a result that says Pass. Stopped by a person counts as done.

use super::judgement::Judgement;
use serde_json::Value;

/// A ChaosEngine.
pub fn engine(object: &Value) -> Judgement {
    match object["status"]["engineStatus"].as_str() {
        Some("completed") => {}
        Some("stopped") => return Judgement::Ready,
        Some("initialized") => return Judgement::InProgress("its experiments are running".to_owned()),
        _ => return Judgement::InProgress("the operator has not looked at it yet".to_owned()),
    }
    let experiments = object["status"]["experiments"].as_array().map(Vec::as_slice).unwrap_or_default();
    match experiments.iter().find(|experiment| matches!(experiment["verdict"].as_str(), Some("Fail" | "Error"))) {
        Some(bad) => Judgement::Failed(format!(
            "experiment {} ended with verdict {}",
            bad["name"].as_str().unwrap_or_default(),
            bad["verdict"].as_str().unwrap_or_default()
        )),
        None => Judgement::Ready,
    }
}

/// A ChaosResult.
pub fn result(object: &Value) -> Judgement {
    // version 1 of Litmus wrote it in small letters
    let status = ["experimentStatus", "experimentstatus"].into_iter().map(|name| &object["status"][name]).find(|status| status.is_object());
    let part = |name: &str| status.and_then(|status| status[name].as_str()).unwrap_or_default();
    match part("verdict") {
        "Pass" | "Stopped" => Judgement::Ready,
        verdict @ ("Fail" | "Error") => {
            let step = part("failStep");
            Judgement::Failed(if step.is_empty() || step == "N/A" {
                format!("its verdict is {verdict}")
            } else {
                format!("its verdict is {verdict}: {step}")
            })
        }
        _ => Judgement::InProgress("its experiment has not ended yet".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_verdict_is_waited_for() {
        let with = |status: &str, verdict: &str| {
            engine(&json!({"status": {"engineStatus": status, "experiments": [{"name": "e", "verdict": verdict}]}})).word()
        };
        assert_eq!(with("initialized", "Awaited"), "waiting");
        assert_eq!(with("completed", "Pass"), "ready");
        assert_eq!(with("completed", "Fail"), "failed");
        assert_eq!(with("stopped", "Stopped"), "ready");
        let with = |name: &str, verdict: &str| result(&json!({"status": {name: {"verdict": verdict, "failStep": "probe"}}}));
        assert_eq!(with("experimentStatus", "Pass"), Judgement::Ready);
        assert_eq!(with("experimentstatus", "Fail"), Judgement::Failed("its verdict is Fail: probe".into()));
        assert!(matches!(with("experimentStatus", "Awaited"), Judgement::InProgress(_)));
    }
}
