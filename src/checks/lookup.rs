//! Where things are: endpoints by name, backends by what they are for. Made by whoever knows the stack; checks only ask.

use crate::adapters::kube::Key;
use crate::adapters::traces::StoreKind;
use crate::model::check::Stage;
use std::collections::BTreeMap;

/// Where a component answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRef {
    /// Where its Service is.
    pub namespace: String,
    /// The Service that leads to it.
    pub service: String,
    /// A port of that Service.
    pub port: u16,
    /// Used by an HTTP check that names none.
    pub path: Option<String>,
}

impl EndpointRef {
    /// The Service port that is forwarded.
    pub fn key(&self) -> Key {
        Key { namespace: self.namespace.clone(), service: self.service.clone(), port: self.port }
    }
}

/// The endpoints of the components that provide a capability; `None` where the lab has no such component.
#[derive(Debug, Clone, Default)]
pub struct Backends {
    /// `metrics`: Prometheus.
    pub metrics: Option<EndpointRef>,
    /// `logs`: Loki.
    pub logs: Option<EndpointRef>,
    /// `traces`: Jaeger or Tempo.
    pub traces: Option<TraceBackend>,
    /// `queues`: the AWS emulator.
    pub queues: Option<EndpointRef>,
    /// `alerts`: Alertmanager.
    pub alerts: Option<EndpointRef>,
    /// The region the emulator's queues are in; `us-east-1` when empty.
    pub region: String,
}

/// The trace store of the lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceBackend {
    /// Which one it is.
    pub kind: StoreKind,
    /// Where its query API answers.
    pub endpoint: EndpointRef,
}

/// All that checks may refer to.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// By `component/endpoint`.
    pub endpoints: BTreeMap<String, EndpointRef>,
    /// By what they are for.
    pub backends: Backends,
}

impl Lookup {
    /// `name` as a check of `component` means it: its own endpoint, or `other/endpoint`.
    pub fn endpoint(&self, component: &str, name: &str) -> Option<&EndpointRef> {
        if name.contains('/') { self.endpoints.get(name) } else { self.endpoints.get(&format!("{component}/{name}")) }
    }
}

/// Whose checks are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// What an endpoint without `component/` belongs to.
    pub component: String,
    /// Where objects are that name no namespace.
    pub namespace: String,
    /// Decides how long a check may take that does not say.
    pub stage: Stage,
}
