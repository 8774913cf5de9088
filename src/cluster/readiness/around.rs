//! What is known of the cluster around an object. A rule asks it only what the object itself cannot say.

use serde_json::Value;

/// Answers about the cluster around the object that is judged. `None` means that nobody looked; then the object alone decides.
pub trait Around {
    /// Whether something in this cluster hands out addresses to LoadBalancer Services. kind brings nothing that does.
    fn gives_addresses(&self) -> Option<bool> {
        None
    }

    /// Whether volumes of a storage class (`None`: the default class) are made only when a pod wants them.
    fn binds_late(&self, class: Option<&str>) -> Option<bool> {
        let _ = class;
        None
    }

    /// How many endpoints of a Service are ready.
    fn ready_endpoints(&self, namespace: &str, service: &str) -> Option<usize> {
        let _ = (namespace, service);
        None
    }

    /// Whether a namespace has its ServiceAccount `default`, without which no pod is let in.
    fn has_default_account(&self, namespace: &str) -> Option<bool> {
        let _ = namespace;
        None
    }

    /// Whether the server serves a kind. A definition is established a moment before it is.
    fn serves(&self, api_version: &str, kind: &str) -> Option<bool> {
        let _ = (api_version, kind);
        None
    }

    /// Whether an object without any status is young enough, and its kind such, that its controller will still write one.
    fn awaits_status(&self, object: &Value) -> Option<bool> {
        let _ = object;
        None
    }
}

/// Nothing is known but the object.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nothing;

impl Around for Nothing {}
