//! The file: docs/scenarios.md.

use super::fault::{Fault, Inject};
use super::hypothesis::{Abort, Hypothesis};
use super::load::Load;
use crate::model::check::Check;
use crate::model::units::{HumanDuration, Percent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One drill: a steady state, faults, what must hold while they last, and how all is taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scenario {
    /// Always `labctl.dev/v1`.
    pub api_version: String,
    /// Always `Scenario`.
    pub kind: ScenarioKind,
    /// Name and title.
    pub metadata: ScenarioMetadata,
    /// What the lab must have.
    #[serde(default)]
    pub requires: Requires,
    /// Whom the faults may touch, and how many of them.
    pub target: Target,
    /// What must hold before anything is broken, and again after all is taken back.
    pub steady_state: SteadyState,
    /// Load that flows before, while and after anything is broken; alone, it is all that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// The faults, one after the other. Each stays until all are taken back together, the last first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inject: Vec<Inject>,
    /// What is claimed to hold, besides the thresholds of a load.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hypotheses: Vec<Hypothesis>,
    /// What ends the drill at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub abort: Vec<Abort>,
    /// The longest that faults may last, all together; the drill is aborted at its end.
    #[serde(default = "quarter_hour")]
    pub max_duration: HumanDuration,
    /// How it is taken back.
    #[serde(default)]
    pub rollback: RollbackSpec,
    /// What is kept.
    #[serde(default)]
    pub evidence: Evidence,
}

impl Scenario {
    /// Whether k6 is needed for it.
    pub fn brings_load(&self) -> bool {
        self.load.is_some() || self.inject.iter().any(|inject| matches!(inject.fault, Fault::K6(_)))
    }
}

fn quarter_hour() -> HumanDuration {
    HumanDuration::from_secs(15 * 60)
}

/// The only value of `kind` in a scenario file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ScenarioKind {
    /// The only value.
    Scenario,
}

/// What the scenario is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioMetadata {
    /// Up to 40 letters a-z, digits and inner dashes; part of the name of each run, and the file's own name for shipped ones.
    pub name: String,
    /// What is claimed, in one sentence for people.
    pub title: String,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// What the lab must have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requires {
    /// Components by name, or by what they provide (`metrics`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
}

/// Whom the faults may touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Where faults of backend `k8s` are made, and where checks look that name no namespace. Never one of the platform.
    pub namespace: String,
    /// Labels that pods, or the pods of a workload, must all carry: whom faults of backend `k8s` touch.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub selector: BTreeMap<String, String>,
    /// How many of them, or of the nodes.
    #[serde(default)]
    pub blast: Blast,
}

/// How much may be touched: counted when the drill is planned and again just before each fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Blast {
    /// At most so many pods by one fault of backend `k8s`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub max_pods: u32,
    /// At most so many nodes by one fault of backend `node`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub max_nodes: u32,
    /// At most this share of the pods that the selector finds, or of the nodes.
    #[serde(default = "all")]
    pub max_percent: Percent,
}

impl Default for Blast {
    fn default() -> Self {
        Self { max_pods: 0, max_nodes: 0, max_percent: Percent::ALL }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

fn all() -> Percent {
    Percent::ALL
}

/// What must hold before anything is broken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SteadyState {
    /// How long it is watched before the first fault; kept as evidence.
    #[serde(default = "baseline")]
    pub baseline: HumanDuration,
    /// All of these must pass; endpoints are written with their component (`app-python/http`).
    pub checks: Vec<Check>,
}

fn baseline() -> HumanDuration {
    HumanDuration::from_secs(15)
}

/// How faults are taken back. It always is; there is no switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackSpec {
    /// How long taking back may take, and then how long the steady state may take to hold again.
    pub timeout: HumanDuration,
}

impl Default for RollbackSpec {
    fn default() -> Self {
        Self { timeout: HumanDuration::from_secs(120) }
    }
}

/// What is kept of the drill besides its journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Evidence {
    /// Metrics from so long before the first fault.
    pub pad_before: HumanDuration,
    /// Metrics until so long after the steady state held again; the drill waits for it.
    pub pad_after: HumanDuration,
    /// Whose log lines and traces are kept, by `service.name`. Left out, that of the target: its selector's `app.kubernetes.io/name`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { pad_before: HumanDuration::from_secs(60), pad_after: HumanDuration::from_secs(15), services: Vec::new() }
    }
}

impl Scenario {
    /// Whose log lines and traces are kept.
    pub fn services(&self) -> Vec<String> {
        if self.evidence.services.is_empty() {
            self.target.selector.get("app.kubernetes.io/name").cloned().into_iter().collect()
        } else {
            self.evidence.services.clone()
        }
    }
}
