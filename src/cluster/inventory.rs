//! The record, kept in the cluster, of what each component brought. Only what stands in it is ever pruned.
//!
//! Before the first write it is widened to everything that was and everything that will be; after pruning it is narrowed to what is. So a crash
//! at any moment leaves a record that names every object we may have made. One component has one or more Secrets (shards), since a Secret holds
//! at most 1 MiB.

use super::error::ClusterError;
use super::kinds::Resource;
use super::object::{Key, ObjectRef};
use super::writer::Writer;
use crate::adapters::kube::client::ListForm;
use crate::adapters::kube::{ApiError, Kube};
use base64::Engine as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const NAMESPACE: &str = "labctl-system";
const LABEL: &str = "labctl.dev/inventory";
const SHARD_COMPONENT: &str = "labctl.dev/component";
/// About 200 bytes each, so well below the limit.
const PER_SHARD: usize = 2_000;

/// One object on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    #[serde(rename = "v")]
    pub api_version: String,
    #[serde(rename = "k")]
    pub kind: String,
    #[serde(rename = "ns", default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(rename = "n")]
    pub name: String,
    /// Unknown between the intent to make it and the answer.
    #[serde(rename = "u", default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// Of what was last applied, to tell a changed wish from a changed cluster.
    #[serde(rename = "h", default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
}

impl Item {
    pub fn new(object: &ObjectRef, uid: &str, hash: &str) -> Self {
        Self {
            api_version: object.api_version.clone(),
            kind: object.kind.clone(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            uid: uid.to_owned(),
            hash: hash.to_owned(),
        }
    }

    /// A custom resource definition.
    pub fn is_definition(&self) -> bool {
        self.kind == "CustomResourceDefinition"
    }

    pub fn reference(&self) -> ObjectRef {
        ObjectRef {
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

/// What one component has on record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    pub items: BTreeMap<Key, Item>,
    pub shards: usize,
}

/// What every component of a lab has on record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    pub components: BTreeMap<String, Record>,
}

impl Inventory {
    pub fn of(&self, component: &str) -> Record {
        self.components.get(component).cloned().unwrap_or_default()
    }

    /// Reads a lab's inventory: one LIST.
    pub async fn load(kube: &Kube, lab: &str) -> Result<Self, LoadError> {
        let path = format!("/api/v1/namespaces/{NAMESPACE}/secrets?labelSelector={LABEL}%3D{lab}");
        Self::read(&kube.list(&path, ListForm::Whole).await?)
    }

    /// Whether no lab has anything on record.
    pub async fn is_empty(kube: &Kube) -> Result<bool, ApiError> {
        let path = format!("/api/v1/namespaces/{NAMESPACE}/secrets?labelSelector={LABEL}");
        Ok(kube.list(&path, ListForm::Metadata).await?.is_empty())
    }

    fn read(secrets: &[Value]) -> Result<Self, LoadError> {
        let mut inventory = Self::default();
        for secret in secrets {
            let name = secret["metadata"]["name"].as_str().unwrap_or_default();
            let broken = |reason: String| LoadError::Broken { name: name.to_owned(), reason };
            let component = secret["metadata"]["labels"][SHARD_COMPONENT].as_str().ok_or_else(|| broken("it names no component".into()))?;
            let text = secret["data"]["items"].as_str().ok_or_else(|| broken("it has no items".into()))?;
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(|e| broken(e.to_string()))?;
            let items: Vec<Item> = serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))?;
            let record = inventory.components.entry(component.to_owned()).or_default();
            record.shards += 1;
            record.items.extend(items.into_iter().map(|item| (item.reference().key(), item)));
        }
        Ok(inventory)
    }
}

/// Why an inventory was not read.
#[derive(Debug)]
pub enum LoadError {
    Api(ApiError),
    Broken { name: String, reason: String },
}

impl From<ApiError> for LoadError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<LoadError> for ClusterError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Api(error) => Self::Api { what: "reading the inventory".into(), error },
            LoadError::Broken { name, reason } => Self::Inventory { name, reason },
        }
    }
}

/// One thing to write, in this order.
#[derive(Debug)]
pub enum Edit {
    Write(ObjectRef, Value),
    Remove(ObjectRef),
}

/// What brings a component's record from `before` shards to `items`. Shards that are no longer used go last, so nothing is forgotten in between.
pub fn edits(lab: &str, component: &str, items: &BTreeMap<Key, Item>, before: usize) -> Vec<Edit> {
    let all: Vec<&Item> = items.values().collect();
    let mut edits: Vec<Edit> = all
        .chunks(PER_SHARD)
        .enumerate()
        .map(|(index, chunk)| {
            let reference = shard(lab, component, index);
            let text = serde_json::to_vec(chunk).unwrap_or_default();
            let object = json!({
                "apiVersion": "v1", "kind": "Secret", "type": "labctl.dev/inventory",
                "metadata": {"name": reference.name, "namespace": NAMESPACE, "labels": {
                    "app.kubernetes.io/managed-by": "labctl", LABEL: lab, SHARD_COMPONENT: component}},
                "data": {"items": base64::engine::general_purpose::STANDARD.encode(text)},
            });
            Edit::Write(reference, object)
        })
        .collect();
    edits.extend((edits.len()..before).map(|index| Edit::Remove(shard(lab, component, index))));
    edits
}

/// How many shards `count` items take.
pub fn shards(count: usize) -> usize {
    count.div_ceil(PER_SHARD)
}

/// The namespace the records live in.
pub fn namespace_object() -> (ObjectRef, Value) {
    let object = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": {"app.kubernetes.io/managed-by": "labctl"}}});
    (ObjectRef { api_version: "v1".into(), kind: "Namespace".into(), namespace: None, name: NAMESPACE.into() }, object)
}

/// Secrets are always where they are; asking the server for it would be one more request.
pub fn secrets() -> Resource {
    Resource { api_version: "v1".into(), kind: "Secret".into(), plural: "secrets".into(), namespaced: true }
}

/// The same for namespaces.
pub fn namespaces() -> Resource {
    Resource { api_version: "v1".into(), kind: "Namespace".into(), plural: "namespaces".into(), namespaced: false }
}

fn shard(lab: &str, component: &str, index: usize) -> ObjectRef {
    ObjectRef {
        api_version: "v1".into(),
        kind: "Secret".into(),
        namespace: Some(NAMESPACE.into()),
        name: format!("inventory.{lab}.{component}.{index}"),
    }
}

/// Carries out one edit.
pub async fn carry_out(writer: &Writer, edit: &Edit) -> Result<(), ApiError> {
    match edit {
        Edit::Write(_, object) => writer.apply(&secrets(), object).await.map(drop),
        Edit::Remove(object) => writer.delete(&secrets(), object.namespace.as_deref(), &object.name, None).await.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn items(count: usize) -> BTreeMap<Key, Item> {
        (0..count)
            .map(|i| {
                let object =
                    ObjectRef { api_version: "v1".into(), kind: "ConfigMap".into(), namespace: Some("n".into()), name: format!("c{i}") };
                (object.key(), Item::new(&object, &format!("u{i}"), "h"))
            })
            .collect()
    }

    fn written(edits: &[Edit]) -> Vec<Value> {
        edits.iter().filter_map(|edit| if let Edit::Write(_, object) = edit { Some(object.clone()) } else { None }).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn what_is_written_is_read_back_whatever_its_size(count in 0_usize..5_000) {
            let items = items(count);
            let read = Inventory::read(&written(&edits("l", "c", &items, 0))).unwrap();
            prop_assert_eq!(read.of("c").items, items);
            prop_assert_eq!(read.of("c").shards, shards(count));
        }
    }

    #[test]
    fn narrowing_removes_surplus_shards_after_writing_the_rest() {
        let edits = edits("l", "c", &items(10), 3);
        assert!(matches!(edits[0], Edit::Write(..)));
        assert!(matches!(&edits[1], Edit::Remove(o) if o.name == "inventory.l.c.1"));
        assert!(matches!(&edits[2], Edit::Remove(o) if o.name == "inventory.l.c.2"));
    }

    #[test]
    fn a_record_that_cannot_be_read_is_an_error_and_not_an_empty_record() {
        let mut secrets = written(&edits("l", "c", &items(1), 0));
        secrets[0]["data"]["items"] = json!("bm90IGpzb24=");
        assert!(matches!(Inventory::read(&secrets), Err(LoadError::Broken { .. })));
    }
}
