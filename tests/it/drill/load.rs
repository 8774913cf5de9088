//! Load in drills, with a program that speaks as k6 does: what its end comes to, and that nothing of it is left, however the drill ends.

use super::{Rig, begins, scenario, with};
use labctl::adapters::k6::K6;
use labctl::adapters::process::marked;
use labctl::drill::{Address, Record, Records, Tool, evidence, left};
use labctl::model::run::{Event, EventKind, RunId, StepEvent};
use labctl::model::scenario::{DrillResult, Rollback, Scenario, Verdict};
use serde_json::json;
use std::collections::BTreeMap;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::sync::atomic::{AtomicU32, Ordering};

/// Processes are found by the run they carry, and tests run side by side.
static RUNS: AtomicU32 = AtomicU32::new(0x1000);

fn rig() -> Rig {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/drill/fake-k6").into();
    let address = Address { host: "api.lab.localhost".to_owned(), port: 80, namespace: "apps".to_owned() };
    let tool = Tool { k6: K6 { program, supervisor: None }, addresses: BTreeMap::from([("api/http".to_owned(), address)]) };
    let run = RunId(format!("20260101T000000Z-own-{:04x}", RUNS.fetch_add(1, Ordering::Relaxed)));
    Rig { tool: Some(tool), run, ..Rig::new() }
}

/// Only load, ended as `fake` says.
fn load(fake: &str) -> Scenario {
    let own = with("{podDelete: {}}", |json| {
        json["inject"] = json!([]);
        json["hypotheses"].as_array_mut().unwrap().truncate(1);
        json["load"] = json!({"duration": "20s", "startBefore": "0s", "k6": {"endpoint": "api/http", "rate": "5/s", "requests": [{"path": "/"}],
            "thresholds": {"http_req_duration": ["p(95)<300"]}, "env": {"FAKE": fake}}});
    });
    assert_eq!(own.problems(), Vec::<String>::new());
    own
}

fn marker(result: &DrillResult) -> String {
    format!("LABCTL_DRILL={}/load", result.run)
}

#[tokio::test]
async fn a_load_is_brought_told_judged_and_kept() {
    let rig = rig();
    let mut figures = Vec::new();
    let hear = |event: &Event, _: &_| {
        if let EventKind::Step { step, says: StepEvent::Load { requests_per_s, p95_ms, .. } } = &event.event {
            assert_eq!(step.0, "load");
            figures.push((*requests_per_s, *p95_ms));
        }
    };
    let own = with_rounds(&load("fine"), 25);
    let (result, exit, _) = rig.carry_out(&own, hear).await;
    assert_eq!((result.verdict, result.rollback, result.landed, exit), (Verdict::Pass, Rollback::Clean, None, 0), "{result:#?}");
    let row = &result.loads[0];
    assert_eq!((row.name.as_str(), row.tool.as_str(), row.requests, row.p95_ms), ("load", "k6 1.8.1", 25, Some(20.0)));
    assert!((1..=5).contains(&figures.len()), "once a second for some three seconds: {figures:?}");
    assert!(figures.iter().any(|(rate, p95)| *rate > 0.0 && *p95 == Some(20.0)), "{figures:?}");
    let folder = rig.runs.path().join(&result.run.0);
    let sealed = std::fs::read_to_string(folder.join("manifest.sha256")).unwrap();
    for file in ["k6/summary.json", "k6/script.js", "k6/output.txt"] {
        assert!(sealed.contains(file), "{sealed}");
    }
    assert!(std::fs::read_to_string(folder.join("report.md")).unwrap().contains("| load | 25 |"));
    assert!(left(rig.runs.path()).unwrap().is_empty());
}

fn with_rounds(own: &Scenario, rounds: u32) -> Scenario {
    let mut json = serde_json::to_value(own).unwrap();
    json["load"]["k6"]["env"]["ROUNDS"] = json!(rounds.to_string());
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn how_k6_ends_decides_the_exit_code() {
    for (fake, verdict, code, says) in [
        ("crossed", Verdict::Fail, 10, "p(95)<300"),
        ("110", Verdict::Fail, 10, "marked the test as failed"),
        ("empty", Verdict::Inconclusive, 11, "one finished round"),
        ("104", Verdict::Error, 2, "not valid: level=error"),
        ("105", Verdict::Aborted, 14, "interrupted"),
        ("107", Verdict::Error, 15, "exception"),
        ("108", Verdict::Aborted, 13, "test.abort()"),
        ("255", Verdict::Error, 15, "255"),
    ] {
        let rig = rig();
        let (result, exit, _) = rig.drilled(&load(fake)).await;
        assert_eq!((result.verdict, exit, result.rollback), (verdict, code, Rollback::Clean), "{fake}: {result:#?}");
        assert!(result.why.contains(says), "{fake}: {}", result.why);
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_breaks_nothing() {
    let mut rig = rig();
    if let Some(tool) = &mut rig.tool {
        tool.k6.program = "/nowhere/k6".into();
    }
    let (result, exit, _) = rig.drilled(&load("fine")).await;
    assert_eq!((result.verdict, exit), (Verdict::Error, 15), "{result:#?}");
    assert!(result.why.contains("/nowhere/k6") && result.why.contains("bundle"), "{}", result.why);
    assert!(left(rig.runs.path()).unwrap().is_empty(), "its record is closed though nothing was ever started");
}

#[tokio::test]
async fn halt_ends_the_load_and_nothing_of_it_is_left() {
    let rig = rig();
    let halt = |event: &Event, _: &_| {
        if matches!(&event.event, EventKind::Step { says: StepEvent::Load { .. }, .. }) {
            std::fs::write(rig.halt.path().join("halt"), "enough").unwrap();
        }
    };
    let (result, exit, _) = rig.carry_out(&load("endless"), halt).await;
    assert_eq!((result.verdict, result.rollback, exit), (Verdict::Aborted, Rollback::Clean, 13), "{result:#?}");
    assert_eq!(result.loads[0].exit_code, Some(105), "it was asked politely, and left its summary");
    assert!(result.loads[0].requests > 0);
    assert_eq!(marked(&marker(&result)), []);
}

#[tokio::test]
async fn a_fault_is_made_when_the_load_flows_and_the_load_outlasts_it() {
    let rig = rig();
    let before = rig.api.world().essence();
    let mut own = with_rounds(&load("fine"), 70);
    let fault = scenario("{scale: {replicas: 0}}");
    own.inject = fault.inject;
    own.hypotheses.extend(fault.hypotheses.into_iter().skip(1));
    assert_eq!(own.problems(), Vec::<String>::new());
    let mut order = Vec::new();
    let hear = |event: &Event, _: &_| {
        for step in ["load", "inject/fault", "rollback"] {
            if begins(event, step) {
                order.push(step);
            }
        }
        if matches!(&event.event, EventKind::StepFinished { step, .. } if step.0 == "load") {
            order.push("load ended");
        }
    };
    let (result, exit, _) = rig.carry_out(&own, hear).await;
    assert_eq!((result.verdict, result.rollback, result.landed, exit), (Verdict::Pass, Rollback::Clean, Some(true), 0), "{result:#?}");
    assert_eq!(order, ["load", "inject/fault", "rollback", "load ended"]);
    assert_eq!((result.loads[0].requests, result.changes.len()), (70, 2));
    assert!(result.changes.iter().all(|change| change.undone));
    assert_eq!(rig.api.world().essence(), before);
}

/// More load as the fault itself, ended as `fake` says.
fn surge(fake: &str) -> Scenario {
    let own = with("{podDelete: {}}", |json| {
        json["inject"] = json!([{"name": "surge", "duration": "2s", "k6": {"endpoint": "api/http", "rate": "5/s", "requests": [{"path": "/"}],
            "thresholds": {"http_req_duration": ["p(95)<300"]}, "env": {"FAKE": fake}}}]);
        json["hypotheses"].as_array_mut().unwrap().truncate(1);
    });
    assert_eq!(own.problems(), Vec::<String>::new());
    own
}

#[tokio::test]
async fn a_surge_lands_when_requests_end_tells_its_figures_and_ends_with_the_drill() {
    let rig = rig();
    let mut told = 0;
    let hear = |event: &Event, _: &_| {
        if let EventKind::Step { step, says: StepEvent::Load { .. } } = &event.event {
            assert_eq!(step.0, "observe/surge");
            told += 1;
        }
    };
    let (result, exit, _) = rig.carry_out(&surge("endless"), hear).await;
    assert_eq!((result.verdict, result.rollback, result.landed, exit), (Verdict::Pass, Rollback::Clean, Some(true), 0), "{result:#?}");
    assert_eq!((result.loads[0].name.as_str(), result.loads[0].exit_code), ("surge", Some(105)));
    assert!(result.checks.iter().any(|row| row.source == "k6" && row.name == "surge: http_req_duration p(95)<300"), "{result:#?}");
    assert!(told >= 1);
    assert_eq!(marked(&format!("LABCTL_DRILL={}/surge", result.run)), []);
    assert!(rig.runs.path().join(&result.run.0).join("k6/surge/summary.json").is_file());
}

#[tokio::test]
async fn a_surge_that_breaks_off_is_no_pass() {
    let (result, exit, _) = rig().drilled(&surge("107")).await;
    assert_eq!((result.verdict, result.rollback, exit), (Verdict::Error, Rollback::Clean, 15), "{result:#?}");
    assert!(result.why.contains("exception"), "{}", result.why);
}

/// As it is after `kill -9`: a record that is open, and a process that nobody listens to.
#[tokio::test]
async fn a_load_whose_labctl_was_killed_is_ended_by_recover() {
    let rig = rig();
    let run = rig.run.clone();
    let folder = rig.runs.path().join(&run.0);
    let marker = format!("LABCTL_DRILL={run}/load");
    evidence::put_scenario(&folder, &load("endless")).unwrap();
    let mut orphan = std::process::Command::new("sh")
        .args(["-c", "trap '' INT TERM; sleep 600 & wait; sleep 600"])
        .env("LABCTL_DRILL", format!("{run}/load"))
        .process_group(0)
        .spawn()
        .unwrap();
    let record = json!({"v": 1, "number": 1, "run": run, "step": "load", "backend": "k6", "cluster": "", "uid": "", "resource_version": "",
        "object": {"api_version": "labctl.dev/v1", "kind": "Process", "namespace": null, "name": "k6"},
        "at": "2026-01-01T00:00:00Z", "what": "Process k6", "change": {"how": "process", "marker": marker, "process": null}});
    let record: Record = serde_json::from_value(record).unwrap();
    Records::of(&folder).write(&record).unwrap();
    let state = rig.recover("a", false).await;
    assert!(state.summary.is_some_and(|summary| summary.ok), "{:?}", state.steps);
    assert_eq!(marked(&marker), [], "the shell and its child, which both carry the marker");
    assert_eq!(orphan.wait().unwrap().signal(), Some(9));
    assert!(left(rig.runs.path()).unwrap().is_empty());
}
