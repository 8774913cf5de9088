//! What is claimed to hold, and what ends a drill at once.

use crate::model::check::{Check, CheckError, written_check};
use crate::model::units::{HumanDuration, Percent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A claim, and when it is looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "HypothesisItem", into = "HypothesisItem")]
pub struct Hypothesis {
    /// Unique within the scenario.
    pub name: String,
    /// What is claimed.
    pub claim: Claim,
}

/// What is claimed.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// A check passes.
    Check {
        /// What is looked at.
        check: Box<Check>,
        /// When.
        mode: Mode,
        /// Of the looks of a continuous mode, the share that may fail, and the share that may find no data.
        tolerate: Percent,
    },
    /// The steady state holds again soon after all was taken back.
    Recovery(Recovery),
    /// A figure of the load is not much worse than it was in an earlier run.
    Baseline(BaselineClaim),
}

/// When a check is looked at, as Litmus names it. <https://litmuschaos.github.io/litmus/experiments/concepts/chaos-resources/probes/contents/>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// Start of test: once, before the first fault.
    #[serde(rename = "SOT")]
    Sot,
    /// End of test: once, after all was taken back and the steady state holds.
    #[serde(rename = "EOT")]
    Eot,
    /// Both.
    Edge,
    /// Again and again from the end of the baseline until the steady state holds again.
    Continuous,
    /// Again and again while a fault that has landed lasts.
    #[default]
    OnChaos,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sot => "SOT",
            Self::Eot => "EOT",
            Self::Edge => "Edge",
            Self::Continuous => "Continuous",
            Self::OnChaos => "OnChaos",
        })
    }
}

impl Mode {
    /// Looked at before the first fault.
    pub fn at_start(self) -> bool {
        matches!(self, Self::Sot | Self::Edge)
    }

    /// Looked at when all is over.
    pub fn at_end(self) -> bool {
        matches!(self, Self::Eot | Self::Edge)
    }

    /// Looked at again and again.
    pub fn sampled(self) -> bool {
        matches!(self, Self::Continuous | Self::OnChaos)
    }
}

/// How soon the steady state must hold again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// Of what.
    #[serde(default)]
    pub of: RecoveryOf,
    /// From the end of taking back to the first of the looks that all pass.
    pub within: HumanDuration,
    /// So many looks in a row must pass.
    #[serde(default = "three")]
    pub consecutive: u32,
}

fn three() -> u32 {
    3
}

/// How a figure of the load compares with the one of the baseline: the run that was kept as such, else the last that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BaselineClaim {
    /// Which figure.
    pub metric: LoadMetric,
    /// By how much it may be worse, as a share of the baseline's; for `failed` in points of percent.
    pub worse_at_most: Percent,
}

/// A figure of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LoadMetric {
    /// Half of the requests took no longer.
    Median,
    /// Nineteen of twenty.
    P95,
    /// Ninety-nine of a hundred.
    P99,
    /// Requests a second: less is worse.
    Rate,
    /// The share of requests that failed.
    Failed,
}

impl fmt::Display for LoadMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Median => "median",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Rate => "rate",
            Self::Failed => "failed",
        })
    }
}

/// What has to recover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RecoveryOf {
    /// All checks of the steady state.
    #[default]
    SteadyState,
}

written_check! {
    /// How a hypothesis is written.
    #[schemars(rename = "Hypothesis")]
    struct HypothesisItem {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<Mode>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tolerate: Option<Percent>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<HumanDuration>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovery: Option<Recovery>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        baseline: Option<BaselineClaim>,
    }
}

impl TryFrom<HypothesisItem> for Hypothesis {
    type Error = CheckError;

    fn try_from(mut item: HypothesisItem) -> Result<Self, CheckError> {
        let name = std::mem::take(&mut item.name);
        let (mode, tolerate, within) = (item.mode.take(), item.tolerate.take(), item.within.take());
        let wrong = |text: &str| CheckError::Value(format!("hypothesis `{name}`: {text}"));
        if let Some(baseline) = item.baseline.take() {
            if mode.is_some() || tolerate.is_some() || within.is_some() || item.recovery.is_some() || item.only(&name).is_ok() {
                return Err(wrong("`baseline` stands alone: it is judged once, when the load has ended"));
            }
            return Ok(Self { name, claim: Claim::Baseline(baseline) });
        }
        if let Some(recovery) = item.recovery.take() {
            if mode.is_some() || tolerate.is_some() || within.is_some() || item.only(&name).is_ok() {
                return Err(wrong("`recovery` stands alone: it has its own `within`"));
            }
            if recovery.consecutive == 0 {
                return Err(wrong("`consecutive: 0` always holds: use 1 or more"));
            }
            return Ok(Self { name, claim: Claim::Recovery(recovery) });
        }
        let mode = mode.unwrap_or_default();
        if tolerate.is_some() && !mode.sampled() {
            return Err(wrong("`tolerate` is for modes that look again and again: Continuous, OnChaos"));
        }
        if within.is_some() && mode.sampled() {
            return Err(wrong("`within` is for modes that look once (SOT, EOT, Edge); Continuous and OnChaos judge every look"));
        }
        let what = item.only(&name)?;
        let check = Box::new(Check { name: name.clone(), within, what });
        Ok(Self { name, claim: Claim::Check { check, mode, tolerate: tolerate.unwrap_or_default() } })
    }
}

impl From<Hypothesis> for HypothesisItem {
    fn from(hypothesis: Hypothesis) -> Self {
        let name = hypothesis.name;
        match hypothesis.claim {
            Claim::Recovery(recovery) => Self { name, recovery: Some(recovery), ..Self::default() },
            Claim::Baseline(baseline) => Self { name, baseline: Some(baseline), ..Self::default() },
            Claim::Check { check, mode, tolerate } => {
                let tolerate = Some(tolerate).filter(|tolerate| *tolerate != Percent::default());
                Self { name, mode: Some(mode), tolerate, within: check.within, ..Self::looking_at(check.what) }
            }
        }
    }
}

/// Ends the drill when its check passes for so long. A look without data neither ends it nor clears what was seen before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "AbortItem", into = "AbortItem")]
pub struct Abort {
    /// The condition; named as the check is.
    pub check: Check,
    /// How long it must hold without a break.
    pub lasts: HumanDuration,
}

written_check! {
    /// How an abort condition is written.
    #[schemars(rename = "Abort")]
    struct AbortItem {
        name: String,
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        lasts: Option<HumanDuration>,
    }
}

impl TryFrom<AbortItem> for Abort {
    type Error = CheckError;

    fn try_from(mut item: AbortItem) -> Result<Self, CheckError> {
        let name = std::mem::take(&mut item.name);
        let lasts = item.lasts.take().unwrap_or(HumanDuration::from_secs(0));
        let what = item.only(&name)?;
        Ok(Self { check: Check { name, within: None, what }, lasts })
    }
}

impl From<Abort> for AbortItem {
    fn from(abort: Abort) -> Self {
        Self { name: abort.check.name, lasts: Some(abort.lasts), ..Self::looking_at(abort.check.what) }
    }
}
