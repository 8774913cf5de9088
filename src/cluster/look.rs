//! For those who look and do not wait: live copies of whole kinds that end when they are let go, and the causes of one object.

use super::causes::Cause;
use super::error::ClusterError;
use super::facade::Cluster;
use super::hub::KindWatch;
use super::kinds::Resource;
use super::object::ObjectRef;
use super::observe;
use super::wait;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A list of every kind takes a moment on a busy node.
const SYNC: Duration = Duration::from_secs(4);

/// A kind that can be looked at as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LookedAt {
    Pods,
    Events,
    Deployments,
    StatefulSets,
    DaemonSets,
}

impl LookedAt {
    fn resource(self) -> Resource {
        let (api_version, kind, plural) = match self {
            Self::Pods => ("v1", "Pod", "pods"),
            Self::Events => ("v1", "Event", "events"),
            Self::Deployments => ("apps/v1", "Deployment", "deployments"),
            Self::StatefulSets => ("apps/v1", "StatefulSet", "statefulsets"),
            Self::DaemonSets => ("apps/v1", "DaemonSet", "daemonsets"),
        };
        Resource { api_version: api_version.into(), kind: kind.into(), plural: plural.into(), namespaced: true }
    }
}

/// The live copy of one kind. The watch behind it ends with the last of these, and heals by itself: a broken connection is made anew, a list that
/// is too old to go on from is read again.
#[derive(Debug)]
pub struct Looking {
    watch: Arc<KindWatch>,
    changes: watch::Receiver<u64>,
}

impl Looking {
    /// Comes back when something changed since the last call (or since it began).
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            // the watch has ended, so nothing will ever change
            std::future::pending::<()>().await;
        }
    }

    /// Every object as last seen; `None` until a whole list has come.
    pub fn all(&self) -> Option<Vec<Arc<Value>>> {
        self.watch.synced().then(|| self.watch.filter(|_| true))
    }

    /// What is wrong with the watch, as far as it knows.
    pub fn trouble(&self) -> Option<String> {
        self.watch.trouble()
    }
}

impl Cluster {
    /// Begins to look at a kind, or joins those who do.
    pub fn look_at(&self, what: LookedAt) -> Looking {
        let watch = self.hub.lend(&what.resource());
        let changes = watch.changes();
        Looking { watch, changes }
    }

    /// Waits until the kinds that causes are found in have been seen as a whole, or for so long.
    async fn seen_once(&self, within: Duration) {
        let watches: Vec<Arc<KindWatch>> = wait::around_pods().iter().map(|resource| self.hub.watch(resource)).collect();
        let seen = async {
            let mut changes = self.hub.changes();
            while watches.iter().any(|watch| watch.listing()) && changes.changed().await.is_ok() {}
        };
        // what is not seen by then is not reasoned with
        let _late = tokio::time::timeout(within, seen).await;
    }

    /// Why an object is not well: its pods, their events, claims and last log lines joined to sentences. None when nothing is found. The watches that
    /// it takes are kept, so asking again costs only logs that were not read.
    pub async fn causes_of(&self, object: &ObjectRef) -> Result<Vec<Cause>, ClusterError> {
        let resolve = || async { self.kinds.of(&self.kube, object).await };
        let resource = observe::read("asking where the kind lives", resolve).await?;
        let unknown = || ClusterError::UnknownKind { api_version: object.api_version.clone(), kind: object.kind.clone() };
        let path = resource.ok_or_else(unknown)?.path(object.namespace.as_deref(), &object.name);
        let read = || async {
            match self.kube.get(&path).await {
                Err(error) if error.is_not_found() => Ok(None),
                there => there.map(Some),
            }
        };
        match observe::read("reading the object", read).await? {
            Some(there) => {
                self.seen_once(SYNC).await;
                Ok(self.explain(object, Arc::new(there)).await)
            }
            None => Ok(Vec::new()),
        }
    }
}
