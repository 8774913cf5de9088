//! P11: twelve kinds of broken workload on the real cluster. For each, how long after the first event that tells of it the right sentence was said,
//! and that no other cause was said before.
//!
//! With `LABCTL_TEST_SCENES=DIR` what was seen of each is kept there as a document for the hermetic test (tests/readiness/scenes).
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use super::bed::{Bed, bed};
use labctl::adapters::kube::{Kube, connect};
use labctl::cluster::causes::KINDS;
use labctl::cluster::{Cluster, ClusterError, Desired, ObjectRef};
use labctl::model::run::StepEvent;
use labctl::support::progress::Sink;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::CancellationToken;

/// What the lab's registry serves, with a shell and a Python in it.
pub const IMAGE: &str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/app-python:0.1.0";
/// Where a registry that has nothing and lets nobody into `private/` listens on the node; the container runtime speaks plain HTTP to localhost.
const CLOSED_REGISTRY: &str = "localhost:5997";
const PATIENCE: Duration = Duration::from_secs(100);

/// One way to break a workload.
struct Broken {
    name: &'static str,
    id: &'static str,
    /// What the sentence must tell besides.
    words: &'static [&'static str],
    objects: Vec<Value>,
}

fn shell(script: &str) -> Value {
    json!({"name": "c", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script]})
}

fn with(mut container: Value, name: &str, value: Value) -> Value {
    container[name] = value;
    container
}

fn deployment(container: &Value) -> Value {
    deployment_of(json!({"containers": [container]}))
}

fn deployment_of(mut pod: Value) -> Value {
    pod["terminationGracePeriodSeconds"] = json!(0);
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"app": "d"}},
        "template": {"metadata": {"labels": {"app": "d"}}, "spec": pod}}})
}

fn corpus() -> Vec<Broken> {
    let sleep = || shell("sleep 1000");
    let image = |path: &str| deployment(&json!({"name": "c", "image": format!("{CLOSED_REGISTRY}/{path}")}));
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "creds"}, "stringData": {"user": "u"}});
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"],
        "storageClassName": "no-such-class", "resources": {"requests": {"storage": "1Gi"}}}});
    let user = json!({"containers": [sleep()], "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]});
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}});
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"backoffLimit": 0, "template": {"spec": {
        "restartPolicy": "Never", "containers": [shell("echo no such table; exit 3")]}}}});
    let fails =
        |after: u32| json!({"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1, "initialDelaySeconds": after});
    // not ready for long enough that its liveness is all there is to tell
    let killed = with(with(sleep(), "livenessProbe", fails(1)), "readinessProbe", fails(600));
    let greedy = with(sleep(), "resources", json!({"requests": {"cpu": "900"}}));
    let hungry = with(
        json!({"name": "c", "image": IMAGE, "command": ["python3", "-c", "x = []\nwhile True: x.append(bytearray(10_000_000))"]}),
        "resources",
        json!({"limits": {"memory": "64Mi"}}),
    );
    let key = json!([{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "creds", "key": "token"}}}]);
    let broken = |name, id, words, objects| Broken { name, id, words, objects };
    vec![
        broken("image-missing", "LAB-IMAGE-002", &["no-such-tag"], vec![image("public/app:no-such-tag")]),
        broken("image-unauthorized", "LAB-IMAGE-003", &["private/app"], vec![image("private/app:1")]),
        broken("crash-loop", "LAB-CRASH-001", &["exit code 7", "bad flag"], vec![deployment(&shell("echo bad flag; exit 7"))]),
        broken("out-of-memory", "LAB-CRASH-003", &["64Mi"], vec![deployment(&hungry)]),
        broken("readiness", "LAB-PROBE-001", &["Readiness probe failed"], vec![deployment(&with(sleep(), "readinessProbe", fails(0)))]),
        broken("liveness", "LAB-PROBE-002", &["liveness"], vec![deployment(&killed)]),
        broken("unschedulable", "LAB-SCHEDULE-001", &["it asks for 900 cpu, and node", "free"], vec![deployment(&greedy)]),
        broken(
            "config-missing",
            "LAB-CONFIG-001",
            &["ConfigMap", "absent"],
            vec![deployment(&with(sleep(), "envFrom", json!([{"configMapRef": {"name": "absent"}}])))],
        ),
        broken("secret-key", "LAB-CONFIG-002", &["Secret", "token"], vec![secret, deployment(&with(sleep(), "env", key))]),
        broken("storage-class", "LAB-VOLUME-001", &["no-such-class"], vec![claim, deployment_of(user)]),
        broken("quota", "LAB-QUOTA-001", &["(none)"], vec![quota, deployment(&sleep())]),
        broken("job", "LAB-JOB-001", &["no such table", "BackoffLimitExceeded"], vec![job]),
    ]
}

/// Causes that tell the same fault from another side: a Job failed and so did its container, a claim gets no volume and its pod no node.
fn same_fault(id: &str) -> &'static [&'static str] {
    match id {
        "LAB-JOB-001" => &["LAB-CRASH-001"],
        "LAB-VOLUME-001" => &["LAB-SCHEDULE-001"],
        _ => &[],
    }
}

/// The id of a cause by its sentence: the kind whose fixed parts stand in it in their order.
fn id_of(sentence: &str) -> Option<&'static str> {
    KINDS.iter().find(|kind| fits(kind.sentence, sentence)).map(|kind| kind.id)
}

fn fits(template: &str, sentence: &str) -> bool {
    let mut rest = sentence;
    template.split('{').map(|part| part.split_once('}').map_or(part, |(_, fixed)| fixed)).all(|fixed| {
        let found = rest.find(fixed);
        rest = &rest[found.map_or(0, |at| at + fixed.len())..];
        found.is_some()
    })
}

#[test]
fn a_sentence_tells_its_kind() {
    assert_eq!(id_of("Pod n/p: container c ended with exit code 1, 2 restarts; it said: x"), Some("LAB-CRASH-001"));
    assert_eq!(id_of("Deployment n/d gets no pods, the namespace's quota is used up (none): forbidden"), Some("LAB-QUOTA-001"));
    assert_eq!(id_of("0 of 1 pods are ready"), None);
}

/// The first moment at which an event told that something is wrong.
async fn first_event(kube: &Kube, namespace: &str) -> Option<OffsetDateTime> {
    let events = kube.get(&format!("/api/v1/namespaces/{namespace}/events")).await.unwrap();
    let tells = |event: &&Value| event["type"] == "Warning" || event["reason"] == "Killing";
    let time = |event: &Value| {
        let text = ["eventTime", "firstTimestamp"].iter().find_map(|name| event[*name].as_str())?;
        OffsetDateTime::parse(text, &Rfc3339).ok()
    };
    events["items"].as_array().unwrap().iter().filter(tells).filter_map(time).min()
}

/// Brings the broken workload and waits; what was said, each with its time.
async fn said(cluster: &Cluster, namespace: &str, broken: &Broken) -> Vec<(OffsetDateTime, String)> {
    let mut objects = vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})];
    objects.extend(broken.objects.clone());
    let desired = Desired { component: broken.name.into(), namespace: Some(namespace.to_owned()), objects };
    let cancel = CancellationToken::new();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (kept, end, right) = (heard.clone(), cancel.clone(), broken.id);
    let sink = Sink::hearing(move |event, _| {
        if let StepEvent::Waiting { last_reason, .. } = event {
            if id_of(&last_reason) == Some(right) {
                end.cancel();
            }
            kept.lock().unwrap().push((OffsetDateTime::now_utc(), last_reason));
        }
    });
    let diff = cluster.diff(std::slice::from_ref(&desired)).await.unwrap();
    cluster.apply(&desired, &diff, &Sink::silent(), &cancel).await.unwrap();
    let references: Vec<ObjectRef> = diff.entries.iter().map(|entry| entry.object.clone()).collect();
    let outcome = cluster.wait_ready(&references, PATIENCE, &sink, &cancel).await;
    assert!(matches!(outcome, Err(ClusterError::Cancelled | ClusterError::NotReady(_))), "{}: {outcome:?}", broken.name);
    std::mem::take(&mut *heard.lock().unwrap())
}

/// Keeps what was seen as a document for the hermetic test.
async fn keep(kube: &Kube, folder: &str, namespace: &str, broken: &Broken) {
    let list = async |path: String| kube.get(&path).await.unwrap()["items"].clone();
    let core = |plural: &str| format!("/api/v1/namespaces/{namespace}/{plural}");
    let of = broken.objects.last().unwrap();
    let path = match of["kind"].as_str() {
        Some("Job") => format!("/apis/batch/v1/namespaces/{namespace}/jobs/j"),
        _ => format!("/apis/apps/v1/namespaces/{namespace}/deployments/d"),
    };
    let pods = list(core("pods")).await;
    let mut logs = json!({});
    for pod in pods.as_array().unwrap() {
        let name = pod["metadata"]["name"].as_str().unwrap();
        let previous = pod["status"]["containerStatuses"][0]["restartCount"].as_u64() > Some(0);
        let path = format!("{}/{name}/log?tailLines=20&previous={previous}", core("pods"));
        logs[name] = json!({"c": kube.get_text(&path).await.unwrap_or_default()});
    }
    let mut live = kube.get(&path).await.unwrap();
    for (name, value) in [("apiVersion", &of["apiVersion"]), ("kind", &of["kind"])] {
        live[name] = value.clone();
    }
    let scene = json!({"id": broken.id, "words": broken.words, "from": "a real kind cluster", "object": live, "pods": pods,
        "events": list(core("events")).await, "claims": list(core("persistentvolumeclaims")).await,
        "nodes": list("/api/v1/nodes".to_owned()).await, "logs": logs});
    std::fs::write(format!("{folder}/{}.json", broken.name), format!("{scene:#}\n")).unwrap();
}

/// A registry on the node that answers 401 under `private/` and 404 elsewhere.
async fn close_registry(cluster: &Cluster, namespace: &str) {
    let script = format!(
        "from http.server import *\nclass R(BaseHTTPRequestHandler):\n def do_GET(self): self.send_response(401 if '/private/' in self.path else 404); self.end_headers()\n do_HEAD = do_GET\n\
         ThreadingHTTPServer(('127.0.0.1', {}), R).serve_forever()",
        CLOSED_REGISTRY.rsplit(':').next().unwrap()
    );
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "closed-registry"}, "spec": {"hostNetwork": true,
        "terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}],
        "containers": [{"name": "c", "image": IMAGE, "command": ["python3", "-c", script]}]}});
    let objects = vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}), pod];
    let desired = Desired { component: "closed-registry".into(), namespace: Some(namespace.to_owned()), objects };
    let (sink, cancel) = (Sink::silent(), CancellationToken::new());
    let diff = cluster.diff(std::slice::from_ref(&desired)).await.unwrap();
    cluster.apply(&desired, &diff, &sink, &cancel).await.unwrap();
    let references: Vec<ObjectRef> = diff.entries.iter().map(|entry| entry.object.clone()).collect();
    cluster.wait_ready(&references, PATIENCE, &sink, &cancel).await.unwrap();
}

pub async fn kube_of(bed: &Bed) -> Kube {
    connect(&bed.home.join(".kube/config"), Some(&format!("kind-{}", bed.name))).await.unwrap()
}

#[tokio::test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
async fn each_of_twelve_broken_workloads_is_named_within_15_seconds() {
    let Some(bed) = bed() else { return };
    let kube = kube_of(bed).await;
    let registry = Cluster::new(kube.clone(), "p11-registry");
    close_registry(&registry, "p11-registry").await;
    let (mut slowest, mut right, mut wrong) = (0.0_f64, 0, Vec::new());
    let corpus = corpus();
    for broken in &corpus {
        let namespace = format!("p11-{}", broken.name);
        let cluster = Cluster::new(kube.clone(), &namespace);
        let heard = said(&cluster, &namespace, broken).await;
        let causes: Vec<(OffsetDateTime, &str, &String)> =
            heard.iter().filter_map(|(at, text)| id_of(text).map(|id| (*at, id, text))).collect();
        let first = first_event(&kube, &namespace).await;
        if let Some(folder) = std::env::var("LABCTL_TEST_SCENES").ok().as_deref() {
            keep(&kube, folder, &namespace, broken).await;
        }
        wrong.extend(
            causes
                .iter()
                .filter(|(_, id, _)| *id != broken.id && !same_fault(broken.id).contains(id))
                .map(|(_, id, text)| format!("{}: {id}: {text}", broken.name)),
        );
        match causes.iter().find(|(_, id, text)| *id == broken.id && broken.words.iter().all(|word| text.contains(word))) {
            Some((at, _, text)) => {
                // without an event it was told from the status alone, before any
                let after = first.map_or(0.0, |first| (*at - first).as_seconds_f64().max(0.0));
                slowest = slowest.max(after);
                right += 1;
                println!("{:<18} {} after {after:>5.1} s: {text}", broken.name, broken.id);
            }
            None => println!("{:<18} {} NOT SAID: {heard:?}", broken.name, broken.id),
        }
        cluster.remove(broken.name, &Sink::silent(), &CancellationToken::new()).await.unwrap();
    }
    registry.remove("closed-registry", &Sink::silent(), &CancellationToken::new()).await.unwrap();
    for line in &wrong {
        println!("WRONG: {line}");
    }
    let ok = right == corpus.len() && wrong.is_empty() && slowest <= 15.0;
    println!(
        "P11 {right} of {} right, {} wrong, slowest {slowest:.1} s (must 15 s, 0 wrong) {}",
        corpus.len(),
        wrong.len(),
        if ok { "ok" } else { "short" }
    );
    assert!(ok, "P11 does not hold");
}
