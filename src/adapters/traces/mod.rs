//! A trace store, Jaeger or Tempo, behind one type: traces come out with their spans in one form.

mod jaeger;
mod span;
mod store;
mod tempo;

pub use span::{Found, Link, Span, SpanKind};
pub use store::{StoreKind, TraceError, Traces};
