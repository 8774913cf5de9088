//! cert-manager: certificates that are issued and not being renewed for a change, issuers that can issue, requests and orders that ended.

use super::judgement::{Judgement, State, condition, words};
use serde_json::Value;

pub fn judge(kind: &str, object: &Value) -> Judgement {
    match kind {
        "Certificate" => match condition(object, "Issuing").holds() {
            Some(issuing) => Judgement::InProgress(format!("it is being issued: {}", words(issuing))),
            None => ready(object),
        },
        "CertificateRequest" => {
            let ended = [condition(object, "Denied").holds(), condition(object, "InvalidRequest").holds()].into_iter().flatten().next();
            if let Some(refused) = ended {
                return Judgement::Failed(words(refused));
            }
            match condition(object, "Ready") {
                State::Not(condition) if condition["reason"] == "Failed" => Judgement::Failed(words(condition)),
                _ => ready(object),
            }
        }
        "Issuer" | "ClusterIssuer" => ready(object),
        "Order" | "Challenge" => acme(object),
        _ => Judgement::Ready,
    }
}

fn ready(object: &Value) -> Judgement {
    condition(object, "Ready").lacks("cert-manager has not looked at it yet").unwrap_or(Judgement::Ready)
}

fn acme(object: &Value) -> Judgement {
    let why = || words(&object["status"]);
    match object["status"]["state"].as_str() {
        Some("valid") => Judgement::Ready,
        Some("invalid" | "errored" | "expired") => Judgement::Failed(why()),
        _ => Judgement::InProgress(why()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn table() {
        let with = |kind: &str, conditions: Value| judge(kind, &json!({"status": {"conditions": conditions}})).word();
        let is = |kind: &str, status: &str, reason: &str| json!({"type": kind, "status": status, "reason": reason});
        assert_eq!(with("Certificate", json!([is("Ready", "True", "Ready")])), "ready");
        assert_eq!(with("Certificate", json!([is("Issuing", "True", "SecretMismatch"), is("Ready", "True", "Ready")])), "waiting");
        assert_eq!(with("Certificate", json!([])), "waiting");
        assert_eq!(with("ClusterIssuer", json!([is("Ready", "False", "ErrInitIssuer")])), "waiting");
        assert_eq!(with("CertificateRequest", json!([is("Ready", "False", "Pending")])), "waiting");
        assert_eq!(with("CertificateRequest", json!([is("Ready", "False", "Failed")])), "failed");
        assert_eq!(with("CertificateRequest", json!([is("Denied", "True", "Policy")])), "failed");
        let state = |state: &str| judge("Order", &json!({"status": {"state": state, "reason": "r"}}));
        assert_eq!(state("valid"), Judgement::Ready);
        assert_eq!(state("pending"), Judgement::InProgress("r".into()));
        assert_eq!(state("invalid"), Judgement::Failed("r".into()));
    }
}
