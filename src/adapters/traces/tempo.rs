//! Tempo's API: traces as OTLP in JSON, search by TraceQL. <https://grafana.com/docs/tempo/latest/api_docs/>

use super::span::{Found, Link, Span, SpanKind, span_id, trace_id};
use super::store::{TraceError, Traces};
use crate::model::run::At;
use crate::support::http::{Answer, Call};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// `batches` is what `/api/traces` says; `resourceSpans` is OTLP's own word, and what `/api/v2/traces` has under `trace`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    #[serde(alias = "resourceSpans")]
    batches: Option<Vec<Batch>>,
    trace: Option<Box<Trace>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    #[serde(default)]
    resource: Resource,
    #[serde(default, alias = "instrumentationLibrarySpans")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize, Default)]
struct Resource {
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: serde_json::Value,
}

#[derive(Deserialize)]
struct ScopeSpans {
    #[serde(default)]
    spans: Vec<RawSpan>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSpan {
    trace_id: String,
    span_id: String,
    #[serde(default)]
    parent_span_id: String,
    #[serde(default)]
    name: String,
    /// A name or a number.
    #[serde(default)]
    kind: serde_json::Value,
    #[serde(default)]
    links: Vec<RawLink>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLink {
    trace_id: String,
    span_id: String,
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    traces: Vec<FoundTrace>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundTrace {
    #[serde(rename = "traceID")]
    trace_id: String,
    /// Left out for less than one.
    #[serde(default)]
    duration_ms: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TagValues {
    #[serde(default)]
    tag_values: Vec<String>,
}

async fn ask(store: &Traces, id: &str) -> Result<Option<Answer>, TraceError> {
    let call = Call::get(&store.base, &format!("/api/traces/{id}")).header("accept", "application/json").within(Duration::from_secs(10));
    let answer = store.http.call(call).await?;
    if answer.status == 404 { Ok(None) } else { Ok(Some(answer.ok()?)) }
}

pub(super) async fn whole(store: &Traces, id: &str) -> Result<Option<serde_json::Value>, TraceError> {
    ask(store, id).await?.map(|answer| Ok(answer.json()?)).transpose()
}

pub(super) async fn get(store: &Traces, id: &str) -> Result<Option<Vec<Span>>, TraceError> {
    let Some(answer) = ask(store, id).await? else { return Ok(None) };
    let mut trace: Trace = answer.json()?;
    while let Some(inner) = trace.trace {
        trace = *inner;
    }
    let batches = trace.batches.ok_or_else(|| TraceError::Shape("neither `batches` nor `resourceSpans`".to_owned()))?;
    Ok(Some(batches.into_iter().flat_map(spans).collect()))
}

pub(super) async fn services(store: &Traces) -> Result<Vec<String>, TraceError> {
    let values: TagValues = store.http.json(Call::get(&store.base, "/api/search/tag/service.name/values")).await?;
    Ok(values.tag_values)
}

pub(super) async fn between(store: &Traces, service: &str, from: At, to: At, limit: u64) -> Result<Vec<Found>, TraceError> {
    let of = |more: &str| {
        let call = Call::get(&store.base, "/api/search")
            .query("q", format!("{{ resource.service.name = {service:?}{more} }}"))
            .query("limit", limit.to_string())
            .query("start", from.0.unix_timestamp().to_string())
            .query("end", to.0.unix_timestamp().to_string())
            .within(Duration::from_secs(10));
        store.http.json::<Search>(call)
    };
    let failed: BTreeSet<String> = of(" && status = error").await?.traces.into_iter().map(|trace| trace.trace_id).collect();
    let found = of("").await?.traces.into_iter();
    Ok(found
        .map(|trace| Found { failed: failed.contains(&trace.trace_id), trace: trace_id(&trace.trace_id), took_ms: trace.duration_ms })
        .collect())
}

fn spans(batch: Batch) -> Vec<Span> {
    let name = batch.resource.attributes.iter().find(|attribute| attribute.key == "service.name");
    let service = name.and_then(|name| name.value.get("stringValue")?.as_str()).unwrap_or_default().to_owned();
    let to_span = |raw: RawSpan| Span {
        trace: trace_id(&raw.trace_id),
        id: span_id(&raw.span_id),
        parent: (!raw.parent_span_id.is_empty()).then(|| span_id(&raw.parent_span_id)),
        service: service.clone(),
        kind: match &raw.kind {
            serde_json::Value::String(kind) => SpanKind::read(kind),
            other => SpanKind::read(&other.to_string()),
        },
        name: raw.name,
        links: raw.links.iter().map(|link| Link { trace: trace_id(&link.trace_id), span: span_id(&link.span_id) }).collect(),
    };
    batch.scope_spans.into_iter().flat_map(|scope| scope.spans).map(to_span).collect()
}
