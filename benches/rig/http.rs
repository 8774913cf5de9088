//! As much of an HTTPS server as faults need: whole requests in, and answers whose every byte, and whose absence, is in the rig's hand.

use super::Outcome;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// One request, read to its end.
#[derive(Debug)]
pub struct Request {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// One side of a connection after its handshake.
pub struct Peer {
    stream: TlsStream<TcpStream>,
    read: Vec<u8>,
}

/// TLS with the certificate that a kube-apiserver made for itself (`certs` in its folder).
pub fn acceptor(certs: &Path) -> Outcome<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(certs.join("apiserver.crt"))?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(certs.join("apiserver.key"))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

impl Peer {
    pub async fn accept(acceptor: &TlsAcceptor, stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream: acceptor.accept(stream).await?, read: Vec::new() })
    }

    /// The next request; `None` when the other side is done.
    pub async fn request(&mut self) -> io::Result<Option<Request>> {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            if !self.more().await? {
                return Ok(None);
            }
        };
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "not an HTTP/1.1 request");
        let head = String::from_utf8(self.read[..end].to_vec()).map_err(|_| broken())?;
        self.read.drain(..end + 4);
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target)) = (first.next(), first.next()) else { return Err(broken()) };
        let headers = lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        let mut request = Request { method: method.to_owned(), target: target.to_owned(), headers: headers.collect(), body: Vec::new() };
        if request.header("transfer-encoding").is_some() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "the clients of a rig send bodies of known length"));
        }
        let length: usize = request.header("content-length").unwrap_or("0").parse().map_err(|_| broken())?;
        while self.read.len() < length {
            if !self.more().await? {
                return Err(broken());
            }
        }
        request.body = self.read.drain(..length).collect();
        Ok(Some(request))
    }

    async fn more(&mut self) -> io::Result<bool> {
        self.read.reserve(16 * 1024);
        Ok(self.stream.read_buf(&mut self.read).await? > 0)
    }

    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// A whole answer.
    pub async fn answer(&mut self, code: u16, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
        let mut bytes = head(code, headers, Some(body.len())).into_bytes();
        bytes.extend_from_slice(body);
        self.write(&bytes).await
    }

    /// The start of an answer in chunks.
    pub async fn begin(&mut self, code: u16, content: &str) -> io::Result<()> {
        self.write(head(code, &[("content-type", content)], None).as_bytes()).await
    }

    pub async fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
        framed.extend_from_slice(bytes);
        framed.extend_from_slice(b"\r\n");
        self.write(&framed).await
    }

    /// Ends the connection so that the other side sees a reset.
    pub fn reset(self) -> io::Result<()> {
        self.stream.get_ref().0.set_zero_linger()
    }

    /// Whether the other side has gone; comes back only then.
    pub async fn gone(&mut self) {
        while matches!(self.more().await, Ok(true)) {}
    }
}

/// Status line and headers; without a length the body comes in chunks.
pub fn head(code: u16, headers: &[(&str, &str)], length: Option<usize>) -> String {
    let mut text = format!(
        "HTTP/1.1 {code} {}\r\n",
        http::StatusCode::from_u16(code).ok().and_then(|code| code.canonical_reason()).unwrap_or("Unknown")
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    match length {
        Some(length) => text.push_str(&format!("content-length: {length}\r\n\r\n")),
        None => text.push_str("transfer-encoding: chunked\r\n\r\n"),
    }
    text
}
