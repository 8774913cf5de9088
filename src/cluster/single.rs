//! Single objects by name, as a drill reads and changes them: with the change tied to the very state that was seen, and so that taking it back
//! leaves no trace, not even in who owns which field.

use super::error::{ClusterError, Hint};
use super::facade::Cluster;
use super::kinds::Resource;
use super::object::ObjectRef;
use super::observe;
use crate::adapters::kube::ApiError;
use crate::adapters::kube::client::{ListForm, encode};
use serde_json::{Map, Value, json};

/// The manager that owns what a drill changes, for as long as it lasts.
pub const DRILL_MANAGER: &str = "labctl-drill";

/// What came of a write that was tied to a state.
#[derive(Debug, Clone, PartialEq)]
pub enum Tied {
    /// It is done; the object as stored.
    Done(Value),
    /// The object has changed since it was read: read it again.
    Stale,
}

impl Cluster {
    /// The object as it is, or `None`.
    pub async fn read(&self, object: &ObjectRef) -> Result<Option<Value>, ClusterError> {
        let path = resource(object).path(object.namespace.as_deref(), &object.name);
        let read = || async {
            match self.kube.get(&path).await {
                Err(error) if error.is_not_found() => Ok(None),
                there => there.map(Some),
            }
        };
        let there = observe::read(&format!("reading {object}"), read).await?;
        Ok(there.map(|there| named(there, object)))
    }

    /// All objects of a kind in a namespace, those with all of these labels where any are given (an empty value stands for any), in order
    /// of name.
    pub async fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        labels: impl IntoIterator<Item = (&str, &str)>,
    ) -> Result<Vec<Value>, ClusterError> {
        let any = ObjectRef { api_version: api_version.into(), kind: kind.into(), namespace: Some(namespace.into()), name: String::new() };
        let selector = labels
            .into_iter()
            .map(|(name, value)| if value.is_empty() { name.to_owned() } else { format!("{name}={value}") })
            .collect::<Vec<_>>()
            .join(",");
        let query = if selector.is_empty() { String::new() } else { format!("?labelSelector={}", encode(&selector)) };
        let path = format!("{}{query}", resource(&any).collection(Some(namespace)));
        let mut found = observe::read(&format!("listing {kind} of {namespace}"), || self.kube.list(&path, ListForm::Whole)).await?;
        found = found.into_iter().map(|there| named(there, &any)).collect();
        found.sort_by(|a, b| a["metadata"]["name"].as_str().cmp(&b["metadata"]["name"].as_str()));
        Ok(found)
    }

    /// Carries out JSON patch operations on exactly this state of an object.
    pub async fn patch(&self, object: &ObjectRef, seen: &Value, operations: &[Value]) -> Result<Tied, ClusterError> {
        let mut tied = vec![json!({"op": "test", "path": "/metadata/resourceVersion", "value": seen["metadata"]["resourceVersion"]})];
        tied.extend_from_slice(operations);
        let path = resource(object).path(object.namespace.as_deref(), &object.name);
        match self.writer.patch(&path, DRILL_MANAGER, &Value::from(tied)).await {
            Ok(stored) => Ok(Tied::Done(named(stored, object))),
            // a test that fails is a 422 without causes, which an object that is not valid always has
            Err(ApiError::Status(status)) if status.code == 409 || (status.code == 422 && status.causes.is_empty()) => Ok(Tied::Stale),
            Err(error) => Err(refused(object, error)),
        }
    }

    /// Makes an object; one of its name that is there already is left as it is.
    pub async fn make(&self, object: &Value) -> Result<(), ClusterError> {
        let reference = ObjectRef::of(object).ok_or_else(|| ClusterError::BadObject {
            component: "of a drill".to_owned(),
            reason: "it has no kind, version or name".to_owned(),
        })?;
        self.writer.create(&resource(&reference), object).await.map_err(|error| refused(&reference, error))
    }

    /// Deletes the object with this uid and no other; one that is gone is fine.
    pub async fn end_one(&self, object: &ObjectRef, uid: &str) -> Result<(), ClusterError> {
        let deleted = self.writer.delete(&resource(object), object.namespace.as_deref(), &object.name, Some(uid)).await;
        deleted.map(drop).map_err(|error| refused(object, error))
    }

    /// What tells this cluster from any other, also from one that was made anew under its name.
    pub async fn uid(&self) -> Result<String, ClusterError> {
        let namespace = ObjectRef { api_version: "v1".into(), kind: "Namespace".into(), namespace: None, name: "kube-system".into() };
        let there = self.read(&namespace).await?;
        Ok(there.and_then(|there| there["metadata"]["uid"].as_str().map(str::to_owned)).unwrap_or_default())
    }

    /// Gives the fields of an object that a drill has set back to those who owned them before (`before`: its `managedFields` then). Values stay. Without
    /// this a workload would count as drifted until the next `up`, though it is as it was.
    pub async fn hand_back(&self, object: &ObjectRef, before: &Value) -> Result<(), ClusterError> {
        for _ in 0..TRIES {
            let Some(live) = self.read(object).await? else { return Ok(()) };
            let Some(owners) = handed_back(&live["metadata"]["managedFields"], before) else { return Ok(()) };
            let operation = json!({"op": "replace", "path": "/metadata/managedFields", "value": owners});
            if let Tied::Done(_) = self.patch(object, &live, &[operation]).await? {
                return Ok(());
            }
        }
        Err(ClusterError::GaveUp {
            object: Box::new(object.clone()),
            after: std::time::Duration::ZERO,
            last: format!("it changed {TRIES} times while its fields were given back"),
        })
    }
}

/// A busy controller writes a status a few times a second, not more often than we read and write.
const TRIES: u32 = 10;

/// `live` without the drill, and with what each of the others had before; `None` when the drill owns nothing.
fn handed_back(live: &Value, before: &Value) -> Option<Value> {
    let of_drill = |entry: &&Value| entry["manager"] == DRILL_MANAGER;
    let (live, before) = (live.as_array()?, before.as_array()?);
    if !live.iter().any(|entry| of_drill(&entry)) {
        return None;
    }
    let who = |entry: &Value| ["manager", "operation", "apiVersion", "subresource"].map(|key| entry[key].as_str().map(str::to_owned));
    let mut entries: Vec<Value> = live.iter().filter(|entry| !of_drill(entry)).cloned().collect();
    // a status changes all the time and was never the drill's
    for earlier in before.iter().filter(|entry| !of_drill(entry) && entry["subresource"].as_str().unwrap_or_default().is_empty()) {
        match entries.iter_mut().find(|entry| who(entry) == who(earlier)) {
            Some(entry) => join(&mut entry["fieldsV1"], &earlier["fieldsV1"]),
            None => entries.push(earlier.clone()),
        }
    }
    Some(Value::Array(entries))
}

/// Adds the fields of `from` to the set `into`.
fn join(into: &mut Value, from: &Value) {
    let Value::Object(from) = from else { return };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    for (name, below) in from {
        match into.get_mut(name) {
            Some(there) => join(there, below),
            None => into[name] = below.clone(),
        }
    }
}

/// Only kinds that ship with Kubernetes and have regular plurals are touched one by one.
fn resource(object: &ObjectRef) -> Resource {
    let plural = format!("{}s", object.kind.to_lowercase());
    Resource { api_version: object.api_version.clone(), kind: object.kind.clone(), plural, namespaced: object.namespace.is_some() }
}

/// Items of a list carry neither kind nor version.
fn named(mut there: Value, object: &ObjectRef) -> Value {
    there["apiVersion"] = Value::from(object.api_version.as_str());
    there["kind"] = Value::from(object.kind.as_str());
    there
}

fn refused(object: &ObjectRef, error: ApiError) -> ClusterError {
    ClusterError::Refused { object: Box::new(object.clone()), hint: Hint::default(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": fields})
    }

    #[test]
    fn fields_go_back_to_those_who_had_them() {
        let before = json!([
            entry("labctl", "Apply", &json!({"f:spec": {"f:replicas": {}, "f:paused": {}}})),
            {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1", "subresource": "status", "fieldsV1": {"f:status": {"f:old": {}}}},
        ]);
        let live = json!([
            entry("labctl", "Apply", &json!({"f:spec": {"f:paused": {}}})),
            entry(DRILL_MANAGER, "Update", &json!({"f:spec": {"f:replicas": {}}})),
            entry("kubectl-edit", "Update", &json!({"f:metadata": {"f:labels": {"f:x": {}}}})),
            {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1", "subresource": "status", "fieldsV1": {"f:status": {"f:new": {}}}},
        ]);
        let after = handed_back(&live, &before).unwrap();
        assert_eq!(after.as_array().unwrap().len(), 3);
        assert_eq!(after[0]["fieldsV1"], json!({"f:spec": {"f:paused": {}, "f:replicas": {}}}));
        assert_eq!(after[1]["manager"], "kubectl-edit", "what somebody else did meanwhile stays theirs");
        assert_eq!(after[2]["fieldsV1"], json!({"f:status": {"f:new": {}}}), "a status is not turned back");
        assert_eq!(handed_back(&after, &before), None, "once is enough");
    }

    #[test]
    fn who_had_lost_all_it_owned_is_there_again() {
        let before = json!([entry("kubectl", "Update", &json!({"f:spec": {"f:replicas": {}}}))]);
        let live = json!([entry(DRILL_MANAGER, "Update", &json!({"f:spec": {"f:replicas": {}}}))]);
        assert_eq!(handed_back(&live, &before).unwrap(), before);
    }
}
