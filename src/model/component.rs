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

/// Where its objects come from: own YAML, a chart, or both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Globs of YAML files beside `component.yaml`; `component.yaml` itself and the values of its chart are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<String>,
    /// A Helm chart, which Helm renders; what comes out is treated like any other objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<ChartSource>,
}

/// A Helm chart, pinned by version and digest. Exactly one of `oci`, `repo` and `path` says where it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChartSource {
    /// In an OCI registry: `oci://ghcr.io/argoproj/argo-helm/argo-cd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oci: Option<String>,
    /// In a chart repository, the folder of whose `index.yaml` this is: `https://argoproj.github.io/argo-helm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// A folder or a `.tgz` on this host; a relative path starts at the folder of `component.yaml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Name of the chart; needed with `repo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The chart's own version, exactly.
    pub version: String,
    /// `sha256:` and 64 hex digits: of the `.tgz`, or of a folder as docs/charts.md says. Left out, labctl says which one it found and stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Files of values beside `component.yaml`; later ones win. `%{param}` is filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// What Helm calls the release, which most charts put into names; the component's name when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
}

impl Source {
    /// What is wrong with it, as a fragment that fits behind the file's name; `None` when nothing is.
    pub fn problem(&self) -> Option<String> {
        match &self.chart {
            None if self.manifests.is_empty() => Some("`source` needs `manifests` or `chart`".to_owned()),
            None => None,
            Some(chart) => chart.problem().map(|problem| format!("`source.chart` {problem}")),
        }
    }
}

impl ChartSource {
    fn problem(&self) -> Option<String> {
        let places = [&self.oci, &self.repo, &self.path].into_iter().flatten().count();
        if places != 1 {
            return Some(format!("needs exactly one of `oci`, `repo` and `path`, not {places} of them"));
        }
        if self.oci.as_ref().is_some_and(|oci| !oci.starts_with("oci://")) {
            return Some("has an `oci` that does not start with `oci://`".to_owned());
        }
        if self.repo.is_some() && self.name.is_none() {
            return Some("comes from a `repo` and needs the `name` of the chart".to_owned());
        }
        if self.version.is_empty() || self.version.contains(['*', '^', '~', '>', '<', '=', ' ']) {
            return Some(format!(
                "has version `{}`; it must be one exact version, since a range means another chart tomorrow",
                self.version
            ));
        }
        let digest_fits = |digest: &String| {
            digest
                .strip_prefix("sha256:")
                .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
        };
        if self.digest.as_ref().is_some_and(|digest| !digest_fits(digest)) {
            return Some("has a `digest` that is not `sha256:` and 64 small hex digits".to_owned());
        }
        None
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(chart: &ChartSource, said: Option<&str>) {
        let source = Source { chart: Some(chart.clone()), ..Source::default() };
        match (source.problem(), said) {
            (None, None) => {}
            (Some(problem), Some(said)) => assert!(problem.contains(said), "{problem}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_chart_is_one_exact_thing() {
        let good = ChartSource { oci: Some("oci://a/b".into()), version: "1.2.3".into(), ..ChartSource::default() };
        check(&good, None);
        check(&ChartSource { path: Some("./x".into()), ..good.clone() }, Some("exactly one of"));
        check(&ChartSource { oci: None, ..good.clone() }, Some("not 0"));
        check(&ChartSource { oci: Some("https://a".into()), ..good.clone() }, Some("oci://"));
        check(&ChartSource { version: "^1.2".into(), ..good.clone() }, Some("exact version"));
        check(&ChartSource { digest: Some("sha256:00".into()), ..good.clone() }, Some("64"));
        check(&ChartSource { oci: None, repo: Some("https://a".into()), ..good }, Some("`name`"));
        assert!(Source::default().problem().is_some());
    }
}
