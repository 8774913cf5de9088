//! Where the checks of a lab find things, from its components' endpoints and capabilities.

use crate::adapters::traces::StoreKind;
use crate::catalog::Lab;
use crate::checks::{Backends, EndpointRef, Lookup, TraceBackend};
use crate::model::component::{Component, Endpoint};

/// Endpoints by `component/name`, backends by capability.
pub fn lookup(lab: &Lab) -> Lookup {
    let mut all = Lookup::default();
    for (name, part) in &lab.parts {
        for endpoint in &part.component.endpoints {
            all.endpoints.insert(format!("{name}/{}", endpoint.name), place(&part.component, endpoint));
        }
    }
    let provider = |capability: &str| {
        let part = lab.parts.values().find(|part| part.component.provides.iter().any(|provided| provided == capability))?;
        // the first endpoint of a component is the one its API answers on
        Some((part.component.metadata.name.as_str(), place(&part.component, part.component.endpoints.first()?)))
    };
    let only = |capability: &str| provider(capability).map(|(_, endpoint)| endpoint);
    all.backends = Backends {
        metrics: only("metrics"),
        logs: only("logs"),
        traces: provider("traces")
            .map(|(name, endpoint)| TraceBackend { kind: if name == "tempo" { StoreKind::Tempo } else { StoreKind::Jaeger }, endpoint }),
        queues: only("queue"),
        alerts: only("alerts"),
        region: lab.stack.aws.region.clone().unwrap_or_default(),
    };
    all
}

fn place(component: &Component, endpoint: &Endpoint) -> EndpointRef {
    EndpointRef {
        namespace: component.namespace.clone(),
        service: endpoint.service.clone(),
        port: endpoint.port,
        path: endpoint.path.clone(),
    }
}
