//! What is asked of a running lab, over a faked wire: an API server that goes and comes back, logs that come too fast, acts that are refused.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests say what they expect")]

use http::{Request, Response};
use kube::client::Body;
use labctl::adapters::kube::{Forwards, Objects};
use labctl::checks::{Lookup, Prober};
use labctl::cluster::{Cluster, ClusterError, ObjectRef};
use labctl::insight::look::{Looker, Owners, Subscription};
use labctl::model::look::{Answer, LogOf, Looks, Query, Snapshot};
use labctl::model::run::{At, Object, StepEvent};
use labctl::support::progress::Sink;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tower_test::mock::{self, SendResponse};

/// An API server of pods. A watch that has nothing to say is held until something changes, then answered with that one change.
#[derive(Default)]
struct World {
    down: bool,
    pods: BTreeMap<String, Value>,
    version: u64,
    held: Vec<SendResponse<Response<Body>>>,
    /// Every request, as `METHOD path?query`.
    asked: Vec<String>,
    /// Bodies of requests that write.
    written: Vec<Value>,
    /// Answers by path, before anything else but watches.
    scripted: BTreeMap<String, (u16, Vec<u8>)>,
    /// The path that is answered only when it is told to.
    slow: Option<(&'static str, Vec<SendResponse<Response<Body>>>)>,
}

fn text(reply: SendResponse<Response<Body>>, code: u16, body: Vec<u8>) {
    reply.send_response(Response::builder().status(code).body(Body::from(body)).unwrap());
}

fn broken(reply: SendResponse<Response<Body>>) {
    reply.send_error(std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "connection refused"));
}

impl World {
    fn answer(&mut self, request: &Request<Body>, reply: SendResponse<Response<Body>>) {
        let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
        self.asked.push(format!("{} {path}?{query}", request.method()));
        if self.down {
            return broken(reply);
        }
        if query.contains("watch=true") {
            return self.held.push(reply);
        }
        match &mut self.slow {
            Some((slow, waiting)) if *slow == path => return waiting.push(reply),
            _ => {}
        }
        if let Some((code, body)) = self.scripted.get(&path) {
            return text(reply, *code, body.clone());
        }
        match path.as_str() {
            "/readyz" => text(reply, 200, b"ok".to_vec()),
            "/api/v1/pods" => {
                let list = json!({"kind": "PodList", "metadata": {"resourceVersion": self.version.to_string()}, "items": self.pods.values().collect::<Vec<_>>()});
                text(reply, 200, list.to_string().into_bytes());
            }
            _ => text(reply, 404, json!({"kind": "Status", "code": 404, "message": format!("{path} not found")}).to_string().into_bytes()),
        }
    }

    /// A pod is there, and runs.
    fn pod(&mut self, name: &str) {
        self.version += 1;
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "n", "resourceVersion": self.version.to_string()},
            "spec": {"containers": [{"name": "c"}]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "c", "ready": true, "state": {"running": {}}}]}});
        self.pods.insert(name.to_owned(), pod.clone());
        let event = json!({"type": "ADDED", "object": pod}).to_string() + "\n";
        for reply in self.held.drain(..) {
            text(reply, 200, event.clone().into_bytes());
        }
    }

    fn set_down(&mut self, down: bool) {
        self.down = down;
        if down {
            self.held.drain(..).for_each(broken);
        }
    }

    fn requests(&self, containing: &str) -> usize {
        self.asked.iter().filter(|asked| asked.contains(containing)).count()
    }
}

struct Rig {
    looker: Looker,
    cluster: Arc<Cluster>,
    world: Arc<Mutex<World>>,
}

fn rig() -> Rig {
    let (service, mut handle) = mock::pair::<Request<Body>, Response<Body>>();
    let world = Arc::new(Mutex::new(World::default()));
    let shared = world.clone();
    tokio::spawn(async move {
        while let Some((request, reply)) = handle.next_request().await {
            let (head, body) = request.into_parts();
            let body = body.collect_bytes().await.unwrap();
            if head.method != "GET" {
                shared.lock().unwrap().written.push(serde_json::from_slice(&body).unwrap_or(Value::Null));
            }
            shared.lock().unwrap().answer(&Request::from_parts(head, Body::empty()), reply);
        }
    });
    let client = kube::Client::new(service, "default");
    let cluster = Arc::new(Cluster::new(client.clone(), "lab"));
    let prober = Prober::new(Forwards::new(client.clone()), Objects::new(client), Lookup::default()).unwrap();
    Rig { looker: Looker::new(cluster.clone(), Arc::new(prober), Owners::default()), cluster, world }
}

impl Rig {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn ask(&self, query: Query, room: usize) -> (Subscription, mpsc::Receiver<Snapshot>) {
        let (to, from) = mpsc::channel(room);
        (self.looker.subscribe(query, to).unwrap(), from)
    }
}

/// Folds what comes until `enough` is known.
async fn until(from: &mut mpsc::Receiver<Snapshot>, looks: &mut Looks, enough: impl Fn(&Looks) -> bool) {
    let come = async {
        while !enough(looks) {
            looks.take(from.recv().await.unwrap());
        }
    };
    tokio::time::timeout(Duration::from_mins(2), come).await.unwrap_or_else(|_| panic!("it never came to that"));
}

fn names(looks: &Looks) -> Vec<String> {
    looks.pods.answer().into_iter().flat_map(|rows| rows.iter().map(|row| row.name.clone())).collect()
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_goes_away_leaves_what_was_known_and_comes_back_by_itself() {
    let rig = rig();
    rig.world().pod("a");
    let (_held, mut from) = rig.ask(Query::Pods, 4);
    let mut looks = Looks::default();
    until(&mut from, &mut looks, |looks| names(looks) == ["a"]).await;

    rig.world().pod("b");
    until(&mut from, &mut looks, |looks| names(looks) == ["a", "b"]).await;

    rig.world().set_down(true);
    until(&mut from, &mut looks, |looks| looks.pods.trouble().is_some()).await;
    assert!(looks.pods.trouble().unwrap().words.contains("connection refused"), "{:?}", looks.pods.trouble());
    assert_eq!(names(&looks), ["a", "b"], "what was known stays");
    assert!(looks.pods.at().unwrap() < looks.pods.trouble().unwrap().since);
    let aged = At(looks.pods.at().unwrap().0 + Duration::from_secs(14));
    assert_eq!(looks.pods.stale(aged, Query::Pods.period()), Some(Duration::from_secs(14)));

    // changed while nobody could see it
    rig.world().pods.remove("a");
    rig.world().pod("c");
    rig.world().set_down(false);
    until(&mut from, &mut looks, |looks| looks.pods.trouble().is_none() && names(looks) == ["b", "c"]).await;
    rig.world().pod("d");
    until(&mut from, &mut looks, |looks| names(looks) == ["b", "c", "d"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_was_never_there_is_said_so_and_asked_with_growing_pauses() {
    let rig = rig();
    rig.world().set_down(true);
    let (_held, mut from) = rig.ask(Query::Pods, 4);
    let mut looks = Looks::default();
    until(&mut from, &mut looks, |looks| looks.pods.trouble().is_some()).await;
    assert!(looks.pods.answer().is_none());
    tokio::time::sleep(Duration::from_mins(1)).await;
    let beats = rig.world().requests("/readyz");
    assert!((28..=36).contains(&beats), "{beats} beats in a minute of silence");
    assert!(rig.world().requests("/api/v1/pods") < 60, "{} lists", rig.world().requests("/api/v1/pods"));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_looks_at_any_more_is_no_longer_asked() {
    let rig = rig();
    rig.world().pod("a");
    let (pods, mut from) = rig.ask(Query::Pods, 4);
    let (second, mut also) = rig.ask(Query::Pods, 4);
    let (mut looks, mut others) = (Looks::default(), Looks::default());
    until(&mut from, &mut looks, |looks| names(looks) == ["a"]).await;
    until(&mut also, &mut others, |looks| names(looks) == ["a"]).await;
    assert_eq!(rig.world().requests("watch=true"), 1, "two who look share one watch");
    drop(pods);
    rig.world().pod("b");
    until(&mut also, &mut others, |looks| names(looks) == ["a", "b"]).await;
    drop(second);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let asked = rig.world().asked.len();
    // a watch that still lived would ask for the next change
    rig.world().pod("c");
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(rig.world().asked.len(), asked, "{:?}", &rig.world().asked[asked..]);
}

fn log_of(pod: &str) -> LogOf {
    LogOf { namespace: "n".into(), pod: pod.into(), container: "c".into(), previous: false }
}

/// Lines as a container runtime stamps them, a microsecond apart.
fn stamped(numbers: std::ops::Range<u64>) -> Vec<u8> {
    numbers
        .map(|n| format!("2026-01-01T00:00:{:02}.{:06}Z line {n}\n", n / 1_000_000, n % 1_000_000))
        .collect::<Vec<_>>()
        .concat()
        .into_bytes()
}

fn log_path(pod: &str) -> String {
    format!("/api/v1/namespaces/n/pods/{pod}/log")
}

fn lines(looks: &Looks) -> (u64, u64) {
    looks.log.as_ref().map_or((0, 0), |log| (log.ring.end(), log.ring.lost()))
}

#[tokio::test(start_paused = true)]
async fn lines_that_come_too_fast_are_lost_by_count_and_hold_up_nobody() {
    const ALL: u64 = 60_000;
    let rig = rig();
    rig.world().scripted.insert(log_path("p"), (200, stamped(0..ALL)));
    let (_held, mut from) = rig.ask(Query::Log(log_of("p")), 1);
    // nobody reads for a while: the whole log comes in all the same, and the container's end is seen
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(rig.world().requests("/log") > 1, "the log was read to its end, and is tried again");
    let mut looks = Looks::default();
    looks.follow(log_of("p"));
    until(&mut from, &mut looks, |looks| {
        let (shown, lost) = lines(looks);
        shown + lost == ALL
    })
    .await;
    let kept = &looks.log.as_ref().unwrap().ring;
    assert!(lines(&looks).1 > ALL / 2, "{:?}", lines(&looks));
    assert_eq!(kept.get(kept.end() - 1).map(|line| &*line.text), Some("line 59999"), "the newest are kept");
}

#[tokio::test(start_paused = true)]
async fn a_log_goes_on_where_it_was_when_the_api_server_comes_back() {
    let rig = rig();
    rig.world().scripted.insert(log_path("p"), (200, stamped(0..10)));
    let (_held, mut from) = rig.ask(Query::Log(log_of("p")), 8);
    let mut looks = Looks::default();
    looks.follow(log_of("p"));
    until(&mut from, &mut looks, |looks| lines(looks).0 == 10).await;
    until(&mut from, &mut looks, |looks| looks.log.as_ref().unwrap().ring.ended().is_some()).await;

    rig.world().set_down(true);
    until(&mut from, &mut looks, |looks| looks.log.as_ref().unwrap().trouble.is_some()).await;
    // the second at which the last line was read comes again
    rig.world().scripted.insert(log_path("p"), (200, stamped(5..20)));
    rig.world().set_down(false);
    until(&mut from, &mut looks, |looks| lines(looks).0 >= 20).await;
    let kept = &looks.log.as_ref().unwrap().ring;
    let texts: Vec<&str> = (0..20).map(|number| &*kept.get(number).unwrap().text).collect();
    assert_eq!(texts, (0..20).map(|n| format!("line {n}")).collect::<Vec<_>>());
    assert!(looks.log.as_ref().unwrap().trouble.is_none());
    assert!(rig.world().requests("sinceTime") > 0);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_has_not_started_says_so_and_a_previous_run_is_read_once() {
    let rig = rig();
    let waits = json!({"kind": "Status", "code": 400, "message": "container \"c\" in pod \"p\" is waiting to start: ContainerCreating"});
    rig.world().scripted.insert(log_path("p"), (400, waits.to_string().into_bytes()));
    rig.world().scripted.insert(log_path("q"), (200, b"2026-01-01T00:00:00Z \xff\xfe broken\n".to_vec()));
    let (_held, mut from) = rig.ask(Query::Log(log_of("p")), 8);
    let mut looks = Looks::default();
    looks.follow(log_of("p"));
    until(&mut from, &mut looks, |looks| looks.log.as_ref().unwrap().ring.ended().is_some_and(|why| why.contains("ContainerCreating")))
        .await;

    let before = LogOf { previous: true, ..log_of("q") };
    let (_also, mut from) = rig.ask(Query::Log(before.clone()), 8);
    looks.follow(before);
    until(&mut from, &mut looks, |looks| lines(looks).0 == 1 && looks.log.as_ref().unwrap().ring.ended().is_some()).await;
    assert_eq!(looks.log.as_ref().unwrap().ring.get(0).map(|line| line.text.to_string()), Some("\u{fffd}\u{fffd} broken".to_owned()));
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(rig.world().requests("pods/q/log"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_polled_says_what_is_missing_and_slows_down() {
    let rig = rig();
    let (_held, mut from) = rig.ask(Query::Usage, 4);
    let mut looks = Looks::default();
    until(&mut from, &mut looks, |looks| looks.usage.trouble().is_some()).await;
    assert!(looks.usage.trouble().unwrap().words.contains("metrics-server is not in this lab"), "{:?}", looks.usage.trouble());
    let (_also, mut from) = rig.ask(Query::Alerts, 4);
    until(&mut from, &mut looks, |looks| looks.alerts.trouble().is_some()).await;
    assert_eq!(looks.alerts.trouble().unwrap().words, "this lab has no component that provides alerts or metrics");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_gone_has_no_causes() {
    let rig = rig();
    let kinds = json!({"resources": [{"kind": "Pod", "name": "pods", "namespaced": true}]});
    rig.world().scripted.insert("/api/v1".into(), (200, kinds.to_string().into_bytes()));
    let object = Object { kind: "Pod".into(), namespace: "n".into(), name: "gone".into() };
    let (_held, mut from) = rig.ask(Query::Causes(object.clone()), 4);
    let mut looks = Looks::default();
    looks.explain(object);
    let answered = |looks: &Looks| looks.causes.as_ref().unwrap().1.answer().is_some_and(Vec::is_empty);
    until(&mut from, &mut looks, answered).await;
}

#[tokio::test(start_paused = true)]
async fn no_cause_is_told_before_all_that_it_is_found_in_was_seen() {
    let rig = rig();
    let list = |items: Value| (200, json!({"metadata": {"resourceVersion": "1"}, "items": items}).to_string().into_bytes());
    let pod = json!({"metadata": {"name": "p", "namespace": "n", "uid": "u"},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "900"}}}]},
        "status": {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available: 1 Insufficient cpu."}]}});
    let kinds = json!({"resources": [{"kind": "Pod", "name": "pods", "namespaced": true}]});
    let nodes = json!([{"metadata": {"name": "a"}, "status": {"allocatable": {"cpu": "4", "memory": "8Gi"}}}]);
    let answers =
        [("/api/v1", (200, kinds.to_string().into_bytes())), ("/api/v1/pods", list(json!([pod]))), ("/api/v1/nodes", list(nodes))];
    rig.world().scripted.extend(answers.map(|(path, answer)| (path.to_owned(), answer)));
    rig.world().slow = Some(("/api/v1/nodes", Vec::new()));

    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = heard.clone();
    let sink = Sink::hearing(move |event, _| {
        if let StepEvent::Waiting { last_reason, .. } = event {
            kept.lock().unwrap().push(last_reason);
        }
    });
    let (cluster, cancel) = (rig.cluster.clone(), CancellationToken::new());
    let object = ObjectRef { api_version: "v1".into(), kind: "Pod".into(), namespace: Some("n".into()), name: "p".into() };
    let wait = tokio::spawn(async move { cluster.wait_ready(&[object], Duration::from_mins(5), &sink, &cancel).await });
    tokio::time::sleep(Duration::from_secs(8)).await;
    let before = heard.lock().unwrap().clone();
    assert!(before.iter().all(|said| !said.contains("fits on no node")), "told without the nodes: {before:?}");
    let (_, held) = rig.world().slow.take().unwrap();
    for reply in held {
        text(reply, 200, rig.world().scripted["/api/v1/nodes"].1.clone());
    }
    let outcome = wait.await.unwrap();
    let told = heard.lock().unwrap().iter().find(|said| said.contains("fits on no node")).cloned().unwrap();
    assert!(told.contains("it asks for 900 cpu, and node a has 4 of 4 free"), "{told}");
    assert!(matches!(outcome, Err(ClusterError::NotReady(reason)) if reason.hopeless));
}

fn deployment(name: &str) -> ObjectRef {
    ObjectRef { api_version: "apps/v1".into(), kind: "Deployment".into(), namespace: Some("n".into()), name: name.into() }
}

const SITE: &str = "/apis/apps/v1/namespaces/n/deployments/site";

#[tokio::test(start_paused = true)]
async fn scaling_says_why_it_would_come_to_nothing_and_writes_only_what_it_means() {
    let rig = rig();
    let object = json!({"metadata": {"resourceVersion": "7"}, "spec": {"replicas": 2}});
    rig.world().scripted.insert(SITE.into(), (200, object.to_string().into_bytes()));
    let scalers = |target: &str| {
        json!({"items": [{"metadata": {"name": "auto"}, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": target}}}]})
            .to_string()
            .into_bytes()
    };
    let hpa = "/apis/autoscaling/v2/namespaces/n/horizontalpodautoscalers";

    let error = rig.cluster.scale(&deployment("site"), 1, 3).await.unwrap_err().to_string();
    assert!(error.contains("it was 1 when asked and is 2 by now"), "{error}");
    rig.world().scripted.insert(hpa.into(), (200, scalers("site")));
    let error = rig.cluster.scale(&deployment("site"), 2, 3).await.unwrap_err().to_string();
    assert!(error.contains("HorizontalPodAutoscaler auto decides"), "{error}");
    assert!(rig.world().written.is_empty());

    rig.world().scripted.insert(hpa.into(), (200, scalers("another")));
    rig.world().scripted.insert(format!("{SITE}/scale"), (200, b"{}".to_vec()));
    rig.cluster.scale(&deployment("site"), 2, 3).await.unwrap();
    assert_eq!(rig.world().written, [json!({"metadata": {"resourceVersion": "7"}, "spec": {"replicas": 3}})]);
    assert_eq!(rig.world().asked.last().unwrap(), &format!("PATCH {SITE}/scale?fieldManager=labctl"));
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_an_update_of_the_template_alone_and_refused_where_nothing_would_happen() {
    let rig = rig();
    let now = time::macros::datetime!(2026-01-02 03:04:05 UTC);
    for (spec, word) in [(json!({"paused": true}), "paused"), (json!({"updateStrategy": {"type": "OnDelete"}}), "OnDelete")] {
        rig.world().scripted.insert(SITE.into(), (200, json!({"spec": spec}).to_string().into_bytes()));
        let error = rig.cluster.restart(&deployment("site"), now).await.unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    assert!(rig.world().written.is_empty());
    rig.world().scripted.insert(SITE.into(), (200, json!({"spec": {}}).to_string().into_bytes()));
    rig.cluster.restart(&deployment("site"), now).await.unwrap();
    let template = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-02T03:04:05Z"}}});
    assert_eq!(rig.world().written, [json!({"spec": {"template": template}})]);
}

#[tokio::test(start_paused = true)]
async fn only_the_pod_that_was_seen_is_ended() {
    let rig = rig();
    let path = "/api/v1/namespaces/n/pods/p";
    rig.world().scripted.insert(path.into(), (200, json!({"kind": "Pod", "metadata": {"uid": "u1"}}).to_string().into_bytes()));
    rig.cluster.end_pod("n", "p").await.unwrap();
    assert_eq!(rig.world().written[0]["preconditions"], json!({"uid": "u1"}));
    let error = rig.cluster.end_pod("n", "another").await.unwrap_err().to_string();
    assert!(error.contains("Pod n/another") && error.contains("404"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_waits_for_room_and_is_then_the_newest() {
    let rig = rig();
    rig.world().pod("a");
    let (_held, mut from) = rig.ask(Query::Pods, 1);
    // the reader sleeps while many pods come
    tokio::time::sleep(Duration::from_secs(3)).await;
    for number in 0..50 {
        rig.world().pod(&format!("b{number:02}"));
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let mut counts = Vec::new();
    while counts.last() != Some(&51) {
        let Ok(Answer::Pods(rows)) = from.recv().await.unwrap().answer else { continue };
        counts.push(rows.len());
    }
    assert!(counts.len() <= 4, "a reader that slept is not told everything it missed: {counts:?}");
}
