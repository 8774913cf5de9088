//! A small API server with the controllers that drills work against: Deployments that make pods, pods that come back, who owns which field. It can
//! stop a drill dead at any of its writes.

use http::{Request, Response};
use kube::client::Body;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;
use tower_test::mock::{self, SendResponse};

pub const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/apps/deployments/api";
const CONFIG: &str = "/api/v1/namespaces/apps/configmaps/settings";
const PODS: &str = "/api/v1/namespaces/apps/pods";

/// Where a drill dies: at its n-th write, before it has any effect or when the answer is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dies {
    Before(u32),
    After(u32),
}

#[derive(Default)]
pub struct World {
    pub objects: BTreeMap<String, Value>,
    version: u64,
    made: u64,
    pub writes: u32,
    pub dies: Option<Dies>,
    /// Controllers do nothing: what is asked for does not come.
    pub frozen: bool,
    held: Vec<SendResponse<Response<Body>>>,
}

/// The world, its client, and the sign that a drill has died.
#[derive(Clone)]
pub struct Api {
    world: Arc<Mutex<World>>,
    pub client: kube::Client,
    pub died: Arc<Notify>,
}

impl Api {
    pub fn new() -> Self {
        let (service, mut handle) = mock::pair::<Request<Body>, Response<Body>>();
        let world = Arc::new(Mutex::new(World::new()));
        let died = Arc::new(Notify::new());
        let (shared, sign) = (world.clone(), died.clone());
        tokio::spawn(async move {
            while let Some((request, reply)) = handle.next_request().await {
                let (head, body) = request.into_parts();
                let body = body.collect_bytes().await.unwrap();
                let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
                let query = head.uri.query().unwrap_or_default().to_owned();
                let mut world = shared.lock().unwrap();
                let read = head.method == "GET";
                if !read {
                    world.writes += 1;
                }
                let now = world.writes;
                if !read && world.dies == Some(Dies::Before(now)) {
                    world.held.push(reply);
                    sign.notify_one();
                    continue;
                }
                let (code, answer) = world.answer(head.method.as_str(), head.uri.path(), &query, body);
                if !read && world.dies == Some(Dies::After(now)) {
                    world.held.push(reply);
                    sign.notify_one();
                    continue;
                }
                reply.send_response(Response::builder().status(code).body(Body::from(answer.to_string().into_bytes())).unwrap());
            }
        });
        Self { world, client: kube::Client::new(service, "default"), died }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

fn status(code: u16, reason: &str) -> (u16, Value) {
    (code, json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason}))
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// RFC 6902, as far as it is used here.
fn patched(object: &Value, operations: &Value) -> Option<Value> {
    let mut object = object.clone();
    for operation in operations.as_array()? {
        let path = operation["path"].as_str()?;
        let (parent, last) = path.rsplit_once('/')?;
        match operation["op"].as_str()? {
            "test" => (object.pointer(path)? == &operation["value"]).then_some(())?,
            "replace" => *object.pointer_mut(path)? = operation["value"].clone(),
            "add" => {
                object.pointer_mut(parent)?.as_object_mut()?.insert(unescape(last), operation["value"].clone());
            }
            "remove" => {
                object.pointer_mut(parent)?.as_object_mut()?.shift_remove(&unescape(last))?;
            }
            _ => return None,
        }
    }
    for map in ["labels", "annotations"] {
        if object["metadata"][map].as_object().is_some_and(serde_json::Map::is_empty) {
            object["metadata"].as_object_mut()?.shift_remove(map);
        }
    }
    Some(object)
}

impl World {
    fn new() -> Self {
        let mut world = Self::default();
        let namespace = json!({"metadata": {"name": "kube-system", "uid": "this-cluster"}});
        world.put("/api/v1/namespaces/kube-system", namespace);
        world.put(CONFIG, json!({"metadata": {"name": "settings", "namespace": "apps"}, "data": {"SPEED": "fast", "OTHER": "same"}}));
        let owners = json!([{"manager": "labctl", "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": {"f:spec": {"f:replicas": {}, "f:template": {}}}}]);
        world.put(
            DEPLOYMENT,
            json!({"metadata": {"name": "api", "namespace": "apps", "labels": {"own": "label"}, "generation": 1, "managedFields": owners},
                "spec": {"replicas": 1, "template": {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [
                    {"name": "sidecar", "image": "proxy:1"},
                    {"name": "api", "image": "api:1", "envFrom": [{"configMapRef": {"name": "settings"}}]}]}}}}),
        );
        world.reconcile();
        world
    }

    /// Stores an object under a new version, and a new uid if it is new.
    fn put(&mut self, path: &str, mut object: Value) {
        self.version += 1;
        if !object["metadata"]["uid"].is_string() {
            self.made += 1;
            object["metadata"]["uid"] = json!(format!("uid-{}", self.made));
        }
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(path.to_owned(), object);
    }

    fn answer(&mut self, method: &str, path: &str, query: &str, body: Value) -> (u16, Value) {
        let answer = match method {
            "GET" => return self.get(path, query),
            "POST" => {
                let full = format!("{path}/{}", body["metadata"]["name"].as_str().unwrap());
                if self.objects.contains_key(&full) {
                    return status(409, "AlreadyExists");
                }
                self.put(&full, body);
                (201, self.objects[&full].clone())
            }
            "DELETE" => {
                let Some(there) = self.objects.get(path) else { return status(404, "NotFound") };
                if body["preconditions"]["uid"].is_string() && body["preconditions"]["uid"] != there["metadata"]["uid"] {
                    let (code, mut answer) = status(409, "Conflict");
                    answer["message"] = json!("the UID in the precondition does not match");
                    return (code, answer);
                }
                self.objects.remove(path);
                (200, json!({"kind": "Status", "status": "Success"}))
            }
            "PATCH" => {
                let Some(there) = self.objects.get(path).cloned() else { return status(404, "NotFound") };
                let Some(mut new) = patched(&there, &body) else { return status(422, "Invalid") };
                if new["spec"] != there["spec"] {
                    new["metadata"]["generation"] = json!(new["metadata"]["generation"].as_u64().unwrap_or(0) + 1);
                }
                own(&there, &mut new);
                self.put(path, new);
                (200, self.objects[path].clone())
            }
            other => panic!("{other} {path}"),
        };
        self.reconcile();
        answer
    }

    fn get(&self, path: &str, query: &str) -> (u16, Value) {
        if let Some(found) = self.objects.get(path) {
            return (200, found.clone());
        }
        let collection = path.rsplit('/').next().is_some_and(|last| last.ends_with('s')) && path.matches('/').count() <= 6;
        if !collection || path.ends_with("/deployments/api") {
            return status(404, "NotFound");
        }
        let selector = query
            .split('&')
            .find_map(|part| part.strip_prefix("labelSelector="))
            .unwrap_or_default()
            .replace("%3D", "=")
            .replace("%2F", "/");
        let fits = |object: &&Value| match selector.split_once('=') {
            Some((name, value)) => object["metadata"]["labels"][name] == value,
            None => selector.is_empty() || object["metadata"]["labels"][&selector].is_string(),
        };
        let within = |key: &&String| key.rsplit_once('/').is_some_and(|(folder, _)| folder == path);
        let items: Vec<&Value> = self.objects.iter().filter(|(key, _)| within(key)).map(|(_, object)| object).filter(fits).collect();
        (200, json!({"kind": "List", "metadata": {}, "items": items}))
    }

    /// What the controllers of Deployments and pods do, at once. A version whose image is not there never takes the place of one that runs.
    pub fn reconcile(&mut self) {
        if self.frozen {
            return;
        }
        let Some(deployment) = self.objects.get(DEPLOYMENT).cloned() else { return };
        let template = deployment["spec"]["template"].clone();
        let replicas = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
        let is_there = !template.to_string().contains("not-there");
        let pods: Vec<(String, Value)> =
            self.objects.iter().filter(|(path, _)| path.starts_with(PODS)).map(|(path, pod)| (path.clone(), pod.clone())).collect();
        let (mut own, mut others): (Vec<_>, Vec<_>) = pods.into_iter().partition(|(_, pod)| pod["spec"] == template["spec"]);
        let wanted = if is_there { replicas } else { replicas.min(1) };
        while (own.len() as u64) < wanted {
            self.made += 1;
            let name = format!("api-{}", self.made);
            let state = if is_there { json!({"running": {}}) } else { json!({"waiting": {"reason": "ErrImagePull"}}) };
            let pod = json!({"metadata": {"name": name, "namespace": "apps", "labels": {"app": "api"}, "creationTimestamp": format!("2026-01-01T00:00:{:02}Z", self.made % 60),
                "ownerReferences": [{"kind": "ReplicaSet", "controller": true}]}, "spec": template["spec"],
                "status": {"containerStatuses": [{"name": "api", "state": state, "restartCount": 0}]}});
            self.put(&format!("{PODS}/{name}"), pod.clone());
            own.push((format!("{PODS}/{name}"), pod));
        }
        for (path, _) in own.drain(usize::try_from(wanted).unwrap()..) {
            self.objects.remove(&path);
        }
        let keep = if is_there { 0 } else { usize::try_from(replicas).unwrap().min(others.len()) };
        for (path, _) in others.drain(keep..) {
            self.objects.remove(&path);
        }
        let available = if is_there { own.len() } else { others.len() };
        let mut deployment = deployment;
        deployment["status"] = json!({"observedGeneration": deployment["metadata"]["generation"], "updatedReplicas": own.len(), "availableReplicas": available});
        self.objects.insert(DEPLOYMENT.to_owned(), deployment);
    }

    /// Somebody else changes the Deployment.
    pub fn meddle(&mut self, change: impl FnOnce(&mut Value)) {
        let mut deployment = self.objects[DEPLOYMENT].clone();
        change(&mut deployment);
        deployment["metadata"]["generation"] = json!(deployment["metadata"]["generation"].as_u64().unwrap() + 1);
        self.put(DEPLOYMENT, deployment);
        self.reconcile();
    }

    /// All that must be as before: every object but for its version, its status, and the names of pods.
    pub fn essence(&self) -> Vec<Value> {
        let mut all: Vec<Value> = self
            .objects
            .iter()
            .map(|(path, object)| {
                let mut object = object.clone();
                if path.starts_with(PODS) {
                    return json!({"pod": object["spec"]});
                }
                for key in ["resourceVersion", "generation"] {
                    object["metadata"].as_object_mut().unwrap().shift_remove(key);
                }
                object.as_object_mut().unwrap().shift_remove("status");
                json!({"path": path, "object": object})
            })
            .collect();
        all.sort_by_key(ToString::to_string);
        all
    }
}

/// Who changes a field owns it, and nobody else does: as the API server keeps it, field by field as far as these tests go.
fn own(before: &Value, after: &mut Value) {
    if before["metadata"]["managedFields"] != after["metadata"]["managedFields"] || !before["metadata"]["managedFields"].is_array() {
        return;
    }
    let changed: Vec<&str> = ["replicas", "template"].into_iter().filter(|key| before["spec"][key] != after["spec"][key]).collect();
    let owners = after["metadata"]["managedFields"].as_array_mut().unwrap();
    for entry in owners.iter_mut() {
        for key in &changed {
            if let Some(fields) = entry["fieldsV1"]["f:spec"].as_object_mut() {
                fields.shift_remove(&format!("f:{key}"));
            }
        }
    }
    if !owners.iter().any(|entry| entry["manager"] == "labctl-drill") {
        owners.push(json!({"manager": "labctl-drill", "operation": "Update", "apiVersion": "apps/v1", "fieldsV1": {"f:spec": {}}}));
    }
    let drill = owners.iter_mut().find(|entry| entry["manager"] == "labctl-drill").unwrap();
    for key in changed {
        drill["fieldsV1"]["f:spec"][format!("f:{key}")] = json!({});
    }
}
