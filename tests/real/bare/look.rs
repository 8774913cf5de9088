//! What a person is shown of a real cluster while they look, and what they do to it by hand; and what a later `up` makes of that.
#![expect(clippy::unwrap_used, reason = "helpers of tests say what they expect")]

use crate::server::{fresh, server};
use labctl::adapters::kube::{Forwards, Kube, Objects};
use labctl::checks::{Lookup, Prober};
use labctl::cluster::{Action, Cluster, Desired, ObjectRef};
use labctl::insight::look::{Looker, Owners, Subscription};
use labctl::model::look::{Condition, Looks, Query, Snapshot};
use labctl::support::progress::Sink;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn looker(kube: &Kube, lab: &str, owners: Owners) -> (Looker, Arc<Cluster>) {
    let client = kube.client().clone();
    let cluster = Arc::new(Cluster::new(kube.clone(), lab));
    let prober = Prober::new(Forwards::new(client.clone()), Objects::new(client), Lookup::default()).unwrap();
    (Looker::new(cluster.clone(), Arc::new(prober), owners), cluster)
}

fn name(of: &str) -> String {
    format!("{of}-{:08x}", rand::random::<u32>())
}

struct Eyes {
    looks: Looks,
    from: mpsc::Receiver<Snapshot>,
    _held: Vec<Subscription>,
}

impl Eyes {
    fn on(looker: &Looker, queries: &[Query]) -> Self {
        let (to, from) = mpsc::channel(8);
        let held = queries.iter().map(|query| looker.subscribe(query.clone(), to.clone()).unwrap()).collect();
        Self { looks: Looks::default(), from, _held: held }
    }

    async fn until(&mut self, what: &str, enough: impl Fn(&Looks) -> bool) {
        let come = async {
            while !enough(&self.looks) {
                self.looks.take(self.from.recv().await.unwrap());
            }
        };
        let seen = tokio::time::timeout(Duration::from_mins(1), come).await.is_ok();
        assert!(seen, "never seen: {what}; pods {:?}; trouble {:?}", self.looks.pods.answer(), self.looks.pods.trouble());
    }
}

async fn pod(kube: &Kube, pod: &str, status: Value) {
    let path = format!("/api/v1/namespaces/default/pods/{pod}");
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod, "namespace": "default"},
        "spec": {"containers": [{"name": "c", "image": "x"}]}});
    kube.apply(&path, "somebody", &object, false).await.unwrap();
    let mut told = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod, "namespace": "default"}});
    told["status"] = status;
    kube.apply(&format!("{path}/status"), "kubelet", &told, false).await.unwrap();
}

fn running() -> Value {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{"name": "c", "ready": true, "restartCount": 0, "image": "x", "imageID": "", "started": true, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]})
}

fn crashing() -> Value {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [{"name": "c", "ready": false, "restartCount": 4, "image": "x", "imageID": "", "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-01-01T00:02:00Z"}}}]})
}

fn condition(looks: &Looks, pod: &str) -> Option<Condition> {
    looks.pods.answer()?.iter().find(|row| row.name == pod).map(|row| row.condition)
}

#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn pods_and_events_are_seen_as_they_change_and_what_is_ended_goes() {
    let Some(kube) = server().await else { return };
    let (looker, cluster) = looker(&kube, "look", Owners::default());
    let mine = name("look");
    let mut eyes = Eyes::on(&looker, &[Query::Pods, Query::Events]);
    pod(&kube, &mine, running()).await;
    eyes.until("the pod runs", |looks| condition(looks, &mine) == Some(Condition::Ready)).await;
    pod(&kube, &mine, crashing()).await;
    eyes.until("it crashes", |looks| condition(looks, &mine) == Some(Condition::Failed)).await;
    let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": mine, "namespace": "default"}, "type": "Warning", "reason": "BackOff",
        "message": "Back-off restarting", "involvedObject": {"kind": "Pod", "namespace": "default", "name": mine}});
    kube.create("/api/v1/namespaces/default/events", "kubelet", &event).await.unwrap();
    let said =
        |looks: &Looks| looks.events.answer().is_some_and(|rows| rows.iter().any(|row| row.about.name == mine && row.reason == "BackOff"));
    eyes.until("the event", said).await;
    // nothing runs this pod, and no kubelet answers for it, so it goes at once
    kube.delete(&format!("/api/v1/namespaces/default/pods/{mine}"), &json!({"gracePeriodSeconds": 0})).await.unwrap();
    eyes.until("it is gone", |looks| condition(looks, &mine).is_none() && looks.pods.answer().is_some()).await;
    assert!(cluster.end_pod("default", &mine).await.unwrap_err().to_string().contains("404"));
}

#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn an_api_server_that_is_killed_is_said_so_and_seen_again_by_itself() {
    let Some(mut server) = fresh().await else { return };
    pod(&server.kube, "first", running()).await;
    let (looker, _cluster) = looker(&server.kube, "look", Owners::default());
    let mut eyes = Eyes::on(&looker, &[Query::Pods]);
    eyes.until("the first pod", |looks| condition(looks, "first") == Some(Condition::Ready)).await;
    server.kill();
    let gone = Instant::now();
    eyes.until("that it is gone", |looks| looks.pods.trouble().is_some()).await;
    println!("said after {:?}: {}", gone.elapsed(), eyes.looks.pods.trouble().unwrap().words);
    assert_eq!(condition(&eyes.looks, "first"), Some(Condition::Ready), "what was known stays");
    eyes.until("it is back", |looks| looks.pods.trouble().is_none()).await;
    println!("seen again after {:?}", gone.elapsed());
    pod(&server.kube, "second", running()).await;
    eyes.until("what came after", |looks| condition(looks, "second") == Some(Condition::Ready)).await;
}

fn deployment(lab: &str, replicas: Option<u32>) -> Value {
    let mut spec = json!({"selector": {"matchLabels": {"app": lab}},
        "template": {"metadata": {"labels": {"app": lab}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}});
    if let Some(replicas) = replicas {
        spec["replicas"] = json!(replicas);
    }
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": lab, "namespace": "default"}, "spec": spec})
}

async fn up(cluster: &Cluster, desired: &Desired) {
    let diff = cluster.diff(std::slice::from_ref(desired)).await.unwrap();
    cluster.apply(desired, &diff, &Sink::silent(), &CancellationToken::new()).await.unwrap();
}

/// Fields that are not as wanted.
async fn drift(cluster: &Cluster, desired: &Desired) -> Vec<String> {
    let diff = cluster.diff(std::slice::from_ref(desired)).await.unwrap();
    let fields = diff.entries.into_iter().filter_map(|entry| match entry.action {
        Action::Update { fields } => Some(fields),
        _ => None,
    });
    fields.flatten().collect()
}

#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn a_restart_is_nobodys_drift_and_a_number_of_pods_is_set_back_where_the_manifest_names_one() {
    let Some(kube) = server().await else { return };
    for replicas in [Some(1), None] {
        let lab = name("act");
        let object = deployment(&lab, replicas);
        let desired = Desired { component: "c".into(), namespace: None, objects: vec![object.clone()] };
        let mut owners = Owners::default();
        owners.add("c", "default", &desired.objects);
        let (looker, cluster) = looker(&kube, &lab, owners);
        up(&cluster, &desired).await;
        let reference = ObjectRef::of(&object).unwrap();
        let path = format!("/apis/apps/v1/namespaces/default/deployments/{lab}");
        let mut eyes = Eyes::on(&looker, &[Query::Workloads]);
        let seen = |looks: &Looks| looks.workloads.answer()?.iter().find(|row| row.name == lab).map(|row| (row.wanted, row.manifest));
        eyes.until("the workload", |looks| seen(looks) == Some((1, replicas))).await;

        cluster.restart(&reference, time::OffsetDateTime::now_utc()).await.unwrap();
        let restarted =
            |object: &Value| object["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].is_string();
        assert!(restarted(&kube.get(&path).await.unwrap()));
        assert_eq!(drift(&cluster, &desired).await, Vec::<String>::new(), "a restart is nobody's drift");

        cluster.scale(&reference, 1, 3).await.unwrap();
        eyes.until("that it was scaled", |looks| seen(looks) == Some((3, replicas))).await;
        let expected: &[&str] = if replicas.is_some() { &["spec.replicas"] } else { &[] };
        assert_eq!(drift(&cluster, &desired).await, expected);
        up(&cluster, &desired).await;
        let now = kube.get(&path).await.unwrap();
        assert_eq!(now["spec"]["replicas"], replicas.unwrap_or(3), "as the question before it says");
        assert!(restarted(&now), "the mark of the restart stays, so nothing restarts again");
        assert_eq!(drift(&cluster, &desired).await, Vec::<String>::new());
        let error = cluster.scale(&reference, 7, 1).await.unwrap_err().to_string();
        assert!(error.contains("it was 7 when asked"), "{error}");
        cluster.remove("c", &Sink::silent(), &CancellationToken::new()).await.unwrap();
    }
}
