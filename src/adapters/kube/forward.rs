//! A local port that leads to a ready pod of a Service, through the API server: works on any provider, also under STRICT mTLS, and opens nothing
//! beyond loopback. The pod is looked up for each new connection, so a pod that goes away is left behind at once.

use super::target::{self, Target};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long the API server may take to open a stream to a pod.
const CONNECT: Duration = Duration::from_secs(10);
/// How often another pod is looked for when the one chosen turns out to be gone.
const ATTEMPTS: usize = 3;

/// Why a port cannot be forwarded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message above each says what its fields are")]
pub enum ForwardError {
    /// The Service is not there.
    #[error("no service {service} in namespace {namespace}")]
    NoService { namespace: String, service: String },
    /// The Service has other ports.
    #[error("the service has no such port: {of} (it has {have})")]
    NoPort { of: String, have: String },
    /// Nobody there to talk to.
    #[error(
        "no ready endpoint behind {of}: {}",
        if *.known == 0 { "no pod matches the service's selector".to_owned() } else { format!("{} known, none of them ready", .known) }
    )]
    NoReadyEndpoint { of: String, known: usize },
    /// The API server said no or could not be reached.
    #[error("no way to {of}: {cause}")]
    Api { of: String, cause: String },
    /// The API server took too long.
    #[error("no way to {of}: the API server did not answer within {}", crate::model::units::Elapsed(*.after))]
    Late { of: String, after: Duration },
    /// No local port to be had.
    #[error("no local port for {of}: {cause}")]
    Bind { of: String, cause: String },
}

/// An open forward; closed, with all its connections, when it is dropped.
#[derive(Debug)]
pub struct Forward {
    address: SocketAddr,
    trouble: Trouble,
    _close: DropGuard,
}

/// The last thing that went wrong, until a connection succeeds.
type Trouble = Arc<Mutex<Option<String>>>;

/// Where it leads.
#[derive(Clone)]
struct Route {
    client: kube::Client,
    namespace: String,
    service: String,
    port: u16,
    trouble: Trouble,
}

impl Forward {
    /// Opens a port on 127.0.0.1 that leads to `service:port`. Fails at once when no pod is ready.
    pub async fn open(client: kube::Client, namespace: &str, service: &str, port: u16) -> Result<Self, ForwardError> {
        target::resolve(&client, namespace, service, port).await?;
        let bind = |error: std::io::Error| ForwardError::Bind { of: format!("{namespace}/{service}:{port}"), cause: error.to_string() };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let trouble = Trouble::default();
        let route = Route { client, namespace: namespace.to_owned(), service: service.to_owned(), port, trouble: Arc::clone(&trouble) };
        let closed = CancellationToken::new();
        tokio::spawn(closed.clone().run_until_cancelled_owned(serve(listener, route)));
        Ok(Self { address, trouble, _close: closed.drop_guard() })
    }

    /// A forward that is none: an address that can be reached already.
    pub(super) fn to(address: SocketAddr) -> Self {
        Self { address, trouble: Trouble::default(), _close: CancellationToken::new().drop_guard() }
    }

    /// Where to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Why the last connection did not get through, if it did not: what the one who connected only saw as a closed connection.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Takes connections until it is dropped, and its connections with it.
async fn serve(listener: TcpListener, route: Route) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((local, _)) => {
                    connections.spawn(carry(local, route.clone()));
                }
                // no file descriptors, say: later there may be some
                Err(error) => {
                    route.note(Some(format!("cannot accept connections: {error}")));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
}

/// Carries one connection to a pod and back.
async fn carry(mut local: TcpStream, route: Route) {
    match route.connect().await {
        Ok((mut remote, mut forwarder, target)) => {
            route.note(None);
            let refused = forwarder.take_error(target.port);
            // either side may end it; what the other still has to say is carried first
            let carried = tokio::io::copy_bidirectional(&mut local, &mut remote).await;
            drop(remote);
            let received = carried.map_or(0, |(_, received)| received);
            if received == 0
                && let Some(refused) = refused
                && let Ok(Some(why)) = tokio::time::timeout(Duration::from_millis(100), refused).await
            {
                route.note(Some(format!("pod {} does not take connections on port {}: {}", target.pod, target.port, last_clause(&why))));
            }
            forwarder.abort();
        }
        Err(error) => route.note(Some(error.to_string())),
    }
}

/// The end of a kubelet's long sentence is what went wrong: `… connect: connection refused`.
fn last_clause(text: &str) -> &str {
    text.trim().rsplit(": ").next().unwrap_or_default()
}

impl Route {
    fn note(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Looks up a ready pod and opens a stream to it; looks again when that pod has just gone.
    async fn connect(&self) -> Result<(tokio::io::DuplexStream, kube::api::Portforwarder, Target), ForwardError> {
        let of = || format!("{}/{}:{}", self.namespace, self.service, self.port);
        let pods: kube::Api<k8s_openapi::api::core::v1::Pod> = kube::Api::namespaced(self.client.clone(), &self.namespace);
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let target = target::resolve(&self.client, &self.namespace, &self.service, self.port).await?;
            let opened = tokio::time::timeout(CONNECT, pods.portforward(&target.pod, &[target.port])).await;
            match opened {
                Err(_late) => return Err(ForwardError::Late { of: of(), after: CONNECT }),
                Ok(Err(error)) => {
                    last = Some(ForwardError::Api { of: of(), cause: super::objects::cause(&error) });
                }
                Ok(Ok(mut forwarder)) => {
                    if let Some(stream) = forwarder.take_stream(target.port) {
                        return Ok((stream, forwarder, target));
                    }
                    let cause = "the API server opened no stream".to_owned();
                    last = Some(ForwardError::Api { of: of(), cause });
                }
            }
        }
        Err(last.unwrap_or_else(|| ForwardError::Api { of: of(), cause: "no attempt was made".to_owned() }))
    }
}
