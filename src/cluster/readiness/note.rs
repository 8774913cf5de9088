//! What a person should know of an object that counts as ready and yet is not as one might think.

use super::around::Around;
use super::judgement::{State, condition, what};
use super::{gateway, pvc, service};
use serde_json::Value;

/// A word on an object that is ready; `None` where there is nothing to add.
pub fn note(object: &Value, around: &dyn Around) -> Option<&'static str> {
    let spec = &object["spec"];
    match what(object) {
        ("apps", "Deployment") | ("argoproj.io", "Rollout") if spec["paused"] == true => {
            Some("it is paused: changes take no effect until it is resumed")
        }
        ("apps", "Deployment" | "StatefulSet" | "ReplicaSet") if spec["replicas"] == 0 => Some("it is scaled to nothing"),
        ("apps", "DaemonSet") if object["status"]["desiredNumberScheduled"] == 0 => Some("no node fits it, so it runs nowhere"),
        ("apps", "StatefulSet" | "DaemonSet") if spec["updateStrategy"]["type"] == "OnDelete" => {
            Some("with OnDelete, pods of an older template stay until somebody deletes them")
        }
        ("batch", "Job" | "CronJob") if spec["suspend"] == true => Some("it is suspended"),
        ("", "PersistentVolumeClaim") if object["status"]["phase"] == "Pending" && pvc::unasked(object, around) => {
            Some("its volume is made when a pod wants it")
        }
        ("", "Service") if spec["type"] == "LoadBalancer" && !service::has_outer_address(object) => {
            Some("nothing here hands out load balancer addresses: it is reached by its cluster address and node port")
        }
        ("networking.k8s.io", "Ingress") if !service::has_outer_address(object) => Some("it has no address"),
        ("gateway.networking.k8s.io", "Gateway") => match condition(object, "Programmed") {
            State::Not(condition) if gateway::waits_for_address(condition, around) => Some("it has no address: nothing here hands out any"),
            _ => None,
        },
        ("", "Node") if spec["unschedulable"] == true => Some("it takes no new pods"),
        ("litmuschaos.io", "ChaosEngine") if object["status"]["engineStatus"] == "stopped" => Some("it was stopped before it ended"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Nothing;
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_surprises_is_noted() {
        let deployment = |spec: Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec});
        assert_eq!(note(&deployment(json!({"replicas": 2})), &Nothing), None);
        assert!(note(&deployment(json!({"paused": true})), &Nothing).unwrap().contains("paused"));
        assert!(note(&deployment(json!({"replicas": 0})), &Nothing).unwrap().contains("scaled to nothing"));
        let service = json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}});
        assert!(note(&service, &Nothing).unwrap().contains("node port"));
    }
}
