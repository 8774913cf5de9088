//! What a lab asks for against what the host has, as `plan` and the start screen show it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a lab fits; later ones are worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// There is room to spare.
    Fits,
    /// Something the sum needs could not be read on this host: neither a yes nor a no.
    Unknown,
    /// It comes up, with little to spare.
    Tight,
    /// More is asked for than there is.
    DoesNotFit,
}

/// CPU in thousandths of a core, memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Amount {
    /// Thousandths of a core.
    pub millicores: u64,
    /// Bytes of memory.
    pub bytes: u64,
}

/// What one workload asks for, all its replicas together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ask {
    /// `Deployment observability/loki`.
    pub workload: String,
    /// From the label `app.kubernetes.io/part-of`, else `app.kubernetes.io/name`, else the object's name.
    pub component: String,
    /// Pods that run at once.
    pub pods: u64,
    /// What it is promised.
    pub requests: Amount,
    /// What it may use at most; a missing limit counts as its request.
    pub limits: Amount,
    /// Containers without a memory limit or request: the sum is too low by what they use.
    pub unbounded: u32,
}

/// One line of the verdict: memory, CPU, disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Measure {
    /// `memory`, `cpu`, `disk`.
    pub of: String,
    /// Bytes or thousandths of a core.
    pub asked: u64,
    /// The same unit; `None` when the host could not be read.
    pub there: Option<u64>,
    /// The verdict on this one.
    pub fit: Fit,
}

/// The sum, the verdict and a way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Budget {
    /// The worst of all measures.
    pub fit: Fit,
    /// Requests of all workloads, and of the cluster itself.
    pub requests: Amount,
    /// What it may use at most; a missing limit counts as its request.
    pub limits: Amount,
    /// Bytes to fetch: compressed sizes of what is not here yet; none where a size is not known.
    pub download: Option<u64>,
    /// Memory, CPU and disk, one each.
    pub measures: Vec<Measure>,
    /// Largest memory request first.
    pub asks: Vec<Ask>,
    /// What to do when it is tight or does not fit; empty when it fits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
}
