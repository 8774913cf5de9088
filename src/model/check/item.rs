//! One check: its name, how long it may take to pass, and exactly one thing it looks at.

use super::http::HttpCheck;
use super::k8s::K8sCheck;
use super::loki::LokiCheck;
use super::prom::PromCheck;
use super::queue::{AlertCheck, QueueAction, QueueCheck};
use super::trace::TraceCheck;
use super::vars::Walk;
use crate::model::units::HumanDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One check of a `ready:` or `proof:` list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Item", into = "Item")]
pub struct Check {
    /// Unique within its list.
    pub name: String,
    /// How long it may be tried again; see [`super::Stage::within`] for what holds when it is left out.
    pub within: Option<HumanDuration>,
    /// The one thing it looks at.
    pub what: What,
}

/// What a check looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// An HTTP answer of an endpoint.
    Http(HttpCheck),
    /// A Prometheus query or exemplars.
    Prom(PromCheck),
    /// Log lines, already there or pushed by the check.
    Loki(LokiCheck),
    /// One trace, or any of a service.
    Trace(TraceCheck),
    /// A queue of the AWS emulator.
    Queue(QueueCheck),
    /// A test alert on its way from Alertmanager to a receiver.
    Alert(AlertCheck),
    /// The state of a Kubernetes object.
    K8s(K8sCheck),
}

/// What is wrong with a check as written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message above each says what its fields are")]
pub enum CheckError {
    /// None or several of the types.
    #[error("check `{name}` needs exactly one of http, prom, loki, trace, queue, alert, k8s; it has {found}")]
    NotOne { name: String, found: String },
    /// Keys of one type that do not go together.
    #[error("{0}")]
    Form(&'static str),
    /// A value that cannot be meant.
    #[error("{0}")]
    Value(String),
}

/// How a check is written: every type an optional key, so that unknown keys stay errors.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Check")]
struct Item {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    within: Option<HumanDuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<HttpCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prom: Option<PromCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loki: Option<LokiCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<TraceCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<QueueCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alert: Option<AlertCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    k8s: Option<K8sCheck>,
}

impl TryFrom<Item> for Check {
    type Error = CheckError;

    fn try_from(item: Item) -> Result<Self, CheckError> {
        let all = [
            item.http.map(What::Http),
            item.prom.map(What::Prom),
            item.loki.map(What::Loki),
            item.trace.map(What::Trace),
            item.queue.map(What::Queue),
            item.alert.map(What::Alert),
            item.k8s.map(What::K8s),
        ];
        let mut found: Vec<What> = all.into_iter().flatten().collect();
        match (found.pop(), found.is_empty()) {
            (Some(what), true) => {
                what.validate().map_err(|error| CheckError::Value(format!("check `{}`: {error}", item.name)))?;
                Ok(Self { name: item.name, within: item.within, what })
            }
            (None, _) => Err(CheckError::NotOne { name: item.name, found: "none".to_owned() }),
            (Some(last), false) => {
                found.push(last);
                let names: Vec<&str> = found.iter().map(What::kind).collect();
                Err(CheckError::NotOne { name: item.name, found: names.join(", ") })
            }
        }
    }
}

impl From<Check> for Item {
    fn from(check: Check) -> Self {
        let mut item = Self { name: check.name, within: check.within, ..Self::default() };
        match check.what {
            What::Http(what) => item.http = Some(what),
            What::Prom(what) => item.prom = Some(what),
            What::Loki(what) => item.loki = Some(what),
            What::Trace(what) => item.trace = Some(what),
            What::Queue(what) => item.queue = Some(what),
            What::Alert(what) => item.alert = Some(what),
            What::K8s(what) => item.k8s = Some(what),
        }
        item
    }
}

impl What {
    /// The key it is written under.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Prom(_) => "prom",
            Self::Loki(_) => "loki",
            Self::Trace(_) => "trace",
            Self::Queue(_) => "queue",
            Self::Alert(_) => "alert",
            Self::K8s(_) => "k8s",
        }
    }

    /// Whether carrying it out leaves something behind: such checks are proofs.
    pub fn writes(&self) -> bool {
        match self {
            Self::Http(http) => http.method.writes(),
            Self::Loki(loki) => matches!(loki, LokiCheck::RoundTrip { .. }),
            Self::Queue(queue) => queue.action == QueueAction::RoundTrip,
            Self::Alert(_) => true,
            Self::Prom(_) | Self::Trace(_) | Self::K8s(_) => false,
        }
    }

    /// The variables that later checks of the list may use once this one passed.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        let captured = match self {
            Self::Http(http) => Some(http.capture.keys()),
            _ => None,
        };
        captured.into_iter().flatten().map(String::as_str)
    }

    fn validate(&self) -> Result<(), CheckError> {
        match self {
            Self::Http(http) => http.validate(),
            Self::Prom(prom) => prom.validate(),
            Self::Loki(loki) => loki.validate(),
            Self::Trace(trace) => trace.validate(),
            Self::Queue(queue) => queue.validate(),
            Self::Alert(alert) => alert.validate(),
            Self::K8s(k8s) => k8s.validate(),
        }
    }

    /// Shows every text that may hold `@{…}` to `walk`.
    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        match self {
            Self::Http(http) => http.walk(walk),
            Self::Prom(prom) => prom.walk(walk),
            Self::Loki(loki) => loki.walk(walk),
            Self::Trace(trace) => trace.walk(walk),
            Self::Queue(queue) => walk.text(&mut queue.name),
            Self::Alert(alert) => alert.walk(walk),
            Self::K8s(k8s) => k8s.walk(walk),
        }
    }
}
