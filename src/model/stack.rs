//! The Stack: what a lab is made of. A user's `lab.yaml` is one that extends a shipped one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The `apiVersion` of every file kind.
pub const API_VERSION: &str = "labctl.dev/v1";

/// What a lab is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Stack {
    /// Always `labctl.dev/v1`.
    pub api_version: String,
    /// Always `Stack`.
    pub kind: StackKind,
    /// Name and title.
    pub metadata: StackMetadata,
    /// The shipped stack (or a file beside this one) that this one starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// What the cluster is made of.
    #[serde(default)]
    pub cluster: ClusterSpec,
    /// Which `sizes` entry of each component is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// A map, so that stacks which extend each other merge.
    #[serde(default)]
    pub components: BTreeMap<String, ComponentChoice>,
    /// Which component provides a capability that several could: `traces: jaeger`.
    #[serde(default)]
    pub choices: BTreeMap<String, String>,
    /// Sample apps.
    #[serde(default)]
    pub apps: Vec<String>,
    /// AWS: emulated, in a lab.
    #[serde(default)]
    pub aws: AwsSpec,
    /// Where nodes get images from.
    #[serde(default)]
    pub mirrors: Mirrors,
}

/// The only value of `kind` in a Stack file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StackKind {
    /// The only value.
    Stack,
}

/// What the stack is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackMetadata {
    /// Unique; a file `stacks/<name>.yaml` for shipped ones.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub title: String,
}

/// The cluster it wants.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClusterSpec {
    /// What makes the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// Provider `existing` only: the kubeconfig context to use. Never the current one, so that nobody works on a cluster by accident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Provider `existing` only: the uid of the cluster's namespace `kube-system`, which tells clusters apart whatever their address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A minor version, `"1.34"`; the image lock or bundle in use says which patch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<String>,
    /// How many nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    /// The host port of the gateway on 127.0.0.1: `auto` (a free one, remembered) or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Ports>,
}

impl ClusterSpec {
    /// The minor version that is wanted.
    pub fn kubernetes(&self) -> &str {
        self.kubernetes.as_deref().unwrap_or("1.34")
    }
}

/// Who makes the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Clusters in containers, by kind.
    Kind,
    /// A cluster that is there already; labctl neither makes it nor takes it away.
    Existing,
}

/// How many nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Nodes {
    /// How many control planes.
    #[serde(default = "one")]
    pub control_plane: u8,
    /// How many more nodes.
    #[serde(default)]
    pub workers: u8,
}

fn one() -> u8 {
    1
}

impl Default for Nodes {
    fn default() -> Self {
        Self { control_plane: 1, workers: 0 }
    }
}

/// The gateway's host port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(with = "String")]
pub enum Ports {
    /// A free one, remembered for the next time.
    Auto,
    /// This one; taken by somebody else, it is an error.
    Fixed(u16),
}

impl<'de> Deserialize<'de> for Ports {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "auto" => Ok(Self::Auto),
            number => match number.parse::<u16>() {
                Ok(port) if port >= 1024 => Ok(Self::Fixed(port)),
                _ => Err(serde::de::Error::custom(format!("`{number}` is not a port: write `auto` or a number from 1024 to 65535"))),
            },
        }
    }
}

/// What a person changes about a stack for one lab, without a file of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Adjusted {
    /// Components that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Another size than the stack's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
}

/// One of the sizes a component may have entries for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// The least that works.
    #[default]
    Small,
    /// For daily use.
    Medium,
    /// For load and long retention.
    Large,
}

/// How a stack wants one component.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentChoice {
    /// `false` takes out what an extended stack brought in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The component's own size, when not the lab's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Parameters by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, serde_json::Value>,
}

/// The cloud side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsSpec {
    /// Where AWS calls go.
    #[serde(default)]
    pub mode: AwsMode,
    /// A region name; `us-east-1` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Short names of services: `sqs`, `dynamodb` …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Tags of everything made there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// An emulator in the lab, for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AwsMode {
    /// An emulator inside the lab.
    #[default]
    Emulated,
}

/// Whether nodes pull through mirrors on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mirrors {
    /// labctl decides.
    #[default]
    Auto,
    /// Never.
    Off,
}

impl Size {
    /// As files write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

impl Stack {
    /// This stack laid over `base`: maps merge by key, everything else said here wins.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        let mut components = base.components;
        for (name, choice) in self.components {
            let entry = components.entry(name).or_default();
            entry.enabled = choice.enabled.or(entry.enabled);
            entry.size = choice.size.or(entry.size);
            entry.set.extend(choice.set);
        }
        let mut choices = base.choices;
        choices.extend(self.choices);
        let mut tags = base.aws.tags;
        tags.extend(self.aws.tags);
        Self {
            api_version: self.api_version,
            kind: self.kind,
            metadata: self.metadata,
            extends: None,
            cluster: ClusterSpec {
                provider: self.cluster.provider.or(base.cluster.provider),
                context: self.cluster.context.or(base.cluster.context),
                id: self.cluster.id.or(base.cluster.id),
                kubernetes: self.cluster.kubernetes.or(base.cluster.kubernetes),
                nodes: self.cluster.nodes.or(base.cluster.nodes),
                ports: self.cluster.ports.or(base.cluster.ports),
            },
            size: self.size.or(base.size),
            components,
            choices,
            apps: if self.apps.is_empty() { base.apps } else { self.apps },
            aws: AwsSpec {
                mode: self.aws.mode,
                region: self.aws.region.or(base.aws.region),
                services: if self.aws.services.is_empty() { base.aws.services } else { self.aws.services },
                tags,
            },
            mirrors: self.mirrors,
        }
    }

    /// Leaves out components and sets the size; a name that the stack does not have is given back as the error. What chose a component that is
    /// left out chooses nothing any more.
    pub fn adjusted(mut self, by: &Adjusted) -> Result<Self, String> {
        for name in &by.without {
            let app = self.apps.iter().position(|app| app == name);
            match self.components.get_mut(name) {
                Some(choice) => choice.enabled = Some(false),
                None if app.is_some() => {}
                None => return Err(name.clone()),
            }
            if let Some(at) = app {
                self.apps.remove(at);
            }
            self.choices.retain(|_, chosen| chosen != name);
        }
        self.size = by.size.or(self.size);
        Ok(self)
    }

    /// Names of the components that are on, in alphabetical order.
    pub fn enabled(&self) -> impl Iterator<Item = (&str, &ComponentChoice)> {
        self.components.iter().filter(|(_, choice)| choice.enabled != Some(false)).map(|(name, choice)| (name.as_str(), choice))
    }
}
