//! Which component brought what.

use crate::model::look::Workload;
use crate::model::run::Object;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a component's manifest says of one workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// Whose it is.
    pub component: String,
    /// The number of pods it names, if it names one.
    pub replicas: Option<u32>,
}

/// The workloads of a lab, by name.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    of: BTreeMap<Object, Owned>,
}

impl Owners {
    /// Takes in the rendered objects of one component. `namespace` is where those go that name none.
    pub fn add(&mut self, component: &str, namespace: &str, objects: &[Value]) {
        for object in objects {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let kind = text(&object["kind"]);
            if !matches!(kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob" | "Pod") {
                continue;
            }
            let own = text(&object["metadata"]["namespace"]);
            let namespace = if own.is_empty() { namespace.to_owned() } else { own };
            let replicas = object["spec"]["replicas"].as_u64().and_then(|count| u32::try_from(count).ok());
            let key = Object { kind, namespace, name: text(&object["metadata"]["name"]) };
            self.of.insert(key, Owned { component: component.to_owned(), replicas });
        }
    }

    /// Who brought a workload.
    pub fn of(&self, object: &Object) -> Option<&Owned> {
        self.of.get(object)
    }

    /// Whose a pod is, by what made it. A `CronJob` makes Jobs that bear its name and a number.
    pub fn of_pod(&self, pod: &Object, maker: Option<&Object>) -> String {
        let by_name = |object: &Object| self.of(object).map(|owned| owned.component.clone());
        let made = maker.and_then(|maker| {
            let timed = || {
                let (name, _) = maker.name.rsplit_once('-').filter(|_| maker.kind == "Job")?;
                by_name(&Object { kind: "CronJob".into(), namespace: maker.namespace.clone(), name: name.to_owned() })
            };
            by_name(maker).or_else(timed)
        });
        made.or_else(|| by_name(pod)).unwrap_or_default()
    }
}

/// What made a pod: its controller, or, for a `ReplicaSet` of a Deployment, the Deployment.
pub(super) fn maker(pod: &Value) -> Option<Object> {
    let owners = pod["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true).or_else(|| owners.first())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (mut kind, mut name) = (text(&owner["kind"]), text(&owner["name"]));
    // a ReplicaSet bears the name of its Deployment and the hash of the template, which its pods have as a label
    let hash = pod["metadata"]["labels"]["pod-template-hash"].as_str();
    if kind == "ReplicaSet"
        && let Some(deployment) = hash.and_then(|hash| name.strip_suffix(hash)).and_then(|name| name.strip_suffix('-'))
    {
        (kind, name) = (Workload::Deployment.name().to_owned(), deployment.to_owned());
    }
    Some(Object { kind, namespace: text(&pod["metadata"]["namespace"]), name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(owner: &str, name: &str, hash: Option<&str>) -> Value {
        json!({"metadata": {"name": "p", "namespace": "n", "labels": {"pod-template-hash": hash},
            "ownerReferences": [{"kind": owner, "name": name, "controller": true}]}})
    }

    #[test]
    fn a_pod_is_traced_to_the_component_that_brought_what_made_it() {
        let mut owners = Owners::default();
        owners.add("web", "n", &[json!({"kind": "Deployment", "metadata": {"name": "site"}, "spec": {"replicas": 2}})]);
        owners.add("clock", "other", &[json!({"kind": "CronJob", "metadata": {"name": "tick", "namespace": "n"}})]);
        let whose =
            |pod: &Value| owners.of_pod(&Object { kind: "Pod".into(), namespace: "n".into(), name: "p".into() }, maker(pod).as_ref());
        assert_eq!(whose(&pod("ReplicaSet", "site-5f7", Some("5f7"))), "web");
        assert_eq!(whose(&pod("Job", "tick-29384756", None)), "clock");
        assert_eq!(whose(&pod("StatefulSet", "foreign", None)), "");
        assert_eq!(whose(&json!({"metadata": {"name": "p", "namespace": "n"}})), "");
        // a ReplicaSet that somebody made by hand is its own
        assert_eq!(maker(&pod("ReplicaSet", "bare", None)).unwrap().kind, "ReplicaSet");
    }
}
