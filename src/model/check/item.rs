//! One check: its name, how long it may take to pass, and exactly one thing it looks at.

use super::http::HttpCheck;
use super::k8s::K8sCheck;
use super::loki::LokiCheck;
use super::prom::PromCheck;
use super::queue::{AlertCheck, QueueAction, QueueCheck};
use super::trace::TraceCheck;
use super::vars::Walk;
use super::written::written_check;
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

written_check! {
    /// How a check is written.
    #[schemars(rename = "Check")]
    struct Item {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<HumanDuration>,
    }
}

impl TryFrom<Item> for Check {
    type Error = CheckError;

    fn try_from(item: Item) -> Result<Self, CheckError> {
        let (name, within) = (item.name.clone(), item.within);
        let what = item.only(&name)?;
        Ok(Self { name, within, what })
    }
}

impl From<Check> for Item {
    fn from(check: Check) -> Self {
        Self { name: check.name, within: check.within, ..Self::looking_at(check.what) }
    }
}

/// The one type of check that was written under `name`.
pub(crate) fn only(name: &str, written: [Option<What>; 7]) -> Result<What, CheckError> {
    let mut found: Vec<What> = written.into_iter().flatten().collect();
    match (found.pop(), found.is_empty()) {
        (Some(what), true) => {
            what.validate().map_err(|error| CheckError::Value(format!("check `{name}`: {error}")))?;
            Ok(what)
        }
        (None, _) => Err(CheckError::NotOne { name: name.to_owned(), found: "none".to_owned() }),
        (Some(last), false) => {
            found.push(last);
            let names: Vec<&str> = found.iter().map(What::kind).collect();
            Err(CheckError::NotOne { name: name.to_owned(), found: names.join(", ") })
        }
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
