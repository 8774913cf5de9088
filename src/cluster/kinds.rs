//! Which URL a kind lives at. Only the group versions in use are asked for, so a dead aggregated API elsewhere does no harm.

use super::object::{ObjectRef, group_of};
use crate::adapters::kube::{ApiError, Kube};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A kind as the server serves it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    pub api_version: String,
    pub kind: String,
    pub plural: String,
    pub namespaced: bool,
}

impl Resource {
    /// The path of all objects of this kind, or of those in one namespace.
    pub fn collection(&self, namespace: Option<&str>) -> String {
        let root = if self.api_version.contains('/') { "apis" } else { "api" };
        match namespace {
            Some(namespace) if self.namespaced => format!("/{root}/{}/namespaces/{namespace}/{}", self.api_version, self.plural),
            _ => format!("/{root}/{}/{}", self.api_version, self.plural),
        }
    }

    /// The path of one object.
    pub fn path(&self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{name}", self.collection(namespace))
    }
}

/// What a group version serves: kinds by name.
type Served = Arc<HashMap<String, Resource>>;

/// Remembers group versions for as long as a run lasts. A missing kind is asked for again, since definitions arrive while we work.
#[derive(Debug, Default)]
pub struct Kinds {
    known: Mutex<HashMap<String, Served>>,
}

impl Kinds {
    /// The resource of a kind; `None` when the server (today) does not serve it.
    pub async fn resolve(&self, kube: &Kube, api_version: &str, kind: &str) -> Result<Option<Resource>, ApiError> {
        if let Some(found) = self.known(api_version).and_then(|served| served.get(kind).cloned()) {
            return Ok(Some(found));
        }
        self.ask(kube, api_version).await.map(|served| served.get(kind).cloned())
    }

    /// The same for a reference.
    pub async fn of(&self, kube: &Kube, object: &ObjectRef) -> Result<Option<Resource>, ApiError> {
        self.resolve(kube, &object.api_version, &object.kind).await
    }

    /// What was learnt so far, without asking.
    pub fn cached(&self, api_version: &str, kind: &str) -> Option<Resource> {
        self.known(api_version)?.get(kind).cloned()
    }

    /// Asks the server for one group version, whatever was known of it.
    pub async fn ask(&self, kube: &Kube, api_version: &str) -> Result<Served, ApiError> {
        let root = if group_of(api_version).is_empty() { "api" } else { "apis" };
        let served: Served = match kube.get(&format!("/{root}/{api_version}")).await {
            Ok(answer) => Arc::new(read(api_version, &answer)),
            Err(error) if error.is_not_found() => Arc::default(),
            Err(error) => return Err(error),
        };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(api_version.to_owned(), served.clone());
        Ok(served)
    }

    fn known(&self, api_version: &str) -> Option<Served> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(api_version).cloned()
    }
}

fn read(api_version: &str, answer: &Value) -> HashMap<String, Resource> {
    let mut served = HashMap::new();
    for entry in answer["resources"].as_array().into_iter().flatten() {
        let (Some(plural), Some(kind)) = (entry["name"].as_str(), entry["kind"].as_str()) else {
            continue;
        };
        // subresources (`pods/log`) carry kinds of their own
        if plural.contains('/') {
            continue;
        }
        served.entry(kind.to_owned()).or_insert_with(|| Resource {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced: entry["namespaced"].as_bool().unwrap_or(false),
        });
    }
    served
}
