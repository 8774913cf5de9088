//! `http:` an answer of an endpoint.

use super::item::CheckError;
use super::vars::Walk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// An HTTP answer of an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpCheck {
    /// An endpoint of the same component (`api`) or of another (`loki/api`).
    pub endpoint: String,
    /// `GET` when left out; one that writes belongs into `proof`.
    #[serde(default, skip_serializing_if = "Method::is_get")]
    pub method: Method,
    /// Instead of the endpoint's own path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Sent with the request; never for secrets, which do not belong into files.
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
#[expect(missing_docs, reason = "HTTP says what they are")]
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
                return Err(CheckError::Value(format!("`{pointer}` is not a JSON pointer: write it like /items/0/name")));
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
