//! Drills on the lab, and what is kept of them. The oracles are `sha256sum`, Chaos Toolkit itself, and the published schemas.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use super::bed::{Bed, bed};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the newest run of a scenario.
fn evidence(bed: &Bed, scenario: &str) -> PathBuf {
    let runs = bed.home.join(".local/state/labctl/labs").join(&bed.name).join("runs");
    let named = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(scenario));
    let mut found: Vec<PathBuf> = std::fs::read_dir(runs).unwrap().map(|entry| entry.unwrap().path()).filter(|path| named(path)).collect();
    found.sort();
    found.pop().unwrap()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn some_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[tokio::test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
async fn all_that_is_kept_of_a_drill_is_there_and_others_can_read_it() {
    let Some(bed) = bed() else { return };
    // something that leaves traces
    let (code, order) = bed.call("POST", "app-python", "/orders", Some(json!({"item": "kept", "quantity": 1}))).await;
    assert_eq!(code, 202, "{order}");
    let output = bed.labctl(&["scenario", "run", "worker-scaled-to-zero", "--yes", "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = evidence(bed, "worker-scaled-to-zero");
    let sealed =
        Command::new("sha256sum").args(["--check", "--quiet", "--strict", "manifest.sha256"]).current_dir(&folder).output().unwrap();
    assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stdout));

    let result = read(&folder.join("result.json"));
    assert!(result["verdict"] == "pass" && result["rollback"] == "clean" && result["not_kept"].is_null(), "{result:#}");
    for service in ["app-python", "app-python-worker"] {
        let logs = read(&folder.join(format!("logs/{service}.json")));
        assert!(!logs["lines"].as_array().unwrap().is_empty(), "no line of {service}");
        assert!(some_in(&folder.join("traces").join(service)) > 0, "no trace of {service}");
    }
    assert!(some_in(&folder.join("metrics")) >= 3);
    assert!(read(&folder.join("alerts.json"))["alerts"].is_array());
    let html = std::fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(html.contains("<svg") && html.contains("worker-scaled-to-zero: pass, rollback clean"));
    assert!(!html.contains("<script") && !html.contains("src="), "the page needs something besides itself");

    let experiment = folder.join("chaostoolkit/experiment.json");
    let kubectl = bed.bundle.join("tools");
    let path = format!("{}:{}", kubectl.display(), std::env::var("PATH").unwrap());
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/chaostoolkit/validate");
    let judged = Command::new(judge).arg(&experiment).env("PATH", path).output().unwrap();
    assert!(judged.status.success(), "{}{}", String::from_utf8_lossy(&judged.stdout), String::from_utf8_lossy(&judged.stderr));
    let journal = read(&folder.join("chaostoolkit/journal.json"));
    assert!(journal["status"] == "completed" && journal["deviated"] == false, "{journal:#}");
    assert_eq!(journal["experiment"], read(&experiment));
}
