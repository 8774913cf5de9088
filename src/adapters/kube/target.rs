//! Which pod and port stand behind a port of a Service, as EndpointSlices say: named target ports resolved, ready pods only.

use super::forward::ForwardError;
use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use kube::api::{Api, ListParams};
use std::time::Duration;

/// How long one question to the API server may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// A port of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub pod: String,
    pub port: u16,
}

/// Asks the API server for the first ready pod behind `service:port`.
pub(super) async fn resolve(client: &kube::Client, namespace: &str, service: &str, port: u16) -> Result<Target, ForwardError> {
    let services: Api<Service> = Api::namespaced(client.clone(), namespace);
    let slices: Api<EndpointSlice> = Api::namespaced(client.clone(), namespace);
    let of_service = ListParams::default().labels(&format!("kubernetes.io/service-name={service}"));
    let both = async { tokio::try_join!(services.get_opt(service), slices.list(&of_service)) };
    let of = format!("{namespace}/{service}:{port}");
    let (found, slices) = match tokio::time::timeout(DEADLINE, both).await {
        Err(_late) => return Err(ForwardError::Late { of, after: DEADLINE }),
        Ok(Err(error)) => {
            return Err(ForwardError::Api { of, cause: super::objects::cause(&error) });
        }
        Ok(Ok(both)) => both,
    };
    let found = found.ok_or_else(|| ForwardError::NoService { namespace: namespace.to_owned(), service: service.to_owned() })?;
    choose(&of, &found, &slices.items, port)
}

/// Picks the pod, by name so that everybody picks the same one.
fn choose(of: &str, service: &Service, slices: &[EndpointSlice], port: u16) -> Result<Target, ForwardError> {
    let none: &[ServicePort] = &[];
    let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or(none);
    let Some(wanted) = ports.iter().find(|p| p.port == i32::from(port)) else {
        let have = ports.iter().map(|p| p.port.to_string()).collect::<Vec<_>>().join(", ");
        return Err(ForwardError::NoPort { of: of.to_owned(), have });
    };
    let name = wanted.name.as_deref().unwrap_or_default();
    let mut ready = Vec::new();
    let mut known = 0;
    for slice in slices {
        let port = slice.ports.iter().flatten().find(|p| p.name.as_deref().unwrap_or_default() == name).and_then(|p| p.port);
        let Some(port) = port.and_then(|port| u16::try_from(port).ok()) else {
            continue;
        };
        for endpoint in &slice.endpoints {
            known += 1;
            if let Some(pod) = ready_pod(endpoint) {
                ready.push(Target { pod: pod.to_owned(), port });
            }
        }
    }
    ready.sort_by(|a, b| a.pod.cmp(&b.pod));
    ready.into_iter().next().ok_or_else(|| ForwardError::NoReadyEndpoint { of: of.to_owned(), known })
}

/// The pod of an endpoint that takes traffic. A missing `ready` means yes, as the API says.
fn ready_pod(endpoint: &Endpoint) -> Option<&str> {
    let target = endpoint.target_ref.as_ref()?;
    let ready = endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true);
    (ready && target.kind.as_deref() == Some("Pod")).then_some(target.name.as_deref()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service(ports: &serde_json::Value) -> Service {
        serde_json::from_value(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": ports}})).unwrap()
    }

    fn slice(ports: &serde_json::Value, endpoints: &serde_json::Value) -> EndpointSlice {
        serde_json::from_value(json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "s-1"},
            "addressType": "IPv4", "ports": ports, "endpoints": endpoints,
        }))
        .unwrap()
    }

    fn pod(name: &str, ready: Option<bool>) -> serde_json::Value {
        json!({"addresses": ["10.0.0.1"], "conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": name}})
    }

    #[test]
    fn a_named_target_port_is_the_one_of_the_slice() {
        let service = service(&json!([{"name": "http", "port": 80, "targetPort": "web"}, {"name": "grpc", "port": 81}]));
        let slices = [slice(&json!([{"name": "grpc", "port": 9000}, {"name": "http", "port": 8080}]), &json!([pod("a", Some(true))]))];
        let target = choose("s", &service, &slices, 80).unwrap();
        assert_eq!(target, Target { pod: "a".to_owned(), port: 8080 });
    }

    #[test]
    fn only_ready_pods_are_chosen_over_all_slices() {
        let service = service(&json!([{"port": 80}]));
        let ports = json!([{"name": "", "port": 8080}]);
        let slices = [
            slice(&ports, &json!([pod("a", Some(false)), {"addresses": ["1.2.3.4"]}])),
            slice(&ports, &json!([pod("c", None), pod("b", Some(true))])),
        ];
        assert_eq!(choose("s", &service, &slices, 80).unwrap().pod, "b");
    }

    #[test]
    fn what_is_missing_is_said() {
        let service = service(&json!([{"port": 80}, {"name": "x", "port": 81}]));
        let slices = [slice(&json!([{"port": 8080}]), &json!([pod("a", Some(false))]))];
        let error = |port| choose("ns/s:0", &service, &slices, port).unwrap_err().to_string();
        assert_eq!(error(80), "no ready endpoint behind ns/s:0: 1 known, none of them ready");
        assert_eq!(error(81), "no ready endpoint behind ns/s:0: no pod matches the service's selector");
        assert_eq!(error(82), "the service has no such port: ns/s:0 (it has 80, 81)");
    }
}
