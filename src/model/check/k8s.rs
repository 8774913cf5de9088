//! `k8s:` the state of a Kubernetes object.

use super::item::CheckError;
use super::vars::Walk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The state of a Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct K8sCheck {
    /// `Deployment`, `Node`, `APIService` …
    pub kind: String,
    /// Of the object. Left out, one of the kind is enough, whatever its name; only with `expect: exists`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The component's own when left out; of no meaning for what has no namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Only where two API groups have the kind.
    #[serde(default, rename = "apiVersion", skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// The state that makes it pass.
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
            return Err(CheckError::Form("`expect: bound` is for PersistentVolumeClaim and PersistentVolume"));
        }
        if self.name.is_empty() && self.expect != Expect::Exists {
            return Err(CheckError::Form("without a `name` only `expect: exists` can be asked"));
        }
        Ok(())
    }

    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        walk.text(&mut self.name);
        walk.maybe(&mut self.namespace);
    }
}
