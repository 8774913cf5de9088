//! A lab made of wire mocks: every backend is a server on loopback, pinned where a forward would lead.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use labctl::adapters::kube::{Forwards, Objects};
use labctl::adapters::traces::StoreKind;
use labctl::checks::{Backends, CheckResult, EndpointRef, Lookup, Pace, Prober, Scope, TraceBackend};
use labctl::model::check::{Check, Stage};
use labctl::model::run::StepEvent;
use labctl::support::progress::Sink;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wiremock::MockServer;

/// The server behind every endpoint, and what was reported.
pub struct Lab {
    pub server: MockServer,
    prober: Prober,
    pub events: tokio::sync::mpsc::UnboundedReceiver<StepEvent>,
    sink: Sink,
}

/// A client whose API server is at `base`.
pub fn client(base: &str) -> kube::Client {
    labctl::support::tls::install_provider();
    let config = kube::Config::new(base.parse().unwrap());
    kube::Client::try_from(config).unwrap()
}

fn endpoint(service: &str) -> EndpointRef {
    EndpointRef { namespace: "lab".to_owned(), service: service.to_owned(), port: 80, path: Some("/own".to_owned()) }
}

impl Lab {
    /// One server plays the API server, all backends, and the endpoint `app/api`.
    pub async fn new() -> Self {
        Self::with(StoreKind::Jaeger).await
    }

    pub async fn with(kind: StoreKind) -> Self {
        let server = MockServer::start().await;
        let client = client(&server.uri());
        let forwards = Forwards::new(client.clone());
        forwards.pin(endpoint("all").key(), *server.address());
        let all = Some(endpoint("all"));
        let backends = Backends {
            metrics: all.clone(),
            logs: all.clone(),
            traces: Some(TraceBackend { kind, endpoint: endpoint("all") }),
            queues: all.clone(),
            alerts: all,
            region: String::new(),
        };
        let endpoints = BTreeMap::from([("app/api".to_owned(), endpoint("all")), ("app/gone".to_owned(), endpoint("gone"))]);
        let (to, events) = tokio::sync::mpsc::unbounded_channel();
        let pace = Pace { first: Duration::from_millis(5), most: Duration::from_millis(10), ..Pace::default() };
        let prober = Prober::new(forwards, Objects::new(client), Lookup { endpoints, backends }).unwrap().with_pace(pace);
        Self { server, prober, events, sink: Sink::new(to) }
    }

    pub async fn run(&self, yaml: &str) -> Vec<CheckResult> {
        self.run_until(yaml, &CancellationToken::new()).await
    }

    pub async fn run_until(&self, yaml: &str, cancel: &CancellationToken) -> Vec<CheckResult> {
        let checks: Vec<Check> = serde_saphyr::from_str(yaml).unwrap();
        let scope = Scope { component: "app".to_owned(), namespace: "lab".to_owned(), stage: Stage::Proof };
        self.prober.run(&scope, &checks, &self.sink, cancel).await
    }

    /// The only result of a list of one check, looked at once.
    pub async fn one(&mut self, yaml: &str) -> CheckResult {
        self.looks(1, yaml).await
    }

    /// The same with so many looks at most.
    pub async fn looks(&mut self, looks: u32, yaml: &str) -> CheckResult {
        let pace = Pace { first: Duration::from_millis(1), most: Duration::from_millis(1), looks };
        self.prober = self.prober.clone().with_pace(pace);
        self.run(yaml).await.remove(0)
    }
}
