//! One connection pool to one API server, speaking JSON values. Every call has a deadline; nothing here retries, that is for those who know
//! what a call means.

use super::error::ApiError;
use crate::support::digest::sha256;
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Method, Request};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// What audit logs know us by.
pub const AGENT: &str = concat!("labctl/", env!("CARGO_PKG_VERSION"));

/// A LIST of a large kind on a busy two-core node takes seconds, never this long.
const CALL: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);
/// RFC 9110, 5.6.7.
const HTTP_DATE: &[time::format_description::BorrowedFormatItem<'_>] =
    time::macros::format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// An API server that can be talked to. Cheap to clone.
#[derive(Clone)]
pub struct Kube {
    client: kube::Client,
}

impl std::fmt::Debug for Kube {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kube")
    }
}

/// Reads a kubeconfig and makes a client for one of its contexts (the current one when `context` is `None`). Opens no connection yet.
pub async fn connect(kubeconfig: &Path, context: Option<&str>) -> Result<Kube, ApiError> {
    let refuse = |reason: String| ApiError::Kubeconfig { path: kubeconfig.display().to_string(), reason };
    let file = Kubeconfig::read_from(kubeconfig).map_err(|e| refuse(e.to_string()))?;
    let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
    let mut config = kube::Config::from_custom_kubeconfig(file, &options).await.map_err(|e| refuse(e.to_string()))?;
    config.connect_timeout = Some(CONNECT);
    config.write_timeout = Some(CALL);
    // reads have no deadline at the socket, since watches are quiet for minutes; each call has one of its own
    config.read_timeout = None;
    // retries live at the object, where their meaning is known
    config.default_retry = false;
    config.headers.push((USER_AGENT, HeaderValue::from_static(AGENT)));
    let client = kube::Client::try_from(config).map_err(|e| refuse(e.to_string()))?;
    Ok(Kube { client })
}

/// Which cluster a context of a kubeconfig means now: its address and its certificate authority, which a cluster that was made anew under the same name
/// does not share.
pub async fn identity(kubeconfig: &Path, context: &str) -> Result<String, ApiError> {
    let refuse = |reason: String| ApiError::Kubeconfig { path: kubeconfig.display().to_string(), reason };
    let file = Kubeconfig::read_from(kubeconfig).map_err(|e| refuse(e.to_string()))?;
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    let config = kube::Config::from_custom_kubeconfig(file, &options).await.map_err(|e| refuse(e.to_string()))?;
    let authority = config.root_cert.unwrap_or_default().concat();
    Ok(format!("{} {}", config.cluster_url, sha256(&authority)))
}

impl From<kube::Client> for Kube {
    fn from(client: kube::Client) -> Self {
        Self { client }
    }
}

impl Kube {
    /// The kube-rs client under it, for watches, exec and port-forwards.
    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// GET of a JSON document. `path` is the URL path with its query.
    pub async fn get(&self, path: &str) -> Result<Value, ApiError> {
        parse(&self.call(Method::GET, path, None, Vec::new()).await?)
    }

    /// GET of a text, such as a container's log.
    pub async fn get_text(&self, path: &str) -> Result<String, ApiError> {
        Ok(String::from_utf8_lossy(&self.call(Method::GET, path, None, Vec::new()).await?).into_owned())
    }

    /// GET of a LIST, page by page; `accept` asks for another form than whole objects.
    pub async fn list(&self, path: &str, form: ListForm) -> Result<Vec<Value>, ApiError> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page =
                if next.is_empty() { format!("{path}{joint}limit=1000") } else { format!("{path}{joint}limit=1000&continue={next}") };
            let accept = matches!(form, ListForm::Metadata).then_some("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
            let mut answer = parse(&self.send(Method::GET, &page, None, accept, Vec::new()).await?)?;
            if let Some(Value::Array(found)) = answer.get_mut("items").map(Value::take) {
                items.extend(found);
            }
            match answer["metadata"]["continue"].as_str() {
                Some(token) if !token.is_empty() => next = encode(token),
                _ => return Ok(items),
            }
        }
    }

    /// Server-side apply as `manager`, taking over fields of others. With `dry_run` the server works it out and stores nothing.
    pub async fn apply(&self, path: &str, manager: &str, object: &Value, dry_run: bool) -> Result<Value, ApiError> {
        let dry = if dry_run { "&dryRun=All" } else { "" };
        let path = format!("{path}?fieldManager={manager}&force=true&fieldValidation=Strict{dry}");
        parse(&self.call(Method::PATCH, &path, Some("application/apply-patch+yaml"), object.to_string().into_bytes()).await?)
    }

    /// POST of a new object to its collection; 409 when there is one of that name.
    pub async fn create(&self, path: &str, manager: &str, object: &Value) -> Result<Value, ApiError> {
        let path = format!("{path}?fieldManager={manager}&fieldValidation=Strict");
        parse(&self.call(Method::POST, &path, Some("application/json"), object.to_string().into_bytes()).await?)
    }

    /// PUT of a whole object; 409 when its `resourceVersion` is not the newest.
    pub async fn replace(&self, path: &str, manager: &str, object: &Value) -> Result<Value, ApiError> {
        let path = format!("{path}?fieldManager={manager}");
        parse(&self.call(Method::PUT, &path, Some("application/json"), object.to_string().into_bytes()).await?)
    }

    /// PATCH with a JSON patch (RFC 6902): all of it or nothing.
    pub async fn json_patch(&self, path: &str, manager: &str, operations: &Value) -> Result<Value, ApiError> {
        let path = format!("{path}?fieldManager={manager}");
        parse(&self.call(Method::PATCH, &path, Some("application/json-patch+json"), operations.to_string().into_bytes()).await?)
    }

    /// PATCH with a JSON merge patch (RFC 7386): what it names is set, `null` removes; the rest stays.
    pub async fn merge_patch(&self, path: &str, manager: &str, changes: &Value) -> Result<Value, ApiError> {
        let path = format!("{path}?fieldManager={manager}");
        parse(&self.call(Method::PATCH, &path, Some("application/merge-patch+json"), changes.to_string().into_bytes()).await?)
    }

    /// DELETE with options (`preconditions`, `propagationPolicy`).
    pub async fn delete(&self, path: &str, options: &Value) -> Result<Value, ApiError> {
        parse(&self.call(Method::DELETE, path, Some("application/json"), options.to_string().into_bytes()).await?)
    }

    /// Whether the API server says it is ready to serve.
    pub async fn ready(&self) -> Result<(), ApiError> {
        self.get_text("/readyz").await.map(drop)
    }

    /// What time it is there, to the second.
    pub async fn date(&self) -> Result<time::OffsetDateTime, ApiError> {
        let what = "GET /version".to_owned();
        let request = Request::get("/version").body(Body::empty()).map_err(|e| ApiError::Malformed(e.to_string()))?;
        let asked = async { self.client.send(request).await.map_err(|e| ApiError::from_kube(&e)) };
        let response = tokio::time::timeout(CALL, asked).await.unwrap_or(Err(ApiError::Timeout { what, after: CALL }))?;
        let said = response.headers().get(DATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let read = time::PrimitiveDateTime::parse(said, HTTP_DATE).map_err(|e| ApiError::Malformed(format!("its date `{said}`: {e}")))?;
        Ok(read.assume_utc())
    }

    async fn call(&self, method: Method, path: &str, content: Option<&str>, body: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        self.send(method, path, content, None, body).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        content: Option<&str>,
        accept: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, ApiError> {
        let what = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let mut request = Request::builder().method(method).uri(path);
        if let Some(content) = content {
            request = request.header(CONTENT_TYPE, content);
        }
        if let Some(accept) = accept {
            request = request.header(http::header::ACCEPT, accept);
        }
        let request = request.body(Body::from(body)).map_err(|e| ApiError::Malformed(format!("{what}: {e}")))?;
        let work = async {
            let response = self.client.send(request).await.map_err(|e| ApiError::from_kube(&e))?;
            let (head, body) = response.into_parts();
            let bytes = body.collect_bytes().await.map_err(|e| ApiError::Broken(ApiError::from_kube(&e).to_string()))?;
            if head.status.is_success() {
                return Ok(bytes.to_vec());
            }
            let retry_after = head.headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok());
            Err(ApiError::from_answer(head.status.as_u16(), retry_after, &bytes))
        };
        tokio::time::timeout(CALL, work).await.unwrap_or(Err(ApiError::Timeout { what, after: CALL }))
    }
}

/// What a LIST should bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListForm {
    /// Objects as they are stored.
    Whole,
    /// Names, labels and managed fields only.
    Metadata,
}

/// Percent-encodes a query value.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

fn parse(bytes: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(bytes).map_err(|e| ApiError::Malformed(e.to_string()))
}
