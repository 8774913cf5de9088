//! `trace:` one trace by its id, or any of a service. Written flat; exactly one of the two forms must match.

use super::item::CheckError;
use super::vars::Walk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A trace by its id, or any trace of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "TraceItem", into = "TraceItem")]
#[expect(missing_docs, reason = "the line above each form says what its fields are")]
pub enum TraceCheck {
    /// The trace is in the store, has spans of all `services`, and its consumer is linked to its producer.
    Id { id: String, services: Vec<String>, linked: Option<Linked> },
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
            TraceItem { id: Some(id), services, linked, search: None, min: None } => Ok(Self::Id { id, services, linked }),
            TraceItem { id: None, services, linked: None, search: Some(service), min } if services.is_empty() => {
                Ok(Self::Search { service, min: min.unwrap_or(1) })
            }
            _ => Err(CheckError::Form("a trace check is either {id, services, linked} or {search, min}")),
        }
    }
}

impl From<TraceCheck> for TraceItem {
    fn from(check: TraceCheck) -> Self {
        match check {
            TraceCheck::Id { id, services, linked } => Self { id: Some(id), services, linked, ..Self::default() },
            TraceCheck::Search { service, min } => Self { search: Some(service), min: Some(min), ..Self::default() },
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
                for service in services {
                    walk.text(service);
                }
            }
            Self::Search { service, .. } => walk.text(service),
        }
    }
}
