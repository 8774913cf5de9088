//! What the watches know of the cluster around an object that is waited for. A watch is started when a rule first asks; until it has seen a whole
//! list the answer is the one that waits, and where it may not look at all there is none.

use super::hub::{Hub, KindWatch};
use super::kinds::Resource;
use super::object::{built_in, group_of, is_empty};
use super::readiness::Around;
use serde_json::Value;
use std::time::Duration;

/// How long the controller of a fresh object has to write its first status.
pub const FIRST_STATUS: Duration = Duration::from_secs(10);

/// The cluster as its watches see it.
pub struct Surroundings<'c> {
    pub hub: &'c Hub,
}

impl Surroundings<'_> {
    fn watch(&self, api_version: &str, kind: &str, plural: &str, namespaced: bool) -> std::sync::Arc<KindWatch> {
        let resource = Resource { api_version: api_version.to_owned(), kind: kind.to_owned(), plural: plural.to_owned(), namespaced };
        self.hub.watch(&resource)
    }
}

/// The answer of a watch: `waiting` until it has seen everything, none where it cannot.
fn ask<T>(watch: &KindWatch, waiting: T, answer: impl FnOnce() -> Option<T>) -> Option<T> {
    match (watch.synced(), watch.trouble()) {
        (true, _) => answer(),
        (false, None) => Some(waiting),
        (false, Some(_)) => None,
    }
}

impl Around for Surroundings<'_> {
    fn gives_addresses(&self) -> Option<bool> {
        let services = self.watch("v1", "Service", "services", true);
        let has_one = |service: &Value| !is_empty(&service["status"]["loadBalancer"]["ingress"]);
        ask(&services, true, || Some(!services.filter(has_one).is_empty()))
    }

    fn ready_endpoints(&self, namespace: &str, service: &str) -> Option<usize> {
        let slices = self.watch("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", true);
        let of_service = |slice: &Value| {
            slice["metadata"]["namespace"] == namespace && slice["metadata"]["labels"]["kubernetes.io/service-name"] == service
        };
        // the API has it that an endpoint whose condition is not known counts as ready
        let ready = |slice: &Value| {
            let endpoints = slice["endpoints"].as_array().map(Vec::as_slice).unwrap_or_default();
            endpoints.iter().filter(|endpoint| endpoint["conditions"]["ready"] != false).count()
        };
        ask(&slices, 0, || Some(slices.filter(of_service).iter().map(|slice| ready(slice)).sum()))
    }

    fn has_default_account(&self, namespace: &str) -> Option<bool> {
        let accounts = self.watch("v1", "ServiceAccount", "serviceaccounts", true);
        ask(&accounts, false, || {
            let defaults = accounts.filter(|account| account["metadata"]["name"] == "default");
            // where no namespace at all has one, nobody makes them (an API server without a controller manager)
            (!defaults.is_empty()).then(|| defaults.iter().any(|account| account["metadata"]["namespace"] == namespace))
        })
    }

    fn awaits_status(&self, object: &Value) -> Option<bool> {
        let (api_version, kind) = (object["apiVersion"].as_str()?, object["kind"].as_str()?);
        let (group, version) = (group_of(api_version), api_version.rsplit('/').next()?);
        if built_in(group) || !young(object, time::OffsetDateTime::now_utc()) {
            return None;
        }
        let definitions = self.watch("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false);
        ask(&definitions, true, || {
            let of_kind =
                definitions.filter(|definition| definition["spec"]["group"] == group && definition["spec"]["names"]["kind"] == kind);
            let versions = of_kind.first()?["spec"]["versions"].as_array()?.clone();
            Some(versions.iter().any(|one| one["name"] == version && one["subresources"]["status"].is_object()))
        })
    }
}

/// Whether an object was made so short a time ago that its status may yet come. A clock that is far off makes nothing young.
fn young(object: &Value, now: time::OffsetDateTime) -> bool {
    let made = object["metadata"]["creationTimestamp"].as_str();
    let made = made.and_then(|text| time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok());
    made.is_some_and(|made| (now - made).abs() < FIRST_STATUS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    #[test]
    fn only_what_was_just_made_is_young() {
        let object = |made: &str| json!({"metadata": {"creationTimestamp": made}});
        let now = datetime!(2026-01-01 00:00:20 UTC);
        assert!(young(&object("2026-01-01T00:00:15Z"), now));
        assert!(young(&object("2026-01-01T00:00:22Z"), now));
        assert!(!young(&object("2026-01-01T00:00:05Z"), now));
        assert!(!young(&object("2026-01-01T01:00:00Z"), now));
        assert!(!young(&json!({}), now));
    }
}
