//! Looks at the cluster with as few requests as it takes: one LIST per kind, and no write.

use super::error::ClusterError;
use super::kinds::{Kinds, Resource};
use super::object::{Key, LAB_LABEL, ObjectRef, built_in, group_of};
use super::retry::{Class, Pauses, classify};
use crate::adapters::kube::client::{ListForm, encode};
use crate::adapters::kube::{ApiError, Kube};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

const IN_FLIGHT: usize = 16;
/// Reads that keep failing this long are told to the caller. An API server that is started again takes most of it on a busy node.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same for what an aggregated API serves: one whose backend is dead answers 503 for ever.
const PATIENCE_WITH_BACKENDS: Duration = Duration::from_secs(4);

/// Live objects by name.
pub type Live = HashMap<Key, Value>;

/// Repeats a read over hiccups.
pub async fn read<T, F: Future<Output = Result<T, ApiError>>>(what: &str, call: impl FnMut() -> F) -> Result<T, ClusterError> {
    read_within(PATIENCE, what, call).await
}

async fn read_within<T, F: Future<Output = Result<T, ApiError>>>(
    patience: Duration,
    what: &str,
    mut call: impl FnMut() -> F,
) -> Result<T, ClusterError> {
    let deadline = Instant::now() + patience;
    let mut pauses = Pauses::default();
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let class = classify(&error);
        let wait = pauses.after(&class);
        if Instant::now() + wait > deadline || !matches!(class, Class::Transient | Class::Throttled(_)) {
            return Err(ClusterError::Api { what: what.to_owned(), error });
        }
        tokio::time::sleep(wait).await;
    }
}

/// Learns where the given kinds (by group version) live, one request per group version not known yet. One that is dead (an aggregated API
/// without its backend) counts as not served.
pub async fn learn(kube: &Kube, kinds: &Kinds, needed: BTreeSet<(String, String)>) -> Result<(), ClusterError> {
    let unknown: BTreeSet<String> =
        needed.into_iter().filter(|(api_version, kind)| kinds.cached(api_version, kind).is_none()).map(|(version, _)| version).collect();
    stream::iter(unknown)
        .map(|api_version| async move {
            let patience = if built_in(group_of(&api_version)) { PATIENCE } else { PATIENCE_WITH_BACKENDS };
            match read_within(patience, &format!("asking what {api_version} serves"), || kinds.ask(kube, &api_version)).await {
                Err(ClusterError::Api { error: ApiError::Status(status), .. })
                    if status.code >= 500 && !built_in(group_of(&api_version)) =>
                {
                    Ok(())
                }
                other => other.map(drop),
            }
        })
        .buffer_unordered(IN_FLIGHT)
        .try_collect()
        .await
}

/// Fetches what exists of `wanted` and of `recorded`, by kind. Objects of our lab come with one LIST per kind; only where a wanted object is not
/// among them is the kind looked at without the selector, by names alone, to find what is there already and belongs to somebody else.
pub async fn fetch(kube: &Kube, kinds: &Kinds, lab: &str, wanted: &[ObjectRef], recorded: &[ObjectRef]) -> Result<Live, ClusterError> {
    let mut by_kind: BTreeMap<Resource, Vec<&ObjectRef>> = BTreeMap::new();
    let mut recorded_only: BTreeSet<Resource> = BTreeSet::new();
    for object in wanted {
        if let Some(resource) = kinds.cached(&object.api_version, &object.kind) {
            by_kind.entry(resource).or_default().push(object);
        }
    }
    for object in recorded {
        if let Some(resource) = kinds.cached(&object.api_version, &object.kind)
            && !by_kind.contains_key(&resource)
        {
            recorded_only.insert(resource);
        }
    }
    let known: BTreeSet<Key> = recorded.iter().map(ObjectRef::key).collect();
    let known = &known;
    by_kind.extend(recorded_only.into_iter().map(|resource| (resource, Vec::new())));
    let parts: Vec<Vec<Value>> = // futures are made first: a closure held across an await would have to be general over lifetimes
        stream::iter(by_kind.into_iter().map(|(resource, objects)| async move { fetch_kind(kube, lab, &resource, &objects, known).await }).collect::<Vec<_>>())
        .buffer_unordered(IN_FLIGHT)
        .try_collect()
        .await?;
    Ok(parts.into_iter().flatten().filter_map(|object| Some((ObjectRef::of(&object)?.key(), object))).collect())
}

async fn fetch_kind(
    kube: &Kube,
    lab: &str,
    resource: &Resource,
    wanted: &[&ObjectRef],
    recorded: &BTreeSet<Key>,
) -> Result<Vec<Value>, ClusterError> {
    let collection = resource.collection(None);
    let what = format!("listing {}", resource.plural);
    let selector = encode(&format!("{LAB_LABEL}={lab}"));
    let path = format!("{collection}?labelSelector={selector}");
    let ours = list(&what, kube, resource, &path, ListForm::Whole);
    let everything = || list(&what, kube, resource, &collection, ListForm::Metadata);
    let names = |items: &[Value]| -> BTreeSet<Key> { items.iter().filter_map(|item| Some(ObjectRef::of(item)?.key())).collect() };
    // what was never made is not among ours, so both are asked for at once
    let (mut ours, there) = if wanted.iter().all(|object| recorded.contains(&object.key())) {
        (ours.await?, None)
    } else {
        let (ours, everything) = tokio::try_join!(ours, everything())?;
        (ours, Some(everything))
    };
    let found = names(&ours);
    let missing: Vec<&&ObjectRef> = wanted.iter().filter(|object| !found.contains(&object.key())).collect();
    if missing.is_empty() {
        return Ok(ours);
    }
    let there = match there {
        Some(there) => names(&there),
        None => names(&everything().await?),
    };
    let foreign: Vec<&ObjectRef> = missing.into_iter().copied().filter(|object| there.contains(&object.key())).collect();
    let fetched: Vec<Option<Value>> = // futures are made first: a closure held across an await would have to be general over lifetimes
        stream::iter(foreign.into_iter().map(|object| async move { get(kube, resource, object).await }).collect::<Vec<_>>())
        .buffer_unordered(IN_FLIGHT)
        .try_collect()
        .await?;
    ours.extend(fetched.into_iter().flatten());
    Ok(ours)
}

/// One object, whole; `None` when it is not there.
pub async fn get(kube: &Kube, resource: &Resource, object: &ObjectRef) -> Result<Option<Value>, ClusterError> {
    let path = resource.path(object.namespace.as_deref(), &object.name);
    match read(&format!("reading {object}"), || kube.get(&path)).await {
        Ok(mut found) => {
            stamp(&mut found, resource);
            Ok(Some(found))
        }
        Err(ClusterError::Api { error, .. }) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn list(what: &str, kube: &Kube, resource: &Resource, path: &str, form: ListForm) -> Result<Vec<Value>, ClusterError> {
    let mut items = match read(what, || kube.list(path, form)).await {
        Ok(items) => items,
        // the kind went away since it was asked for
        Err(ClusterError::Api { error, .. }) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    for item in &mut items {
        stamp(item, resource);
    }
    Ok(items)
}

/// Items of a LIST do not say what they are, or say PartialObjectMetadata.
fn stamp(object: &mut Value, resource: &Resource) {
    if let Some(map) = object.as_object_mut() {
        map.insert("apiVersion".into(), Value::from(resource.api_version.as_str()));
        map.insert("kind".into(), Value::from(resource.kind.as_str()));
    }
}
