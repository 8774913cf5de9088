//! What came of a drill: `result.json`. Verdict and rollback are two fields and never mixed: a drill may have failed and be clean.

use super::hypothesis::{LoadMetric, Mode};
use crate::model::run::{At, Health, RunId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every fault landed and every hypothesis held.
    Pass,
    /// A hypothesis did not hold.
    Fail,
    /// It cannot be said: no steady state, no data, or a fault that did not land.
    Inconclusive,
    /// It was ended before its end.
    Aborted,
    /// A step could not be carried out.
    Error,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Aborted => "aborted",
            Self::Error => "error",
        })
    }
}

/// How the taking back went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rollback {
    /// Nothing was changed.
    NotNeeded,
    /// All was taken back, and the steady state holds again.
    Clean,
    /// Something could not be taken back.
    Failed,
    /// All was taken back, and the steady state was not seen to hold again.
    Unverified,
}

impl fmt::Display for Rollback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotNeeded => "not needed",
            Self::Clean => "clean",
            Self::Failed => "failed",
            Self::Unverified => "unverified",
        })
    }
}

/// What a check of the drill came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckRow {
    /// As the scenario has it.
    pub name: String,
    /// `steady state`, `landed`, `hypothesis`.
    pub part: String,
    /// When it was looked at, for a hypothesis with a check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Only `pass` is a pass.
    pub health: Health,
    /// The number that was judged, where there is one; of many looks the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What was seen, in one sentence.
    pub seen: String,
    /// What was asked.
    pub query: String,
    /// What was asked it: `http`, `prom`, `k8s` …
    pub source: String,
    /// When the (last) look ended.
    pub at: At,
    /// How often it was looked at.
    pub looks: u32,
    /// How many looks failed.
    pub failed: u32,
    /// How many looks found no data.
    pub no_data: u32,
}

/// One change that was made, and how it was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeRow {
    /// What was changed, as in the journal.
    pub what: String,
    /// Its file under `undo/`.
    pub record: String,
    /// How it was taken back, or why not.
    pub undo: String,
    /// Whether it is taken back.
    pub undone: bool,
}

/// What a load came to, in the figures of its tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadRow {
    /// `load`, or the fault that it was.
    pub name: String,
    /// `k6 1.8.1`.
    pub tool: String,
    /// Of the tool, unless a signal ended it.
    pub exit_code: Option<i32>,
    /// Requests that ended.
    pub requests: u64,
    /// From the first to the last.
    pub requests_per_s: f64,
    /// 0 to 1; nothing where there was no request.
    pub failed_share: Option<f64>,
    /// How long half of the requests took at most, in milliseconds.
    pub median_ms: Option<f64>,
    /// Nineteen of twenty.
    pub p95_ms: Option<f64>,
    /// Ninety-nine of a hundred, where the script asks for it.
    pub p99_ms: Option<f64>,
    /// The longest.
    pub max_ms: Option<f64>,
    /// Rounds of requests that came to their end.
    pub rounds: u64,
    /// Rounds that could not begin because every virtual user was busy.
    pub dropped_rounds: u64,
    /// The most virtual users there were.
    pub most_vus: u64,
}

impl LoadRow {
    /// One of its figures.
    pub fn figure(&self, metric: LoadMetric) -> Option<f64> {
        match metric {
            LoadMetric::Median => self.median_ms,
            LoadMetric::P95 => self.p95_ms,
            LoadMetric::P99 => self.p99_ms,
            LoadMetric::Rate => Some(self.requests_per_s).filter(|_| self.requests > 0),
            LoadMetric::Failed => self.failed_share,
        }
    }

    /// In a few words.
    pub fn sentence(&self) -> String {
        let failed = self.failed_share.map(|share| format!(", {:.1} % failed", share * 100.0)).unwrap_or_default();
        let p95 = self.p95_ms.map(|p95| format!(", p95 {p95:.0} ms")).unwrap_or_default();
        let dropped = if self.dropped_rounds > 0 { format!(", {} rounds dropped", self.dropped_rounds) } else { String::new() };
        format!("{}: {} requests, {:.1}/s{failed}{p95}{dropped}", self.name, self.requests, self.requests_per_s)
    }
}

/// How far a clock is from this host's, by which the drill's own times are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockRow {
    /// Whose clock: `API server`, `Prometheus`.
    pub source: String,
    /// By how many milliseconds it is ahead; less than 0 where it is behind.
    pub ahead_ms: i64,
    /// How well that is known: so many milliseconds more or less.
    pub within_ms: u64,
}

/// What a drill came to, in the last event of its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conclusion {
    /// What was found out.
    pub verdict: Verdict,
    /// How the taking back went.
    pub rollback: Rollback,
    /// Whether every fault landed; nothing where none was made.
    pub landed: Option<bool>,
    /// Why the verdict is what it is, in one sentence.
    pub why: String,
}

impl From<&DrillResult> for Conclusion {
    fn from(result: &DrillResult) -> Self {
        Self { verdict: result.verdict, rollback: result.rollback, landed: result.landed, why: result.why.clone() }
    }
}

/// What came of a drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DrillResult {
    /// Version of the meaning, 1 today.
    pub v: u32,
    /// The run.
    pub run: RunId,
    /// Name of the scenario.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// Of which lab.
    pub lab: String,
    /// What was found out.
    pub verdict: Verdict,
    /// How the taking back went.
    pub rollback: Rollback,
    /// Whether every fault landed; nothing where none was made.
    pub landed: Option<bool>,
    /// Why the verdict is what it is, in one sentence.
    pub why: String,
    /// When the run began.
    pub started: At,
    /// When the first fault was made.
    pub injected: Option<At>,
    /// When all was taken back.
    pub rolled_back: Option<At>,
    /// When the steady state held again.
    pub recovered: Option<At>,
    /// When the run ended.
    pub ended: At,
    /// From all taken back to the steady state, in milliseconds.
    pub recovery_ms: Option<u64>,
    /// In the order they came to their end.
    pub checks: Vec<CheckRow>,
    /// In the order they were made.
    pub changes: Vec<ChangeRow>,
    /// Loads that were brought, in the order they ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loads: Vec<LoadRow>,
    /// The clocks of those whose times stand in the evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<ClockRow>,
    /// What could not be kept as evidence, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_kept: Vec<String>,
    /// Of the process.
    pub exit_code: u8,
}
