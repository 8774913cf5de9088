//! The types of checks, one struct or enum each. A type with several forms is written flat and must match exactly one of them.

use super::item::CheckError;
use super::vars::Walk;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// An HTTP answer of an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpCheck {
    /// An endpoint of the same component (`api`) or of another (`loki/api`).
    pub endpoint: String,
    #[serde(default, skip_serializing_if = "Method::is_get")]
    pub method: Method,
    /// Instead of the endpoint's own path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Sent as the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The status that must come back.
    #[serde(default = "ok")]
    pub status: u16,
    /// A text that the body must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// What the JSON body must hold, by JSON pointer.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub wants: BTreeMap<String, Value>,
    /// What later checks may use as `@{name}`, by JSON pointer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub capture: BTreeMap<String, String>,
}

fn ok() -> u16 {
    200
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As it stands in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether it may change something.
    pub fn writes(self) -> bool {
        !matches!(self, Self::Get | Self::Head)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_get(&self) -> bool {
        *self == Self::Get
    }
}

impl HttpCheck {
    pub(super) fn validate(&self) -> Result<(), CheckError> {
        if !(100..600).contains(&self.status) {
            return Err(CheckError::Value(format!("{} is not an HTTP status", self.status)));
        }
        if self.path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            return Err(CheckError::Form("`path` begins with /"));
        }
        for pointer in self.wants.keys().chain(self.capture.values()) {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                return Err(CheckError::Value(format!(
                    "`{pointer}` is not a JSON pointer: write it like /items/0/name"
                )));
            }
        }
        for var in self.capture.keys() {
            if var.is_empty() || !var.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
                return Err(CheckError::Value(format!("`{var}` cannot be captured: use a-z, 0-9 and _")));
            }
        }
        Ok(())
    }

    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        walk.maybe(&mut self.path);
        self.headers.values_mut().for_each(|value| walk.text(value));
        if let Some(json) = &mut self.json {
            walk.json(json);
        }
        walk.maybe(&mut self.contains);
        self.wants.values_mut().for_each(|value| walk.json(value));
    }
}

/// A Prometheus query, or the exemplars of a selector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "PromItem", into = "PromItem")]
pub enum PromCheck {
    /// One number compared with another. No row, several rows and NaN are no data.
    Query {
        query: String,
        op: Op,
        value: f64,
        unit: Option<String>,
    },
    /// At least `min` exemplars, of this trace if one is named.
    Exemplars {
        selector: String,
        min: u64,
        where_trace: Option<String>,
    },
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Op {
    #[serde(rename = "==")]
    Eq,
    #[serde(rename = "!=")]
    Ne,
    #[serde(rename = ">")]
    Gt,
    #[serde(rename = ">=")]
    Ge,
    #[serde(rename = "<")]
    Lt,
    #[serde(rename = "<=")]
    Le,
}

impl Op {
    /// Whether `seen` is as wanted.
    #[expect(
        clippy::float_cmp,
        reason = "`==` in a file means just that; it is written for counts and for 0 and 1"
    )]
    pub fn holds(self, seen: f64, wanted: f64) -> bool {
        match self {
            Self::Eq => seen == wanted,
            Self::Ne => seen != wanted,
            Self::Gt => seen > wanted,
            Self::Ge => seen >= wanted,
            Self::Lt => seen < wanted,
            Self::Le => seen <= wanted,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Lt => "<",
            Self::Le => "<=",
        })
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PromCheck")]
struct PromItem {
    /// A PromQL expression that gives one number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    op: Option<Op>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// What the number counts; shown beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// A series selector whose exemplars are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exemplars: Option<String>,
    /// How many there must be; 1 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<u64>,
    /// Count only exemplars of this trace.
    #[serde(default, alias = "whereTrace", skip_serializing_if = "Option::is_none")]
    where_trace: Option<String>,
}

impl TryFrom<PromItem> for PromCheck {
    type Error = CheckError;

    fn try_from(item: PromItem) -> Result<Self, CheckError> {
        match item {
            PromItem {
                query: Some(query),
                op: Some(op),
                value: Some(value),
                unit,
                exemplars: None,
                min: None,
                where_trace: None,
            } => Ok(Self::Query { query, op, value, unit }),
            PromItem {
                query: None,
                op: None,
                value: None,
                unit: None,
                exemplars: Some(selector),
                min,
                where_trace,
            } => Ok(Self::Exemplars {
                selector,
                min: min.unwrap_or(1),
                where_trace,
            }),
            _ => Err(CheckError::Form(
                "a prom check is either {query, op, value} or {exemplars, min, where_trace}",
            )),
        }
    }
}

impl From<PromCheck> for PromItem {
    fn from(check: PromCheck) -> Self {
        match check {
            PromCheck::Query { query, op, value, unit } => Self {
                query: Some(query),
                op: Some(op),
                value: Some(value),
                unit,
                ..Self::default()
            },
            PromCheck::Exemplars {
                selector,
                min,
                where_trace,
            } => Self {
                exemplars: Some(selector),
                min: Some(min),
                where_trace,
                ..Self::default()
            },
        }
    }
}

impl PromCheck {
    pub(super) fn validate(&self) -> Result<(), CheckError> {
        match self {
            Self::Query { value, .. } if !value.is_finite() => Err(CheckError::Form("`value` is a finite number")),
            Self::Exemplars { min: 0, .. } => Err(CheckError::Form("`min: 0` always holds: use 1 or more")),
            Self::Query { .. } | Self::Exemplars { .. } => Ok(()),
        }
    }

    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        match self {
            Self::Query { query, .. } => walk.text(query),
            Self::Exemplars { selector, where_trace, .. } => {
                walk.text(selector);
                walk.maybe(where_trace);
            }
        }
    }
}

/// Log lines: some that are there, or one that goes in and comes out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "LokiItem", into = "LokiItem")]
pub enum LokiCheck {
    /// At least `min` lines within the last hour.
    Query { query: String, min: u64 },
    /// A line pushed with these labels is found again: `find` is a text the line contains, or a whole LogQL query.
    RoundTrip { push: Labels, line: String, find: String },
}

/// Labels of a stream: a map, or `{app="x", env="y"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Labels(pub BTreeMap<String, String>);

impl fmt::Display for Labels {
    /// As a LogQL selector.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (name, value)) in self.0.iter().enumerate() {
            // LogQL strings are Go strings: Debug of str escapes the same quotes and backslashes
            write!(f, "{}{name}={value:?}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Labels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("labels, as {app: probe} or '{app=\"probe\"}'")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Labels, A::Error> {
                BTreeMap::deserialize(de::value::MapAccessDeserializer::new(map)).map(Labels)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Labels, E> {
                label_set(text).ok_or_else(|| E::custom(format!("`{text}` is not a set of labels: write it like {{app=\"probe\"}}")))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Reads `{a="b", c="d"}`; values hold no quotes or backslashes.
fn label_set(text: &str) -> Option<Labels> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let mut labels = BTreeMap::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = after.trim_start().strip_prefix('"')?.split_once('"')?;
        if value.contains('\\') {
            return None;
        }
        labels.insert(name.trim().to_owned(), value.to_owned());
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
    Some(Labels(labels))
}

impl JsonSchema for Labels {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Labels".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "labels of a log stream: a map, or {app=\"probe\"}",
            "anyOf": [{"type": "object", "additionalProperties": {"type": "string"}}, {"type": "string"}]
        })
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LokiCheck")]
struct LokiItem {
    /// A LogQL query that gives lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    /// How many lines there must be; 1 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<u64>,
    /// The labels under which a line is pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    push: Option<Labels>,
    /// The line that is pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<String>,
    /// What it is found by: part of the line, or a LogQL query; the whole line when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    find: Option<String>,
}

impl TryFrom<LokiItem> for LokiCheck {
    type Error = CheckError;

    fn try_from(item: LokiItem) -> Result<Self, CheckError> {
        match item {
            LokiItem {
                query: Some(query),
                min,
                push: None,
                line: None,
                find: None,
            } => Ok(Self::Query {
                query,
                min: min.unwrap_or(1),
            }),
            LokiItem {
                query: None,
                min: None,
                push: Some(push),
                line: Some(line),
                find,
            } => {
                let find = find.unwrap_or_else(|| line.clone());
                Ok(Self::RoundTrip { push, line, find })
            }
            _ => Err(CheckError::Form("a loki check is either {query, min} or {push, line, find}")),
        }
    }
}

impl From<LokiCheck> for LokiItem {
    fn from(check: LokiCheck) -> Self {
        match check {
            LokiCheck::Query { query, min } => Self {
                query: Some(query),
                min: Some(min),
                ..Self::default()
            },
            LokiCheck::RoundTrip { push, line, find } => Self {
                push: Some(push),
                line: Some(line),
                find: Some(find),
                ..Self::default()
            },
        }
    }
}

impl LokiCheck {
    pub(super) fn validate(&self) -> Result<(), CheckError> {
        match self {
            Self::Query { min: 0, .. } => Err(CheckError::Form("`min: 0` always holds: use 1 or more")),
            Self::Query { .. } => Ok(()),
            Self::RoundTrip { push, .. } if push.0.is_empty() => Err(CheckError::Form("`push` needs at least one label")),
            // without it a line of an earlier run would be found, and nothing proven
            Self::RoundTrip { line, find, .. } if !line.contains("@{nonce}") || !find.contains("@{nonce}") => Err(CheckError::Form(
                "`line` and `find` must contain @{nonce}, or a line of an earlier run would pass",
            )),
            Self::RoundTrip { line, find, .. } if !find.starts_with('{') && !line.contains(find.as_str()) => Err(CheckError::Form(
                "`find` is neither part of `line` nor a query, so it could never be found",
            )),
            Self::RoundTrip { .. } => Ok(()),
        }
    }

    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        match self {
            Self::Query { query, .. } => walk.text(query),
            Self::RoundTrip { push, line, find } => {
                push.0.values_mut().for_each(|value| walk.text(value));
                walk.text(line);
                walk.text(find);
            }
        }
    }
}

/// A trace by its id, or any trace of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "TraceItem", into = "TraceItem")]
pub enum TraceCheck {
    /// The trace is in the store, has spans of all `services`, and its consumer is linked to its producer.
    Id {
        id: String,
        services: Vec<String>,
        linked: Option<Linked>,
    },
    /// At least `min` traces of a service within the last hour.
    Search { service: String, min: u64 },
}

/// A consumer span must be a child of, or span-linked to, a span of the producer's service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Linked {
    /// `service.name` of the one that sends.
    pub producer: String,
    /// `service.name` of the one that receives.
    pub consumer: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TraceCheck")]
struct TraceItem {
    /// The id of the trace, as hex; mostly `@{trace}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Services that must have spans in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    services: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    linked: Option<Linked>,
    /// A service whose traces are searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    search: Option<String>,
    /// How many there must be; 1 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<u64>,
}

impl TryFrom<TraceItem> for TraceCheck {
    type Error = CheckError;

    fn try_from(item: TraceItem) -> Result<Self, CheckError> {
        match item {
            TraceItem {
                id: Some(id),
                services,
                linked,
                search: None,
                min: None,
            } => Ok(Self::Id { id, services, linked }),
            TraceItem {
                id: None,
                services,
                linked: None,
                search: Some(service),
                min,
            } if services.is_empty() => Ok(Self::Search {
                service,
                min: min.unwrap_or(1),
            }),
            _ => Err(CheckError::Form("a trace check is either {id, services, linked} or {search, min}")),
        }
    }
}

impl From<TraceCheck> for TraceItem {
    fn from(check: TraceCheck) -> Self {
        match check {
            TraceCheck::Id { id, services, linked } => Self {
                id: Some(id),
                services,
                linked,
                ..Self::default()
            },
            TraceCheck::Search { service, min } => Self {
                search: Some(service),
                min: Some(min),
                ..Self::default()
            },
        }
    }
}

impl TraceCheck {
    pub(super) fn validate(&self) -> Result<(), CheckError> {
        match self {
            Self::Search { min: 0, .. } => Err(CheckError::Form("`min: 0` always holds: use 1 or more")),
            Self::Search { .. } | Self::Id { .. } => Ok(()),
        }
    }

    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        match self {
            Self::Id { id, services, .. } => {
                walk.text(id);
                services.iter_mut().for_each(|service| walk.text(service));
            }
            Self::Search { service, .. } => walk.text(service),
        }
    }
}

/// A queue of the AWS emulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "QueueItem", into = "QueueItem")]
pub struct QueueCheck {
    pub name: String,
    pub action: QueueAction,
}

/// What is asked of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueAction {
    /// It is there.
    Exists,
    /// A message goes in, comes out and is deleted. The queue is made when it is not there, and then removed again.
    RoundTrip,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QueueCheck")]
struct QueueItem {
    name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    exists: bool,
    #[serde(default, rename = "roundTrip", skip_serializing_if = "std::ops::Not::not")]
    round_trip: bool,
}

impl TryFrom<QueueItem> for QueueCheck {
    type Error = CheckError;

    fn try_from(item: QueueItem) -> Result<Self, CheckError> {
        let action = match (item.exists, item.round_trip) {
            (true, false) => QueueAction::Exists,
            (false, true) => QueueAction::RoundTrip,
            _ => {
                return Err(CheckError::Form(
                    "a queue check is either {name, exists: true} or {name, roundTrip: true}",
                ));
            }
        };
        Ok(Self { name: item.name, action })
    }
}

impl From<QueueCheck> for QueueItem {
    fn from(check: QueueCheck) -> Self {
        let exists = check.action == QueueAction::Exists;
        Self {
            name: check.name,
            exists,
            round_trip: !exists,
        }
    }
}

impl QueueCheck {
    pub(super) fn validate(&self) -> Result<(), CheckError> {
        if self.name.is_empty() {
            Err(CheckError::Form("a queue has a name"))
        } else {
            Ok(())
        }
    }
}

/// A test alert that must reach a receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertCheck {
    /// Its `alertname`.
    pub fire: String,
    /// The endpoint where received alerts can be read.
    pub inbox: String,
}

impl AlertCheck {
    pub(super) fn validate(&self) -> Result<(), CheckError> {
        if self.fire.is_empty() {
            Err(CheckError::Form("an alert has a name"))
        } else {
            Ok(())
        }
    }

    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        walk.text(&mut self.fire);
    }
}

/// The state of a Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct K8sCheck {
    /// `Deployment`, `Node`, `APIService` …
    pub kind: String,
    pub name: String,
    /// The component's own when left out; of no meaning for what has no namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Only where two API groups have the kind.
    #[serde(default, rename = "apiVersion", skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    pub expect: Expect,
}

/// What state is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// All replicas of the current version serve, or the condition `Available` is true.
    Available,
    /// The condition `Ready` is true, or all replicas are ready.
    Ready,
    /// A volume or claim is bound.
    Bound,
    /// It is there.
    Exists,
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Available => "available",
            Self::Ready => "ready",
            Self::Bound => "bound",
            Self::Exists => "there",
        })
    }
}

impl K8sCheck {
    pub(super) fn validate(&self) -> Result<(), CheckError> {
        if self.expect == Expect::Bound && !matches!(self.kind.as_str(), "PersistentVolumeClaim" | "PersistentVolume") {
            return Err(CheckError::Form(
                "`expect: bound` is for PersistentVolumeClaim and PersistentVolume",
            ));
        }
        Ok(())
    }

    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        walk.text(&mut self.name);
        walk.maybe(&mut self.namespace);
    }
}
