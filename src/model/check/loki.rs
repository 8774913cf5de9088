//! `loki:` lines that are there, or one that goes in and comes out. Written flat; exactly one of the two forms must match.

use super::item::CheckError;
use super::vars::Walk;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::collections::BTreeMap;
use std::fmt;

/// Log lines: some that are there, or one that goes in and comes out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "LokiItem", into = "LokiItem")]
#[expect(missing_docs, reason = "the line above each form says what its fields are")]
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
            LokiItem { query: Some(query), min, push: None, line: None, find: None } => Ok(Self::Query { query, min: min.unwrap_or(1) }),
            LokiItem { query: None, min: None, push: Some(push), line: Some(line), find } => {
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
            LokiCheck::Query { query, min } => Self { query: Some(query), min: Some(min), ..Self::default() },
            LokiCheck::RoundTrip { push, line, find } => Self { push: Some(push), line: Some(line), find: Some(find), ..Self::default() },
        }
    }
}

impl LokiCheck {
    pub(super) fn validate(&self) -> Result<(), CheckError> {
        match self {
            Self::Query { min: 0, .. } => Err(CheckError::Form("`min: 0` always holds: use 1 or more")),
            Self::RoundTrip { push, .. } if push.0.is_empty() => Err(CheckError::Form("`push` needs at least one label")),
            // without it a line of an earlier run would be found, and nothing proven
            Self::RoundTrip { line, find, .. } if !line.contains("@{nonce}") || !find.contains("@{nonce}") => {
                Err(CheckError::Form("`line` and `find` must contain @{nonce}, or a line of an earlier run would pass"))
            }
            Self::RoundTrip { line, find, .. } if !find.starts_with('{') && !line.contains(find.as_str()) => {
                Err(CheckError::Form("`find` is neither part of `line` nor a query, so it could never be found"))
            }
            Self::Query { .. } | Self::RoundTrip { .. } => Ok(()),
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
