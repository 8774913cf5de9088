//! Gateway API: a class, Gateway or route that its controller took (Accepted), understood (ResolvedRefs) and brought about (Programmed), each
//! listener and each parent by itself. What is refused today may be right once the rest of a lab is there, so nothing here is a failure.

use super::around::Around;
use super::judgement::{Judgement, State, condition, condition_of};
use serde_json::Value;

pub fn judge(kind: &str, object: &Value, around: &dyn Around) -> Judgement {
    match kind {
        "GatewayClass" => condition(object, "Accepted").lacks(NOBODY).unwrap_or(Judgement::Ready),
        "Gateway" => gateway(object, around),
        _ if kind.ends_with("Route") => route(object),
        _ => Judgement::Ready,
    }
}

const NOBODY: &str = "no controller has taken it yet";

fn gateway(object: &Value, around: &dyn Around) -> Judgement {
    if let Some(not_yet) = condition(object, "Accepted").lacks(NOBODY) {
        return not_yet;
    }
    if let Some(not_yet) = condition(object, "ResolvedRefs").objects() {
        return not_yet;
    }
    match condition(object, "Programmed") {
        State::Not(condition) if waits_for_address(condition, around) => {}
        state => {
            if let Some(not_yet) = state.lacks("it is not programmed yet") {
                return not_yet;
            }
        }
    }
    for listener in object["status"]["listeners"].as_array().into_iter().flatten() {
        for name in ["Accepted", "ResolvedRefs", "Programmed"] {
            let state = condition_of(&listener["conditions"], name, &object["metadata"]["generation"]);
            if let Some(Judgement::InProgress(why)) = state.objects() {
                return Judgement::InProgress(format!("listener {}: {why}", listener["name"].as_str().unwrap_or_default()));
            }
        }
    }
    Judgement::Ready
}

/// A Gateway without an address works all the same where nothing hands out any, as a Service does.
pub(super) fn waits_for_address(programmed: &Value, around: &dyn Around) -> bool {
    programmed["reason"] == "AddressNotAssigned" && around.gives_addresses() != Some(true)
}

fn route(object: &Value) -> Judgement {
    let parents = object["status"]["parents"].as_array().map(Vec::as_slice).unwrap_or_default();
    if parents.is_empty() {
        return Judgement::InProgress(NOBODY.to_owned());
    }
    for parent in parents {
        let name = parent["parentRef"]["name"].as_str().unwrap_or_default();
        let state = |kind: &str| condition_of(&parent["conditions"], kind, &object["metadata"]["generation"]);
        if let Some(Judgement::InProgress(why)) = state("Accepted").lacks(NOBODY).or_else(|| state("ResolvedRefs").objects()) {
            return Judgement::InProgress(format!("parent {name}: {why}"));
        }
    }
    Judgement::Ready
}

#[cfg(test)]
mod tests {
    use super::super::Nothing;
    use super::*;
    use serde_json::json;

    fn all(programmed: &str, reason: &str) -> Value {
        json!([{"type": "Accepted", "status": "True"}, {"type": "Programmed", "status": programmed, "reason": reason}])
    }

    #[test]
    fn a_gateway_is_as_ready_as_its_listeners() {
        let with =
            |listeners: Value| json!({"metadata": {"generation": 2}, "status": {"conditions": all("True", ""), "listeners": listeners}});
        assert_eq!(judge("Gateway", &with(json!([])), &Nothing), Judgement::Ready);
        let refused =
            json!([{"name": "web", "conditions": [{"type": "ResolvedRefs", "status": "False", "reason": "InvalidCertificateRef"}]}]);
        assert_eq!(judge("Gateway", &with(refused), &Nothing), Judgement::InProgress("listener web: InvalidCertificateRef".into()));
        let old = json!([{"name": "web", "conditions": [{"type": "Programmed", "status": "True", "observedGeneration": 1}]}]);
        assert!(matches!(judge("Gateway", &with(old), &Nothing), Judgement::InProgress(_)));
    }

    #[test]
    fn an_address_is_not_waited_for_in_vain() {
        let gateway = json!({"status": {"conditions": all("False", "AddressNotAssigned")}});
        assert_eq!(judge("Gateway", &gateway, &Nothing), Judgement::Ready);
        let gateway = json!({"status": {"conditions": all("False", "Pending")}});
        assert!(matches!(judge("Gateway", &gateway, &Nothing), Judgement::InProgress(_)));
    }

    #[test]
    fn a_route_needs_every_parent() {
        let parent =
            |status: &str| json!({"parentRef": {"name": "edge"}, "conditions": [{"type": "Accepted", "status": status, "reason": "r"}]});
        let with = |parents: Value| judge("HTTPRoute", &json!({"status": {"parents": parents}}), &Nothing);
        assert_eq!(with(json!([parent("True")])), Judgement::Ready);
        assert_eq!(with(json!([parent("True"), parent("False")])), Judgement::InProgress("parent edge: r".into()));
        assert!(matches!(with(json!([])), Judgement::InProgress(_)));
    }
}
