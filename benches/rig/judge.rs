//! Whether the cluster holds what was wanted, looked at without anything of the cluster room.

use super::Outcome;
use super::objects::path_of;
use labctl::adapters::kube::Kube;
use labctl::adapters::kube::client::ListForm;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Every object of the kinds and namespaces in `wanted`, by path.
pub async fn stored(kube: &Kube, wanted: &[Value]) -> Outcome<HashMap<String, Value>> {
    let collection = |object: &Value| path_of(object).rsplit_once('/').map(|(collection, _)| collection.to_owned());
    let collections: BTreeSet<String> = wanted.iter().filter_map(collection).collect();
    let mut found = HashMap::new();
    for path in collections {
        for object in kube.list(&path, ListForm::Whole).await? {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            found.insert(format!("{path}/{name}"), object);
        }
    }
    Ok(found)
}

/// What is missing or not as wanted, at most a few of it in words. Nothing else is judged: servers and others may have added fields.
pub fn differences(wanted: &[Value], stored: &HashMap<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    for object in wanted {
        let path = path_of(object);
        match stored.get(&path) {
            None => found.push(format!("{path} is not there")),
            Some(live) => {
                for name in object
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name)
                    .filter(|name| !matches!(name.as_str(), "apiVersion" | "kind"))
                {
                    if !within(&object[name], &live[name]) {
                        found.push(format!("{path}: {name} is {}, not {}", live[name], object[name]));
                    }
                }
            }
        }
    }
    found
}

/// Whether everything of `wanted` is in `live`; lists must have the same length.
fn within(wanted: &Value, live: &Value) -> bool {
    match (wanted, live) {
        (Value::Object(wanted), Value::Object(live)) => {
            wanted.iter().all(|(name, value)| live.get(name).is_some_and(|live| within(value, live)))
        }
        (Value::Array(wanted), Value::Array(live)) => {
            wanted.len() == live.len() && wanted.iter().zip(live).all(|(wanted, live)| within(wanted, live))
        }
        (wanted, live) => wanted == live,
    }
}
