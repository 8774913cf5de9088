//! The Component: how one part of a lab is installed, reached, and known to work.

use super::check::Check;
use super::stack::Size;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One part of a lab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Component {
    pub api_version: String,
    pub kind: ComponentKind,
    pub metadata: ComponentMetadata,
    /// The upstream version it was written for; the image lock or bundle in use may bring another.
    pub version: String,
    /// Where its namespaced objects go; labctl makes it.
    pub namespace: String,
    pub source: Source,
    /// Capabilities others may need: `metrics`, `logs`, `traces` …
    #[serde(default)]
    pub provides: Vec<String>,
    /// Components or capabilities that must be ready first.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Order only, when both are selected.
    #[serde(default)]
    pub after: Vec<String>,
    /// Every image of the rendered objects.
    #[serde(default)]
    pub images: Vec<ImageRef>,
    #[serde(default)]
    pub sizes: BTreeMap<Size, SizeSpec>,
    #[serde(default)]
    pub params: BTreeMap<String, Param>,
    /// What others may refer to as `%{export:NAME}`.
    #[serde(default)]
    pub exports: BTreeMap<String, String>,
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    #[serde(default)]
    pub secrets: Vec<SecretSpec>,
    #[serde(default)]
    pub credentials: Vec<CredentialSpec>,
    /// Checks of function, cheap and read only, made on every run.
    #[serde(default)]
    pub ready: Vec<Check>,
    /// Round trips that write; after a change and on `status --prove`.
    #[serde(default)]
    pub proof: Vec<Check>,
    /// What Grafana gets from this component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grafana: Option<GrafanaSpec>,
}

/// The only value of `kind` in a Component file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ComponentKind {
    Component,
}

/// What the component is called and where its page is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentMetadata {
    pub name: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub group: String,
    #[serde(default)]
    pub page: String,
}

/// Where its objects come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Globs of YAML files beside `component.yaml`; `component.yaml` itself is left out.
    pub manifests: Vec<String>,
}

/// An image by its upstream name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageRef {
    /// With registry host, without tag: `docker.io/grafana/loki`.
    pub name: String,
    /// What the component was written for.
    pub tag: String,
}

/// What changes with the size of the lab.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SizeSpec {
    #[serde(default)]
    pub set: BTreeMap<String, serde_json::Value>,
}

/// A typed parameter of the manifests, written there as `%{name}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Param {
    #[serde(rename = "type")]
    pub kind: ParamKind,
    pub default: serde_json::Value,
    #[serde(default)]
    pub doc: String,
    /// For `enum`: what it may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// What a parameter may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParamKind {
    String,
    Int,
    Bool,
    /// `30s`, `24h`: always with a unit.
    Duration,
    /// A Kubernetes quantity: `256Mi`, `100m`.
    Quantity,
    Enum,
}

/// Where a component answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    pub name: String,
    pub service: String,
    pub port: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Shown in `labctl urls` and routed by the gateway as `<component>.<lab>.localhost`.
    #[serde(default)]
    pub public: bool,
}

/// A Secret made once per lab and kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretSpec {
    pub name: String,
    pub keys: BTreeMap<String, SecretKey>,
}

/// How a key of a Secret gets its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub enum SecretKey {
    /// So many random letters and digits.
    Random(u8),
    /// This very text: a user name, say.
    Fixed(String),
}

/// What `labctl creds` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CredentialSpec {
    pub name: String,
    pub secret: String,
    pub user_key: String,
    pub password_key: String,
}

/// What Grafana gets from a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrafanaSpec {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datasource: Option<String>,
    #[serde(default)]
    pub dashboards: Vec<String>,
}
