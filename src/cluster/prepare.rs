//! Makes wanted objects fit to be applied: labels, no server-set fields, nothing that another controller owns by design.

use super::config_sha;
use super::error::ClusterError;
use super::object::{COMPONENT_LABEL, Desired, LAB_LABEL, ObjectRef, built_in, group_of, is_empty};
use super::turn::Turn;
use base64::Engine as _;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// An object as it will be sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub component: String,
    pub reference: ObjectRef,
    pub object: Value,
    pub turn: Turn,
    /// Of `object`, to tell a changed wish from a changed cluster.
    pub hash: String,
}

/// Prepares all objects of one component. `namespaced` tells whether a kind lives in namespaces.
pub fn prepare(desired: &Desired, lab: &str, namespaced: impl Fn(&str, &str) -> bool) -> Result<Vec<Prepared>, ClusterError> {
    let bad = |reason: String| ClusterError::BadObject { component: desired.component.clone(), reason };
    let mut objects = Vec::new();
    flatten(&desired.objects, &mut objects);
    for object in &mut objects {
        let Some(reference) = ObjectRef::of(object) else {
            return Err(bad(format!("it needs apiVersion, kind and metadata.name: {}", glimpse(object))));
        };
        clean(object, &reference);
        if namespaced(&reference.api_version, &reference.kind) {
            if reference.namespace.is_none() {
                object["metadata"]["namespace"] = json!(desired.namespace.as_deref().unwrap_or("default"));
            }
        } else if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.shift_remove("namespace");
        }
        label(object, lab, &desired.component).ok_or_else(|| bad(format!("metadata.labels of {reference} is not a map")))?;
    }
    let mut turns = Vec::with_capacity(objects.len());
    for object in &mut objects {
        turns.push(Turn::take(object).map_err(bad)?);
    }
    leave_replicas_to_autoscalers(&mut objects);
    config_sha::annotate(&mut objects);
    let mut seen = BTreeSet::new();
    let mut prepared = Vec::with_capacity(objects.len());
    for (object, turn) in objects.into_iter().zip(turns) {
        let Some(reference) = ObjectRef::of(&object) else { continue };
        if !seen.insert(reference.key()) {
            return Err(bad(format!("{reference} stands there twice")));
        }
        prepared.push(Prepared {
            component: desired.component.clone(),
            hash: config_sha::hash_of(&object),
            turn: turn.of(&reference),
            reference,
            object,
        });
    }
    Ok(prepared)
}

/// Every object once, lists taken apart.
pub fn flatten(objects: &[Value], into: &mut Vec<Value>) {
    for object in objects {
        match object["items"].as_array() {
            Some(items) if object["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) => flatten(items, into),
            _ => into.push(object.clone()),
        }
    }
}

fn glimpse(object: &Value) -> String {
    let text: String = json!({"apiVersion": object["apiVersion"], "kind": object["kind"], "name": object["metadata"]["name"]}).to_string();
    text.chars().take(200).collect()
}

fn clean(object: &mut Value, reference: &ObjectRef) {
    if let Some(root) = object.as_object_mut() {
        root.shift_remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for name in ["managedFields", "creationTimestamp", "resourceVersion", "uid", "generation", "selfLink"] {
            metadata.shift_remove(name);
        }
    }
    // null may mean something in a custom resource; in built-in kinds it is a template's empty branch
    if built_in(group_of(&reference.api_version)) {
        drop_nulls(object);
    }
    if reference.kind == "Secret" && reference.group().is_empty() {
        encode_text(object);
    }
    drop_injected_bundles(object, &reference.kind);
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// `stringData` is write-only, so it could never be compared: it becomes `data`.
fn encode_text(object: &mut Value) {
    let Some(Value::Object(text)) = object.as_object_mut().and_then(|root| root.shift_remove("stringData")) else {
        return;
    };
    if !object["data"].is_object() {
        object["data"] = Value::Object(Map::new());
    }
    for (key, value) in text {
        let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        object["data"][key] = Value::from(base64::engine::general_purpose::STANDARD.encode(plain));
    }
}

/// An empty bundle, or one that cert-manager injects, is somebody else's field.
fn drop_injected_bundles(object: &mut Value, kind: &str) {
    let injected =
        object["metadata"]["annotations"].as_object().is_some_and(|a| a.keys().any(|k| k.starts_with("cert-manager.io/inject-")));
    let drop = |config: Option<&mut Value>| {
        if let Some(config) = config.and_then(Value::as_object_mut) {
            let empty = config.get("caBundle").is_some_and(|b| is_empty(b) || b.as_str() == Some(""));
            if injected || empty {
                config.shift_remove("caBundle");
            }
        }
    };
    match kind {
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
            for hook in object["webhooks"].as_array_mut().into_iter().flatten() {
                drop(hook.get_mut("clientConfig"));
            }
        }
        "CustomResourceDefinition" => drop(object.pointer_mut("/spec/conversion/webhook/clientConfig")),
        "APIService" => drop(object.get_mut("spec")),
        _ => {}
    }
}

/// A workload that a HorizontalPodAutoscaler of the same component scales has no replica count of ours.
fn leave_replicas_to_autoscalers(objects: &mut [Value]) {
    let scaled: BTreeSet<(String, String, String)> = objects
        .iter()
        .filter(|object| object["kind"] == "HorizontalPodAutoscaler")
        .map(|object| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let target = &object["spec"]["scaleTargetRef"];
            (text(&target["kind"]), text(&object["metadata"]["namespace"]), text(&target["name"]))
        })
        .collect();
    for object in objects {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let this = (text(&object["kind"]), text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
        if scaled.contains(&this)
            && let Some(spec) = object["spec"].as_object_mut()
        {
            spec.shift_remove("replicas");
        }
    }
}

fn label(object: &mut Value, lab: &str, component: &str) -> Option<()> {
    let labels = object["metadata"].as_object_mut()?.entry("labels").or_insert_with(|| json!({}));
    if labels.is_null() {
        *labels = json!({});
    }
    let labels = labels.as_object_mut()?;
    labels.insert("app.kubernetes.io/managed-by".to_owned(), json!("labctl"));
    labels.insert(COMPONENT_LABEL.to_owned(), json!(component));
    labels.insert(LAB_LABEL.to_owned(), json!(lab));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(object: Value) -> Value {
        let desired = Desired { component: "c".into(), namespace: Some("n".into()), objects: vec![object] };
        prepare(&desired, "l", |_, kind| kind != "Namespace").unwrap().remove(0).object
    }

    #[test]
    fn objects_get_labels_and_a_namespace_and_lose_what_servers_set() {
        let got = one(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "creationTimestamp": null, "uid": "u"}, "status": {}}),
        );
        assert_eq!(got["metadata"]["namespace"], "n");
        assert_eq!(got["metadata"]["labels"][LAB_LABEL], "l");
        assert!(got.get("status").is_none() && got["metadata"].get("uid").is_none() && got["metadata"].get("creationTimestamp").is_none());
        assert!(one(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}))["metadata"].get("namespace").is_none());
    }

    #[test]
    fn text_of_secrets_is_encoded_and_wins_over_data() {
        let got = one(
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"k": "eA=="}, "stringData": {"k": "hi", "n": "x"}}),
        );
        assert_eq!(got["data"], json!({"k": "aGk=", "n": "eA=="}));
    }

    #[test]
    fn replicas_belong_to_the_autoscaler() {
        let desired = Desired {
            component: "c".into(),
            namespace: Some("n".into()),
            objects: vec![
                json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"replicas": 3}}),
                json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"},
                    "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d"}}}),
            ],
        };
        let got = prepare(&desired, "l", |_, _| true).unwrap();
        assert!(got[0].object["spec"].get("replicas").is_none());
    }

    #[test]
    fn an_object_named_twice_is_refused() {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        let desired =
            Desired { component: "c".into(), namespace: None, objects: vec![json!({"kind": "List", "items": [object.clone()]}), object] };
        assert!(prepare(&desired, "l", |_, _| true).unwrap_err().to_string().contains("twice"));
    }
}
