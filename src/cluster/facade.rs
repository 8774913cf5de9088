//! The way in: one cluster, as one lab sees it.

use super::diff::{Action, Diff, Entry, Foreign, Verdict, claims, judge, prunes, rehearsal_changes, uid_of, unrecorded};
use super::error::ClusterError;
use super::hub::Hub;
use super::inventory::{Inventory, Item, LoadError, Record};
use super::kinds::Kinds;
use super::lease::{Denied, Lock};
use super::object::{Desired, ObjectRef};
use super::observe::{self, Live};
use super::prepare::{Prepared, flatten, prepare};
use super::writer::Writer;
use crate::adapters::kube::Kube;
use crate::support::holder::Holder;
use crate::support::progress::Sink;
use futures::{StreamExt as _, stream};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Bounds that a caller may set.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long one component's objects may take to be accepted, blocked webhooks included.
    pub apply: Duration,
    /// How long deleted objects may take to be gone.
    pub removal: Duration,
    /// Writes under way at once.
    pub in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { apply: Duration::from_mins(5), removal: Duration::from_mins(2), in_flight: 16 }
    }
}

/// What was done for one component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Applied {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub pruned: usize,
    /// Objects that were there before and are ours from now on, and whose they were.
    pub adopted: Vec<(ObjectRef, Vec<Foreign>)>,
}

impl Applied {
    /// Whether anything was written.
    pub fn changed(&self) -> bool {
        self.created + self.updated + self.pruned > 0
    }
}

/// One cluster as one lab sees it. Share it: its watches serve everybody.
#[derive(Debug)]
pub struct Cluster {
    pub(super) kube: Kube,
    pub(super) lab: String,
    pub(super) limits: Limits,
    pub(super) kinds: Kinds,
    pub(super) writer: Writer,
    lock: Lock,
    pub(super) hub: Hub,
    /// The inventory as last read or written.
    pub(super) records: Mutex<BTreeMap<String, Record>>,
    /// Definitions applied ahead of their components, by component and name: hash and uid.
    pub(super) defined: Mutex<HashMap<(String, String), (String, String)>>,
}

impl Cluster {
    /// A lab's view of the cluster behind `kube`.
    pub fn new(kube: impl Into<Kube>, lab: &str) -> Self {
        Self::with_limits(kube, lab, Limits::default())
    }

    /// The same with other bounds.
    pub fn with_limits(kube: impl Into<Kube>, lab: &str, limits: Limits) -> Self {
        let kube = kube.into();
        let lock = Lock::default();
        Self {
            hub: Hub::new(kube.client().clone()),
            writer: Writer::new(kube.clone(), lock.fence.clone()),
            lock,
            kube,
            lab: lab.to_owned(),
            limits,
            kinds: Kinds::default(),
            records: Mutex::default(),
            defined: Mutex::default(),
        }
    }

    /// The connection under it.
    pub fn kube(&self) -> &Kube {
        &self.kube
    }

    /// Takes the lab's lock in the cluster, for as long as this handle lives or until [`Cluster::unlock`]; once is enough. Where somebody else
    /// has it: waits up to `wait`, or, without it, only until it is clear that they are alive.
    pub async fn lock(&self, me: &Holder, wait: Option<Duration>, sink: &Sink, cancel: &CancellationToken) -> Result<(), ClusterError> {
        if self.lock.is_held() {
            return Ok(());
        }
        match self.lock.fence.take(&self.kube, &self.lab, me, wait, sink, cancel).await {
            Ok(renewal) => {
                self.lock.keep(renewal);
                Ok(())
            }
            Err(Denied::Held(holder)) => Err(ClusterError::Locked { holder }),
            Err(Denied::Cancelled) => Err(ClusterError::Cancelled),
            Err(Denied::Api(error)) => Err(ClusterError::Api { what: "taking the lock of this lab".into(), error }),
        }
    }

    /// Gives the lock back, so that the next run need not wait until it runs out.
    pub async fn unlock(&self) {
        self.lock.release().await;
    }

    /// Works out what would have to be written for these components. Reads only: the inventory, one LIST per kind, and a dry run for each object
    /// where local comparison is in doubt. Call it once for the whole lab: a LIST costs the same for one component as for all.
    pub async fn diff(&self, desired: &[Desired]) -> Result<Diff, ClusterError> {
        let mut raw = Vec::new();
        for component in desired {
            flatten(&component.objects, &mut raw);
        }
        let needed: BTreeSet<(String, String)> = raw.iter().filter_map(ObjectRef::of).map(|o| (o.api_version, o.kind)).collect();
        let (inventory, ()) = tokio::try_join!(self.load_inventory(), observe::learn(&self.kube, &self.kinds, needed))?;
        let brought = brought_kinds(&raw);
        let namespaced = |api_version: &str, kind: &str| match self.kinds.cached(api_version, kind) {
            Some(resource) => resource.namespaced,
            None => brought.get(&(super::object::group_of(api_version).to_owned(), kind.to_owned())).copied().unwrap_or(true),
        };
        let mut wanted: BTreeMap<String, Vec<Arc<Prepared>>> = BTreeMap::new();
        for component in desired {
            let prepared = prepare(component, &self.lab, namespaced)?.into_iter().map(Arc::new);
            wanted.entry(component.component.clone()).or_default().extend(prepared);
        }
        let recorded: Vec<ObjectRef> =
            inventory.components.values().flat_map(|record| record.items.values()).map(Item::reference).collect();
        let also = recorded.iter().map(|object| (object.api_version.clone(), object.kind.clone())).collect();
        observe::learn(&self.kube, &self.kinds, also).await?;
        let references: Vec<ObjectRef> = wanted.values().flatten().map(|prepared| prepared.reference.clone()).collect();
        let live = observe::fetch(&self.kube, &self.kinds, &self.lab, &references, &recorded).await?;
        self.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone_from(&inventory.components);
        let mut entries = self.entries(desired, &wanted, &inventory, &live).await?;
        entries.extend(prunes(&inventory, &wanted, &live, &self.lab));
        let unrecorded = unrecorded(&entries, &inventory);
        let unwanted = inventory
            .components
            .iter()
            .filter(|(component, record)| !wanted.contains_key(*component) && !record.items.values().all(Item::is_definition));
        let unwanted = unwanted.map(|(component, _)| component.clone()).collect();
        Ok(Diff { entries, inventory: Arc::new(inventory), unrecorded, unwanted })
    }

    /// The inventory as it stands in the cluster.
    pub(super) async fn load_inventory(&self) -> Result<Inventory, ClusterError> {
        let load = || async {
            match Inventory::load(&self.kube, &self.lab).await {
                Ok(inventory) => Ok(Ok(inventory)),
                Err(LoadError::Api(error)) => Err(error),
                Err(broken @ LoadError::Broken { .. }) => Ok(Err(broken)),
            }
        };
        Ok(observe::read("reading the inventory", load).await??)
    }

    async fn entries(
        &self,
        desired: &[Desired],
        wanted: &BTreeMap<String, Vec<Arc<Prepared>>>,
        inventory: &Inventory,
        live: &Live,
    ) -> Result<Vec<Entry>, ClusterError> {
        let mut seen = BTreeSet::new();
        let mut work = Vec::new();
        for component in desired.iter().map(|d| &d.component).filter(|name| seen.insert((*name).clone())) {
            let record = inventory.of(component);
            for prepared in wanted.get(component).into_iter().flatten() {
                let key = prepared.reference.key();
                let hash = record.items.get(&key).map(|item| item.hash.clone()).filter(|hash| !hash.is_empty());
                work.push((prepared.clone(), live.get(&key), hash));
            }
        }
        let done: Vec<Entry> = // futures are made first: a closure held across an await would have to be general over lifetimes
        stream::iter(work.into_iter().map(|(prepared, there, hash)| async move {
                let action = match judge(&prepared, there, hash.as_deref()) {
                    Verdict::Create => Action::Create,
                    Verdict::Unchanged => Action::Unchanged,
                    Verdict::Update(fields) => Action::Update { fields },
                    Verdict::Doubt(fields) => self.settle(&prepared, there, fields).await,
                };
                Entry {
                    component: prepared.component.clone(),
                    object: prepared.reference.clone(),
                    action,
                    adopted_from: there.map(|there| claims(there, &self.lab)).unwrap_or_default(),
                    uid: there.and_then(uid_of),
                    terminating: there.is_some_and(|there| there["metadata"]["deletionTimestamp"].is_string()),
                    prepared: Some(prepared),
                }
            }).collect::<Vec<_>>())
            .buffered(self.limits.in_flight)
            .collect()
            .await;
        Ok(done)
    }

    /// Asks the server whether applying would change anything. Where it cannot say, applying will show.
    async fn settle(&self, prepared: &Prepared, live: Option<&Value>, fields: Vec<String>) -> Action {
        let resource = self.kinds.cached(&prepared.reference.api_version, &prepared.reference.kind);
        if let (Some(resource), Some(live)) = (resource, live) {
            let rehearsed = observe::read("rehearsing", || self.writer.rehearse(&resource, &prepared.object)).await;
            if let Ok(rehearsed) = rehearsed
                && !rehearsal_changes(live, &rehearsed)
            {
                return Action::Unchanged;
            }
        }
        Action::Update { fields }
    }
}

/// Kinds that definitions among the wanted objects bring, and whether they live in namespaces.
fn brought_kinds(raw: &[Value]) -> HashMap<(String, String), bool> {
    raw.iter()
        .filter(|object| object["kind"] == "CustomResourceDefinition")
        .map(|object| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let spec = &object["spec"];
            ((text(&spec["group"]), text(&spec["names"]["kind"])), spec["scope"] != "Cluster")
        })
        .collect()
}
