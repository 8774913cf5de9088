//! What runs once: Argo's Workflow, AnalysisRun and Experiment. Ready is ended well.

use super::judgement::Judgement;
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    let message = object["status"]["message"].as_str().filter(|text| !text.is_empty()).unwrap_or("no reason given");
    match object["status"]["phase"].as_str() {
        Some("Succeeded" | "Successful") => Judgement::Ready,
        Some(phase @ ("Failed" | "Error" | "Inconclusive")) => Judgement::Failed(format!("it ended {phase}: {message}")),
        Some(phase) if !phase.is_empty() => Judgement::InProgress(format!("it is {phase}")),
        _ => Judgement::InProgress("it has not begun yet".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn running_is_not_done() {
        let phase = |phase: &str| judge(&json!({"status": {"phase": phase}})).word();
        let got: Vec<_> = ["", "Running", "Succeeded", "Successful", "Failed", "Error", "Inconclusive"].map(phase).into();
        assert_eq!(got, ["waiting", "waiting", "ready", "ready", "failed", "failed", "failed"]);
    }
}
