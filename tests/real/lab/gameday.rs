//! A game day with nobody at it: broken, paged, put right by the runbook, taken back, scored; and a postmortem whose numbers are all in its evidence.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use super::bed::{Bed, bed, told};
use serde_json::Value;
use std::time::Instant;

fn newest(bed: &Bed, verb: &str) -> String {
    let runs = bed.ask(&["run", "list", "-o", "json"]);
    runs.as_array().unwrap().iter().find(|run| run["verb"] == verb).unwrap()["run"].as_str().unwrap().to_owned()
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn a_game_day_runs_itself_to_its_score_and_a_postmortem_that_says_only_what_is_known() {
    let Some(bed) = bed() else { return };
    let before = bed.objects();
    let began = Instant::now();
    let output = bed.labctl(&["gameday", "run", "first-orders", "--headless", "--yes", "--seed", "3", "--output", "lines"]);
    println!("game day: {:.0} s", began.elapsed().as_secs_f64());
    let run = newest(bed, "gameday");
    let score = bed.ask(&["gameday", "score", &run, "-o", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}\n{score:#}", told(&output));
    assert_eq!(score["met"], score["of"], "{score:#}");
    for act in score["acts"].as_array().unwrap() {
        assert!(act["ttr_ms"].is_u64() && act["rollback"] == "clean" || act["rollback"] == "not_needed", "{act:#}");
        if act["name"] != "warm-up" {
            for time in ["ttd_ms", "tta_ms", "ttm_ms"] {
                assert!(act[time].as_u64().is_some_and(|time| time < 600_000), "{time}: {act:#}");
            }
            let source = act["times"]["mitigated"]["source"].as_str().unwrap();
            assert!(source.starts_with("Verify of runbook") || source.starts_with("the pager"), "{source}");
        }
    }
    // the lab is as it was
    assert_eq!(bed.objects(), before);

    let page = bed.home.join("postmortem.md");
    let at = page.display().to_string();
    let output = bed.labctl(&["postmortem", "new", "--run", &run, "--out", &at]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let output = bed.labctl(&["postmortem", "lint", &at]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));

    // a time that is another than it was
    let text = std::fs::read_to_string(&page).unwrap();
    let ttd = score["acts"][1]["ttd_ms"].as_u64().unwrap();
    let line = format!("what: time to detect, ms: {ttd}");
    assert!(text.contains(&line), "{text}");
    std::fs::write(&page, text.replacen(&line, &format!("what: time to detect, ms: {}", ttd + 1000), 1)).unwrap();
    let output = bed.labctl(&["postmortem", "lint", &at]);
    assert_eq!(output.status.code(), Some(5), "{}", told(&output));
    assert!(told(&output).contains(&format!("has {ttd}")), "{}", told(&output));

    // what is labctl's is put back; what a person wrote stays
    std::fs::write(&page, text.replacen("## Trigger\n", "## Trigger\nA setting.\n", 1)).unwrap();
    assert_eq!(bed.labctl(&["postmortem", "refresh", &at]).status.code(), Some(0));
    assert!(std::fs::read_to_string(&page).unwrap().contains("## Trigger\nA setting.\n"));
    // what the runbooks set stays theirs until the next `up`
    bed.up_again();
    bed.assert_ready();
    let runs: Value = bed.ask(&["run", "list", "-o", "json"]);
    println!("{} runs, score {} of {}", runs.as_array().unwrap().len(), score["met"], score["of"]);
}
