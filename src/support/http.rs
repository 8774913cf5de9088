//! HTTP to services of the lab, mostly through a forwarded port: every call has a deadline, answers have a largest size, and what is not the JSON
//! that was expected is said in one sentence. No proxy is used and no redirect followed: both would leave the forward.

use super::tls;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::time::Duration;

/// Answers larger than this are cut and said to be too large.
const LARGEST: usize = 16 << 20;

/// A client with connections that are kept.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Call {
    method: String,
    base: String,
    path: String,
    query: Vec<(&'static str, String)>,
    headers: BTreeMap<String, String>,
    json: Option<serde_json::Value>,
    deadline: Duration,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Any; only [`Answer::ok`] judges it.
    pub status: u16,
    /// Whole, at most 16 MiB.
    pub body: Vec<u8>,
    asked: String,
}

/// Why there is no answer, or none that can be used. Sentences begin with what was asked (`GET /ready`).
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message above each says what its fields are")]
pub enum HttpError {
    /// The client could not be made.
    #[error("no HTTP client: {0}")]
    Client(String),
    /// A header, method or address that cannot be sent.
    #[error("{asked} cannot be sent: {cause}")]
    Request { asked: String, cause: String },
    /// Nobody answered, or the connection broke.
    #[error("{asked} → {cause}")]
    Unreachable { asked: String, cause: String },
    /// The deadline passed.
    #[error("{asked} → no answer within {}", crate::model::units::Elapsed(*.after))]
    Late { asked: String, after: Duration },
    /// More than anybody wants to read.
    #[error("{asked} → {status}, and more than {} of answer", crate::model::units::Bytes(LARGEST as u64))]
    TooLarge { asked: String, status: u16 },
    /// A status other than 2xx where only that will do.
    #[error("{asked} → {}{}", reason(*.status), after_colon(.body))]
    Status { asked: String, status: u16, body: String },
    /// Not the JSON that was expected.
    #[error("{asked} → {}, but the answer is {what}", reason(*.status))]
    NotJson { asked: String, status: u16, what: String },
}

impl Call {
    /// `GET` of `path` (with its query, if any) at `base`, within 5 seconds.
    pub fn get(base: &str, path: &str) -> Self {
        Self::new("GET", base, path)
    }

    /// Any method.
    pub fn new(method: &str, base: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            base: base.trim_end_matches('/').to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            headers: BTreeMap::new(),
            json: None,
            deadline: Duration::from_secs(5),
        }
    }

    /// Adds a query parameter, escaped.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Sends JSON.
    #[must_use]
    pub fn json(mut self, body: serde_json::Value) -> Self {
        self.json = Some(body);
        self
    }

    /// How long the whole call may take.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// What is asked, as messages have it: `GET /ready`. Without the query, which may be long and is not for messages.
    pub fn asked(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{} {path}", self.method)
    }
}

impl Http {
    /// A client for services of the lab.
    pub fn local() -> Result<Self, HttpError> {
        tls::install_provider();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .user_agent(concat!("labctl/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| HttpError::Client(innermost(&error)))?;
        Ok(Self { client })
    }

    /// Any answer is an answer, whatever its status.
    pub async fn call(&self, call: Call) -> Result<Answer, HttpError> {
        let asked = call.asked();
        let unsendable = |cause: String| HttpError::Request { asked: asked.clone(), cause };
        let method = reqwest::Method::from_bytes(call.method.as_bytes()).map_err(|error| unsendable(error.to_string()))?;
        let mut request = self.client.request(method, format!("{}{}", call.base, call.path)).timeout(call.deadline);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        if let Some(json) = &call.json {
            request = request.json(json);
        }
        let failed = |error: &reqwest::Error| {
            if error.is_timeout() {
                HttpError::Late { asked: asked.clone(), after: call.deadline }
            } else if error.is_builder() {
                HttpError::Request { asked: asked.clone(), cause: innermost(error) }
            } else {
                HttpError::Unreachable { asked: asked.clone(), cause: innermost(error) }
            }
        };
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(HttpError::TooLarge { asked, status });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body, asked })
    }

    /// The answer must be 2xx and JSON of this shape.
    pub async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<T, HttpError> {
        self.call(call).await?.ok()?.json()
    }
}

impl Answer {
    /// Itself when the status is 2xx.
    pub fn ok(self) -> Result<Self, HttpError> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let body = short(&self.text());
        let body = if looks_like_html(&self.body) { String::new() } else { body };
        Err(HttpError::Status { asked: self.asked, status: self.status, body })
    }

    /// The body as JSON of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = if self.body.is_empty() {
                "empty".to_owned()
            } else if looks_like_html(&self.body) {
                "an HTML page, not JSON: is this the right endpoint?".to_owned()
            } else if error.is_eof() {
                "JSON that is cut off".to_owned()
            } else if error.is_data() {
                format!("JSON of another shape ({error})")
            } else {
                "not JSON".to_owned()
            };
            HttpError::NotJson { asked: self.asked.clone(), status: self.status, what }
        })
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// `GET /ready → 503 Service Unavailable`.
    pub fn sentence(&self) -> String {
        format!("{} → {}", self.asked, reason(self.status))
    }
}

/// The status with its words.
fn reason(status: u16) -> String {
    let words = reqwest::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
    words.map_or_else(|| status.to_string(), |words| format!("{status} {words}"))
}

fn after_colon(body: &str) -> String {
    if body.is_empty() { String::new() } else { format!(": {body}") }
}

/// The first line of a text, at most 160 characters of it.
pub fn short(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default().trim();
    if line.chars().count() <= 160 { line.to_owned() } else { line.chars().take(159).chain(['…']).collect() }
}

fn looks_like_html(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    start.first() == Some(&b'<')
}

/// The cause at the bottom of a chain of errors: `connection refused` rather than `error sending request for url (…)`.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
