//! What an object cannot say itself, asked of a real API server: who answers behind a webhook, whether a status will still come.

#![expect(clippy::unwrap_used, reason = "helpers of tests say what they expect")]

use crate::server::server;
use labctl::adapters::kube::Kube;
use labctl::cluster::{Cluster, ClusterError, ObjectRef};
use labctl::model::run::StepEvent;
use labctl::support::progress::Sink;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

async fn put(kube: &Kube, path: &str, object: &Value) {
    kube.apply(path, "test", object, false).await.unwrap();
}

/// Waits until the object is ready; what it said it was waiting for.
async fn wait(cluster: &Cluster, object: &Value, within: u64) -> Result<Vec<String>, ClusterError> {
    let said = Arc::new(Mutex::new(Vec::new()));
    let kept = said.clone();
    let sink = Sink::hearing(move |event, _| {
        if let StepEvent::Waiting { last_reason, .. } = event {
            kept.lock().unwrap().push(last_reason);
        }
    });
    let objects = [ObjectRef::of(object).unwrap()];
    cluster.wait_ready(&objects, Duration::from_secs(within), &sink, &CancellationToken::new()).await?;
    let said = said.lock().unwrap().clone();
    Ok(said)
}

#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn a_webhook_is_ready_when_somebody_answers_behind_it() {
    let Some(kube) = server().await else { return };
    let name = format!("hook-{:06x}", rand::random::<u32>() & 0xff_ffff);
    let cluster = Cluster::new(kube.clone(), &name);
    let configuration = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": name},
        "webhooks": [{"name": "w.example.org", "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore",
            "clientConfig": {"caBundle": "Zm9v", "service": {"namespace": "default", "name": name}},
            "rules": [{"apiGroups": ["none.example.org"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothings"]}]}]});
    let path = format!("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{name}");
    put(&kube, &path, &configuration).await;
    let error = wait(&cluster, &configuration, 3).await.unwrap_err().to_string();
    assert!(error.contains("has no ready endpoint"), "{error}");
    let slice = |ready: bool| {
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": name, "namespace": "default",
            "labels": {"kubernetes.io/service-name": name}}, "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.1.2.3"], "conditions": {"ready": ready}}]})
    };
    let slices = format!("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/{name}");
    put(&kube, &slices, &slice(false)).await;
    let waiting = wait(&cluster, &configuration, 20);
    let (ready, ()) = tokio::join!(waiting, async { put(&kube, &slices, &slice(true)).await });
    ready.unwrap();
    kube.delete(&path, &json!({})).await.unwrap();
    kube.delete(&slices, &json!({})).await.unwrap();
}

#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn a_first_status_is_waited_for_and_not_for_ever() {
    let Some(kube) = server().await else { return };
    let plural = format!("widgets{:06x}", rand::random::<u32>() & 0xff_ffff);
    let group = "status.example.org";
    let kind = format!("W{}", &plural[1..]);
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("{plural}.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind}, "versions": [{"name": "v1", "served": true,
            "storage": true, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}});
    let cluster = Cluster::new(kube.clone(), &plural);
    let definitions = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{group}");
    put(&kube, &definitions, &definition).await;
    wait(&cluster, &definition, 30).await.unwrap();
    let widget = |name: &str| json!({"apiVersion": format!("{group}/v1"), "kind": kind, "metadata": {"name": name, "namespace": "default"}, "spec": {"a": 1}});
    let path = |name: &str| format!("/apis/{group}/v1/namespaces/default/{plural}/{name}");
    // established is not yet served, and no watch tells when it is
    let served = async {
        while kube.apply(&path("silent"), "test", &widget("silent"), false).await.is_err() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), served).await.unwrap();
    // its controller never writes: that it is young ends by itself
    let object = widget("silent");
    let said = wait(&cluster, &object, 30).await.unwrap();
    assert!(said.iter().any(|reason| reason.contains("has not written a status yet")), "{said:?}");
    put(&kube, &path("told"), &widget("told")).await;
    let object = widget("told");
    let wait_told = wait(&cluster, &object, 30);
    let mut told = object.clone();
    told["status"] = json!({"phase": "Active"});
    let (ready, ()) = tokio::join!(wait_told, async { put(&kube, &format!("{}/status", path("told")), &told).await });
    ready.unwrap();
    kube.delete(&definitions, &json!({})).await.unwrap();
}
