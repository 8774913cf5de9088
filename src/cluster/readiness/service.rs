//! Service: it has its address. A LoadBalancer waits for an outer one only where something hands them out. Endpoints are the workloads' business.

use super::around::Around;
use super::judgement::Judgement;
use serde_json::Value;

pub fn judge(object: &Value, around: &dyn Around) -> Judgement {
    let spec = &object["spec"];
    if spec["type"] == "ExternalName" {
        return Judgement::Ready;
    }
    if spec["clusterIP"].as_str().is_none_or(str::is_empty) {
        return Judgement::InProgress("it has no cluster address yet".to_owned());
    }
    if spec["type"] == "LoadBalancer" && around.gives_addresses() == Some(true) && !has_outer_address(object) {
        return Judgement::InProgress("its load balancer has no address yet".to_owned());
    }
    Judgement::Ready
}

/// Whether a load balancer stands before the object: one way of saying it for Services and Ingresses.
pub(super) fn has_outer_address(object: &Value) -> bool {
    let addresses = object["status"]["loadBalancer"]["ingress"].as_array().map(Vec::as_slice).unwrap_or_default();
    addresses.iter().any(|address| ["ip", "hostname"].iter().any(|name| address[*name].as_str().is_some_and(|text| !text.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::super::Nothing;
    use super::*;
    use serde_json::json;

    struct Gives(bool);

    impl Around for Gives {
        fn gives_addresses(&self) -> Option<bool> {
            Some(self.0)
        }
    }

    #[test]
    fn an_address_is_enough() {
        assert_eq!(judge(&json!({"spec": {"clusterIP": "None"}}), &Nothing), Judgement::Ready);
        assert_eq!(judge(&json!({"spec": {"type": "ExternalName"}}), &Nothing), Judgement::Ready);
        assert!(matches!(judge(&json!({"spec": {}}), &Nothing), Judgement::InProgress(_)));
    }

    #[test]
    fn an_outer_address_is_waited_for_where_there_will_be_one() {
        let mut service = json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}, "status": {"loadBalancer": {}}});
        assert_eq!(judge(&service, &Nothing), Judgement::Ready);
        assert_eq!(judge(&service, &Gives(false)), Judgement::Ready);
        assert!(matches!(judge(&service, &Gives(true)), Judgement::InProgress(_)));
        service["status"]["loadBalancer"]["ingress"] = json!([{"ip": "192.0.2.1"}]);
        assert_eq!(judge(&service, &Gives(true)), Judgement::Ready);
    }
}
