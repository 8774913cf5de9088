//! Drills on a real lab, from the menus of the app: one begun and its verdict seen, one halted.
#![expect(clippy::unwrap_used, clippy::panic, reason = "clippy knows tests only by #[test]; these are their helpers")]

use super::app::app;
use super::bed::{Bed, lent};
use crate::terminal::Then;
use serde_json::Value;

/// Verdict and rollback of the newest run, as its folder has them.
fn result(bed: &Bed) -> (String, Value) {
    let runs = bed.ask(&["run", "list", "-o", "json"]);
    let run = runs[0]["run"].as_str().unwrap_or_default().to_owned();
    let path = bed.home.join(".local/state/labctl/labs").join(&bed.name).join("runs").join(&run).join("result.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (run, serde_json::from_str(&text).unwrap())
}

/// Its evidence is as it was sealed, and the lab is whole.
fn assert_whole(bed: &Bed, run: &str) {
    let verified = bed.labctl(&["run", "verify", run]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    bed.assert_ready();
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn from_menus_a_drill_is_planned_and_begun_and_its_verdict_is_seen() {
    let Some(bed) = lent() else { return };
    let script = [
        ("ready", Then::Press("6")),
        ("api-pod-deleted", Then::Press("/api-pod-deleted\r")),
        ("/api-pod-deleted", Then::Press("\r")),
        // the pod that is there now, and how it would be undone
        ("nothing to take back: its controller", Then::Press("r")),
        ("Break lab", Then::Press("y")),
        ("H = halt and undo", Then::Press("3")),
        // on another screen too
        ("H halt and undo", Then::Press("2")),
        ("pass   rollback clean", Then::Press("q")),
    ];
    let (screen, after, status) = app(bed, &script);
    assert_eq!(status.exit_code(), 0, "{screen}\n{after}");
    let (run, result) = result(bed);
    assert_eq!((&result["verdict"], &result["rollback"], &result["landed"]), (&"pass".into(), &"clean".into(), &true.into()), "{result:#}");
    assert_whole(bed, &run);
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn a_drill_at_work_is_halted_from_another_screen_and_taken_back() {
    let Some(bed) = lent() else { return };
    let script = [
        ("ready", Then::Press("7")),
        ("worker-scaled-to-zero", Then::Press("/worker-scaled\r")),
        ("/worker-scaled", Then::Press("r")),
        ("Break lab", Then::Press("y")),
        ("to undo: 1", Then::Press("4")),
        ("H = halt and undo", Then::Press("H")),
        ("Halt drill worker-scaled-to-zero", Then::Press("y2")),
        ("aborted   rollback clean", Then::Press("q")),
    ];
    let (screen, after, status) = app(bed, &script);
    assert_eq!(status.exit_code(), 14, "{screen}\n{after}");
    let (run, result) = result(bed);
    assert_eq!((&result["verdict"], &result["rollback"]), (&"aborted".into(), &"clean".into()), "{result:#}");
    assert_eq!(bed.kubectl(&["-n", "apps", "get", "deployment", "app-python-worker", "-o=jsonpath={.spec.replicas}"]), "1");
    assert_whole(bed, &run);
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn a_load_is_begun_from_its_screen_and_its_figures_and_verdict_are_seen() {
    let Some(bed) = lent() else { return };
    let script = [
        ("ready", Then::Press("8")),
        ("smoke", Then::Press("/smoke\r")),
        ("/smoke", Then::Press("r")),
        ("Put load on lab", Then::Press("y")),
        ("requests/s", Then::Press("")),
        ("pass   rollback", Then::Press("q")),
    ];
    let (screen, after, status) = app(bed, &script);
    assert_eq!(status.exit_code(), 0, "{screen}\n{after}");
    let (run, result) = result(bed);
    assert_eq!((&result["scenario"], &result["verdict"]), (&"smoke".into(), &"pass".into()), "{result:#}");
    assert!(result["loads"][0]["requests"].as_u64().is_some_and(|count| count >= 100), "{result:#}");
    assert_whole(bed, &run);
}
