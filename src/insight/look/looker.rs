//! Everything that is answered from the cluster itself.

use super::owners::Owners;
use super::poll::{Pace, poll};
use super::pulse::Pulses;
use super::subscription::{Out, Subscription};
use super::{alerts, events, follow, live, pods, usage, workloads};
use crate::checks::Prober;
use crate::cluster::{Cluster, LookedAt, ObjectRef};
use crate::model::look::{Answer, Query, Snapshot};
use crate::model::run::Object;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// metrics-server measures every 15 s.
const USAGE: Pace = Pace { every: Duration::from_secs(15), deadline: Duration::from_secs(10) };
const ALERTS: Pace = Pace { every: Duration::from_secs(8), deadline: Duration::from_secs(10) };
const CAUSES: Pace = Pace { every: Duration::from_secs(5), deadline: Duration::from_secs(15) };

/// Looks at one lab's cluster for whoever asks.
#[derive(Debug, Clone)]
pub struct Looker {
    cluster: Arc<Cluster>,
    prober: Arc<Prober>,
    owners: Arc<Owners>,
    pulses: Pulses,
}

impl Looker {
    /// For one lab.
    pub fn new(cluster: Arc<Cluster>, prober: Arc<Prober>, owners: Owners) -> Self {
        let pulses = Pulses::new(cluster.kube().clone());
        Self { cluster, prober, owners: Arc::new(owners), pulses }
    }

    /// Answers `query` into `to` for as long as the subscription is held. `None` for what the cluster does not know: [`Query::Health`] and
    /// [`Query::Endpoints`] are of the lab.
    pub fn subscribe(&self, query: Query, to: mpsc::Sender<Snapshot>) -> Option<Subscription> {
        let (cluster, prober, owners) = (self.cluster.clone(), self.prober.clone(), self.owners.clone());
        let (pulses, kube) = (self.pulses.clone(), self.cluster.kube().clone());
        Some(match query {
            Query::Health | Query::Endpoints => return None,
            Query::Pods => watched(cluster, pulses, &[LookedAt::Pods], Out { query, to }, move |kinds| {
                Answer::Pods(Arc::new(pods::rows(&kinds.concat(), &owners)))
            }),
            Query::Events => watched(cluster, pulses, &[LookedAt::Events], Out { query, to }, |kinds| {
                Answer::Events(Arc::new(events::rows(&kinds.concat())))
            }),
            Query::Workloads => {
                let kinds = &[LookedAt::Deployments, LookedAt::StatefulSets, LookedAt::DaemonSets];
                watched(cluster, pulses, kinds, Out { query, to }, move |kinds| {
                    Answer::Workloads(Arc::new(workloads::rows(kinds, &owners)))
                })
            }
            Query::Usage => poll(query, USAGE, to, move || {
                let kube = kube.clone();
                async move { usage::ask(&kube).await.map(|usage| Answer::Usage(Arc::new(usage))) }
            }),
            Query::Alerts => poll(query, ALERTS, to, move || {
                let prober = prober.clone();
                async move { alerts::ask(&prober).await.map(Answer::Alerts) }
            }),
            Query::Causes(ref object) => {
                let object = reference(object);
                poll(query, CAUSES, to, move || {
                    let (cluster, object) = (cluster.clone(), object.clone());
                    async move {
                        let found = cluster.causes_of(&object).await.map_err(|error| error.to_string())?;
                        Ok(Answer::Causes(found.into_iter().map(pods::cause_row).collect()))
                    }
                })
            }
            Query::Log(ref of) => {
                let of = of.clone();
                Subscription::of(async move {
                    let _nobody_reads = follow::answer(kube, pulses, of, Out { query, to }).await;
                })
            }
        })
    }
}

fn watched(
    cluster: Arc<Cluster>,
    pulses: Pulses,
    kinds: &'static [LookedAt],
    out: Out,
    read: impl Fn(&[Vec<Arc<serde_json::Value>>]) -> Answer + Send + Sync + 'static,
) -> Subscription {
    Subscription::of(async move {
        let _nobody_reads = live::answer(cluster, pulses, kinds, out, read).await;
    })
}

/// The object as the API has it. Only kinds that run pods have causes, so these groups are enough.
pub(super) fn reference(object: &Object) -> ObjectRef {
    let api_version = match object.kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => "apps/v1",
        "Job" | "CronJob" => "batch/v1",
        _ => "v1",
    };
    ObjectRef {
        api_version: api_version.to_owned(),
        kind: object.kind.clone(),
        namespace: Some(object.namespace.clone()).filter(|namespace| !namespace.is_empty()),
        name: object.name.clone(),
    }
}
