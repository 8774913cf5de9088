//! Rolls a workload when the configuration it reads changes: its pod template carries a hash of the ConfigMaps and Secrets of the same component
//! that it mounts or reads. <https://helm.sh/docs/howto/charts_tips_and_tricks/#automatically-roll-deployments> is the same idea by hand.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

const ANNOTATION: &str = "labctl.dev/config-sha";

/// `(kind, namespace, name)` of a ConfigMap or Secret.
type Source = (&'static str, String, String);

/// Adds the annotation to each workload among `objects` that uses configuration of `objects`.
pub fn annotate(objects: &mut [Value]) {
    let hashes: BTreeMap<Source, String> = objects.iter().filter_map(|object| Some((source(object)?, hash_of(&content(object))))).collect();
    for object in objects {
        let namespace = namespace_of(object);
        let Some(template) = template_mut(object) else { continue };
        let used: Vec<&str> = uses(&template["spec"])
            .into_iter()
            .filter_map(|(kind, name)| hashes.get(&(kind, namespace.clone(), name)))
            .map(String::as_str)
            .collect();
        if used.is_empty() {
            continue;
        }
        let hash = hash_of(&Value::from(used.join("\n")));
        if let Some(annotations) =
            child(template, "metadata").and_then(|metadata| child(metadata, "annotations")).and_then(Value::as_object_mut)
        {
            annotations.insert(ANNOTATION.to_owned(), Value::from(&hash[..16]));
        }
    }
}

/// SHA-256 of a value's canonical JSON (keys sorted), in hex.
pub fn hash_of(value: &Value) -> String {
    use std::fmt::Write as _;
    let mut hash = Sha256::new();
    hash.update(canonical(value).to_string());
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, Value> = map.iter().map(|(key, value)| (key, canonical(value))).collect();
            Value::Object(sorted.into_iter().map(|(key, value)| (key.clone(), value)).collect())
        }
        Value::Array(list) => list.iter().map(canonical).collect(),
        other => other.clone(),
    }
}

fn source(object: &Value) -> Option<Source> {
    let kind = match object["kind"].as_str()? {
        "ConfigMap" => "ConfigMap",
        "Secret" => "Secret",
        _ => return None,
    };
    Some((kind, namespace_of(object), object["metadata"]["name"].as_str()?.to_owned()))
}

fn content(object: &Value) -> Value {
    [&object["data"], &object["binaryData"]].into_iter().cloned().collect()
}

fn namespace_of(object: &Value) -> String {
    object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned()
}

/// The pod template of kinds that can roll. A Job's template is immutable and a bare pod has none.
fn template_mut(object: &mut Value) -> Option<&mut Value> {
    let path = match object["kind"].as_str()? {
        "Deployment" | "StatefulSet" | "DaemonSet" => "/spec/template",
        "CronJob" => "/spec/jobTemplate/spec/template",
        _ => return None,
    };
    object.pointer_mut(path)
}

fn child<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    let entry = value.as_object_mut()?.entry(key).or_insert(Value::Null);
    if entry.is_null() {
        *entry = Value::Object(Map::new());
    }
    Some(entry)
}

/// Names of the configuration a pod reads, in a stable order.
fn uses(spec: &Value) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    let mut add = |kind: &'static str, name: &Value| {
        if let Some(name) = name.as_str() {
            found.insert((kind, name.to_owned()));
        }
    };
    for volume in list(&spec["volumes"]) {
        add("ConfigMap", &volume["configMap"]["name"]);
        add("Secret", &volume["secret"]["secretName"]);
        for part in list(&volume["projected"]["sources"]) {
            add("ConfigMap", &part["configMap"]["name"]);
            add("Secret", &part["secret"]["name"]);
        }
    }
    for container in list(&spec["containers"]).iter().chain(list(&spec["initContainers"])) {
        for from in list(&container["envFrom"]) {
            add("ConfigMap", &from["configMapRef"]["name"]);
            add("Secret", &from["secretRef"]["name"]);
        }
        for variable in list(&container["env"]) {
            add("ConfigMap", &variable["valueFrom"]["configMapKeyRef"]["name"]);
            add("Secret", &variable["valueFrom"]["secretKeyRef"]["name"]);
        }
    }
    found
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn objects(config: &str) -> Vec<Value> {
        vec![
            json!({"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": {"a": config}}),
            json!({"kind": "Deployment", "metadata": {"name": "d", "namespace": "n"}, "spec": {"template": {"spec": {
                "volumes": [{"configMap": {"name": "c"}}], "containers": [{"envFrom": [{"secretRef": {"name": "foreign"}}]}]}}}}),
            json!({"kind": "Deployment", "metadata": {"name": "other", "namespace": "m"}, "spec": {"template": {"spec": {
                "volumes": [{"configMap": {"name": "c"}}]}}}}),
        ]
    }

    #[test]
    fn changed_configuration_changes_the_template_of_its_readers_only() {
        let (mut one, mut two) = (objects("1"), objects("2"));
        annotate(&mut one);
        annotate(&mut two);
        let sha = |objects: &[Value], index: usize| objects[index]["spec"]["template"]["metadata"]["annotations"][ANNOTATION].clone();
        assert!(sha(&one, 1).is_string());
        assert_ne!(sha(&one, 1), sha(&two, 1));
        assert_eq!(sha(&one, 2), Value::Null);
    }

    #[test]
    fn the_hash_does_not_see_the_order_of_keys() {
        assert_eq!(hash_of(&json!({"a": 1, "b": {"c": 2, "d": 3}})), hash_of(&json!({"b": {"d": 3, "c": 2}, "a": 1})));
    }
}
