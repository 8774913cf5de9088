//! The one type over both stores.

use super::span::{Found, Span, trace_id};
use super::{jaeger, tempo};
use crate::model::run::At;
use crate::support::http::{Http, HttpError};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

/// Which store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// Its query service, port 16686.
    Jaeger,
    /// Its HTTP API, port 3200.
    Tempo,
}

/// A trace store at some address.
#[derive(Debug, Clone)]
pub struct Traces {
    pub(super) http: Http,
    pub(super) base: String,
    kind: StoreKind,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// No answer, or none that can be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Spans that cannot be read.
    #[error("the trace store answers in another shape: {0}")]
    Shape(String),
}

impl Traces {
    /// One at `base`.
    pub fn new(http: Http, kind: StoreKind, base: impl Into<String>) -> Self {
        Self { http, base: base.into(), kind }
    }

    /// The spans of a trace; `None` when the store does not have it (yet).
    pub async fn get(&self, id: &str) -> Result<Option<Vec<Span>>, TraceError> {
        let id = checked(id)?;
        let spans = match self.kind {
            StoreKind::Jaeger => jaeger::get(self, &id).await?,
            StoreKind::Tempo => tempo::get(self, &id).await?,
        };
        Ok(spans.filter(|spans| !spans.is_empty()))
    }

    /// A trace as the store writes it; `None` when it does not have it (yet).
    pub async fn whole(&self, id: &str) -> Result<Option<Value>, TraceError> {
        let id = checked(id)?;
        match self.kind {
            StoreKind::Jaeger => jaeger::whole(self, &id).await,
            StoreKind::Tempo => tempo::whole(self, &id).await,
        }
    }

    /// Names of services that have sent spans.
    pub async fn services(&self) -> Result<Vec<String>, TraceError> {
        match self.kind {
            StoreKind::Jaeger => jaeger::services(self).await,
            StoreKind::Tempo => tempo::services(self).await,
        }
    }

    /// Ids of at most `limit` traces of the last hour in which `service` has a span.
    pub async fn search(&self, service: &str, limit: u64) -> Result<Vec<String>, TraceError> {
        let now = OffsetDateTime::now_utc();
        let found = self.between(service, At(now - Duration::HOUR), At(now + Duration::MINUTE), limit).await?;
        Ok(found.into_iter().map(|found| found.trace).collect())
    }

    /// At most `limit` traces between two moments in which `service` has a span.
    pub async fn between(&self, service: &str, from: At, to: At, limit: u64) -> Result<Vec<Found>, TraceError> {
        match self.kind {
            StoreKind::Jaeger => jaeger::between(self, service, from, to, limit).await,
            StoreKind::Tempo => tempo::between(self, service, from, to, limit).await,
        }
    }
}

/// An id in full length: it goes into a path, and comes from an answer of the lab.
fn checked(id: &str) -> Result<String, TraceError> {
    let id = trace_id(id);
    if id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(id)
    } else {
        Err(TraceError::Shape(format!("`{id}` is not a trace id")))
    }
}
