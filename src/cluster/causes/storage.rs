//! Claims that get no volume.

use super::cause::{Cause, Patience, Scene, name_of};
use super::table;
use crate::cluster::object::ObjectRef;
use serde_json::Value;
use std::time::Duration;

const NO_CLASS: Duration = Duration::from_secs(20);

pub fn of_pod(pod: &Value, scene: &Scene<'_>) -> Vec<Cause> {
    let volumes = pod["spec"]["volumes"].as_array().map(Vec::as_slice).unwrap_or_default();
    volumes
        .iter()
        .filter_map(|volume| {
            let name = volume["persistentVolumeClaim"]["claimName"].as_str()?;
            let claim = scene.claims.iter().find(|claim| claim["metadata"]["name"] == name)?;
            if claim["status"]["phase"] == "Bound" {
                return None;
            }
            let message =
                *scene.said("PersistentVolumeClaim", name, &["ProvisioningFailed", "FailedBinding", "VolumeFailedDelete"]).first()?;
            let never = message.contains("no storage class is set") || (message.contains("storageclass") && message.contains("not found"));
            let step =
                if never { "name a storage class that exists, or make one the default" } else { "look at the storage provisioner's pods" };
            let cause =
                table::NO_VOLUME.of_pod(&ObjectRef::of(claim)?, &name_of(pod), message, &[("claim", &name_of(claim)), ("step", step)]);
            Some(if never { Cause { patience: Patience::After(NO_CLASS), ..cause } } else { cause })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_missing_class_is_named_and_a_bound_claim_is_not() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"},
            "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}});
        let claim = |phase: &str| json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "n"}, "status": {"phase": phase}});
        let event = json!({"involvedObject": {"kind": "PersistentVolumeClaim", "name": "data"}, "reason": "ProvisioningFailed",
            "message": "storageclass.storage.k8s.io \"fast\" not found"});
        let reference = ObjectRef::of(&pod).unwrap();
        for (phase, count) in [("Pending", 1), ("Bound", 0)] {
            let claim = claim(phase);
            let scene = Scene { pods: &[&pod], events: &[&event], claims: &[&claim], ..Scene::of(&reference, &pod) };
            let found = of_pod(&pod, &scene);
            assert_eq!(found.len(), count);
            assert!(found.iter().all(|c| c.patience == Patience::After(NO_CLASS) && c.sentence.contains("fast")));
        }
    }
}
