//! The one place through which the cluster is written. A run that has lost the lab's lock gets nothing through.

use super::adopt;
use super::kinds::Resource;
use super::lease::Fence;
use super::object::MANAGER;
use crate::adapters::kube::{ApiError, Kube};
use serde_json::{Value, json};

/// Writes as manager `labctl`.
#[derive(Debug, Clone)]
pub struct Writer {
    kube: Kube,
    fence: Fence,
}

impl Writer {
    pub fn new(kube: Kube, fence: Fence) -> Self {
        Self { kube, fence }
    }

    /// Server-side apply, taking over what others own; returns the object as stored.
    pub async fn apply(&self, resource: &Resource, object: &Value) -> Result<Value, ApiError> {
        self.fence.pass().await?;
        self.kube.apply(&path_of(resource, object), MANAGER, object, false).await
    }

    /// POST of an object that may be there already. What it sets is ours as by an update, until `take_over`.
    pub async fn create(&self, resource: &Resource, object: &Value) -> Result<(), ApiError> {
        self.fence.pass().await?;
        match self.kube.create(&resource.collection(object["metadata"]["namespace"].as_str()), MANAGER, object).await {
            Err(ApiError::Status(status)) if status.reason == "AlreadyExists" => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// Makes fields that kubectl or Helm applied before ours, so that the next apply drops those which are not wanted. Once done, it costs one read.
    pub async fn take_over(&self, resource: &Resource, object: &Value) -> Result<(), ApiError> {
        let path = path_of(resource, object);
        let live = match self.kube.get(&path).await {
            Err(error) if error.is_not_found() => return Ok(()),
            live => live?,
        };
        match adopt::take_over(&live, &resource.api_version) {
            Some(operations) => {
                self.fence.pass().await?;
                self.kube.json_patch(&path, MANAGER, &operations).await.map(drop)
            }
            None => Ok(()),
        }
    }

    /// Sets what a merge patch names, as an update: apart from what `apply` owns.
    pub async fn update(&self, path: &str, changes: &Value) -> Result<Value, ApiError> {
        self.fence.pass().await?;
        self.kube.merge_patch(path, MANAGER, changes).await
    }

    /// JSON patch operations as `manager`: all of them or nothing.
    pub async fn patch(&self, path: &str, manager: &str, operations: &Value) -> Result<Value, ApiError> {
        self.fence.pass().await?;
        self.kube.json_patch(path, manager, operations).await
    }

    /// What `apply` would store. Writes nothing.
    pub async fn rehearse(&self, resource: &Resource, object: &Value) -> Result<Value, ApiError> {
        self.kube.apply(&path_of(resource, object), MANAGER, object, true).await
    }

    /// Deletes the object with this uid and no other; one that is gone is fine. True when it is gone, false when it is on its way out.
    pub async fn delete(&self, resource: &Resource, namespace: Option<&str>, name: &str, uid: Option<&str>) -> Result<bool, ApiError> {
        let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"});
        if let Some(uid) = uid {
            options["preconditions"] = json!({"uid": uid});
        }
        self.fence.pass().await?;
        match self.kube.delete(&resource.path(namespace, name), &options).await {
            // a Status when it is gone, the object itself while finalizers or a grace period hold it
            Ok(answer) => Ok(answer["kind"] == "Status"),
            Err(error) if error.is_not_found() => Ok(true),
            // another object has the name by now: ours is gone
            Err(ApiError::Status(status)) if status.code == 409 && uid.is_some() && status.message.contains("UID") => Ok(true),
            Err(error) => Err(error),
        }
    }
}

fn path_of(resource: &Resource, object: &Value) -> String {
    resource.path(object["metadata"]["namespace"].as_str(), object["metadata"]["name"].as_str().unwrap_or_default())
}
