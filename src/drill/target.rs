//! Whom a fault may touch: pods and workloads as they are now, counted against what the scenario allows.

use crate::cluster::{Cluster, ClusterError, ObjectRef};
use crate::model::scenario::{Blast, Target};
use serde_json::Value;

/// Whom the selector finds.
#[derive(Debug, Clone)]
pub struct Found {
    /// Pods that are not on their way out, in order of name.
    pub pods: Vec<Value>,
    /// Deployments and StatefulSets whose pods carry the labels, in order of kind and name.
    pub workloads: Vec<Value>,
}

/// Looks now.
pub async fn find(cluster: &Cluster, target: &Target) -> Result<Found, ClusterError> {
    let labels = || target.selector.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let (pods, deployments, sets) = tokio::try_join!(
        cluster.list("v1", "Pod", &target.namespace, labels()),
        cluster.list("apps/v1", "Deployment", &target.namespace, std::iter::empty()),
        cluster.list("apps/v1", "StatefulSet", &target.namespace, std::iter::empty()),
    )?;
    let of_selector = |workload: &Value| {
        let carried = &workload["spec"]["template"]["metadata"]["labels"];
        target.selector.iter().all(|(name, value)| carried[name] == value.as_str())
    };
    let pods = pods.into_iter().filter(|pod| !pod["metadata"]["deletionTimestamp"].is_string()).collect();
    Ok(Found { pods, workloads: deployments.into_iter().chain(sets).filter(of_selector).collect() })
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Against `blast.maxPods`.
    Pods,
    /// Against `blast.maxNodes`.
    Nodes,
}

/// Why so many may not be touched; `None` when they may.
pub fn too_much(touched: usize, found: usize, counted: Counted, blast: Blast) -> Option<String> {
    let (what, bound, most) = match counted {
        Counted::Pods => ("pods", "maxPods", blast.max_pods),
        Counted::Nodes => ("nodes", "maxNodes", blast.max_nodes),
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if touched > most {
        return Some(format!("{touched} {what} would be touched, and blast.{bound} is {most}"));
    }
    if blast.max_percent.is_passed_by(touched, found) {
        return Some(format!("{touched} of {found} {what} would be touched, and blast.maxPercent is {}", blast.max_percent));
    }
    None
}

/// The name of an object, for sentences.
pub fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// The reference of an object that was listed.
pub fn reference(object: &Value) -> Result<ObjectRef, String> {
    ObjectRef::of(object).ok_or_else(|| format!("the API server told of an object without a name: {}", name(object)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_hold_and_each_says_which_it_is() {
        let blast = |max_pods, percent: &str| Blast { max_pods, max_nodes: 1, max_percent: percent.parse().unwrap() };
        assert_eq!(too_much(1, 1, Counted::Pods, blast(1, "100%")), None);
        assert_eq!(too_much(2, 4, Counted::Pods, blast(2, "50%")), None);
        assert!(too_much(2, 9, Counted::Pods, blast(1, "100%")).unwrap().contains("maxPods is 1"));
        assert!(too_much(2, 3, Counted::Pods, blast(5, "50%")).unwrap().contains("maxPercent is 50%"));
        assert!(too_much(2, 3, Counted::Nodes, blast(5, "100%")).unwrap().contains("2 nodes would be touched, and blast.maxNodes is 1"));
    }
}
