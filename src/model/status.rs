//! What `labctl status` answers.

use super::run::{At, Health};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One lab, now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LabStatus {
    /// Name of the lab.
    pub lab: String,
    /// When it was asked.
    pub at: At,
    /// Every component works, by function.
    pub ready: bool,
    /// The cluster itself.
    pub cluster: ClusterStatus,
    /// Every component of the stack.
    pub components: Vec<ComponentStatus>,
    /// Name and URL.
    pub urls: Vec<(String, String)>,
}

/// The cluster under it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClusterStatus {
    /// Its kubeconfig context: `kind-<lab>`.
    pub context: String,
    /// All its nodes are ready and the API server answers.
    pub ready: bool,
    /// What is known, in words.
    pub seen: String,
}

/// One component, now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentStatus {
    /// Name of the component.
    pub name: String,
    /// Its workloads are up and its checks pass.
    pub ready: bool,
    /// Objects that are not as the manifests say.
    pub drifted: u32,
    /// The first thing that is not ready among its workloads.
    pub lacks: Option<String>,
    /// Its checks of function.
    pub checks: Vec<CheckStatus>,
    /// When its round trips last passed, if it has any.
    pub proven: Option<At>,
}

/// One check, as it just went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckStatus {
    /// What the check is called.
    pub name: String,
    /// What came of it.
    pub health: Health,
    /// The value, where there is one.
    pub value: Option<f64>,
    /// What was asked.
    pub query: String,
    /// What was seen, in words.
    pub seen: String,
}
