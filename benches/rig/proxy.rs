//! A proxy in front of an API server that behaves as badly as networks, load balancers and busy servers do, at known rates.

use super::Outcome;
use super::http::{Peer, Request, acceptor, head};
use futures::AsyncReadExt as _;
use labctl::adapters::kube::{Kube, connect};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How often each fault happens, in parts of a hundred requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// 429 as API Priority and Fairness answers it: plain text, `Retry-After: 1`.
    pub throttled: f64,
    /// 500 of etcd, 502, 503 and 504 of balancers.
    pub failed: f64,
    /// The connection is reset before the request reaches the server.
    pub reset_before: f64,
    /// The server has answered, and the connection is reset before the answer reaches the client.
    pub reset_after: f64,
    /// The answer ends in the middle.
    pub truncated: f64,
    /// The answer stops in the middle for [`STALL`], then goes on.
    pub stalled: f64,
    /// A page of a list is no longer to be had: 410.
    pub expired: f64,
    /// Watches end within [`WATCH_LIFE`]: by reset, by a clean end, by 410 in the stream.
    pub watches_drop: bool,
}

impl Faults {
    /// What R4 asks for.
    pub const R4: Self = Self {
        throttled: 20.0,
        failed: 10.0,
        reset_before: 5.0,
        reset_after: 5.0,
        truncated: 2.0,
        stalled: 1.0,
        expired: 30.0,
        watches_drop: true,
    };
}

pub const STALL: Duration = Duration::from_secs(2);
const WATCH_LIFE: (u64, u64) = (100, 2_000);

struct Inner {
    acceptor: TlsAcceptor,
    backend: Kube,
    faults: Mutex<Faults>,
    random: Mutex<StdRng>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

/// Serves until dropped.
pub struct Proxy {
    pub port: u16,
    inner: Arc<Inner>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// In front of the server of `kubeconfig`, with that server's own certificate (`certs` in its folder).
    pub async fn start(kubeconfig: &Path, certs: &Path, seed: u64) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let inner = Arc::new(Inner {
            acceptor: acceptor(certs)?,
            backend: connect(kubeconfig, None).await?,
            faults: Mutex::default(),
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            counts: Mutex::default(),
        });
        let serving = inner.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = serving.clone();
                tokio::spawn(async move {
                    let _closed = inner.serve(stream).await;
                });
            }
        });
        Ok(Self { port, inner, task })
    }

    /// From now on.
    pub fn set(&self, faults: Faults) {
        *self.inner.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// What was done so far, by name.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.inner.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Served,
    Throttled,
    Failed(u16),
    ResetBefore,
    ResetAfter,
    Truncated,
    Stalled,
    Expired,
}

impl Inner {
    fn count(&self, what: &'static str) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
    }

    fn roll(&self, below: f64) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random_range(0.0..below)
    }

    fn fate(&self, request: &Request) -> Fate {
        let faults = *self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if request.target.contains("continue=") && self.roll(100.0) < faults.expired {
            return Fate::Expired;
        }
        let mut left = self.roll(100.0);
        let mut hit = |part: f64| {
            left -= part;
            left < 0.0
        };
        let code = match self.roll(4.0) {
            way if way < 1.0 => 500,
            way if way < 2.0 => 502,
            way if way < 3.0 => 503,
            _ => 504,
        };
        match () {
            () if hit(faults.throttled) => Fate::Throttled,
            () if hit(faults.failed) => Fate::Failed(code),
            () if hit(faults.reset_before) => Fate::ResetBefore,
            () if hit(faults.reset_after) => Fate::ResetAfter,
            () if hit(faults.truncated) => Fate::Truncated,
            () if hit(faults.stalled) => Fate::Stalled,
            () => Fate::Served,
        }
    }

    async fn serve(&self, stream: TcpStream) -> Outcome<()> {
        let mut peer = Peer::accept(&self.acceptor, stream).await?;
        while let Some(request) = peer.request().await? {
            self.count("requests");
            let fate = self.fate(&request);
            let watch = request.target.contains("watch=true") || request.target.contains("watch=1");
            match fate {
                Fate::Throttled => {
                    self.count("429");
                    let headers = [("content-type", "text/plain; charset=utf-8"), ("retry-after", "1")];
                    peer.answer(429, &headers, b"Too many requests, please try again later.\n").await?;
                }
                Fate::Failed(code) => {
                    self.count("5xx");
                    self.fail(&mut peer, code).await?;
                }
                Fate::Expired => {
                    self.count("410");
                    let body = status(410, "Expired", "The provided continue parameter is too old to display a consistent list result.");
                    peer.answer(410, &[("content-type", "application/json")], body.as_bytes()).await?;
                }
                Fate::ResetBefore => {
                    self.count("reset before");
                    return Ok(peer.reset()?);
                }
                _ if watch => return self.watch(peer, request).await,
                fate => {
                    let Ok((code, headers, body)) = pass(&self.backend, request).await else {
                        // the server itself is gone
                        self.count("server gone");
                        return Ok(peer.reset()?);
                    };
                    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                    let half = body.len() / 2;
                    match fate {
                        Fate::ResetAfter => {
                            self.count("reset after");
                            return Ok(peer.reset()?);
                        }
                        Fate::Truncated => {
                            self.count("truncated");
                            peer.write(head(code, &headers, Some(body.len())).as_bytes()).await?;
                            peer.write(&body[..half]).await?;
                            return Ok(());
                        }
                        Fate::Stalled => {
                            self.count("stalled");
                            peer.write(head(code, &headers, Some(body.len())).as_bytes()).await?;
                            peer.write(&body[..half]).await?;
                            tokio::time::sleep(STALL).await;
                            peer.write(&body[half..]).await?;
                        }
                        _ => peer.answer(code, &headers, &body).await?,
                    }
                }
            }
        }
        Ok(())
    }

    async fn fail(&self, peer: &mut Peer, code: u16) -> io::Result<()> {
        if code == 500 {
            let body = status(500, "InternalError", "etcdserver: leader changed");
            return peer.answer(500, &[("content-type", "application/json")], body.as_bytes()).await;
        }
        let body = format!("<html><body><h1>{code}</h1>The upstream server cannot be reached.</body></html>\n");
        peer.answer(code, &[("content-type", "text/html")], body.as_bytes()).await
    }

    /// Passes a watch on until the server, the client or fate ends it.
    async fn watch(&self, mut peer: Peer, request: Request) -> Outcome<()> {
        let mut events = match self.backend.client().request_stream(forwarded(request)?).await {
            Ok(events) => Box::pin(events),
            Err(kube::Error::Api(answer)) => {
                let body = status(answer.code, &answer.reason, &answer.message);
                return Ok(peer.answer(answer.code, &[("content-type", "application/json")], body.as_bytes()).await?);
            }
            Err(_) => return Ok(peer.reset()?),
        };
        peer.begin(200, "application/json").await?;
        let drops = self.faults.lock().unwrap_or_else(PoisonError::into_inner).watches_drop;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds")]
        let life = WATCH_LIFE.0 + self.roll((WATCH_LIFE.1 - WATCH_LIFE.0) as f64) as u64;
        let end = if drops { Duration::from_millis(life) } else { Duration::from_hours(24) };
        let end = tokio::time::sleep(end);
        tokio::pin!(end);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            tokio::select! {
                read = events.read(&mut buffer) => match read {
                    Ok(count) if count > 0 => peer.chunk(&buffer[..count]).await?,
                    _ => return Ok(peer.write(b"0\r\n\r\n").await?),
                },
                () = peer.gone() => return Ok(()),
                () = &mut end => break,
            }
        }
        match self.roll(3.0) {
            way if way < 1.0 => {
                self.count("watch reset");
                Ok(peer.reset()?)
            }
            way if way < 2.0 => {
                self.count("watch ended");
                Ok(peer.write(b"0\r\n\r\n").await?)
            }
            _ => {
                self.count("watch 410");
                let event = json!({"type": "ERROR", "object": serde_json::from_str::<serde_json::Value>(&status(410, "Expired", "too old resource version"))?});
                peer.chunk(format!("{event}\n").as_bytes()).await?;
                Ok(peer.write(b"0\r\n\r\n").await?)
            }
        }
    }
}

fn status(code: u16, reason: &str, message: &str) -> String {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code, "reason": reason, "message": message})
        .to_string()
}

/// The request as the server gets it; who asks is put in by the connection.
fn forwarded<B: From<Vec<u8>>>(request: Request) -> Outcome<http::Request<B>> {
    let mut forwarded = http::Request::builder().method(request.method.as_str()).uri(&request.target);
    for name in ["content-type", "accept"] {
        if let Some(value) = request.header(name) {
            forwarded = forwarded.header(name, value);
        }
    }
    Ok(forwarded.body(B::from(request.body))?)
}

type Answer = (u16, Vec<(String, String)>, Vec<u8>);

async fn pass(backend: &Kube, request: Request) -> Outcome<Answer> {
    let response = backend.client().send(forwarded(request)?).await?;
    let (head, body) = response.into_parts();
    let body = body.collect_bytes().await?;
    let keep = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(|value| (name.to_owned(), value.to_owned()));
    Ok((head.status.as_u16(), ["content-type", "retry-after"].iter().filter_map(|name| keep(name)).collect(), body.to_vec()))
}
