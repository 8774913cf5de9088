//! Objects by name, and the values inside them.

use crate::model::run::Object;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// The manager that owns what this tool applies.
pub(crate) const MANAGER: &str = "labctl";
/// Which lab an object belongs to.
pub(crate) const LAB_LABEL: &str = "labctl.dev/lab";
/// Which component brought it.
pub(crate) const COMPONENT_LABEL: &str = "labctl.dev/component";
/// Set to `disabled` on an object, it is never pruned.
pub(crate) const PRUNE_ANNOTATION: &str = "labctl.dev/prune";

/// What one component wants in the cluster.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// Its name, unique in the lab.
    pub component: String,
    /// Where namespaced objects go that name no namespace.
    pub namespace: Option<String>,
    /// Whole objects, rendered. A `kind: List` counts as its items.
    pub objects: Vec<Value>,
}

/// Names one object in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ObjectRef {
    /// `apps/v1`, `v1` …
    pub api_version: String,
    pub kind: String,
    /// `None` for what has no namespace.
    pub namespace: Option<String>,
    pub name: String,
}

impl ObjectRef {
    /// The name of a whole object; `None` when it lacks kind, version or name.
    pub fn of(object: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().filter(|s| !s.is_empty()).map(str::to_owned);
        Some(Self {
            api_version: text(&object["apiVersion"])?,
            kind: text(&object["kind"])?,
            namespace: text(&object["metadata"]["namespace"]),
            name: text(&object["metadata"]["name"])?,
        })
    }

    /// The API group, empty for the core group.
    pub fn group(&self) -> &str {
        group_of(&self.api_version)
    }

    /// The same object whatever version it is asked for in.
    pub fn key(&self) -> Key {
        Key {
            group: self.group().to_owned(),
            kind: self.kind.clone(),
            namespace: self.namespace.clone().unwrap_or_default(),
            name: self.name.clone(),
        }
    }

    /// As events carry it.
    pub fn event(&self) -> Object {
        Object { kind: self.kind.clone(), namespace: self.namespace.clone().unwrap_or_default(), name: self.name.clone() }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// What makes two references the same object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub group: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
}

pub(crate) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Groups that ship with Kubernetes; every other kind is a custom resource or an aggregated one.
pub(crate) fn built_in(group: &str) -> bool {
    !group.contains('.')
        || (group.ends_with(".k8s.io") && !matches!(group, "snapshot.storage.k8s.io" | "gateway.networking.k8s.io" | "metrics.k8s.io"))
}

/// `value.a.b.c`, or null.
pub(crate) fn at<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter().fold(value, |value, key| &value[*key])
}

/// Null, `{}`, `[]`: the API server drops these on the way in.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// Whether a workload's `spec.selector` (or a plain map of labels) picks `labels`. An empty selector picks nothing.
pub(crate) fn selects(selector: &Value, labels: &Value) -> bool {
    let plain = selector.get("matchLabels").is_none() && selector.get("matchExpressions").is_none();
    let wanted = if plain { selector } else { &selector["matchLabels"] };
    let expressions = selector["matchExpressions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let pairs = wanted.as_object();
    if pairs.is_none_or(serde_json::Map::is_empty) && expressions.is_empty() {
        return false;
    }
    pairs.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
        && expressions.iter().all(|expression| {
            let found = expression["key"].as_str().and_then(|key| labels.get(key));
            let among = || found.is_some_and(|v| expression["values"].as_array().is_some_and(|values| values.contains(v)));
            match expression["operator"].as_str() {
                Some("In") => among(),
                Some("NotIn") => !among(),
                Some("Exists") => found.is_some(),
                Some("DoesNotExist") => found.is_none(),
                _ => false,
            }
        })
}
