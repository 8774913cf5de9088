//! The cluster room over a faked wire: what is asked, what is written, in which order, and what happens when the server says no.

#![expect(clippy::unwrap_used, reason = "helpers of tests say what they expect")]

use futures::FutureExt as _;
use http::{Request, Response};
use kube::client::Body;
use labctl::cluster::{Action, Cluster, ClusterError, Desired, Limits};
use labctl::support::progress::Sink;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower_test::mock;

/// What a script answers to a request; `None` is a connection that breaks.
type Answer = Option<(u16, Value)>;

/// A small API server: keeps objects by path, owns what is applied, and lets a script answer first.
#[derive(Default)]
struct Server {
    objects: BTreeMap<String, Value>,
    /// Every request that writes, as `METHOD path`.
    writes: Vec<String>,
    reads: usize,
}

type Script = Box<dyn FnMut(&str, &str) -> Option<Answer> + Send>;

fn serve(script: Script) -> (kube::Client, Arc<Mutex<Server>>) {
    let (service, mut handle) = mock::pair::<Request<Body>, Response<Body>>();
    let server = Arc::new(Mutex::new(Server::default()));
    let shared = server.clone();
    let script = Arc::new(Mutex::new(script));
    tokio::spawn(async move {
        while let Some((request, reply)) = handle.next_request().await {
            let (head, body) = request.into_parts();
            let (method, path) = (head.method.to_string(), head.uri.path().to_owned());
            let body = body.collect_bytes().await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
            let scripted = (script.lock().unwrap())(&method, &path);
            let answer = scripted.unwrap_or_else(|| Some(shared.lock().unwrap().answer(&method, &path, head.uri.query(), body)));
            match answer {
                Some((code, body)) => {
                    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
                    reply.send_response(Response::builder().status(code).body(Body::from(text.into_bytes())).unwrap());
                }
                None => reply.send_error(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "connection reset by peer")),
            }
        }
    });
    (kube::Client::new(service, "default"), server)
}

impl Server {
    fn answer(&mut self, method: &str, path: &str, query: Option<&str>, body: Value) -> (u16, Value) {
        match method {
            "GET" => {
                self.reads += 1;
                self.get(path)
            }
            "PATCH" if query.unwrap_or_default().contains("dryRun") => (200, self.merged(path, body)),
            "PATCH" => {
                self.writes.push(format!("PATCH {path}"));
                let stored = self.merged(path, body);
                self.objects.insert(path.to_owned(), stored.clone());
                (200, stored)
            }
            _ => {
                self.writes.push(format!("{method} {path}"));
                self.objects.remove(path);
                (200, json!({"kind": "Status", "status": "Success"}))
            }
        }
    }

    /// Stored as sent, owned by us as server-side apply would have it.
    fn merged(&self, path: &str, mut body: Value) -> Value {
        let fields = owned(&body);
        let uid = self.objects.get(path).map_or_else(|| json!(format!("uid-of-{path}")), |o| o["metadata"]["uid"].clone());
        body["metadata"]["uid"] = uid;
        body["metadata"]["managedFields"] =
            json!([{"manager": "labctl", "operation": "Apply", "apiVersion": body["apiVersion"], "fieldsV1": fields}]);
        body
    }

    fn get(&self, path: &str) -> (u16, Value) {
        let entry = |kind: &str, name: &str, namespaced: bool| json!({"kind": kind, "name": name, "namespaced": namespaced});
        match path {
            "/api/v1" => {
                let all =
                    [entry("ConfigMap", "configmaps", true), entry("Secret", "secrets", true), entry("Namespace", "namespaces", false)];
                return (200, json!({"resources": all}));
            }
            "/apis/metrics.k8s.io/v1beta1" => return (503, json!("service unavailable")),
            _ => {}
        }
        if let Some(found) = self.objects.get(path) {
            return (200, found.clone());
        }
        let Some((_, plural)) = path.rsplit_once('/').filter(|(_, p)| matches!(*p, "configmaps" | "secrets" | "namespaces")) else {
            return (404, json!("404 page not found"));
        };
        let within = |key: &str| {
            let (collection, _) = key.rsplit_once('/').unwrap_or_default();
            if path.contains("/namespaces/") { collection == path } else { collection.ends_with(&format!("/{plural}")) }
        };
        (200, json!({"items": self.objects.iter().filter(|(key, _)| within(key)).map(|(_, o)| o.clone()).collect::<Vec<_>>()}))
    }
}

/// Fields of maps and leaves; enough for configuration objects.
fn owned(value: &Value) -> Value {
    let Value::Object(map) = value else { return json!({}) };
    let skip = ["apiVersion", "kind", "name", "namespace"];
    map.iter().filter(|(k, _)| !skip.contains(&k.as_str())).map(|(k, v)| (format!("f:{k}"), owned(v))).collect()
}

fn config(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "n"}, "data": {"key": value}})
}

fn desired(objects: Vec<Value>) -> Desired {
    Desired { component: "c".into(), namespace: None, objects }
}

fn nothing() -> Script {
    Box::new(|_, _| None)
}

async fn apply(cluster: &Cluster, wanted: &Desired) -> Result<labctl::cluster::Applied, ClusterError> {
    let diff = cluster.diff(std::slice::from_ref(wanted)).await?;
    cluster.apply(wanted, &diff, &Sink::silent(), &CancellationToken::new()).await
}

#[tokio::test]
async fn the_record_is_widened_before_the_first_write_and_made_exact_after_the_last() {
    let (client, server) = serve(nothing());
    let cluster = Cluster::new(client, "lab");
    apply(&cluster, &desired(vec![config("a", "1"), config("b", "1")])).await.unwrap();
    let secret = "PATCH /api/v1/namespaces/labctl-system/secrets/inventory.lab.c.0";
    {
        let server = server.lock().unwrap();
        assert_eq!(server.writes[0], "PATCH /api/v1/namespaces/labctl-system");
        assert_eq!(server.writes[1], secret);
        assert_eq!(server.writes.last().unwrap(), secret);
        assert_eq!(server.writes.len(), 5);
    }
    server.lock().unwrap().writes.clear();
    // one goes, one stays: deleted before the record forgets it
    let applied = apply(&cluster, &desired(vec![config("a", "1")])).await.unwrap();
    assert_eq!((applied.pruned, applied.unchanged), (1, 1));
    assert_eq!(server.lock().unwrap().writes, ["DELETE /api/v1/namespaces/n/configmaps/b", secret]);
}

#[tokio::test]
async fn a_no_op_writes_nothing_and_asks_once_per_kind() {
    let (client, server) = serve(nothing());
    let wanted = desired((0..40).map(|i| config(&format!("c{i}"), "1")).collect());
    apply(&Cluster::new(client.clone(), "lab"), &wanted).await.unwrap();
    let reads = {
        let mut server = server.lock().unwrap();
        server.writes.clear();
        server.reads
    };
    let applied = apply(&Cluster::new(client, "lab"), &wanted).await.unwrap();
    let server = server.lock().unwrap();
    assert!(!applied.changed());
    assert_eq!(server.writes, Vec::<String>::new());
    assert_eq!(server.reads - reads, 3, "the inventory, what v1 serves, one list");
}

#[tokio::test]
async fn drift_in_one_field_is_one_write() {
    let (client, server) = serve(nothing());
    let cluster = Cluster::new(client, "lab");
    let wanted = desired(vec![config("a", "1"), config("b", "1")]);
    apply(&cluster, &wanted).await.unwrap();
    {
        let mut server = server.lock().unwrap();
        server.writes.clear();
        server.objects.get_mut("/api/v1/namespaces/n/configmaps/a").unwrap()["data"]["key"] = json!("changed behind the managed fields");
    }
    let diff = cluster.diff(std::slice::from_ref(&wanted)).await.unwrap();
    let changed: Vec<_> = diff.entries.iter().filter(|e| e.action != Action::Unchanged).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].action, Action::Update { fields: vec!["data.key".into()] });
    apply(&cluster, &wanted).await.unwrap();
    assert_eq!(server.lock().unwrap().writes, ["PATCH /api/v1/namespaces/n/configmaps/a"]);
}

/// Answers the first writes of ConfigMaps from a list, then lets them through.
fn failing(mut answers: Vec<Answer>) -> Script {
    answers.reverse();
    Box::new(move |method, path| if method == "PATCH" && path.contains("configmaps") { answers.pop() } else { None })
}

#[tokio::test(start_paused = true)]
async fn hiccups_of_every_kind_are_outlasted_at_the_object() {
    let status = |code: u16, message: &str| Some((code, json!({"kind": "Status", "code": code, "message": message})));
    let (client, server) = serve(failing(vec![
        Some((429, json!("Too many requests, please try again later."))),
        status(503, "the server is currently unable to handle the request"),
        None,
        status(409, "the object has been modified"),
        status(500, "Internal error occurred: failed calling webhook \"w\": connect: connection refused"),
        status(500, "failed calling webhook \"w\": x509: certificate signed by unknown authority"),
        status(404, "namespaces \"n\" not found"),
        status(500, "etcdserver: leader changed"),
    ]));
    let (tx, mut rx) = tokio::sync::mpsc::unbounded_channel();
    let cluster = Cluster::new(client, "lab");
    let wanted = desired(vec![config("a", "1")]);
    let diff = cluster.diff(std::slice::from_ref(&wanted)).await.unwrap();
    cluster.apply(&wanted, &diff, &Sink::new(tx), &CancellationToken::new()).await.unwrap();
    assert!(server.lock().unwrap().objects.contains_key("/api/v1/namespaces/n/configmaps/a"));
    let mut retries = 0;
    while let Ok(event) = rx.try_recv() {
        retries += usize::from(matches!(event, labctl::model::run::StepEvent::Retry { .. }));
    }
    assert_eq!(retries, 8);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_said_at_once_and_a_blocked_object_when_its_time_is_over() {
    let refuse = Some((422, json!({"kind": "Status", "code": 422, "reason": "Invalid", "message": "data: Invalid value"})));
    let (client, _) = serve(failing(vec![refuse]));
    let error = apply(&Cluster::new(client, "lab"), &desired(vec![config("a", "1")])).await.unwrap_err();
    assert!(matches!(&error, ClusterError::Refused { .. }) && error.to_string().contains("ConfigMap n/a"), "{error}");

    let (client, _) = serve(Box::new(|method, path| {
        (method == "PATCH" && path.contains("configmaps"))
            .then(|| Some((500, json!({"kind": "Status", "message": "failed calling webhook \"policy\": no endpoints available"}))))
    }));
    let limits = Limits { apply: Duration::from_mins(1), ..Limits::default() };
    let error = apply(&Cluster::with_limits(client, "lab", limits), &desired(vec![config("a", "1")])).await.unwrap_err();
    assert!(matches!(&error, ClusterError::GaveUp { .. }) && error.to_string().contains("policy"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_dead_aggregated_api_does_not_stop_the_plan_of_the_rest() {
    let (client, _) = serve(nothing());
    let dead = json!({"apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics", "metadata": {"name": "m", "namespace": "n"}});
    let diff = Cluster::new(client, "lab").diff(&[desired(vec![config("a", "1"), dead])]).await.unwrap();
    assert_eq!(diff.counts(), [2, 0, 0, 0]);
}

#[tokio::test]
async fn nothing_is_pruned_when_the_record_cannot_be_read() {
    let (client, server) = serve(nothing());
    let cluster = Cluster::new(client, "lab");
    apply(&cluster, &desired(vec![config("a", "1"), config("b", "1")])).await.unwrap();
    {
        let mut server = server.lock().unwrap();
        server.writes.clear();
        server.objects.get_mut("/api/v1/namespaces/labctl-system/secrets/inventory.lab.c.0").unwrap()["data"]["items"] =
            json!("bm90IGpzb24=");
    }
    let error = apply(&cluster, &desired(vec![])).await.unwrap_err();
    assert!(matches!(error, ClusterError::Inventory { .. }), "{error}");
    assert!(server.lock().unwrap().writes.is_empty());
}

#[tokio::test]
async fn cancel_ends_a_blocked_write() {
    let (client, _) = serve(Box::new(|method, path| {
        (method == "PATCH" && path.contains("configmaps"))
            .then(|| Some((500, json!({"kind": "Status", "message": "failed calling webhook \"w\""}))))
    }));
    let cluster = Cluster::new(client, "lab");
    let wanted = desired(vec![config("a", "1")]);
    let diff = cluster.diff(std::slice::from_ref(&wanted)).await.unwrap();
    let cancel = CancellationToken::new();
    let (tx, mut rx) = tokio::sync::mpsc::unbounded_channel();
    let sink = Sink::new(tx);
    let work = cluster.apply(&wanted, &diff, &sink, &cancel).fuse();
    let stop = async {
        while let Some(event) = rx.recv().await {
            if matches!(event, labctl::model::run::StepEvent::Retry { .. }) {
                cancel.cancel();
                return;
            }
        }
    };
    let (result, ()) = tokio::join!(work, stop);
    assert!(matches!(result, Err(ClusterError::Cancelled)));
}

/// One write at a time.
fn one_by_one() -> Limits {
    Limits { in_flight: 1, ..Limits::default() }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_waits_for_a_better_moment_holds_up_nobody() {
    let (client, server) = serve(failing(vec![Some((429, json!("Too many requests, please try again later.")))]));
    apply(&Cluster::with_limits(client, "lab", one_by_one()), &desired(vec![config("a", "1"), config("b", "1")])).await.unwrap();
    let server = server.lock().unwrap();
    let written: Vec<&String> = server.writes.iter().filter(|write| write.contains("configmaps")).collect();
    assert_eq!(written, ["PATCH /api/v1/namespaces/n/configmaps/b", "PATCH /api/v1/namespaces/n/configmaps/a"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_nothing_more_is_written() {
    let refuse = Some((422, json!({"kind": "Status", "code": 422, "reason": "Invalid", "message": "data: Invalid value"})));
    let (client, server) = serve(failing(vec![refuse]));
    let wanted = desired((0..40).map(|i| config(&format!("c{i}"), "1")).collect());
    let error = apply(&Cluster::with_limits(client, "lab", one_by_one()), &wanted).await.unwrap_err();
    assert!(matches!(error, ClusterError::Refused { .. }), "{error}");
    assert_eq!(server.lock().unwrap().writes.iter().filter(|write| write.contains("configmaps")).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn looking_outlasts_an_api_server_that_is_away_for_a_while() {
    let begun = tokio::time::Instant::now();
    let (client, _) = serve(Box::new(move |method, _| (method == "GET" && begun.elapsed() < Duration::from_secs(15)).then_some(None)));
    let diff = Cluster::new(client, "lab").diff(&[desired(vec![config("a", "1")])]).await.unwrap();
    assert_eq!(diff.counts(), [1, 0, 0, 0]);
}
