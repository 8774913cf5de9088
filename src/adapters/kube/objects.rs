//! Any object by kind and name, as plain JSON. Kinds this program does not know are looked up in the API server's own list.

use kube::api::{Api, DynamicObject, ListParams};
use kube::discovery::{ApiCapabilities, ApiResource, Discovery, Scope};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long one question may take; discovery asks several.
const DEADLINE: Duration = Duration::from_secs(5);
const DISCOVERY: Duration = Duration::from_secs(15);

/// Kinds that need no look-up: kind, group, version, plural, in a namespace.
const KNOWN: [(&str, &str, &str, &str, bool); 17] = [
    ("Deployment", "apps", "v1", "deployments", true),
    ("StatefulSet", "apps", "v1", "statefulsets", true),
    ("DaemonSet", "apps", "v1", "daemonsets", true),
    ("ReplicaSet", "apps", "v1", "replicasets", true),
    ("Job", "batch", "v1", "jobs", true),
    ("CronJob", "batch", "v1", "cronjobs", true),
    ("Pod", "", "v1", "pods", true),
    ("Service", "", "v1", "services", true),
    ("ConfigMap", "", "v1", "configmaps", true),
    ("Secret", "", "v1", "secrets", true),
    ("ServiceAccount", "", "v1", "serviceaccounts", true),
    ("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", true),
    ("PersistentVolume", "", "v1", "persistentvolumes", false),
    ("Namespace", "", "v1", "namespaces", false),
    ("Node", "", "v1", "nodes", false),
    ("APIService", "apiregistration.k8s.io", "v1", "apiservices", false),
    ("CustomResourceDefinition", "apiextensions.k8s.io", "v1", "customresourcedefinitions", false),
];

/// Why an object could not be read. That it is not there is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// Nothing serves this kind.
    #[error("the cluster knows no kind {0}: is what defines it installed?")]
    UnknownKind(String),
    /// The API server said no or could not be reached.
    #[error("the API server: {0}")]
    Api(String),
    /// The API server took too long.
    #[error("the API server did not answer within {}", crate::model::units::Elapsed(*.0))]
    Late(Duration),
}

/// Reads objects of one cluster; clones share what was learnt of its kinds.
#[derive(Clone)]
pub struct Objects {
    client: kube::Client,
    kinds: Arc<Mutex<HashMap<String, (ApiResource, bool)>>>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").finish_non_exhaustive()
    }
}

impl Objects {
    /// For one cluster.
    pub fn new(client: kube::Client) -> Self {
        Self { client, kinds: Arc::default() }
    }

    /// The object, or `None` when it is not there; without a name the first there is of the kind. `api_version` (`apps/v1`) is needed only where
    /// several groups have the kind; `namespace` is of no meaning for kinds that have none.
    pub async fn get(
        &self,
        api_version: Option<&str>,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<serde_json::Value>, ObjectError> {
        let (resource, namespaced) = self.resource(api_version, kind).await?;
        let api: Api<DynamicObject> = if namespaced {
            Api::namespaced_with(self.client.clone(), namespace, &resource)
        } else {
            Api::all_with(self.client.clone(), &resource)
        };
        let asked = async {
            match name {
                "" => Ok(api.list(&ListParams::default().limit(1)).await?.items.into_iter().next()),
                name => api.get_opt(name).await,
            }
        };
        match tokio::time::timeout(DEADLINE, asked).await {
            Err(_late) => Err(ObjectError::Late(DEADLINE)),
            Ok(Err(error)) => Err(ObjectError::Api(cause(&error))),
            Ok(Ok(None)) => Ok(None),
            Ok(Ok(Some(object))) => serde_json::to_value(object).map(Some).map_err(|error| ObjectError::Api(error.to_string())),
        }
    }

    async fn resource(&self, api_version: Option<&str>, kind: &str) -> Result<(ApiResource, bool), ObjectError> {
        let matches = |group: &str, version: &str| {
            let own = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
            api_version.is_none_or(|wanted| wanted == own)
        };
        if let Some((_, group, version, plural, namespaced)) = KNOWN.iter().find(|(k, g, v, ..)| *k == kind && matches(g, v)) {
            let resource = ApiResource {
                group: (*group).to_owned(),
                version: (*version).to_owned(),
                api_version: if group.is_empty() { (*version).to_owned() } else { format!("{group}/{version}") },
                kind: kind.to_owned(),
                plural: (*plural).to_owned(),
            };
            return Ok((resource, *namespaced));
        }
        let id = format!("{} {kind}", api_version.unwrap_or_default());
        if let Some(known) = self.kinds.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(known.clone());
        }
        let found = match tokio::time::timeout(DISCOVERY, Discovery::new(self.client.clone()).run()).await {
            Err(_late) => return Err(ObjectError::Late(DISCOVERY)),
            Ok(Err(error)) => return Err(ObjectError::Api(cause(&error))),
            Ok(Ok(found)) => found,
        };
        let all = found.groups_alphabetical().into_iter().flat_map(|group| match api_version {
            // a version that is asked for may not be the preferred one
            Some(_) => group.versions().flat_map(|version| group.versioned_resources(version)).collect::<Vec<_>>(),
            None => group.recommended_resources(),
        });
        let of_kind = |(resource, _): &(ApiResource, ApiCapabilities)| resource.kind == kind && matches(&resource.group, &resource.version);
        let (resource, capabilities) = all.into_iter().find(of_kind).ok_or_else(|| ObjectError::UnknownKind(kind.to_owned()))?;
        let known = (resource, capabilities.scope == Scope::Namespaced);
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).insert(id, known.clone());
        Ok(known)
    }
}

/// What went wrong, in the API server's own words where it has some, else the innermost cause.
pub(super) fn cause(error: &kube::Error) -> String {
    if let kube::Error::Api(status) = error {
        let words = if status.message.is_empty() { &status.reason } else { &status.message };
        return words.trim().to_owned();
    }
    let mut error: &dyn std::error::Error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
