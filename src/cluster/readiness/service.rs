//! Service: it has its address. A LoadBalancer is judged by its cluster address too: kind hands out no outer one, and whoever needs it checks it
//! by function. Endpoints are the workloads' business.

use super::judgement::Judgement;
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    let spec = &object["spec"];
    if spec["type"] == "ExternalName" || spec["clusterIP"].as_str().is_some_and(|ip| !ip.is_empty()) {
        return Judgement::Ready;
    }
    Judgement::InProgress("it has no cluster address yet".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_address_is_enough() {
        assert_eq!(judge(&json!({"spec": {"clusterIP": "None"}})), Judgement::Ready);
        assert_eq!(judge(&json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}})), Judgement::Ready);
        assert_eq!(judge(&json!({"spec": {"type": "ExternalName"}})), Judgement::Ready);
        assert!(matches!(judge(&json!({"spec": {}})), Judgement::InProgress(_)));
    }
}
