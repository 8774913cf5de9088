//! One watch per kind, cluster-wide, shared by everything that waits. Started when first asked for, ended with the cluster handle.
//!
//! `kube::runtime::watcher` lists again after a 410 and reconnects after resets; here its events become a copy of the kind that waiters read.

use super::kinds::Resource;
use futures::TryStreamExt as _;
use kube::Api;
use kube::core::{ApiResource, DynamicObject};
use kube::runtime::watcher::{self, Event};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// All watches of one cluster handle.
pub struct Hub {
    client: kube::Client,
    watches: Mutex<HashMap<Resource, Slot>>,
    /// Counts changes of any kind; waiters look again when it moves.
    changes: watch::Sender<u64>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hub")
    }
}

/// A watch that is there, and whether the hub itself keeps it.
struct Slot {
    watch: Weak<KindWatch>,
    kept: Option<Arc<KindWatch>>,
}

/// Namespace and name.
type Name = (String, String);

#[derive(Debug, Default)]
struct Copy {
    objects: HashMap<Name, Arc<Value>>,
    /// What a new list brought so far, until it is whole.
    fresh: Option<HashMap<Name, Arc<Value>>>,
    synced: bool,
    trouble: Option<String>,
}

/// The live copy of one kind.
#[derive(Debug)]
pub struct KindWatch {
    copy: Arc<Mutex<Copy>>,
    /// Counts changes of this kind.
    changes: watch::Sender<u64>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for KindWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hub {
    pub fn new(client: kube::Client) -> Self {
        Self { client, watches: Mutex::default(), changes: watch::Sender::new(0) }
    }

    /// The watch of a kind, started if need be, and kept until the hub goes: who waits looks again and again.
    pub fn watch(&self, resource: &Resource) -> Arc<KindWatch> {
        self.have(resource, true)
    }

    /// The same, which ends when nobody holds it any more, unless somebody else had it kept.
    pub fn lend(&self, resource: &Resource) -> Arc<KindWatch> {
        self.have(resource, false)
    }

    fn have(&self, resource: &Resource, keep: bool) -> Arc<KindWatch> {
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let there = watches.get(resource).and_then(|slot| slot.watch.upgrade());
        let watch = there.unwrap_or_else(|| Arc::new(self.start(resource)));
        let slot = watches.entry(resource.clone()).or_insert_with(|| Slot { watch: Weak::new(), kept: None });
        slot.watch = Arc::downgrade(&watch);
        if keep {
            slot.kept = Some(watch.clone());
        }
        watch
    }

    /// Moves whenever anything watched changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn start(&self, resource: &Resource) -> KindWatch {
        let api_version = resource.api_version.clone();
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let api_resource = ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: api_version.clone(),
            kind: resource.kind.clone(),
            plural: resource.plural.clone(),
        };
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &api_resource);
        let copy = Arc::new(Mutex::new(Copy::default()));
        let (all, changes) = (self.changes.clone(), watch::Sender::new(0));
        let own = changes.clone();
        let kept = copy.clone();
        let resource = resource.clone();
        let task = tokio::spawn(async move {
            let mut events = std::pin::pin!(watcher::watcher(api, watcher::Config::default()));
            let mut pace = Pace::default();
            let tell = || {
                own.send_modify(|count| *count += 1);
                all.send_modify(|count| *count += 1);
            };
            loop {
                let visible = match events.try_next().await {
                    Ok(Some(event)) => take(&kept, event, &resource),
                    Ok(None) => return,
                    Err(error) => {
                        kept.lock().unwrap_or_else(PoisonError::into_inner).trouble = Some(error.to_string());
                        tell();
                        tokio::time::sleep(pace.failed(Instant::now())).await;
                        false
                    }
                };
                if visible {
                    tell();
                }
            }
        });
        KindWatch { copy, changes, task }
    }
}

impl KindWatch {
    /// The object of this name as last seen.
    pub fn get(&self, namespace: Option<&str>, name: &str) -> Option<Arc<Value>> {
        let copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        copy.objects.get(&(namespace.unwrap_or_default().to_owned(), name.to_owned())).cloned()
    }

    /// Every object for which `wanted` holds.
    pub fn filter(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Arc<Value>> {
        let copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        copy.objects.values().filter(|object| wanted(object)).cloned().collect()
    }

    /// Moves whenever this kind changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Whether a whole list has been seen, so that what is not in it is not there.
    pub fn synced(&self) -> bool {
        self.copy.lock().unwrap_or_else(PoisonError::into_inner).synced
    }

    /// Whether the first whole list is still on its way, with nothing known to be in its way.
    pub fn listing(&self) -> bool {
        !self.synced() && self.trouble().is_none()
    }

    /// What is wrong with the watch, if anything.
    pub fn trouble(&self) -> Option<String> {
        self.copy.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }
}

/// Takes an event in; true when waiters could see something new.
fn take(copy: &Mutex<Copy>, event: Event<DynamicObject>, resource: &Resource) -> bool {
    let mut copy = copy.lock().unwrap_or_else(PoisonError::into_inner);
    copy.trouble = None;
    match event {
        Event::Init => {
            copy.fresh = Some(HashMap::new());
            false
        }
        Event::InitApply(object) => {
            if let (Some(fresh), Some((name, value))) = (copy.fresh.as_mut(), plain(object, resource)) {
                fresh.insert(name, value);
            }
            false
        }
        Event::InitDone => {
            if let Some(fresh) = copy.fresh.take() {
                copy.objects = fresh;
            }
            copy.synced = true;
            true
        }
        Event::Apply(object) => {
            if let Some((name, value)) = plain(object, resource) {
                copy.objects.insert(name, value);
            }
            true
        }
        Event::Delete(object) => {
            if let Some((name, _)) = plain(object, resource) {
                copy.objects.remove(&name);
            }
            true
        }
    }
}

fn plain(mut object: DynamicObject, resource: &Resource) -> Option<(Name, Arc<Value>)> {
    object.metadata.managed_fields = None;
    let name = (object.metadata.namespace.clone().unwrap_or_default(), object.metadata.name.clone()?);
    let mut value = serde_json::to_value(object).ok()?;
    value["apiVersion"] = Value::from(resource.api_version.as_str());
    value["kind"] = Value::from(resource.kind.as_str());
    Some((name, Arc::new(value)))
}

/// Pauses between failures, from 100 ms to 3 s: an API server that restarts should be noticed as soon as it is back, and one that stays away
/// should not be run against. The watcher's own backoff starts over with each list that begins, also with one that fails.
#[derive(Debug, Default)]
struct Pace {
    failures: u32,
    last: Option<Instant>,
}

/// Failures further apart than this have nothing to do with each other.
const APART: Duration = Duration::from_secs(10);

impl Pace {
    fn failed(&mut self, now: Instant) -> Duration {
        if self.last.is_some_and(|last| now.duration_since(last) > APART) {
            self.failures = 0;
        }
        self.last = Some(now);
        let wait = Duration::from_millis((100_u64 << self.failures.min(5)).min(3_000));
        self.failures += 1;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_while_failures_go_on_and_start_over_after_quiet() {
        let mut pace = Pace::default();
        let start = Instant::now();
        let waits: Vec<u128> = (0..8).map(|second| pace.failed(start + Duration::from_secs(second)).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_000, 3_000, 3_000]);
        assert_eq!(pace.failed(start + Duration::from_mins(1)).as_millis(), 100);
    }
}
