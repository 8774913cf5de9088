//! The cluster room against a real API server and etcd; a kind cluster works too.

#![expect(clippy::unwrap_used, reason = "helpers of tests say what they expect")]

use super::server::{audited_writes, server};
use labctl::adapters::kube::Kube;
use labctl::cluster::{Action, Cluster, Desired, ObjectRef};
use labctl::support::progress::Sink;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// A lab name no other run uses.
fn lab(name: &str) -> String {
    format!("{name}-{:08x}", rand::random::<u32>())
}

fn container(index: usize) -> Value {
    json!({"name": "app", "image": format!("example.org/app:{index}"), "ports": [{"containerPort": 8080}], "args": [],
        "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}, {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}],
        "resources": {"requests": {"cpu": "0.1", "memory": "1024Mi"}, "limits": {"cpu": "1000m", "memory": "1Gi"}},
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}}, "volumeMounts": [{"name": "conf", "mountPath": "/conf"}]})
}

fn template(index: usize) -> Value {
    json!({"metadata": {"labels": {"app": format!("w{index}")}, "creationTimestamp": null}, "spec": {"nodeSelector": {}, "containers": [container(index)],
        "volumes": [{"name": "conf", "configMap": {"name": "c0"}}, {"name": "all", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}, {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}}]}}]}})
}

/// About `count` objects of the kinds a lab is made of, written as people write them: defaults left out, amounts spelt their way.
fn objects(namespace: &str, count: usize) -> Vec<Value> {
    let mut all = vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})];
    let named =
        |api: &str, kind: &str, name: String| json!({"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}});
    let with = |mut object: Value, fields: Value| {
        object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        object
    };
    for i in 0..count - 1 {
        let object = match i % 20 {
            0 => with(named("v1", "Secret", format!("s{i}")), json!({"stringData": {"password": format!("p{i}")}})),
            1 => named("v1", "ServiceAccount", format!("a{i}")),
            2 => with(
                named("v1", "Service", format!("v{i}")),
                json!({"spec": {"selector": {"app": format!("w{i}")}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}, {"name": "dns", "port": 53}, {"name": "dnsu", "port": 53, "protocol": "UDP"}]}}),
            ),
            3 => with(
                named("rbac.authorization.k8s.io/v1", "Role", format!("r{i}")),
                json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]}),
            ),
            4 => with(
                named("rbac.authorization.k8s.io/v1", "RoleBinding", format!("b{i}")),
                json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r3"}, "subjects": [{"kind": "ServiceAccount", "name": "a1", "namespace": namespace}]}),
            ),
            5 | 6 => with(
                named("apps/v1", "Deployment", format!("d{i}")),
                json!({"spec": {"replicas": 1, "selector": {"matchLabels": {"app": format!("w{i}")}}, "template": template(i)}}),
            ),
            7 => with(
                named("apps/v1", "StatefulSet", format!("t{i}")),
                json!({"spec": {"serviceName": "v2", "selector": {"matchLabels": {"app": format!("w{i}")}}, "template": template(i),
                    "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}}}]}}),
            ),
            8 => with(
                named("batch/v1", "CronJob", format!("j{i}")),
                json!({"spec": {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container(i)],
                    "volumes": [{"name": "conf", "emptyDir": {}}]}}}}}}),
            ),
            9 => with(
                named("networking.k8s.io/v1", "NetworkPolicy", format!("n{i}")),
                json!({"spec": {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 80}]}]}}),
            ),
            10 => with(
                named("networking.k8s.io/v1", "Ingress", format!("i{i}")),
                json!({"spec": {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "v2", "port": {"number": 80}}}}]}}]}}),
            ),
            11 => with(
                named("policy/v1", "PodDisruptionBudget", format!("p{i}")),
                json!({"spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}}}),
            ),
            12 => with(
                named("autoscaling/v2", "HorizontalPodAutoscaler", format!("h{i}")),
                json!({"spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d5"},
                    "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "1000m"}}}]}}),
            ),
            13 => with(named("v1", "ResourceQuota", format!("q{i}")), json!({"spec": {"hard": {"requests.cpu": "4000m", "pods": "100"}}})),
            14 => with(
                named("apps/v1", "DaemonSet", format!("e{i}")),
                json!({"spec": {"selector": {"matchLabels": {"app": format!("w{i}")}}, "template": template(i)}}),
            ),
            _ => with(named("v1", "ConfigMap", format!("c{i}")), json!({"data": {"key": format!("value {i}"), "limits": "1000m"}})),
        };
        all.push(object);
    }
    all
}

fn widgets(group: &str, namespace: &str) -> Vec<Value> {
    vec![
        json!({"apiVersion": format!("{group}/v1"), "kind": "Widget", "metadata": {"name": "w", "namespace": namespace}, "spec": {"size": 3, "tags": ["b", "a"]}}),
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("widgets.{group}")}, "spec": {
            "group": group, "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {
                "type": "object", "properties": {"size": {"type": "integer"}, "mode": {"type": "string", "default": "slow"}, "tags": {"type": "array", "items": {"type": "string"}}}}}}}}]}}),
    ]
}

fn component(name: &str, objects: Vec<Value>) -> Desired {
    Desired { component: name.to_owned(), namespace: None, objects }
}

/// Applies as `up` does: definitions of all first, then each component.
async fn up(cluster: &Cluster, desired: &[Desired]) -> (usize, Vec<labctl::cluster::Applied>) {
    let (sink, cancel) = (Sink::silent(), CancellationToken::new());
    let diff = cluster.diff(desired).await.unwrap();
    let crds = cluster.apply_crds(&diff, &sink, &cancel).await.unwrap();
    let mut applied = Vec::new();
    for one in desired {
        applied.push(cluster.apply(one, &diff, &sink, &cancel).await.unwrap());
    }
    (crds, applied)
}

/// What is not unchanged, as text.
async fn changes(cluster: &Cluster, desired: &[Desired]) -> Vec<String> {
    let diff = cluster.diff(desired).await.unwrap();
    diff.entries.iter().filter(|e| e.action != Action::Unchanged).map(|e| format!("{} {:?}", e.object, e.action)).collect()
}

async fn down(cluster: &Cluster, components: &[&str]) {
    for name in components {
        cluster.remove(name, &Sink::silent(), &CancellationToken::new()).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn a_second_run_finds_nothing_to_write_and_drift_and_leftovers_are_repaired() {
    let Some(kube) = server().await else { return };
    let lab = lab("mixed");
    let group = format!("{lab}.example.org");
    let mut desired = [component("base", objects(&lab, 50)), component("custom", widgets(&group, &lab))];
    let cluster = Cluster::new(kube.clone(), &lab);
    let (crds, applied) = up(&cluster, &desired).await;
    assert_eq!((crds, applied[0].created), (1, 50));
    // a namespace without its controller keeps its finalizer; the rest can be judged all the same
    assert_eq!(changes(&cluster, &desired).await, Vec::<String>::new());
    // another process, which knows nothing of the first
    let other = Cluster::new(kube.clone(), &lab);
    assert_eq!(changes(&other, &desired).await, Vec::<String>::new());
    let (before, audited) = (versions(&kube, &lab).await, audited_writes(&lab).await);
    up(&other, &desired).await;
    assert_eq!(versions(&kube, &lab).await, before, "a no-op wrote");
    assert_eq!(audited_writes(&lab).await, audited, "a no-op asked for a write");

    // drift: a value changed, a field removed, an object deleted, our label taken off; a foreign field added
    let path = |kind: &str, name: &str| format!("/api/v1/namespaces/{lab}/{kind}/{name}");
    update(&kube, &path("configmaps", "c15"), |o| o["data"]["key"] = json!("drift")).await;
    update(&kube, &path("configmaps", "c16"), |o| {
        o["data"].as_object_mut().unwrap().shift_remove("limits");
    })
    .await;
    kube.delete(&path("configmaps", "c17"), &json!({})).await.unwrap();
    update(&kube, &path("configmaps", "c18"), |o| {
        o["metadata"]["labels"].as_object_mut().unwrap().shift_remove("labctl.dev/lab");
    })
    .await;
    update(&kube, &path("configmaps", "c19"), |o| o["data"]["foreign"] = json!("kept")).await;
    let found = changes(&cluster, &desired).await;
    assert_eq!(found.len(), 4, "{found:?}");
    up(&cluster, &desired).await;
    assert_eq!(changes(&cluster, &desired).await, Vec::<String>::new());
    assert_eq!(kube.get(&path("configmaps", "c19")).await.unwrap()["data"]["foreign"], "kept");
    assert_eq!(kube.get(&path("configmaps", "c15")).await.unwrap()["data"]["key"], "value 15");

    // what is no longer wanted goes: a field, an object
    desired[0].objects.retain(|o| o["metadata"]["name"] != "c17");
    for object in &mut desired[0].objects {
        if object["metadata"]["name"] == "c15" {
            object["data"] = json!({"key": "new"});
        }
    }
    let (_, applied) = up(&cluster, &desired).await;
    assert_eq!((applied[0].updated, applied[0].pruned), (1, 1));
    assert_eq!(kube.get(&path("configmaps", "c15")).await.unwrap()["data"], json!({"key": "new"}));
    assert!(kube.get(&path("configmaps", "c17")).await.unwrap_err().is_not_found());

    desired[0].objects.clear();
    desired[0].objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": lab}}));
    up(&cluster, &desired).await;
    down(&cluster, &["custom"]).await;
    assert_eq!(cluster.recorded_components().await.unwrap(), ["base"]);
}

#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn an_object_somebody_else_made_is_adopted_and_said_so() {
    let Some(kube) = server().await else { return };
    let lab = lab("adopt");
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": lab, "namespace": "default"}, "data": {"a": "1"}});
    let path = format!("/api/v1/namespaces/default/configmaps/{lab}");
    kube.apply(
        &path,
        "helm",
        &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": lab}, "data": {"a": "0", "theirs": "x"}}),
        false,
    )
    .await
    .unwrap();
    let cluster = Cluster::new(kube.clone(), &lab);
    let (_, applied) = up(&cluster, &[component("c", vec![object])]).await;
    assert_eq!(applied[0].adopted[0].1[0].owner, "helm");
    assert_eq!(kube.get(&path).await.unwrap()["data"], json!({"a": "1"}), "what only the former applier wanted goes");
    down(&cluster, &["c"]).await;
    assert!(kube.get(&path).await.unwrap_err().is_not_found());
}

#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn an_immutable_field_is_named_and_configuration_is_made_anew() {
    let Some(kube) = server().await else { return };
    let lab = lab("fixed");
    let cluster = Cluster::new(kube.clone(), &lab);
    let fixed = |v: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": lab, "namespace": "default"}, "immutable": true, "data": {"a": v}});
    let service = |app: &str| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": lab, "namespace": "default"}, "spec": {"replicas": 0,
            "selector": {"matchLabels": {"app": app}}, "template": {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}}})
    };
    up(&cluster, &[component("c", vec![fixed("1"), service("one")])]).await;
    up(&cluster, &[component("c", vec![fixed("2"), service("one")])]).await;
    let stored = kube.get(&format!("/api/v1/namespaces/default/configmaps/{lab}")).await.unwrap();
    assert_eq!(stored["data"]["a"], "2");
    let desired = component("c", vec![fixed("2"), service("two")]);
    let diff = cluster.diff(std::slice::from_ref(&desired)).await.unwrap();
    let error = cluster.apply(&desired, &diff, &Sink::silent(), &CancellationToken::new()).await.unwrap_err();
    assert!(error.to_string().contains("spec.selector"), "{error}");
    down(&cluster, &["c"]).await;
}

/// A process that is killed closes its connections, which for the API server is what happens here.
#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn a_create_that_is_cut_off_leaves_no_port_booked() {
    let Some(kube) = server().await else { return };
    let lab = lab("port");
    let cancel = CancellationToken::new();
    let parts: Vec<Desired> = (0..60)
        .map(|number| {
            let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("{lab}-{number}"), "namespace": "default"},
                "spec": {"type": "NodePort", "selector": {"app": "x"}, "ports": [{"name": "http", "port": 80, "nodePort": 30100 + number}]}});
            component(&format!("c{number}"), vec![service])
        })
        .collect();
    let mut cut = 0;
    for (number, desired) in parts.iter().enumerate() {
        let cluster = Cluster::new(kube.clone(), &lab);
        let sink = Sink::silent();
        let diff = cluster.diff(std::slice::from_ref(desired)).await.unwrap();
        let apply = cluster.apply(desired, &diff, &sink, &cancel);
        let moment = Duration::from_micros(500 * (number as u64));
        cut += usize::from(tokio::time::timeout(moment, apply).await.is_err());
    }
    assert!(cut > 5, "only {cut} of {} were cut off", parts.len());
    let cluster = Cluster::new(kube.clone(), &lab);
    tokio::time::timeout(Duration::from_mins(1), up(&cluster, &parts)).await.expect("a port is still booked for a create that was cut off");
    assert_eq!(changes(&cluster, &parts).await, Vec::<String>::new());
    let first = kube.get(&format!("/api/v1/namespaces/default/services/{lab}-59")).await.unwrap();
    let managers = first["metadata"]["managedFields"].as_array().unwrap();
    let who: Vec<_> = managers.iter().map(|entry| (entry["manager"].as_str().unwrap(), entry["operation"].as_str().unwrap())).collect();
    assert_eq!(who, [("labctl", "Apply")], "made by POST, owned as by apply");
    down(&cluster, &parts.iter().map(|part| part.component.as_str()).collect::<Vec<_>>()).await;
}

#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn readiness_follows_the_status_by_watch() {
    let Some(kube) = server().await else { return };
    let lab = lab("ready");
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": lab, "namespace": "default"}, "spec": {"containers": [{"name": "c", "image": "x"}]}});
    let cluster = Cluster::new(kube.clone(), &lab);
    up(&cluster, &[component("c", vec![pod.clone()])]).await;
    let objects = [ObjectRef::of(&pod).unwrap()];
    let cancel = CancellationToken::new();
    let sink = Sink::silent();
    let wait = cluster.wait_ready(&objects, Duration::from_secs(20), &sink, &cancel);
    let path = format!("/api/v1/namespaces/default/pods/{lab}/status");
    let turn = async {
        let status = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": lab, "namespace": "default"},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
        kube.apply(&path, "kubelet", &status, false).await.unwrap();
    };
    let (ready, ()) = tokio::join!(wait, turn);
    ready.unwrap();
    down(&cluster, &["c"]).await;
}

#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn a_thousand_objects_come_and_a_no_op_of_them_costs_at_most_thirty_requests() {
    let Some(kube) = server().await else { return };
    let lab = lab("figures");
    let mut desired = vec![];
    for n in 0..10 {
        desired.push(component(&format!("c{n}"), objects(&format!("{lab}-{n}"), 100)));
    }
    let cluster = Cluster::new(kube.clone(), &lab);
    let started = Instant::now();
    let (_, applied) = up(&cluster, &desired).await;
    println!("create {} objects: {:.2} s", applied.iter().map(|a| a.created).sum::<usize>(), started.elapsed().as_secs_f64());
    for _ in 0..3 {
        let cluster = Cluster::new(kube.clone(), &lab);
        let started = Instant::now();
        let diff = cluster.diff(&desired).await.unwrap();
        println!("no-op diff: {:.3} s {:?}", started.elapsed().as_secs_f64(), diff.counts());
    }
}

async fn update(kube: &Kube, path: &str, change: impl FnOnce(&mut Value)) {
    let mut object = kube.get(path).await.unwrap();
    change(&mut object);
    let request = http::Request::put(format!("{path}?fieldManager=somebody"))
        .header("content-type", "application/json")
        .body(object.to_string().into_bytes())
        .unwrap();
    let _stored: Value = kube.client().request(request).await.unwrap();
}

/// The resource versions of everything a no-op could have written.
async fn versions(kube: &Kube, lab: &str) -> Vec<String> {
    let mut found = Vec::new();
    for path in [
        format!("/api/v1/namespaces/{lab}/configmaps"),
        format!("/api/v1/namespaces/{lab}/services"),
        format!("/apis/apps/v1/namespaces/{lab}/deployments"),
        format!("/apis/apps/v1/namespaces/{lab}/statefulsets"),
        format!("/apis/autoscaling/v2/namespaces/{lab}/horizontalpodautoscalers"),
        "/api/v1/namespaces/labctl-system/secrets?labelSelector=labctl.dev%2Finventory%3D".to_owned() + lab,
    ] {
        let list = kube.get(&path).await.unwrap();
        found.extend(
            list["items"].as_array().unwrap().iter().map(|o| format!("{}@{}", o["metadata"]["name"], o["metadata"]["resourceVersion"])),
        );
    }
    found
}
