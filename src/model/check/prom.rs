//! `prom:` a query, or exemplars. Written flat; exactly one of the two forms must match.

use super::item::CheckError;
use super::vars::Walk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A Prometheus query, or the exemplars of a selector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "PromItem", into = "PromItem")]
#[expect(missing_docs, reason = "the line above each form says what its fields are")]
pub enum PromCheck {
    /// One number compared with another. No row, several rows and NaN are no data.
    Query { query: String, op: Op, value: f64, unit: Option<String> },
    /// At least `min` exemplars, of this trace if one is named.
    Exemplars { selector: String, min: u64, where_trace: Option<String> },
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "they are what they are in PromQL")]
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
    #[expect(clippy::float_cmp, reason = "`==` in a file means just that; it is written for counts and for 0 and 1")]
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
            PromItem { query: Some(query), op: Some(op), value: Some(value), unit, exemplars: None, min: None, where_trace: None } => {
                Ok(Self::Query { query, op, value, unit })
            }
            PromItem { query: None, op: None, value: None, unit: None, exemplars: Some(selector), min, where_trace } => {
                Ok(Self::Exemplars { selector, min: min.unwrap_or(1), where_trace })
            }
            _ => Err(CheckError::Form("a prom check is either {query, op, value} or {exemplars, min, where_trace}")),
        }
    }
}

impl From<PromCheck> for PromItem {
    fn from(check: PromCheck) -> Self {
        match check {
            PromCheck::Query { query, op, value, unit } => {
                Self { query: Some(query), op: Some(op), value: Some(value), unit, ..Self::default() }
            }
            PromCheck::Exemplars { selector, min, where_trace } => {
                Self { exemplars: Some(selector), min: Some(min), where_trace, ..Self::default() }
            }
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
