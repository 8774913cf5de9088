//! Waiting for workloads on a cluster with kubelets.

use super::bed::bed;
use super::causes::{IMAGE, kube_of};
use labctl::cluster::{Cluster, ClusterError, Desired, NotReady, ObjectRef};
use labctl::support::progress::Sink;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "rollout";

fn deployment(container: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"app": "d"}},
        "template": {"metadata": {"labels": {"app": "d"}}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [container],
            "volumes": [{"name": "v", "configMap": {"name": "settings"}}]}}}})
}

/// Applies the objects and waits for all of them.
async fn bring(cluster: &Cluster, objects: &[Value]) -> Result<(), ClusterError> {
    let mut all = vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})];
    all.extend(objects.to_vec());
    let desired = Desired { component: "c".into(), namespace: Some(NAMESPACE.to_owned()), objects: all };
    let (sink, cancel) = (Sink::silent(), CancellationToken::new());
    let diff = cluster.diff(std::slice::from_ref(&desired)).await?;
    cluster.apply(&desired, &diff, &sink, &cancel).await?;
    let references: Vec<ObjectRef> = diff.entries.iter().map(|entry| entry.object.clone()).collect();
    cluster.wait_ready(&references, Duration::from_mins(2), &sink, &cancel).await
}

#[tokio::test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
async fn changed_configuration_rolls_a_workload_and_what_cannot_start_is_not_waited_for() {
    let Some(bed) = bed() else { return };
    let cluster = Cluster::new(kube_of(bed).await, NAMESPACE);
    let sleeps = json!({"name": "c", "image": IMAGE, "command": ["sleep", "1000"]});
    let config = |value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": value}});
    let revision = async || {
        let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/d");
        cluster.kube().get(&path).await.unwrap()["metadata"]["annotations"]["deployment.kubernetes.io/revision"].clone()
    };
    bring(&cluster, &[config("1"), deployment(&sleeps)]).await.unwrap();
    bring(&cluster, &[config("1"), deployment(&sleeps)]).await.unwrap();
    assert_eq!(revision().await, "1");
    bring(&cluster, &[config("2"), deployment(&sleeps)]).await.unwrap();
    assert_eq!(revision().await, "2");

    let never = json!({"name": "c", "image": "not.here/app:1", "imagePullPolicy": "Never"});
    let error = bring(&cluster, &[config("2"), deployment(&never)]).await.unwrap_err();
    let ClusterError::NotReady(NotReady { causes, hopeless, .. }) = &error else { panic!("{error}") };
    assert_eq!((causes.first().map(|cause| cause.id), *hopeless), (Some("LAB-IMAGE-008"), true), "{error}");
    cluster.remove("c", &Sink::silent(), &CancellationToken::new()).await.unwrap();
}
