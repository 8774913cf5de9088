//! What a load is compared with: a run that was kept as baseline, else the last run of the same scenario that passed, in the same lab.

use crate::drill::evidence::{read_result, read_scenario};
use crate::drill::ground::Drill;
use crate::drill::load::LOAD;
use crate::model::run::{Health, RunId};
use crate::model::scenario::{BaselineClaim, CheckRow, DrillResult, Load, LoadMetric, LoadRow, Scenario, Verdict};
use crate::support::files;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Who is asked what a load was.
const SOURCE: &str = "baseline";

/// An earlier load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// The run that brought it.
    pub run: RunId,
    /// What was asked then.
    pub asked: Load,
    /// What it came to.
    pub load: LoadRow,
}

fn file(lab: &Path, scenario: &str) -> PathBuf {
    lab.join("baselines").join(format!("{scenario}.json"))
}

fn of_result(result: &DrillResult, scenario: &Scenario) -> Option<Baseline> {
    let load = result.loads.iter().find(|load| load.name == LOAD).cloned()?;
    let asked = scenario.load.clone()?;
    held(result).then(|| Baseline { run: result.run.clone(), asked, load })
}

/// It passed; or all that it lacked was something to be compared with, as the first of its kind does.
fn held(result: &DrillResult) -> bool {
    let claims = || result.checks.iter().filter(|row| row.part == "hypothesis");
    let fine = |row: &CheckRow| row.health == Health::Pass || (row.source == SOURCE && row.health == Health::NoData);
    result.verdict == Verdict::Pass
        || (result.verdict == Verdict::Inconclusive && claims().any(|row| row.source == SOURCE) && claims().all(fine))
}

/// The baseline of a scenario: `lab` is the lab's own folder, `runs` that of its runs. The sentence says why there is none.
pub fn find(lab: &Path, runs: &Path, scenario: &Scenario) -> Result<Baseline, String> {
    let name = &scenario.metadata.name;
    let kept: Option<Baseline> = files::read_json(&file(lab, name)).map_err(|error| error.to_string())?;
    if let Some(kept) = kept {
        if Some(&kept.asked) != scenario.load.as_ref() {
            return Err(format!("the kept baseline, {}, asked something else", kept.run));
        }
        return Ok(kept);
    }
    let mut folders: Vec<PathBuf> = match std::fs::read_dir(runs) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(_) => Vec::new(),
    };
    // names of runs begin with their time
    folders.sort();
    let passed = folders.into_iter().rev().find_map(|folder| {
        let result = read_result(&folder).ok()??;
        if result.scenario != *name {
            return None;
        }
        of_result(&result, &read_scenario(&folder).ok()?).filter(|baseline| Some(&baseline.asked) == scenario.load.as_ref())
    });
    passed.ok_or_else(|| format!("no run of {name} that asked the same is kept as baseline, and none has passed"))
}

/// Keeps a run as the baseline of its scenario; the sentence says why it cannot be one.
pub fn keep(lab: &Path, result: &DrillResult, scenario: &Scenario) -> Result<(), String> {
    let name = &scenario.metadata.name;
    let baseline =
        of_result(result, scenario).ok_or_else(|| format!("{} is not kept as baseline of {name}: {}", result.run, result.why))?;
    files::write_json(&file(lab, name), &Some(baseline)).map_err(|error| error.to_string())
}

/// The load of this drill beside its baseline. Without one of the two there is nothing to say.
pub fn compared(drill: &Drill, name: &str, claim: BaselineClaim) -> CheckRow {
    let now = drill.outcome().loads.iter().find(|load| load.name == LOAD).cloned();
    let BaselineClaim { metric, worse_at_most } = claim;
    let (health, value, seen) = match (&drill.baseline, now) {
        (Err(why), _) => (Health::NoData, None, why.clone()),
        (Ok(_), None) => (Health::NoData, None, "no load came to its end".to_owned()),
        (Ok(before), Some(now)) => match (before.load.figure(metric), now.figure(metric)) {
            (Some(was), Some(is)) => {
                let worse = worse(metric, was, is);
                let health = if worse <= worse_at_most.share() { Health::Pass } else { Health::Fail };
                (health, Some(is), format!("{} now, {} in {}: {}", told(metric, is), told(metric, was), before.run, by(metric, worse)))
            }
            _ => (Health::NoData, None, format!("{metric} is not known of both runs")),
        },
    };
    CheckRow {
        name: name.to_owned(),
        part: "hypothesis".to_owned(),
        mode: None,
        health,
        value,
        seen,
        query: format!("{metric} at most {worse_at_most} worse than the baseline"),
        source: SOURCE.to_owned(),
        at: drill.now(),
        looks: 1,
        failed: u32::from(health == Health::Fail),
        no_data: u32::from(health == Health::NoData),
    }
}

/// By what share `is` is worse than `was`; below nought it is better. Shares of failures are compared as they are: twice nearly nothing is not much.
fn worse(metric: LoadMetric, was: f64, is: f64) -> f64 {
    match metric {
        LoadMetric::Failed => is - was,
        LoadMetric::Rate if was > 0.0 => (was - is) / was,
        _ if was > 0.0 => (is - was) / was,
        _ if is > 0.0 => f64::INFINITY,
        _ => 0.0,
    }
}

fn told(metric: LoadMetric, value: f64) -> String {
    match metric {
        LoadMetric::Rate => format!("{value:.1}/s"),
        LoadMetric::Failed => format!("{:.2} %", value * 100.0),
        _ => format!("{value:.1} ms"),
    }
}

fn by(metric: LoadMetric, worse: f64) -> String {
    let unit = if metric == LoadMetric::Failed { "points" } else { "%" };
    let word = if worse > 0.0 { "worse" } else { "better" };
    format!("{:.1} {unit} {word}", worse.abs() * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(verdict: &str, rows: &[(&str, &str)]) -> DrillResult {
        let checks: Vec<_> = rows
            .iter()
            .map(|(source, health)| {
                serde_json::json!({"name": "c", "part": "hypothesis", "health": health, "seen": "", "query": "", "source": source,
                    "at": "2026-01-01T00:00:00Z", "looks": 1, "failed": 0, "no_data": 0})
            })
            .collect();
        serde_json::from_value(serde_json::json!({
            "v": 1, "run": "r", "scenario": "s", "title": "t", "lab": "l", "verdict": verdict, "rollback": "clean", "landed": null, "why": "",
            "started": "2026-01-01T00:00:00Z", "injected": null, "rolled_back": null, "recovered": null, "ended": "2026-01-01T00:00:00Z",
            "recovery_ms": null, "checks": checks, "changes": [], "exit_code": 0,
        }))
        .unwrap()
    }

    #[test]
    fn the_first_run_that_lacks_only_a_baseline_can_be_one() {
        assert!(held(&result("pass", &[("k6", "pass")])));
        assert!(held(&result("inconclusive", &[("k6", "pass"), ("baseline", "no_data")])));
        assert!(!held(&result("inconclusive", &[("k6", "no_data"), ("baseline", "no_data")])));
        assert!(!held(&result("inconclusive", &[("k6", "pass")])), "something else was not known");
        assert!(!held(&result("fail", &[("k6", "pass"), ("baseline", "fail")])), "what was too slow is no measure");
        assert!(!held(&result("aborted", &[])));
    }

    #[test]
    fn worse_is_more_time_less_rate_and_more_failures() {
        assert!((worse(LoadMetric::P95, 100.0, 120.0) - 0.2).abs() < 1e-9);
        assert!((worse(LoadMetric::Rate, 10.0, 8.0) - 0.2).abs() < 1e-9);
        assert!((worse(LoadMetric::Failed, 0.0, 0.01) - 0.01).abs() < 1e-9);
        assert!(worse(LoadMetric::P95, 100.0, 50.0) < 0.0);
        assert_eq!(by(LoadMetric::P95, -0.5), "50.0 % better");
        assert_eq!(by(LoadMetric::Failed, 0.015), "1.5 points worse");
    }
}
