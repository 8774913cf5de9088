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
    /// Always `labctl.dev/v1`.
    pub api_version: String,
    /// Always `Component`.
    pub kind: ComponentKind,
    /// Name, title, group and page.
    pub metadata: ComponentMetadata,
    /// The upstream version it was written for; the image lock or bundle in use may bring another.
    pub version: String,
    /// Where its namespaced objects go; labctl makes it.
    pub namespace: String,
    /// Where its objects come from.
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
    /// What changes with the size of the lab.
    #[serde(default)]
    pub sizes: BTreeMap<Size, SizeSpec>,
    /// What a stack may set, by name.
    #[serde(default)]
    pub params: BTreeMap<String, Param>,
    /// What others may refer to as `%{export:NAME}`.
    #[serde(default)]
    pub exports: BTreeMap<String, String>,
    /// Where it answers.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    /// Secrets it needs, made by labctl.
    #[serde(default)]
    pub secrets: Vec<SecretSpec>,
    /// What `labctl creds` shows of it.
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
    /// The only value.
    Component,
}

/// What the component is called and where its page is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentMetadata {
    /// Unique; also the folder under `manifests/`.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub title: String,
    /// Components of one group are shown together.
    #[serde(default)]
    pub group: String,
    /// Its page in the docs.
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
    /// Value of each parameter at this size.
    #[serde(default)]
    pub set: BTreeMap<String, serde_json::Value>,
}

/// A typed parameter of the manifests, written there as `%{name}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// What it may hold.
    #[serde(rename = "type")]
    pub kind: ParamKind,
    /// Used when neither size nor stack says otherwise.
    pub default: serde_json::Value,
    /// One line for people.
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
    /// Any text.
    String,
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// `30s`, `24h`: always with a unit.
    Duration,
    /// A Kubernetes quantity: `256Mi`, `100m`.
    Quantity,
    /// One of `values`.
    Enum,
}

/// Where a component answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Unique within the component.
    pub name: String,
    /// Name of the Service in the component's namespace.
    pub service: String,
    /// The Service's port.
    pub port: u16,
    /// Where its page starts, when not at `/`.
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
    /// Name of the Secret.
    pub name: String,
    /// How each key gets its value.
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
    /// What it opens, for people.
    pub name: String,
    /// Name of the Secret that holds it.
    pub secret: String,
    /// Key of the user name in the Secret.
    pub user_key: String,
    /// Key of the password in the Secret.
    pub password_key: String,
}

/// What Grafana gets from a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrafanaSpec {
    /// File of its data source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datasource: Option<String>,
    /// Files of its dashboards.
    #[serde(default)]
    pub dashboards: Vec<String>,
}
