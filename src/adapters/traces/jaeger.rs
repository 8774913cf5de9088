//! Jaeger's query API, as its own page uses it. <https://www.jaegertracing.io/docs/1.62/apis/#http-json>

use super::span::{Found, Link, Span, SpanKind, span_id, trace_id};
use super::store::{TraceError, Traces};
use crate::model::run::At;
use crate::support::http::{Answer, Call};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Deserialize)]
struct Envelope<T> {
    data: Option<Vec<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    #[serde(rename = "traceID")]
    id: String,
    spans: Vec<RawSpan>,
    #[serde(default)]
    processes: BTreeMap<String, Process>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSpan {
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
    operation_name: String,
    /// Microseconds since 1970.
    #[serde(default)]
    start_time: i64,
    /// Microseconds.
    #[serde(default)]
    duration: i64,
    #[serde(default)]
    references: Vec<Reference>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(rename = "processID", default)]
    process_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: String,
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    service_name: String,
}

async fn ask(store: &Traces, id: &str) -> Result<Option<Answer>, TraceError> {
    let call = Call::get(&store.base, &format!("/api/traces/{id}")).within(Duration::from_secs(10));
    let answer = store.http.call(call).await?;
    if answer.status == 404 { Ok(None) } else { Ok(Some(answer.ok()?)) }
}

pub(super) async fn get(store: &Traces, id: &str) -> Result<Option<Vec<Span>>, TraceError> {
    let Some(answer) = ask(store, id).await? else { return Ok(None) };
    let traces: Envelope<Trace> = answer.json()?;
    Ok(Some(traces.data.unwrap_or_default().into_iter().flat_map(spans).collect()))
}

pub(super) async fn whole(store: &Traces, id: &str) -> Result<Option<Value>, TraceError> {
    let Some(answer) = ask(store, id).await? else { return Ok(None) };
    let traces: Envelope<Value> = answer.json()?;
    Ok(traces.data.unwrap_or_default().into_iter().next())
}

pub(super) async fn services(store: &Traces) -> Result<Vec<String>, TraceError> {
    let services: Envelope<String> = store.http.json(Call::get(&store.base, "/api/services")).await?;
    Ok(services.data.unwrap_or_default())
}

pub(super) async fn between(store: &Traces, service: &str, from: At, to: At, limit: u64) -> Result<Vec<Found>, TraceError> {
    let micros = |at: At| (at.0.unix_timestamp_nanos() / 1000).to_string();
    let call = Call::get(&store.base, "/api/traces")
        .query("service", service)
        .query("limit", limit.to_string())
        .query("start", micros(from))
        .query("end", micros(to))
        .within(Duration::from_secs(10));
    let traces: Envelope<Trace> = store.http.json(call).await?;
    Ok(traces.data.unwrap_or_default().iter().map(found).collect())
}

fn found(trace: &Trace) -> Found {
    let began = trace.spans.iter().map(|span| span.start_time).min().unwrap_or(0);
    let ended = trace.spans.iter().map(|span| span.start_time + span.duration).max().unwrap_or(0);
    let failed = |tag: &Tag| match tag.key.as_str() {
        "error" => tag.value == Value::Bool(true) || tag.value == "true",
        "otel.status_code" => tag.value == "ERROR",
        _ => false,
    };
    Found {
        trace: trace_id(&trace.id),
        took_ms: (ended - began) as f64 / 1000.0,
        failed: trace.spans.iter().flat_map(|span| &span.tags).any(failed),
    }
}

/// A parent comes as `CHILD_OF` within the trace, an OpenTelemetry link as `FOLLOWS_FROM` (or as `CHILD_OF` of another trace).
fn spans(trace: Trace) -> Vec<Span> {
    let Trace { spans, processes, .. } = trace;
    let to_span = |raw: RawSpan| {
        let own = trace_id(&raw.trace_id);
        let mut parent = None;
        let mut links = Vec::new();
        for reference in raw.references {
            let link = Link { trace: trace_id(&reference.trace_id), span: span_id(&reference.span_id) };
            if parent.is_none() && reference.ref_type == "CHILD_OF" && link.trace == own {
                parent = Some(link.span);
            } else {
                links.push(link);
            }
        }
        let kind = raw.tags.iter().find(|tag| tag.key == "span.kind").and_then(|tag| tag.value.as_str());
        Span {
            trace: own,
            id: span_id(&raw.span_id),
            parent,
            service: processes.get(&raw.process_id).map(|process| process.service_name.clone()).unwrap_or_default(),
            kind: kind.map_or(SpanKind::Unknown, SpanKind::read),
            name: raw.operation_name,
            links,
        }
    };
    spans.into_iter().map(to_span).collect()
}
