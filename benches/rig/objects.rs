//! Sets of objects to apply: the mix that the figures are measured with, custom kinds, pods; always the same for the same names.

use super::Outcome;
use base64::Engine as _;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The namespaces of a set.
pub fn namespaces(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}-{number}")).collect()
}

/// `each` objects in one namespace: of twenty, nine are ConfigMaps, two each Secrets, ServiceAccounts, Services, Roles and Deployments, one is a
/// RoleBinding. Deployments read ConfigMap `cm-8`.
pub fn mixed(namespace: &str, each: usize) -> Vec<Value> {
    (0..each).map(|index| one(namespace, index)).collect()
}

fn one(namespace: &str, index: usize) -> Value {
    let app = format!("app-{index}");
    let object = |api_version: &str, kind: &str, prefix: &str| {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {
            "name": format!("{prefix}-{index}"), "namespace": namespace,
            "labels": {"app.kubernetes.io/name": app, "app.kubernetes.io/part-of": "figures"},
            "annotations": {"example.org/owner": "platform", "example.org/purpose": "an object to measure with"}}})
    };
    let with = |mut object: Value, name: &str, value: Value| {
        object[name] = value;
        object
    };
    match index % 20 {
        0..=8 => with(object("v1", "ConfigMap", "cm"), "data", settings(index)),
        9 | 10 => with(with(object("v1", "Secret", "secret"), "type", json!("Opaque")), "data", secrets(index)),
        11 | 12 => with(object("v1", "ServiceAccount", "account"), "automountServiceAccountToken", json!(false)),
        13 | 14 => with(
            object("v1", "Service", "service"),
            "spec",
            json!({"selector": {"app.kubernetes.io/name": app}, "ports": [
                {"name": "http", "port": 80, "targetPort": 8080}, {"name": "metrics", "port": 9090, "targetPort": 9090}]}),
        ),
        15 | 16 => with(
            object("rbac.authorization.k8s.io/v1", "Role", "role"),
            "rules",
            json!([{"apiGroups": [""], "resources": ["pods", "configmaps"], "verbs": ["get", "list", "watch"]},
                {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}]),
        ),
        17 | 18 => with(object("apps/v1", "Deployment", "deployment"), "spec", workload(&app, index)),
        _ => with(
            with(
                object("rbac.authorization.k8s.io/v1", "RoleBinding", "binding"),
                "roleRef",
                json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": format!("role-{}", index - 3)}),
            ),
            "subjects",
            json!([{"kind": "ServiceAccount", "name": format!("account-{}", index - 7), "namespace": namespace}]),
        ),
    }
}

fn settings(index: usize) -> Value {
    json!({
        "application.properties": format!("server.port=8080\nlogging.level=info\nretry.attempts=5\nretry.delay=250ms\ninstance={index}\n"),
        "mode": "fast", "number": format!("{index}"), "greeting": format!("hello from settings number {index}"),
        "limits.json": "{\"connections\": 100, \"queue\": 1000, \"timeout\": \"30s\"}",
    })
}

fn secrets(index: usize) -> Value {
    let encode = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    json!({"user": encode(format!("user-{index}")), "password": encode(format!("not really secret {index}"))})
}

fn workload(app: &str, index: usize) -> Value {
    json!({"replicas": 2, "selector": {"matchLabels": {"app.kubernetes.io/name": app}}, "template": {
        "metadata": {"labels": {"app.kubernetes.io/name": app}},
        "spec": {"containers": [{
            "name": "app", "image": format!("registry.example.org/team/app:{index}"), "ports": [{"name": "http", "containerPort": 8080}],
            "env": [{"name": "MODE", "value": "fast"}, {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
            "volumeMounts": [{"name": "settings", "mountPath": "/etc/settings"}]}],
            "volumes": [{"name": "settings", "configMap": {"name": "cm-8"}}]}}})
}

/// Changes one object in a hundred to `revision`, each time another kind; gives the names of what changed.
pub fn change_one_in_a_hundred(objects: &mut [Value], revision: usize) -> Vec<String> {
    const PLACES: [usize; 10] = [0, 9, 11, 13, 15, 17, 20, 29, 33, 37];
    let text = format!("revision {revision}");
    let mut changed = Vec::new();
    for (number, hundred) in objects.chunks_exact_mut(100).enumerate() {
        let object = &mut hundred[PLACES[number % PLACES.len()]];
        match object["kind"].as_str().unwrap_or_default() {
            "ConfigMap" => object["data"]["greeting"] = json!(text),
            "Secret" => object["data"]["password"] = json!(base64::engine::general_purpose::STANDARD.encode(&text)),
            "Service" => object["spec"]["ports"][0]["targetPort"] = json!(8081 + revision),
            "Role" => object["rules"][1]["resources"] = json!(["deployments", format!("kind{revision}")]),
            "Deployment" => {
                object["spec"]["template"]["spec"]["containers"][0]["image"] = json!(format!("registry.example.org/team/app:r{revision}"));
            }
            _ => object["metadata"]["annotations"]["example.org/purpose"] = json!(text),
        }
        changed.push(path_of(object));
    }
    changed
}

/// `count` custom kinds in `group`, with schemas of about the size that operators bring.
pub fn definitions(group: &str, count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| {
            let fields: serde_json::Map<String, Value> = (0..30)
                .map(|field| {
                    let about = format!("Setting number {field} of the widget. It says what its name says; the controller reads it on every change.");
                    let schema = match field % 4 {
                        0 => json!({"type": "string", "description": about, "minLength": 1, "maxLength": 253}),
                        1 => json!({"type": "integer", "description": about, "minimum": 0, "format": "int32"}),
                        2 => json!({"type": "array", "description": about, "items": {"type": "object", "properties": {
                            "name": {"type": "string"}, "value": {"type": "string"}}, "required": ["name"]}}),
                        _ => json!({"type": "object", "description": about, "properties": {
                            "enabled": {"type": "boolean"}, "mode": {"type": "string", "enum": ["fast", "slow"]}}}),
                    };
                    (format!("setting{field}"), schema)
                })
                .collect();
            let schema = json!({"type": "object", "properties": {
                "spec": {"type": "object", "properties": fields},
                "status": {"type": "object", "properties": {"conditions": {"type": "array", "items": {
                    "type": "object", "properties": {"type": {"type": "string"}, "status": {"type": "string"}}}}}}}});
            json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": format!("widget{number}s.{group}")}, "spec": {
                    "group": group, "scope": "Namespaced", "names": {"plural": format!("widget{number}s"), "kind": format!("Widget{number}")},
                    "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]}})
        })
        .collect()
}

/// `each` objects of each of `count` custom kinds.
pub fn custom(group: &str, count: usize, each: usize, namespace: &str) -> Vec<Value> {
    let number = |number: usize| (0..each).map(move |index| (number, index));
    (0..count)
        .flat_map(number)
        .map(|(number, index)| {
            json!({"apiVersion": format!("{group}/v1"), "kind": format!("Widget{number}"),
                "metadata": {"name": format!("w-{index}"), "namespace": namespace},
                "spec": {"setting0": "a value", "setting1": index, "setting2": [{"name": "a", "value": "1"}], "setting3": {"enabled": true, "mode": "slow"}}})
        })
        .collect()
}

/// Pods that nobody will ever start.
pub fn pods(namespace: &str, count: usize) -> Vec<Value> {
    (0..count)
        .map(|index| {
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("pod-{index}"), "namespace": namespace},
                "spec": {"containers": [{"name": "app", "image": "registry.example.org/team/app:1"}]}})
        })
        .collect()
}

/// Where the API server keeps an object of these sets.
pub fn path_of(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let root = if api_version.contains('/') { "apis" } else { "api" };
    let place = match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("namespaces/{namespace}/"),
        None => String::new(),
    };
    format!("/{root}/{api_version}/{place}{}s/{}", kind.to_lowercase(), text(&object["metadata"]["name"]))
}

/// Writes objects as a file of YAML documents, as people keep them.
pub fn write(path: &Path, objects: &[Value]) -> Outcome<PathBuf> {
    let mut text = String::new();
    for object in objects {
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(object)?);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    std::fs::write(path, text)?;
    Ok(path.to_owned())
}
