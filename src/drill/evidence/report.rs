//! `report.md`: the result for people, every number of it from `result.json`.

use crate::model::run::{Health, brief_time};
use crate::model::scenario::{ClockRow, DrillResult, Rollback};
use std::fmt::Write;

fn letter(health: Health) -> &'static str {
    match health {
        Health::Pass => "pass",
        Health::Fail => "**FAIL**",
        Health::NoData => "**no data**",
    }
}

/// Within a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// How far a clock is from this host's; one that cannot be told from it says so.
fn clock(row: &ClockRow) -> String {
    let (ahead, within) = (row.ahead_ms as f64 / 1000.0, row.within_ms as f64 / 1000.0);
    if row.ahead_ms.unsigned_abs() <= row.within_ms {
        return format!("{} as this host's, within {within:.2} s", row.source);
    }
    let side = if row.ahead_ms > 0 { "ahead of" } else { "behind" };
    format!("{} **{:.2} s {side} this host's**, within {within:.2} s", row.source, ahead.abs())
}

/// The page.
pub fn markdown(result: &DrillResult) -> String {
    let mut page = format!("# {}: {}, rollback {}\n\n{}\n\n", result.scenario, result.verdict, result.rollback, result.title);
    let mut line = |name: &str, value: String| {
        let _infallible = writeln!(page, "- **{name}**: {value}");
    };
    line("why", result.why.clone());
    line("run", format!("`{}` of lab {}", result.run, result.lab));
    let landed = match result.landed {
        Some(true) => "yes",
        Some(false) => "no",
        None => "nothing was seen to land",
    };
    line("every fault landed", landed.to_owned());
    line("exit code", result.exit_code.to_string());
    let moment = |at: Option<crate::model::run::At>| at.map_or_else(|| "–".to_owned(), |at| at.to_string());
    line("began", result.started.to_string());
    line("first fault", moment(result.injected));
    line("all taken back", moment(result.rolled_back));
    let took = result.recovery_ms.map(|took| format!(", {} after", brief_time(took))).unwrap_or_default();
    line("steady state again", format!("{}{took}", moment(result.recovered)));
    line("ended", result.ended.to_string());
    if !result.clocks.is_empty() {
        line("clocks", result.clocks.iter().map(clock).collect::<Vec<_>>().join(", "));
    }
    if !result.changes.is_empty() {
        page.push_str("\n## What was changed\n\n| change | record | taken back |\n| --- | --- | --- |\n");
        for change in &result.changes {
            let undone = if change.undone { "yes" } else { "**NO**" };
            let _infallible = writeln!(page, "| {} | `{}` | {undone}: {} |", cell(&change.what), change.record, cell(&change.undo));
        }
    }
    if !result.loads.is_empty() {
        page.push_str(
            "\n## Load\n\n| load | requests | a second | failed | median | p95 | p99 | longest | rounds | dropped | users | tool |\n",
        );
        page.push_str("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
        let time = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1} ms"));
        for load in &result.loads {
            let failed = load.failed_share.map_or_else(|| "–".to_owned(), |share| format!("{:.2} %", share * 100.0));
            let code = load.exit_code.map_or_else(|| "killed".to_owned(), |code| format!("ended with {code}"));
            let _infallible = writeln!(
                page,
                "| {} | {} | {:.1} | {failed} | {} | {} | {} | {} | {} | {} | {} | {}, {code} |",
                load.name,
                load.requests,
                load.requests_per_s,
                time(load.median_ms),
                time(load.p95_ms),
                time(load.p99_ms),
                time(load.max_ms),
                load.rounds,
                load.dropped_rounds,
                load.most_vus,
                load.tool
            );
        }
    }
    if !result.checks.is_empty() {
        page.push_str("\n## What was seen\n\n| part | check | mode | result | seen | asked |\n| --- | --- | --- | --- | --- | --- |\n");
        for check in &result.checks {
            let mode = check.mode.map(|mode| mode.to_string()).unwrap_or_default();
            let asked = format!("{} `{}`", check.source, cell(&check.query).replace('`', "'"));
            let (name, seen) = (&check.name, cell(&check.seen));
            let _infallible = writeln!(page, "| {} | {name} | {mode} | {} | {seen} | {asked} |", check.part, letter(check.health));
        }
    }
    if !result.not_kept.is_empty() {
        page.push_str("\n## What could not be kept\n\n");
        for missed in &result.not_kept {
            let _infallible = writeln!(page, "- {missed}");
        }
    }
    match result.rollback {
        Rollback::Failed => page.push_str("\n**The lab is not as it was.** `labctl scenario recover` tries again and says what is left.\n"),
        Rollback::Unverified => {
            page.push_str("\n**All is taken back, and the lab was not seen to be whole again.** `labctl status` shows why.\n");
        }
        Rollback::Clean | Rollback::NotNeeded => {}
    }
    page
}
