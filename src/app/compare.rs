//! `labctl scenario compare`: what is different between two runs, from their results alone.

use super::context::Context;
use super::exit::{Failure, code};
use super::{runs, show};
use crate::cli::Format;
use crate::drill::evidence::read_result;
use crate::model::run::{Health, RunId};
use crate::model::scenario::{CheckRow, DrillResult, LoadRow};
use serde::Serialize;

/// Both runs, beside each other.
#[derive(Debug, Serialize)]
struct Compared {
    a: RunId,
    b: RunId,
    /// Verdict, rollback and the like.
    outcome: Vec<Words>,
    /// Checks that were judged by a number, and those that came out differently.
    checks: Vec<Figure>,
    /// Figures of loads.
    loads: Vec<Figure>,
}

#[derive(Debug, Serialize)]
struct Words {
    what: String,
    a: String,
    b: String,
}

#[derive(Debug, Serialize)]
struct Figure {
    what: String,
    /// What it counts, with its unit.
    unit: String,
    a: Option<f64>,
    b: Option<f64>,
    /// In percent of `a`; nothing where that says nothing.
    change_percent: Option<f64>,
    /// How each came out, for checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<(Option<Health>, Option<Health>)>,
}

impl Figure {
    fn new(what: &str, unit: &str, a: Option<f64>, b: Option<f64>) -> Self {
        let change = |a: f64, b: f64| (b - a) / a * 100.0;
        let change_percent = a.zip(b).filter(|(a, _)| *a != 0.0).map(|(a, b)| (change(a, b) * 10.0).round() / 10.0);
        Self { what: what.to_owned(), unit: unit.to_owned(), a, b, change_percent, health: None }
    }
}

/// Runs it.
pub fn run(context: &Context, a: &str, b: &str, output: Format) -> Result<u8, Failure> {
    let (a, b) = (result(context, a)?, result(context, b)?);
    if a.scenario != b.scenario {
        show::err(&format!("note: {} is of {}, {} of {}\n", a.run, a.scenario, b.run, b.scenario));
    }
    show::answer(output, &compared(&a, &b), table)?;
    Ok(code::OK)
}

fn result(context: &Context, run: &str) -> Result<DrillResult, Failure> {
    let journal = runs::find(context, Some(run))?;
    let folder = journal.parent().unwrap_or(&journal);
    let none = || Failure::new("LAB-RUN-001", format!("{} has no result: it is no drill, or did not come to its end", folder.display()));
    read_result(folder)?.ok_or_else(none)
}

fn compared(a: &DrillResult, b: &DrillResult) -> Compared {
    let words = |what: &str, a: String, b: String| Words { what: what.to_owned(), a, b };
    let landed = |result: &DrillResult| result.landed.map_or("–", |landed| if landed { "yes" } else { "no" }).to_owned();
    let outcome = vec![
        words("scenario", a.scenario.clone(), b.scenario.clone()),
        words("verdict", a.verdict.to_string(), b.verdict.to_string()),
        words("why", a.why.clone(), b.why.clone()),
        words("rollback", a.rollback.to_string(), b.rollback.to_string()),
        words("landed", landed(a), landed(b)),
        words("exit code", a.exit_code.to_string(), b.exit_code.to_string()),
    ];
    let millis = |result: &DrillResult| result.recovery_ms.map(|took| took as f64 / 1000.0);
    let mut checks = vec![Figure::new("steady state again", "s", millis(a), millis(b))];
    checks.extend(pairs(&a.checks, &b.checks, |row| (row.part.clone(), row.name.clone())).into_iter().filter_map(
        |((part, name), a, b)| {
            let health = |row: Option<&CheckRow>| row.map(|row| row.health);
            let value = |row: Option<&CheckRow>| row.and_then(|row| row.value);
            let differs = health(a) != health(b);
            let mut figure = Figure::new(&format!("{part}: {name}"), "value", value(a), value(b));
            figure.health = Some((health(a), health(b)));
            (differs || figure.a.is_some() || figure.b.is_some()).then_some(figure)
        },
    ));
    let loads = pairs(&a.loads, &b.loads, |row| row.name.clone()).into_iter().flat_map(|(name, a, b)| of_load(&name, a, b)).collect();
    Compared { a: a.run.clone(), b: b.run.clone(), outcome, checks, loads }
}

fn of_load(name: &str, a: Option<&LoadRow>, b: Option<&LoadRow>) -> Vec<Figure> {
    type Of = fn(&LoadRow) -> Option<f64>;
    let figures: [(&str, Of); 9] = [
        ("requests", |row| Some(row.requests as f64)),
        ("requests/s", |row| Some(row.requests_per_s)),
        ("failed %", |row| row.failed_share.map(|share| share * 100.0)),
        ("median ms", |row| row.median_ms),
        ("p95 ms", |row| row.p95_ms),
        ("p99 ms", |row| row.p99_ms),
        ("longest ms", |row| row.max_ms),
        ("rounds dropped", |row| Some(row.dropped_rounds as f64)),
        ("users", |row| Some(row.most_vus as f64)),
    ];
    figures.into_iter().map(|(figure, of)| Figure::new(name, figure, a.and_then(of), b.and_then(of))).collect()
}

/// Rows of both by their name, in the order of `a`, then what only `b` has.
fn pairs<'r, T, K: PartialEq>(a: &'r [T], b: &'r [T], key: impl Fn(&T) -> K) -> Vec<(K, Option<&'r T>, Option<&'r T>)> {
    let find = |rows: &'r [T], wanted: &K| rows.iter().find(|row| key(row) == *wanted);
    let mut all: Vec<(K, Option<&T>, Option<&T>)> = a.iter().map(|row| (key(row), Some(row), find(b, &key(row)))).collect();
    all.extend(b.iter().filter(|row| find(a, &key(row)).is_none()).map(|row| (key(row), None, Some(row))));
    all
}

fn table(compared: &Compared) -> String {
    let Compared { a, b, outcome, checks, loads } = compared;
    let rows: Vec<_> = outcome.iter().map(|row| vec![row.what.clone(), row.a.clone(), row.b.clone()]).collect();
    let mut text = format!("A  {a}\nB  {b}\n\n{}", show::table(&["", "A", "B"], &rows));
    let mut figures = |title: &str, figures: &[Figure]| {
        if figures.is_empty() {
            return;
        }
        let rows: Vec<_> = figures.iter().map(cells).collect();
        text.push_str(&format!("\n{}", show::table(&[title, "FIGURE", "A", "B", "CHANGE"], &rows)));
    };
    figures("CHECK", checks);
    figures("LOAD", loads);
    text
}

fn cells(figure: &Figure) -> Vec<String> {
    let (of_a, of_b) = figure.health.unwrap_or_default();
    let word = |health: Option<Health>| match health {
        Some(Health::Pass) | None => "",
        Some(Health::Fail) => " FAIL",
        Some(Health::NoData) => " no data",
    };
    let value = |value: Option<f64>, health: Option<Health>| {
        let value = value.map_or_else(|| "–".to_owned(), |value| ((value * 1000.0).round() / 1000.0).to_string());
        format!("{value}{}", word(health))
    };
    let change = figure.change_percent.map_or_else(String::new, |change| format!("{change:+.1} %"));
    vec![figure.what.clone(), figure.unit.clone(), value(figure.a, of_a), value(figure.b, of_b), change]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(run: &str, verdict: &str, p95: f64, health: &str) -> DrillResult {
        serde_json::from_value(serde_json::json!({
            "v": 1, "run": run, "scenario": "s", "title": "t", "lab": "l", "verdict": verdict, "rollback": "clean", "landed": null, "why": "",
            "started": "2026-01-01T00:00:00Z", "injected": null, "rolled_back": null, "recovered": null, "ended": "2026-01-01T00:00:00Z",
            "recovery_ms": 500, "changes": [], "exit_code": 0,
            "checks": [{"name": "fast", "part": "hypothesis", "health": health, "value": p95, "seen": "", "query": "", "source": "k6",
                "at": "2026-01-01T00:00:00Z", "looks": 1, "failed": 0, "no_data": 0}],
            "loads": [{"name": "load", "tool": "k6", "exit_code": 0, "requests": 10, "requests_per_s": 2.0, "failed_share": 0.0, "median_ms": 1.0,
                "p95_ms": p95, "p99_ms": null, "max_ms": 3.0, "rounds": 10, "dropped_rounds": 0, "most_vus": 2}],
        }))
        .unwrap()
    }

    #[test]
    fn figures_of_two_runs_stand_beside_each_other_with_their_change() {
        let text = table(&compared(&result("one", "pass", 100.0, "pass"), &result("two", "fail", 150.0, "fail")));
        for line in
            ["verdict    pass   fail", "hypothesis: fast    value   100   150 FAIL  +50.0 %", "load  p95 ms          100   150   +50.0 %"]
        {
            let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.lines().any(|have| squeezed(have) == squeezed(line)), "{line}\n{text}");
        }
        assert!(text.contains("p99 ms"), "what is not known is shown as not known\n{text}");
    }
}
