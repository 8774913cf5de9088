//! The one type over both stores.

use super::span::{Span, trace_id};
use super::{jaeger, tempo};
use crate::support::http::{Http, HttpError};

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
        let id = trace_id(id);
        // it goes into a path, and comes from an answer of the lab
        if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(TraceError::Shape(format!("`{id}` is not a trace id")));
        }
        let spans = match self.kind {
            StoreKind::Jaeger => jaeger::get(self, &id).await?,
            StoreKind::Tempo => tempo::get(self, &id).await?,
        };
        Ok(spans.filter(|spans| !spans.is_empty()))
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
        match self.kind {
            StoreKind::Jaeger => jaeger::search(self, service, limit).await,
            StoreKind::Tempo => tempo::search(self, service, limit).await,
        }
    }
}
