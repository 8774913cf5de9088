//! P7: from a status that turns ready in the API server to the first request of the component that waited for it, with 200 objects watched. Both
//! moments are read off the API server's own clock, in its audit log: when the change came in, and when the dependent's request did.

use crate::rig::audit::Audit;
use crate::rig::parts::Parts;
use crate::rig::race::{median, percentile};
use crate::rig::record::{Figure, keep, rounds};
use crate::rig::room::{Room, send};
use crate::rig::{Outcome, objects};
use http::Method;
use labctl::adapters::kube::connect;
use labctl::cluster::{Cluster, Desired, ObjectRef};
use labctl::support::progress::Sink;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

const WATCHED: usize = 200;
/// Milliseconds at the median and at the 99th percentile.
const MUST: (f64, f64) = (20.0, 150.0);
const MOST_WATCHES: usize = 40;
/// Between two changes, so that they do not wait for one another.
const APART: Duration = Duration::from_millis(25);

pub async fn measure() -> Outcome<bool> {
    let room = Room::start(&Parts::find()?).await?;
    let (mut middle, mut worst, mut watches) = (Vec::new(), Vec::new(), 0);
    for round in 0..rounds() {
        let (delays, open) = one(&room, &format!("p7-{round}")).await?;
        let (p50, p99) = (median(&delays), percentile(&delays, 0.99));
        println!("round {round}: p50 {p50:.1} ms, p99 {p99:.1} ms, most {:.1} ms, {open} watches", percentile(&delays, 1.0));
        middle.push(p50);
        worst.push(p99);
        watches = watches.max(open);
    }
    let (p50, p99) = (median(&middle), median(&worst));
    let ok = p50 <= MUST.0 && p99 <= MUST.1 && watches <= MOST_WATCHES;
    let measured = format!("p50 {p50:.1} ms, p99 {p99:.1} ms, {watches} watches");
    let must = format!("p50 {} ms, p99 {} ms, {MOST_WATCHES} watches", MUST.0, MUST.1);
    let raw = format!(
        "medians of {} rounds of {WATCHED} changes; from when the API server received the change to when it received the dependent's request",
        rounds()
    );
    keep(
        "P7",
        &[Figure {
            what: "status that turns ready to the first request of the dependent, 200 watched objects".into(),
            measured: measured.clone(),
            must: must.clone(),
            raw,
        }],
    )?;
    println!("P7 {measured} (must {must}, goal {must}) {}", if ok { "ok" } else { "short" });
    Ok(ok)
}

/// Milliseconds of each change, and how many watches were opened.
async fn one(room: &Room, namespace: &str) -> Outcome<(Vec<f64>, usize)> {
    let namespaces = [namespace.to_owned()];
    room.make(&namespaces).await?;
    let all = workloads(namespace);
    let cluster = Arc::new(Cluster::new(connect(&room.kubeconfig(), None).await?, namespace));
    let (sink, cancel) = (Sink::silent(), CancellationToken::new());
    let desired = Desired { component: "watched".to_owned(), namespace: None, objects: all.clone() };
    let diff = cluster.diff(std::slice::from_ref(&desired)).await?;
    cluster.apply(&desired, &diff, &sink, &cancel).await?;
    let mut audit = Audit::begin(room.server.audit(), &room.kube).await?;

    let mut dependents = Vec::new();
    for (index, object) in all.iter().enumerate() {
        let reference = ObjectRef::of(object).ok_or("an object without a name")?;
        let (cluster, cancel, path) = (cluster.clone(), cancel.clone(), first_request(namespace, index));
        dependents.push(tokio::spawn(async move {
            cluster.wait_ready(&[reference], Duration::from_mins(2), &Sink::silent(), &cancel).await?;
            let _not_there = cluster.kube().get(&path).await;
            Ok::<(), labctl::cluster::ClusterError>(())
        }));
    }
    // all watches are open and quiet before the first change
    tokio::time::sleep(Duration::from_secs(2)).await;
    for object in &all {
        let path = format!("{}/status?fieldManager=controller&force=true", objects::path_of(object));
        send(&room.kube, Method::PATCH, "application/apply-patch+yaml", &path, &ready(object)).await?;
        tokio::time::sleep(APART).await;
    }
    for dependent in dependents {
        dependent.await??;
    }
    let asked = audit.take(&room.kube).await?;
    let received: HashMap<(&str, &str), OffsetDateTime> =
        asked.iter().map(|asked| ((asked.verb.as_str(), asked.path()), asked.received)).collect();
    let mut delays = Vec::new();
    for (index, object) in all.iter().enumerate() {
        let (change, request) = (format!("{}/status", objects::path_of(object)), first_request(namespace, index));
        let changed = received.get(&("patch", change.as_str())).ok_or("a change is not in the audit log")?;
        let reacted = received.get(&("get", request.as_str())).ok_or("a dependent's request is not in the audit log")?;
        delays.push((*reacted - *changed).as_seconds_f64() * 1e3);
    }
    let watches = asked.iter().filter(|asked| asked.verb == "watch" && asked.ours()).count();
    drop(cluster);
    room.wipe(&namespaces).await?;
    room.forget(namespace).await?;
    Ok((delays, watches))
}

/// What a dependent asks for first; a name that nobody else asks for.
fn first_request(namespace: &str, index: usize) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps/after-{index}")
}

/// Two in five are Deployments, one each StatefulSets, DaemonSets and Pods.
fn workloads(namespace: &str) -> Vec<Value> {
    (0..WATCHED)
        .map(|index| {
            let app = format!("app-{index}");
            let kind = ["Deployment", "StatefulSet", "Deployment", "DaemonSet", "Pod"][index % 5];
            let pod = json!({"containers": [{"name": "app", "image": "registry.example.org/team/app:1"}]});
            let api_version = if kind == "Pod" { "v1" } else { "apps/v1" };
            let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": app, "namespace": namespace}});
            object["spec"] = if kind == "Pod" {
                pod
            } else {
                json!({"selector": {"matchLabels": {"app": app}}, "template": {"metadata": {"labels": {"app": app}}, "spec": pod}})
            };
            if kind == "StatefulSet" {
                object["spec"]["serviceName"] = json!("none");
            }
            object
        })
        .collect()
}

/// The status a controller reports when all is well.
fn ready(object: &Value) -> Value {
    let status = match object["kind"].as_str().unwrap_or_default() {
        "Deployment" => json!({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}),
        "StatefulSet" => json!({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1,
            "currentReplicas": 1, "currentRevision": "a", "updateRevision": "a"}),
        "DaemonSet" => {
            json!({"observedGeneration": 1, "desiredNumberScheduled": 1, "currentNumberScheduled": 1, "updatedNumberScheduled": 1,
            "numberReady": 1, "numberAvailable": 1, "numberMisscheduled": 0})
        }
        _ => json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}),
    };
    json!({"apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": {"name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"]},
        "status": status})
}
