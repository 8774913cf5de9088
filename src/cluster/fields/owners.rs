//! `metadata.managedFields` as trees.
//! Format: <https://kubernetes.io/docs/reference/using-api/server-side-apply/#managed-fields>

use serde_json::Value;
use std::collections::BTreeMap;

/// The fields below one point that a manager owns. No children: the point itself is owned as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldTree {
    /// `f:name`: a field or map key.
    pub fields: BTreeMap<String, FieldTree>,
    /// `k:{…}`: an item of a list with keys.
    pub keyed: Vec<(Value, FieldTree)>,
    /// `v:…`: a value of a set.
    pub values: Vec<Value>,
}

impl FieldTree {
    pub fn parse(fields_v1: &Value) -> Self {
        let mut tree = Self::default();
        for (name, below) in fields_v1.as_object().into_iter().flatten() {
            if let Some(field) = name.strip_prefix("f:") {
                tree.fields.insert(field.to_owned(), Self::parse(below));
            } else if let Some(key) = name.strip_prefix("k:") {
                if let Ok(key) = serde_json::from_str(key) {
                    tree.keyed.push((key, Self::parse(below)));
                }
            } else if let Some(value) = name.strip_prefix("v:")
                && let Ok(value) = serde_json::from_str(value)
            {
                tree.values.push(value);
            }
        }
        tree
    }

    /// Nothing below: the value here is owned as one piece.
    pub fn is_leaf(&self) -> bool {
        self.fields.is_empty() && self.keyed.is_empty() && self.values.is_empty()
    }

    /// Whether any field of this tree exists in `live`.
    pub fn present_in(&self, live: &Value) -> bool {
        if live.is_null() {
            return false;
        }
        self.is_leaf()
            || self.fields.iter().any(|(name, below)| live.get(name).is_some_and(|value| below.present_in(value)))
            || self.keyed.iter().any(|(key, _)| item(live, key).is_some())
            || self.values.iter().any(|value| live.as_array().is_some_and(|list| list.contains(value)))
    }
}

/// The item of a keyed list that has all the key's fields.
pub fn item<'v>(list: &'v Value, key: &Value) -> Option<&'v Value> {
    let fields = key.as_object()?;
    list.as_array()?.iter().find(|item| fields.iter().all(|(name, value)| item.get(name) == Some(value)))
}

/// One entry of `managedFields`.
#[derive(Debug, Clone)]
pub struct Manager {
    pub name: String,
    /// `Apply` or `Update`.
    pub operation: String,
    pub subresource: String,
    pub api_version: String,
    pub fields: FieldTree,
}

impl Manager {
    /// Whether this is what server-side apply under `name` left behind.
    pub fn applied_by(&self, name: &str) -> bool {
        self.name == name && self.operation == "Apply" && self.subresource.is_empty()
    }
}

/// Everybody who owns something in `live`.
pub fn managers(live: &Value) -> Vec<Manager> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    live["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| Manager {
            name: text(&entry["manager"]),
            operation: text(&entry["operation"]),
            subresource: text(&entry["subresource"]),
            api_version: text(&entry["apiVersion"]),
            fields: FieldTree::parse(&entry["fieldsV1"]),
        })
        .collect()
}
