//! Definitions of all components, ahead of everything else: their custom resources then never wait for a component that comes later.

use super::apply::OPEN_PER_SLOT;
use super::diff::{Action, Diff, Entry};
use super::error::ClusterError;
use super::facade::Cluster;
use super::object::ObjectRef;
use super::retry::Patience;
use crate::adapters::kube::{ApiError, ApiStatus};
use crate::support::progress::Sink;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::PoisonError;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

impl Cluster {
    /// Applies every CustomResourceDefinition of `diff` that is not as wanted, all at once, and waits until each is established and its kind is
    /// served. Returns how many were written; without changes it costs no request.
    pub async fn apply_crds(&self, diff: &Diff, sink: &Sink, cancel: &CancellationToken) -> Result<usize, ClusterError> {
        let started = Instant::now();
        let patience = Patience { sink, cancel, started, deadline: started + self.limits.apply, slots: None };
        let definitions: Vec<&Entry> = diff
            .entries
            .iter()
            .filter(|e| e.object.kind == "CustomResourceDefinition" && matches!(e.action, Action::Create | Action::Update { .. }))
            .collect();
        if definitions.is_empty() {
            return Ok(0);
        }
        let components: BTreeSet<&str> = definitions.iter().map(|entry| entry.component.as_str()).collect();
        for component in components {
            let all: Vec<&Entry> = diff.of(component).collect();
            self.widen(component, &all, diff, &patience).await?;
        }
        let slots = Semaphore::new(self.limits.in_flight);
        let patience = &Patience { slots: Some(&slots), ..patience };
        // futures are made first: a closure held across an await would have to be general over lifetimes
        stream::iter(
            definitions
                .iter()
                .map(|entry| async move {
                    let Some(prepared) = &entry.prepared else { return Ok(()) };
                    if entry.terminating {
                        self.wait_gone(&entry.object, entry.uid.as_deref(), patience).await?;
                    }
                    let uid = self.write(prepared, entry, patience).await?;
                    let name = (prepared.component.clone(), prepared.reference.name.clone());
                    self.defined.lock().unwrap_or_else(PoisonError::into_inner).insert(name, (prepared.hash.clone(), uid));
                    Ok::<(), ClusterError>(())
                })
                .collect::<Vec<_>>(),
        )
        .buffer_unordered(self.limits.in_flight * OPEN_PER_SLOT)
        .try_collect::<()>()
        .await?;

        let references: Vec<ObjectRef> = definitions.iter().map(|entry| entry.object.clone()).collect();
        let left = patience.deadline.saturating_duration_since(Instant::now());
        self.wait_ready(&references, left, sink, cancel).await?;
        for entry in &definitions {
            if let Some(prepared) = &entry.prepared {
                self.wait_served(&entry.object, &prepared.object, patience).await?;
            }
        }
        Ok(definitions.len())
    }

    /// Established is not served: discovery and the handler follow a moment later.
    async fn wait_served(&self, definition: &ObjectRef, object: &Value, patience: &Patience<'_>) -> Result<(), ClusterError> {
        let spec = &object["spec"];
        let kind = spec["names"]["kind"].as_str().unwrap_or_default();
        for version in spec["versions"].as_array().into_iter().flatten().filter(|version| version["served"] == true) {
            let api_version = format!("{}/{}", spec["group"].as_str().unwrap_or_default(), version["name"].as_str().unwrap_or_default());
            let call = || async {
                if self.kinds.resolve(&self.kube, &api_version, kind).await?.is_some() {
                    return Ok(());
                }
                let message = format!("kind {kind} of {api_version} is established but not served yet");
                Err(ApiError::Status(Box::new(ApiStatus { code: 404, message, ..ApiStatus::default() })))
            };
            patience.until_accepted(definition, call).await?;
        }
        Ok(())
    }
}
