//! Takes objects away, in an order that cannot wedge the cluster.

use super::diff::{may_prune, uid_of};
use super::error::ClusterError;
use super::facade::Cluster;
use super::inventory::{Edit, Inventory, Item, carry_out, edits, namespace_object};
use super::object::{Key, ObjectRef};
use super::observe;
use super::retry::Patience;
use super::waves::removal_rank;
use crate::support::progress::Sink;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

impl Cluster {
    /// Takes away everything a component has on record, waits until it is gone, and drops the record. Returns how many objects that were.
    /// What somebody else has taken over or marked to be kept stays.
    pub async fn remove(&self, component: &str, sink: &Sink, cancel: &CancellationToken) -> Result<usize, ClusterError> {
        self.empty(component, |_| false, sink, cancel).await
    }

    /// The same for a component that is no longer wanted in a lab that goes on: its definitions stay, and stay on record, since with one goes
    /// every custom resource of its kind, whoever made it.
    pub async fn retire_component(&self, component: &str, sink: &Sink, cancel: &CancellationToken) -> Result<usize, ClusterError> {
        self.empty(component, Item::is_definition, sink, cancel).await
    }

    async fn empty(
        &self,
        component: &str,
        stays: impl Fn(&Item) -> bool,
        sink: &Sink,
        cancel: &CancellationToken,
    ) -> Result<usize, ClusterError> {
        let started = Instant::now();
        let patience = Patience { sink, cancel, started, deadline: started + self.limits.removal, slots: None };
        let inventory = self.load_inventory().await?;
        let record = inventory.of(component);
        let (kept, going): (BTreeMap<Key, Item>, BTreeMap<Key, Item>) = record.items.into_iter().partition(|(_, item)| stays(item));
        let objects: Vec<ObjectRef> = going.values().map(Item::reference).collect();
        let needed: BTreeSet<(String, String)> = objects.iter().map(|object| (object.api_version.clone(), object.kind.clone())).collect();
        observe::learn(&self.kube, &self.kinds, needed).await?;
        let live = observe::fetch(&self.kube, &self.kinds, &self.lab, &[], &objects).await?;
        let doomed: Vec<(ObjectRef, Option<String>)> = going
            .iter()
            .filter_map(|(key, item)| {
                let there = live.get(key)?;
                may_prune(there, item, component, &self.lab).then(|| (item.reference(), uid_of(there)))
            })
            .collect();
        let count = doomed.len();
        self.take_away(doomed, &patience).await?;
        for edit in edits(&self.lab, component, &kept, record.shards) {
            let (Edit::Write(object, _) | Edit::Remove(object)) = &edit;
            patience.until_accepted(object, || carry_out(&self.writer, &edit)).await?;
        }
        self.records.lock().unwrap_or_else(PoisonError::into_inner).remove(component);
        Ok(count)
    }

    /// Where no lab has anything on record any more, takes away the namespace of the records, and the locks with it.
    pub async fn retire(&self, sink: &Sink, cancel: &CancellationToken) -> Result<(), ClusterError> {
        if observe::read("reading the inventory", || Inventory::is_empty(&self.kube)).await? {
            let started = Instant::now();
            let patience = Patience { sink, cancel, started, deadline: started + self.limits.removal, slots: None };
            self.delete_one(&namespace_object().0, None, &patience).await?;
        }
        Ok(())
    }

    /// Components that have anything on record, to know what is to be removed.
    pub async fn recorded_components(&self) -> Result<Vec<String>, ClusterError> {
        Ok(self.load_inventory().await?.components.into_keys().collect())
    }

    /// Deletes objects rank by rank; the next rank starts when the last one is gone.
    pub(super) async fn take_away(&self, objects: Vec<(ObjectRef, Option<String>)>, patience: &Patience<'_>) -> Result<(), ClusterError> {
        let mut ranks: BTreeMap<u8, Vec<(ObjectRef, Option<String>)>> = BTreeMap::new();
        for (object, uid) in objects {
            ranks.entry(removal_rank(&object)).or_default().push((object, uid));
        }
        for rank in ranks.into_values() {
            stream::iter(rank)
                .map(|(object, uid)| async move {
                    self.delete_one(&object, uid.as_deref(), patience).await?;
                    patience.sink.changed(object.event(), "removed");
                    Ok::<(), ClusterError>(())
                })
                .buffer_unordered(self.limits.in_flight)
                .try_collect::<()>()
                .await?;
        }
        Ok(())
    }

    /// Deletes one object and waits until it is gone.
    pub(super) async fn delete_one(&self, object: &ObjectRef, uid: Option<&str>, patience: &Patience<'_>) -> Result<(), ClusterError> {
        // a kind that is gone took its objects with it
        let resolve = || async { self.kinds.of(&self.kube, object).await };
        let Some(resource) = patience.until_accepted(object, resolve).await? else {
            return Ok(());
        };
        let delete = || async { self.writer.delete(&resource, object.namespace.as_deref(), &object.name, uid).await };
        if patience.until_accepted(object, delete).await? { Ok(()) } else { self.wait_gone(object, uid, patience).await }
    }
}
