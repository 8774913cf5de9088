//! Step: one look at the whole cluster. Namespaces and custom kinds are brought first; the difference that the component steps then work from is
//! made here once, because a LIST costs the same for one component as for all.

use super::lookup::lookup;
use super::setup::Setup;
use crate::adapters::kube::{ApiError, Forwards, Objects, connect};
use crate::checks::{CheckResult, Pace, Prober, Scope};
use crate::cluster::{Cluster, ClusterError, Desired, Diff, ObjectRef};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::check::Check;
use crate::support::progress::Sink;
use async_trait::async_trait;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A cluster that answers, and what is known of it.
#[derive(Debug, Clone)]
pub struct Connected {
    /// Applies, waits and names causes.
    pub cluster: Arc<Cluster>,
    /// Makes checks.
    pub prober: Arc<Prober>,
    /// What differed from what is wanted, once it was looked at.
    pub diff: Option<Arc<Diff>>,
}

/// How long something that is up may take to show it. Watches answer in milliseconds; more than this means that it is not up.
const GLANCE: Duration = Duration::from_secs(2);

impl Connected {
    /// Looks once at each check, without waiting for what does not pass.
    pub async fn glance(&self, scope: &Scope, checks: &[Check], sink: &Sink, cancel: &CancellationToken) -> Vec<CheckResult> {
        let prober = Prober::clone(&self.prober).with_pace(Pace::once());
        prober.run(scope, checks, sink, cancel).await
    }

    /// The first thing that is not ready among `objects`; `None` when all are.
    pub async fn lacks(&self, objects: &[ObjectRef], cx: &Cx) -> Result<Option<String>, StepError> {
        match self.cluster.glance(objects, GLANCE, &cx.cancel).await {
            Ok(()) => Ok(None),
            Err(ClusterError::NotReady(not_ready)) => {
                Ok(Some(not_ready.pending.first().map(|pending| format!("{}: {}", pending.object, pending.reason)).unwrap_or_default()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Setup {
    /// Connects to the API server, once per run.
    pub async fn connect(&self) -> Result<Connected, StepError> {
        let mut shared = self.shared.lock().await;
        if let Some(connected) = &shared.connected {
            return Ok(connected.clone());
        }
        let kube = connect(&self.kind.kubeconfig, Some(&self.context())).await?;
        let client = kube.client().clone();
        let prober = Prober::new(Forwards::new(client.clone()), Objects::new(client), lookup(&self.lab))
            .map_err(|error| StepError::new("LAB-BUG", error.to_string()))?;
        let connected = Connected { cluster: Arc::new(Cluster::new(kube, &self.lab.name)), prober: Arc::new(prober), diff: None };
        shared.connected = Some(connected.clone());
        Ok(connected)
    }

    /// The connection that an earlier step made.
    pub async fn connected(&self) -> Result<Connected, StepError> {
        self.shared.lock().await.connected.clone().ok_or_else(|| StepError::new("LAB-BUG", "there is no connection to the cluster yet"))
    }

    /// Takes the lab's lock in the cluster, if this run is one that writes.
    pub(super) async fn may_write(&self, cluster: &Cluster, sink: &Sink, cancel: &CancellationToken) -> Result<bool, StepError> {
        let Some(writer) = self.shared.lock().await.writer.clone() else { return Ok(false) };
        cluster.lock(&writer.holder, writer.wait, sink, cancel).await?;
        Ok(true)
    }

    async fn surveyed(&self, diff: Diff) {
        if let Some(connected) = &mut self.shared.lock().await.connected {
            connected.diff = Some(Arc::new(diff));
        }
    }

    /// Everything the lab wants in the cluster: its namespaces, then its components with their Secrets.
    pub fn desired(&self) -> Vec<Desired> {
        let spaces: BTreeSet<&str> =
            self.rendered.iter().map(|rendered| rendered.namespace.as_str()).filter(|space| *space != "kube-system").collect();
        let spaces =
            spaces.into_iter().map(|space| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})).collect();
        let mut all = vec![Desired { component: NAMESPACES.to_owned(), namespace: None, objects: spaces }];
        all.extend(self.rendered.iter().map(|rendered| Desired {
            component: rendered.name.clone(),
            namespace: Some(rendered.namespace.clone()),
            objects: rendered.objects.clone(),
        }));
        all
    }
}

impl From<ClusterError> for StepError {
    fn from(error: ClusterError) -> Self {
        let code = match &error {
            ClusterError::Cancelled => "LAB-CANCELLED",
            ClusterError::Locked { .. } => "LAB-LOCK-001",
            ClusterError::Refused { error: ApiError::Fenced(_), .. } => "LAB-LOCK-002",
            ClusterError::NotReady(not_ready) => not_ready.causes.first().map_or("LAB-READY-001", |cause| cause.id),
            _ => "LAB-CLUSTER-003",
        };
        Self::new(code, error.to_string())
    }
}

impl From<ApiError> for StepError {
    fn from(error: ApiError) -> Self {
        Self::new("LAB-CLUSTER-004", error.to_string())
    }
}

pub(super) struct Survey(pub Arc<Setup>);

/// The pseudo-component that owns the lab's namespaces.
pub const NAMESPACES: &str = "namespaces";

#[async_trait]
impl Step for Survey {
    async fn observe(&self, cx: &Cx) -> Result<Observed, StepError> {
        let cluster = self.0.connected().await?.cluster;
        cx.sink.waiting("what is in the cluster", "");
        let mut diff = cluster.diff(&self.0.desired()).await?;
        if !diff.is_noop() && self.0.may_write(&cluster, &cx.sink, &cx.cancel).await? {
            // somebody else may have written in between
            diff = cluster.diff(&self.0.desired()).await?;
        }
        let defined = !diff.entries.iter().any(|entry| entry.object.kind == "CustomResourceDefinition" && entry.changes());
        let ready = diff.is_noop_for(NAMESPACES) && defined && diff.unwanted.is_empty();
        let [create, update, unchanged, prune] = diff.counts();
        let counts = format!("{create} to create, {update} to change, {prune} to remove, {unchanged} as wanted");
        self.0.surveyed(diff).await;
        Ok(if ready {
            Observed::Done(counts)
        } else {
            Observed::Needed(format!("namespaces or custom kinds are missing, or a component is no longer wanted; {counts}"))
        })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let connected = self.0.connected().await?;
        let desired = self.0.desired();
        let Some(diff) = connected.diff else { return Err(StepError::new("LAB-BUG", "the survey was not made")) };
        let mut note = "namespaces and custom kinds are there".to_owned();
        // before their namespaces go, so that each goes in its own order
        for component in &diff.unwanted {
            let count = connected.cluster.retire_component(component, &cx.sink, &cx.cancel).await?;
            note.push_str(&format!("; {component} is no longer wanted: {count} objects removed"));
        }
        let namespaces: Vec<&Desired> = desired.iter().filter(|one| one.component == NAMESPACES).collect();
        for one in namespaces {
            connected.cluster.apply(one, &diff, &cx.sink, &cx.cancel).await?;
        }
        connected.cluster.apply_crds(&diff, &cx.sink, &cx.cancel).await?;
        Ok(note)
    }
}
