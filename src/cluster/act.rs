//! What a person does by hand to a running lab: end a pod, roll a workload, scale it. Each is written so that a later `up` knows what to make of it.
//!
//! These are updates, never applies: server-side apply keeps updates of the same manager apart from what it applied, so the mark of a restart is
//! nobody's drift and stays, while a number of pods that the manifest names is taken out of our fields, shows as changed, and is set back by the
//! next `up`. No lock is taken: like kubectl, a person may act while a run waits, and mostly because it waits.

use super::error::{ClusterError, Hint};
use super::facade::Cluster;
use super::kinds::Resource;
use super::object::ObjectRef;
use crate::adapters::kube::ApiError;
use serde_json::{Value, json};

/// What `kubectl rollout restart` writes into the template, too: a new value makes a new template, and so new pods.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

impl Cluster {
    /// Deletes a pod.
    pub async fn end_pod(&self, namespace: &str, name: &str) -> Result<(), ClusterError> {
        let pod = ObjectRef { api_version: "v1".into(), kind: "Pod".into(), namespace: Some(namespace.to_owned()), name: name.to_owned() };
        let resource = Resource { api_version: "v1".into(), kind: "Pod".into(), plural: "pods".into(), namespaced: true };
        let there = self.kube.get(&resource.path(Some(namespace), name)).await.map_err(|error| refused(&pod, error))?;
        // the one that was seen, and no other that has its name by now
        let uid = there["metadata"]["uid"].as_str();
        self.writer.delete(&resource, Some(namespace), name, uid).await.map(drop).map_err(|error| refused(&pod, error))
    }

    /// Replaces the pods of a Deployment, `StatefulSet` or `DaemonSet` as its rollout strategy says.
    pub async fn restart(&self, object: &ObjectRef, now: time::OffsetDateTime) -> Result<(), ClusterError> {
        let resource = workload(object);
        let there = self.read_workload(object, &resource).await?;
        if there["spec"]["paused"] == true {
            return Err(pointless(object, "its rollout is paused, so nothing would happen", "kubectl rollout resume ends the pause"));
        }
        if there["spec"]["updateStrategy"]["type"] == "OnDelete" {
            return Err(pointless(object, "its pods are replaced only when they are deleted (OnDelete)", "delete its pods one by one"));
        }
        let stamp = now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
        let changes = json!({"spec": {"template": {"metadata": {"annotations": {RESTARTED: stamp}}}}});
        self.writer
            .update(&resource.path(object.namespace.as_deref(), &object.name), &changes)
            .await
            .map(drop)
            .map_err(|e| refused(object, e))
    }

    /// Changes how many pods there are to be, if there are `from` now.
    pub async fn scale(&self, object: &ObjectRef, from: u32, to: u32) -> Result<(), ClusterError> {
        let resource = workload(object);
        let there = self.read_workload(object, &resource).await?;
        let now = there["spec"]["replicas"].as_u64().unwrap_or(1);
        if now != u64::from(from) {
            return Err(pointless(object, &format!("it was {from} when asked and is {now} by now"), "look again"));
        }
        if let Some(scaler) = self.scaler_of(object).await? {
            let fix = format!("change minReplicas and maxReplicas of HorizontalPodAutoscaler {scaler}");
            return Err(pointless(object, &format!("HorizontalPodAutoscaler {scaler} decides how many there are and would undo it"), &fix));
        }
        let path = format!("{}/scale", resource.path(object.namespace.as_deref(), &object.name));
        let changes = json!({"metadata": {"resourceVersion": there["metadata"]["resourceVersion"]}, "spec": {"replicas": to}});
        self.writer.update(&path, &changes).await.map(drop).map_err(|error| refused(object, error))
    }

    async fn read_workload(&self, object: &ObjectRef, resource: &Resource) -> Result<Value, ClusterError> {
        self.kube.get(&resource.path(object.namespace.as_deref(), &object.name)).await.map_err(|error| refused(object, error))
    }

    /// The autoscaler that decides how many pods a workload has.
    pub async fn scaler_of(&self, object: &ObjectRef) -> Result<Option<String>, ClusterError> {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let path = format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers");
        let all = self.kube.get(&path).await.map_err(|error| refused(object, error))?;
        let scales = |scaler: &&Value| {
            let target = &scaler["spec"]["scaleTargetRef"];
            target["kind"] == object.kind.as_str() && target["name"] == object.name.as_str()
        };
        let found = all["items"].as_array().and_then(|items| items.iter().find(scales));
        Ok(found.and_then(|scaler| scaler["metadata"]["name"].as_str()).map(str::to_owned))
    }
}

fn workload(object: &ObjectRef) -> Resource {
    let plural = format!("{}s", object.kind.to_lowercase());
    Resource { api_version: object.api_version.clone(), kind: object.kind.clone(), plural, namespaced: true }
}

fn refused(object: &ObjectRef, error: ApiError) -> ClusterError {
    ClusterError::Refused { object: Box::new(object.clone()), hint: Hint::default(), error }
}

fn pointless(object: &ObjectRef, why: &str, fix: &str) -> ClusterError {
    ClusterError::Pointless { object: Box::new(object.clone()), why: why.to_owned(), fix: fix.to_owned() }
}
