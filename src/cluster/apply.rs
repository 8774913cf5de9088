//! Brings one component about: record first, then its turns and waves, then what is no longer wanted, then the exact record.

use super::diff::{Action, Diff, Entry};
use super::error::ClusterError;
use super::facade::{Applied, Cluster};
use super::gates::Gates;
use super::inventory::{self, Item, Record, carry_out, edits, shards};
use super::object::{Desired, Key, ObjectRef};
use super::prepare::Prepared;
use super::retry::Patience;
use super::turn::Turn;
use super::waves::Wave;
use crate::adapters::kube::{ApiError, ApiStatus};
use crate::support::progress::Sink;
use futures::{StreamExt as _, stream};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Objects begun and not done, for each write that may be under way: most of the others wait for a better moment.
pub(super) const OPEN_PER_SLOT: usize = 16;

impl Cluster {
    /// Writes what `diff` says of this component and nothing else. A component without changes costs no request.
    ///
    /// Fails at the first object that is refused or given up on; what is under way then is let end. It can be called again at any time.
    pub async fn apply(&self, desired: &Desired, diff: &Diff, sink: &Sink, cancel: &CancellationToken) -> Result<Applied, ClusterError> {
        let component = desired.component.as_str();
        let entries: Vec<&Entry> = diff.of(component).collect();
        let mut applied = Applied { unchanged: entries.iter().filter(|e| e.action == Action::Unchanged).count(), ..Applied::default() };
        if diff.is_noop_for(component) {
            return Ok(applied);
        }
        let started = Instant::now();
        let patience = Patience { sink, cancel, started, deadline: started + self.limits.apply, slots: None };
        let before = self.widen(component, &entries, diff, &patience).await?;

        let mut items: BTreeMap<Key, Item> = BTreeMap::new();
        let done = AtomicU64::new(0);
        let writes = entries.iter().filter(|entry| writes(entry)).count() as u64;
        let turns: BTreeSet<Turn> = entries.iter().filter_map(|entry| turn_of(entry)).collect();
        for turn in turns {
            let batch: Vec<&Entry> = entries.iter().copied().filter(|entry| turn_of(entry) == Some(turn)).collect();
            for (entry, uid) in self.turn(batch, &patience, &done, writes).await? {
                count(&mut applied, entry);
                let hash = entry.prepared.as_ref().map(|p| p.hash.clone()).unwrap_or_default();
                items.insert(entry.object.key(), Item::new(&entry.object, &uid, &hash));
            }
            if matches!(turn, Turn::Before(_)) {
                let jobs: Vec<ObjectRef> = entries
                    .iter()
                    .filter(|entry| turn_of(entry) == Some(turn) && matches!(entry.object.kind.as_str(), "Job" | "Pod"))
                    .map(|entry| entry.object.clone())
                    .collect();
                self.wait_ready(&jobs, patience.deadline.saturating_duration_since(Instant::now()), sink, cancel).await?;
            }
        }
        // definitions that nobody wants any more stay, and stay on record
        for entry in entries.iter().filter(|entry| entry.prepared.is_none() && entry.action == Action::Unchanged) {
            if let Some(item) = before.items.get(&entry.object.key()) {
                items.insert(entry.object.key(), item.clone());
            }
        }

        let prunes: Vec<(ObjectRef, Option<String>)> =
            entries.iter().filter(|e| e.action == Action::Prune).map(|e| (e.object.clone(), e.uid.clone())).collect();
        applied.pruned = prunes.len();
        self.take_away(prunes, &Patience { deadline: Instant::now() + self.limits.removal, ..patience }).await?;
        self.record(component, &items, &before, &patience).await?;
        Ok(applied)
    }

    /// Records everything that was and everything that will be of a component, unless the record says so already. Returns what it says then.
    pub(super) async fn widen(
        &self,
        component: &str,
        entries: &[&Entry],
        diff: &Diff,
        patience: &Patience<'_>,
    ) -> Result<Record, ClusterError> {
        let known = self.records.lock().unwrap_or_else(PoisonError::into_inner).get(component).cloned();
        let before = known.unwrap_or_else(|| diff.inventory.of(component));
        let mut items = before.items.clone();
        for entry in entries {
            items.entry(entry.object.key()).or_insert_with(|| Item::new(&entry.object, entry.uid.as_deref().unwrap_or_default(), ""));
        }
        if items == before.items {
            return Ok(before);
        }
        if diff.inventory.components.is_empty() {
            let (reference, object) = inventory::namespace_object();
            let namespaces = inventory::namespaces();
            patience.until_accepted(&reference, || self.writer.apply(&namespaces, &object)).await?;
        }
        self.record(component, &items, &before, patience).await?;
        Ok(Record { shards: shards(items.len()).max(before.shards), items })
    }

    /// Brings a component's record to exactly `items`.
    pub(super) async fn record(
        &self,
        component: &str,
        items: &BTreeMap<Key, Item>,
        before: &Record,
        patience: &Patience<'_>,
    ) -> Result<(), ClusterError> {
        if *items == before.items {
            return Ok(());
        }
        for edit in edits(&self.lab, component, items, before.shards) {
            let (inventory::Edit::Write(object, _) | inventory::Edit::Remove(object)) = &edit;
            patience.until_accepted(object, || carry_out(&self.writer, &edit)).await?;
        }
        let record = Record { items: items.clone(), shards: shards(items.len()) };
        self.records.lock().unwrap_or_else(PoisonError::into_inner).insert(component.to_owned(), record);
        Ok(())
    }

    /// Applies what comes in one turn, so many at once and each after what it needs; returns each entry with its uid. After a failure nothing new
    /// is asked for.
    async fn turn<'e>(
        &self,
        mut batch: Vec<&'e Entry>,
        patience: &Patience<'_>,
        done: &AtomicU64,
        total: u64,
    ) -> Result<Vec<(&'e Entry, String)>, ClusterError> {
        let slots = Semaphore::new(self.limits.in_flight);
        let patience = &Patience { slots: Some(&slots), ..*patience };
        let slots = &slots;
        let gates = &Gates::of(batch.iter().map(|entry| &entry.object));
        // who is waited for is begun before those who wait, or the open places would fill with the latter
        batch.sort_by_key(|entry| Wave::of(&entry.object).stage());
        // futures are made first: a closure held across an await would have to be general over lifetimes
        let work: Vec<_> = batch
            .into_iter()
            .map(|entry| async move {
                gates.pass(&entry.object).await;
                let uid = self.one(entry, patience).await.inspect_err(|_| {
                    slots.close();
                    gates.give_up();
                })?;
                gates.done(&entry.object);
                if writes(entry) {
                    patience.sink.progress(done.fetch_add(1, Ordering::Relaxed) + 1, Some(total), "objects");
                }
                Ok((entry, uid))
            })
            .collect();
        // those that wait for a better moment hold no slot; the first failure ends first, before those that it stops
        let open = self.limits.in_flight * OPEN_PER_SLOT;
        let results: Vec<Result<(&Entry, String), ClusterError>> = stream::iter(work).buffer_unordered(open).collect().await;
        results.into_iter().collect()
    }

    async fn one(&self, entry: &Entry, patience: &Patience<'_>) -> Result<String, ClusterError> {
        let Some(prepared) = entry.prepared.as_ref().filter(|_| writes(entry)) else {
            return Ok(entry.uid.clone().unwrap_or_default());
        };
        if let Some(uid) = self.defined_ahead(prepared) {
            return Ok(uid);
        }
        if entry.terminating {
            self.wait_gone(&entry.object, entry.uid.as_deref(), patience).await?;
        }
        self.write(prepared, entry, patience).await
    }

    /// Applies one object and returns its uid. One that cannot be changed in place is made anew where that loses nothing.
    pub(super) async fn write(&self, prepared: &Prepared, entry: &Entry, patience: &Patience<'_>) -> Result<String, ClusterError> {
        let object = &entry.object;
        let mut unserved = false;
        let call = || async {
            let Some(resource) = self.kinds.of(&self.kube, object).await? else {
                return Err(not_served(object));
            };
            let reserves = reserves_ports(&prepared.object);
            if reserves && entry.action == Action::Create {
                self.writer.create(&resource, &prepared.object).await?;
            }
            if reserves || !entry.adopted_from.is_empty() {
                self.writer.take_over(&resource, &prepared.object).await?;
            }
            self.writer.apply(&resource, &prepared.object).await
        };
        let answer = match patience.until_accepted(object, call).await {
            Err(ClusterError::Immutable { field, .. }) if may_be_remade(object) => {
                patience.sink.line(format!("{object}: {field} is immutable, so it is deleted and made anew"));
                self.delete_one(object, entry.uid.as_deref(), patience).await?;
                patience.until_accepted(object, call).await
            }
            Err(ClusterError::GaveUp { .. }) if self.kinds.cached(&object.api_version, &object.kind).is_none() => {
                unserved = true;
                Err(ClusterError::UnknownKind { api_version: object.api_version.clone(), kind: object.kind.clone() })
            }
            other => other,
        };
        let stored = answer.inspect_err(|error| {
            // what a failure of others stopped needs no line of its own
            if !unserved && !matches!(error, ClusterError::Cancelled) {
                patience.sink.line(error.to_string());
            }
        })?;
        let how = if entry.action == Action::Create { "created" } else { "updated" };
        patience.sink.changed(object.event(), how);
        Ok(stored["metadata"]["uid"].as_str().unwrap_or_default().to_owned())
    }

    /// The uid of a definition that was applied ahead with the same content.
    fn defined_ahead(&self, prepared: &Prepared) -> Option<String> {
        let defined = self.defined.lock().unwrap_or_else(PoisonError::into_inner);
        let (hash, uid) = defined.get(&(prepared.component.clone(), prepared.reference.name.clone()))?;
        (prepared.reference.kind == "CustomResourceDefinition" && *hash == prepared.hash).then(|| uid.clone())
    }
}

/// When a wanted object comes; `None` for one that is only there.
fn turn_of(entry: &Entry) -> Option<Turn> {
    entry.prepared.as_ref().map(|prepared| prepared.turn)
}

fn writes(entry: &Entry) -> bool {
    matches!(entry.action, Action::Create | Action::Update { .. })
}

fn count(applied: &mut Applied, entry: &Entry) {
    match entry.action {
        Action::Create => applied.created += 1,
        Action::Update { .. } => applied.updated += 1,
        Action::Unchanged | Action::Prune => {}
    }
    if writes(entry) && !entry.adopted_from.is_empty() {
        applied.adopted.push((entry.object.clone(), entry.adopted_from.clone()));
    }
}

/// Kinds that can be deleted and made anew without losing anything: a Job that is to run again, configuration, a binding. All others hold data,
/// addresses or pods, and a person must decide.
fn may_be_remade(object: &ObjectRef) -> bool {
    matches!((object.group(), object.kind.as_str()), ("batch", "Job") | ("", "ConfigMap" | "Secret"))
        || (object.group() == "rbac.authorization.k8s.io" && object.kind.ends_with("RoleBinding"))
}

/// A Service that asks for ports of the nodes by number. Applying makes such a Service within an update, and the API server books the port before it
/// stores the Service: when the connection is cut in between, the port stays booked until the server looks through its books, which it does for good
/// after nine minutes only. A create by POST books and takes back in one (apiserver, `registry.Store`, `Update` and `Create`).
fn reserves_ports(object: &Value) -> bool {
    object["kind"] == "Service"
        && object["spec"]["ports"].as_array().is_some_and(|ports| ports.iter().any(|port| port["nodePort"].is_number()))
}

fn not_served(object: &ObjectRef) -> ApiError {
    let message = format!("kind {} of {} is not served yet", object.kind, object.api_version);
    ApiError::Status(Box::new(ApiStatus { code: 404, reason: "NotFound".into(), message, ..ApiStatus::default() }))
}
