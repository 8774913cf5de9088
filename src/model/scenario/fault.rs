//! What is broken, and what shows that it is.

use super::aws::AwsFault;
use super::load::K6Load;
use super::node::NodeFault;
use crate::model::check::{Check, CheckError, HttpCheck, What, written_check};
use crate::model::units::HumanDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One fault: by which backend, how long it is watched, and what proves that it landed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "InjectItem", into = "InjectItem")]
pub struct Inject {
    /// Unique within the scenario; part of a step's name.
    pub name: String,
    /// What is done.
    pub fault: Fault,
    /// How long it is watched before the next one, or before all is taken back.
    pub duration: HumanDuration,
    /// Seen besides the backend's own proof. Without both the drill is inconclusive.
    pub landed: Option<Landed>,
}

/// What is done, by backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Through the Kubernetes API.
    K8s(K8sFault),
    /// Through the container engine.
    Node(NodeFault),
    /// Through the API of the AWS emulator.
    Aws(AwsFault),
    /// By k6: more load than there was, until all is taken back.
    K6(Box<K6Load>),
}

impl Fault {
    /// The key it is written under.
    pub fn backend(&self) -> &'static str {
        match self {
            Self::K8s(_) => "k8s",
            Self::Node(_) => "node",
            Self::Aws(_) => "aws",
            Self::K6(_) => "k6",
        }
    }
}

impl fmt::Display for Fault {
    /// In a few words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::K8s(K8sFault::PodDelete(PodDelete { count })) => write!(f, "delete {count} {}", if *count == 1 { "pod" } else { "pods" }),
            Self::K8s(K8sFault::Scale(Scale { replicas })) => write!(f, "scale to {replicas}"),
            Self::K8s(K8sFault::BadImage(BadImage { container, image })) => write!(f, "image of {container} becomes {image}"),
            Self::K8s(K8sFault::BadConfig(BadConfig { config_map, key, value })) => write!(f, "{config_map}/{key} becomes {value}"),
            Self::Node(fault) => fault.fmt(f),
            Self::Aws(fault) => fault.fmt(f),
            Self::K6(load) => write!(f, "surge of {load}"),
        }
    }
}

/// A fault made through the Kubernetes API, to the pods or workloads that the target's selector finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "K8sItem", into = "K8sItem")]
pub enum K8sFault {
    /// Pods are deleted; their controller makes new ones.
    PodDelete(PodDelete),
    /// Workloads get another number of pods.
    Scale(Scale),
    /// A container gets another image, mostly one that is not there.
    BadImage(BadImage),
    /// A workload reads another value of its ConfigMap.
    BadConfig(BadConfig),
}

/// Deletes pods, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PodDelete {
    /// How many.
    #[serde(default = "one")]
    pub count: u32,
}

fn one() -> u32 {
    1
}

/// Sets the number of pods of each workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// To so many.
    pub replicas: u32,
}

/// Sets the image of a container of each workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BadImage {
    /// Name of the container.
    pub container: String,
    /// The image it gets.
    pub image: String,
}

/// Points each workload to a copy of its ConfigMap in which one value is another. The ConfigMap itself stays as it is, so that nobody else who reads
/// it is touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BadConfig {
    /// The ConfigMap that the workload reads.
    pub config_map: String,
    /// Which key.
    pub key: String,
    /// The value it gets.
    pub value: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "K8sFault")]
struct K8sItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pod_delete: Option<PodDelete>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scale: Option<Scale>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<BadImage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config: Option<BadConfig>,
}

impl TryFrom<K8sItem> for K8sFault {
    type Error = CheckError;

    fn try_from(item: K8sItem) -> Result<Self, CheckError> {
        let K8sItem { pod_delete, scale, image, config } = item;
        let all = [pod_delete.map(Self::PodDelete), scale.map(Self::Scale), image.map(Self::BadImage), config.map(Self::BadConfig)];
        let mut found = all.into_iter().flatten();
        match (found.next(), found.next()) {
            (Some(Self::PodDelete(PodDelete { count: 0 })), None) => Err(CheckError::Form("`count: 0` deletes nothing: use 1 or more")),
            (Some(fault), None) => Ok(fault),
            _ => Err(CheckError::Form("a k8s fault is exactly one of podDelete, scale, image, config")),
        }
    }
}

impl From<K8sFault> for K8sItem {
    fn from(fault: K8sFault) -> Self {
        let mut item = Self::default();
        match fault {
            K8sFault::PodDelete(fault) => item.pod_delete = Some(fault),
            K8sFault::Scale(fault) => item.scale = Some(fault),
            K8sFault::BadImage(fault) => item.image = Some(fault),
            K8sFault::BadConfig(fault) => item.config = Some(fault),
        }
        item
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Inject")]
struct InjectItem {
    name: String,
    #[serde(default = "half_minute")]
    duration: HumanDuration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    landed: Option<Landed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    k8s: Option<K8sFault>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    node: Option<NodeFault>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aws: Option<AwsFault>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    k6: Option<Box<K6Load>>,
}

fn half_minute() -> HumanDuration {
    HumanDuration::from_secs(30)
}

impl TryFrom<InjectItem> for Inject {
    type Error = CheckError;

    fn try_from(item: InjectItem) -> Result<Self, CheckError> {
        let InjectItem { name, duration, landed, k8s, node, aws, k6 } = item;
        let written: Vec<Fault> =
            [k8s.map(Fault::K8s), node.map(Fault::Node), aws.map(Fault::Aws), k6.map(Fault::K6)].into_iter().flatten().collect();
        match <[Fault; 1]>::try_from(written) {
            Ok([fault]) => Ok(Self { name, fault, duration, landed }),
            Err(others) => {
                let names: Vec<&str> = others.iter().map(Fault::backend).collect();
                let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                Err(CheckError::Value(format!("fault `{name}` needs exactly one backend: k8s, node, aws or k6; it has {has}")))
            }
        }
    }
}

impl From<Inject> for InjectItem {
    fn from(inject: Inject) -> Self {
        let Inject { name, fault, duration, landed } = inject;
        let mut item = Self { name, duration, landed, k8s: None, node: None, aws: None, k6: None };
        match fault {
            Fault::K8s(fault) => item.k8s = Some(fault),
            Fault::Node(fault) => item.node = Some(fault),
            Fault::Aws(fault) => item.aws = Some(fault),
            Fault::K6(load) => item.k6 = Some(load),
        }
        item
    }
}

/// What must be seen for a fault to count as landed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "LandedItem", into = "LandedItem")]
pub struct Landed {
    /// Called once when the fault is made, where something has to be done before there is anything to see.
    pub after: Option<HttpCheck>,
    /// What is looked at.
    pub check: Check,
}

written_check! {
    /// As it is written: a check without a name.
    #[schemars(rename = "Landed")]
    struct LandedItem {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<HumanDuration>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<HttpCheck>,
    }
}

impl TryFrom<LandedItem> for Landed {
    type Error = CheckError;

    fn try_from(mut item: LandedItem) -> Result<Self, CheckError> {
        let (within, after) = (item.within, item.after.take());
        let what: What = item.only("landed")?;
        Ok(Self { after, check: Check { name: "landed".to_owned(), within, what } })
    }
}

impl From<Landed> for LandedItem {
    fn from(Landed { after, check }: Landed) -> Self {
        Self { within: check.within, after, ..Self::looking_at(check.what) }
    }
}
