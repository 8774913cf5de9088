//! Game days: the files, what is drawn, and a score that is folded from events alone; and the postmortem that is drafted from it and checked against it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "clippy knows tests only by #[test]; these are their helpers")]

use labctl::app::exit::code;
use labctl::catalog::{Files, alert_rules, gameday, gameday_names, runbook, scenario};
use labctl::drill::evidence;
use labctl::engine::journal::JournalWriter;
use labctl::model::gameday::{GameDay, GameDayResult, draw};
use labctl::model::run::{At, Event, EventKind, Moment, RunId, RunPlan, StepEvent, StepId, Verb};
use labctl::model::runbook::RunbookResult;
use labctl::model::schema;
use labctl::respond::{self, Facts, Finding, Kept};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const FILE: &str = r"apiVersion: labctl.dev/v1
kind: GameDay
metadata: {name: own, title: Something breaks}
acts:
  - name: one
    scenario: [api-pod-deleted, api-failing-config, worker-scaled-to-zero]
    startWithin: 5s..10m
    expect:
      detectedBy: {alerts: [HighErrorRate], within: 2m}
      acknowledgedWithin: 30s
      mitigatedWithin: 3m
      runbook: {name: HighErrorRate, verifyPasses: true}
    prompts: [{at: end, ask: What surprised you?, field: why_surprised}]
";

fn read(text: &str) -> Result<GameDay, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.yaml");
    std::fs::write(&path, text).unwrap();
    gameday(&Files::default(), &path.display().to_string()).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(from: &str, to: &str, word: &str) {
    assert!(FILE.contains(from), "{from}");
    let error = read(&FILE.replacen(from, to, 1)).map(|read| panic!("{to} was read as {read:?}")).unwrap_err();
    assert!(error.contains(word), "should say {word:?}, says:\n{error}");
}

#[test]
fn a_file_is_read_and_what_cannot_be_meant_is_refused() {
    let day = read(FILE).unwrap();
    assert_eq!(day.acts[0].start_within.unwrap().to_string(), "5s..10m");
    assert_eq!(serde_json::from_str::<GameDay>(&serde_json::to_string(&day).unwrap()).unwrap(), day);
    let validator = jsonschema::validator_for(&schema::of::<GameDay>()).unwrap();
    assert!(validator.is_valid(&serde_json::to_value(&day).unwrap()));
    refused("5s..10m", "10m..5s", "ends before it begins");
    refused("5s..10m", "5..10", "5");
    refused("prompts:", "promts:", "did you mean `prompts`?");
    refused("      detectedBy: {alerts: [HighErrorRate], within: 2m}\n", "", "write detectedBy");
    refused("name: one", "name: One", "is no name");
    refused("[api-pod-deleted, api-failing-config, worker-scaled-to-zero]", "[]", "has no scenario");
}

#[test]
fn every_shipped_game_day_holds_together() {
    let files = Files::default();
    let rules = alert_rules(&files).unwrap();
    for name in gameday_names(&files) {
        let day = gameday(&files, &name).unwrap();
        assert!(day.acts.len() >= 3 && day.headless.is_some(), "{name}");
        for act in &day.acts {
            for one in &act.scenario {
                let mut scenario = scenario(&files, one).unwrap().scenario;
                scenario.inject.iter_mut().for_each(|inject| inject.duration = act.lasts.unwrap_or(inject.duration));
                assert_eq!(scenario.problems(), Vec::<String>::new(), "{one} in act {}", act.name);
            }
            let wanted = act.expect.runbook.as_ref().map(|wanted| wanted.name.as_str());
            for alert in act.expect.detected_by.iter().flat_map(|by| &by.alerts) {
                let rule = rules.iter().find(|rule| rule.name == *alert).unwrap();
                assert_eq!(rule.runbook(), wanted, "{alert} leads elsewhere than act {} expects", act.name);
            }
            if let Some(wanted) = wanted {
                assert!(runbook(&files, wanted).unwrap().shipped);
            }
        }
    }
    assert!(gameday_names(&files).contains(&"first-orders".to_owned()));
}

#[test]
fn the_same_seed_draws_the_same_and_others_draw_all_there_is() {
    let day = read(FILE).unwrap();
    // written down: a seed that was kept must draw the same with every later labctl
    let kept = draw(&day, 7);
    assert_eq!((kept[0].scenario.as_str(), kept[0].delay_ms), EXPECTED);
    let all: Vec<_> = (0..200).flat_map(|seed| draw(&day, seed)).collect();
    assert!(all.iter().all(|drawn| (5_000..=600_000).contains(&drawn.delay_ms)));
    for one in &day.acts[0].scenario {
        assert!(all.iter().any(|drawn| drawn.scenario == *one), "{one} is never drawn");
    }
}

const EXPECTED: (&str, u64) = ("api-pod-deleted", 145_074);

/// The folders of a game day that has come to its end, as far as the score and the postmortem read them.
struct Rig {
    runs: TempDir,
    run: RunId,
    drill: RunId,
    page: RunId,
}

fn at(second: i64) -> At {
    At(time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000) + time::Duration::milliseconds(second * 1000 + 123))
}

impl Rig {
    /// With these moments, in seconds from the start.
    fn with(moments: &[(Moment, i64)]) -> Self {
        let id = |name: &str| RunId(format!("20241004T000000Z-own-{name}"));
        let rig = Self { runs: tempfile::tempdir().unwrap(), run: id("aaaa"), drill: id("one-bbbb"), page: id("HighErrorRate-cccc") };
        let mut events = vec![
            (0, EventKind::RunStarted { verb: Verb::Gameday, lab: "lab".to_owned(), plan: RunPlan::default() }),
            (1, EventKind::Note { text: "why_surprised: it took 3 pods | and more".to_owned() }),
        ];
        events.extend(moments.iter().map(|(moment, second)| {
            let by = match moment {
                Moment::Detected => None,
                Moment::Acknowledged | Moment::Mitigated => Some(rig.page.clone()),
                _ => Some(rig.drill.clone()),
            };
            let source = format!("what told of it {second}");
            (
                *second,
                EventKind::Step {
                    step: StepId::from("act/one"),
                    says: StepEvent::Moment { act: "one".to_owned(), moment: *moment, source, by },
                },
            )
        }));
        rig.journal(&rig.run, events);
        rig.journal(
            &rig.drill,
            vec![
                (2, EventKind::RunStarted { verb: Verb::Scenario, lab: "lab".to_owned(), plan: RunPlan::default() }),
                (10, EventKind::Step { step: StepId::from("inject/x"), says: StepEvent::Applied { what: "replicas 1 → 0".to_owned() } }),
            ],
        );
        rig.journal(&rig.page, vec![(40, EventKind::RunStarted { verb: Verb::Runbook, lab: "lab".to_owned(), plan: RunPlan::default() })]);
        let drill = json!({"v": 1, "run": rig.drill, "scenario": "api-failing-config", "title": "t", "lab": "lab", "verdict": "pass", "rollback": "clean",
            "landed": true, "why": "w", "started": at(2), "injected": at(10), "rolled_back": at(70), "recovered": at(75), "ended": at(80),
            "recovery_ms": 5000, "checks": [], "changes": [], "exit_code": 0});
        evidence::seal(&rig.folder(&rig.drill), &serde_json::from_value(drill).unwrap()).unwrap();
        let page = json!({"v": 1, "run": rig.page, "runbook": "HighErrorRate", "sha256": "", "lab": "lab", "only_looked": false, "result": "resolved",
            "why": "w", "started": at(40), "ended": at(60), "blocks": [], "exit_code": 0});
        let page: RunbookResult = serde_json::from_value(page).unwrap();
        respond::seal(&rig.folder(&rig.page), "page", &page).unwrap();
        let day = read(FILE).unwrap();
        let folder = rig.folder(&rig.run);
        let kept = Kept { drawn: draw(&day, 7), day, seed: 7, headless: true };
        respond::put_gameday(&folder, &kept).unwrap();
        let firing = json!({"metric": {"alertname": "HighErrorRate", "alertstate": "firing", "service": "app-python"},
            "values": [[at(35).0.unix_timestamp(), "1"], [at(65).0.unix_timestamp(), "1"]]});
        let alerts =
            json!({"query": "ALERTS", "from": at(0), "to": at(90), "step_s": 5, "data": {"resultType": "matrix", "result": [firing]}});
        std::fs::write(folder.join("alerts.json"), alerts.to_string()).unwrap();
        let result = rig.result();
        respond::seal_gameday(&folder, &result).unwrap();
        rig
    }

    fn whole() -> Self {
        use Moment::{Acknowledged, Begun, Detected, Ended, Injected, Mitigated, Resolved};
        Self::with(&[(Begun, 2), (Injected, 10), (Detected, 38), (Acknowledged, 40), (Mitigated, 61), (Resolved, 75), (Ended, 80)])
    }

    fn folder(&self, run: &RunId) -> std::path::PathBuf {
        self.runs.path().join(&run.0)
    }

    fn journal(&self, run: &RunId, events: Vec<(i64, EventKind)>) {
        let mut journal = JournalWriter::create(self.runs.path(), run).unwrap();
        for (number, (second, event)) in events.into_iter().enumerate() {
            journal.append(&Event { v: 1, seq: number as u64 + 1, at: at(second), run: run.clone(), event }).unwrap();
        }
        journal.commit().unwrap();
    }

    fn result(&self) -> GameDayResult {
        respond::keep(&self.folder(&self.run), &self.run, "lab").unwrap()
    }

    fn facts(&self) -> Facts {
        Facts::read(self.runs.path(), &self.run).unwrap()
    }

    fn lint(&self, text: &str) -> Vec<Finding> {
        let front = text.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap().0;
        let front: Value = serde_saphyr::from_str(front).unwrap();
        respond::lint(text, &front, &self.facts()).unwrap()
    }

    fn errors(&self, text: &str) -> Vec<String> {
        self.lint(text).into_iter().filter(|finding| finding.error).map(|finding| format!("{}: {}", finding.line, finding.text)).collect()
    }
}

#[test]
fn times_and_score_come_from_events() {
    let result = Rig::whole().result();
    let act = &result.acts[0];
    assert_eq!((act.ttd_ms, act.tta_ms, act.ttm_ms, act.ttr_ms), (Some(28_000), Some(2_000), Some(51_000), Some(65_000)));
    assert_eq!((result.met, result.of, result.exit_code), (5, 5, code::OK), "{:?}", act.goals);
}

#[test]
fn what_no_event_tells_stays_unknown_and_is_no_goal_met() {
    use Moment::{Begun, Injected, Resolved};
    let result = Rig::with(&[(Begun, 2), (Injected, 10), (Resolved, 75)]).result();
    let act = &result.acts[0];
    assert_eq!((act.ttd_ms, act.tta_ms, act.ttm_ms, act.ttr_ms), (None, None, None, Some(65_000)));
    let met: Vec<_> = act.goals.iter().map(|goal| goal.met).collect();
    assert_eq!(met, [None, None, None, Some(false), Some(true)], "{:?}", act.goals);
    assert_eq!((result.met, result.of, result.exit_code), (1, 5, code::CLAIM_FAILED));
}

#[test]
fn the_draft_says_only_what_the_evidence_says() {
    let rig = Rig::whole();
    let text = respond::draft(&rig.facts());
    assert_eq!(rig.errors(&text), Vec::<String>::new(), "{text}");
    for part in [
        "| one | time to detect | 28s |",
        "HighErrorRate (app-python) fires",
        "why_surprised: it took 3 pods \\| and more",
        "goals met | 5 |",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    // what people owe it is said, and is no error of a draft
    assert!(rig.lint(&text).iter().any(|finding| finding.text.contains("Root Causes is empty")));
    let errors = rig.errors(&text.replace("status: draft", "status: final"));
    assert!(errors.iter().any(|error| error.contains("Root Causes is empty")), "{errors:?}");
}

/// Every number that labctl wrote is changed, one after the other; each change is found.
#[test]
fn every_number_that_was_changed_is_found() {
    let rig = Rig::whole();
    let text = respond::draft(&rig.facts());
    let mut within = false;
    let (mut changed, mut offset) = (0, 0);
    for line in text.split_inclusive('\n') {
        let from = offset;
        offset += line.len();
        if line.contains("labctl:auto ") {
            within = line.contains(" begin ");
            continue;
        }
        if !within {
            continue;
        }
        for (place, digit) in line.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
            let other = if digit == b'9' { '8' } else { char::from(digit + 1) };
            let mut bad = text.clone();
            bad.replace_range(from + place..=from + place, &other.to_string());
            let front = bad.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap().0;
            let Ok(front) = serde_saphyr::from_str::<Value>(front) else { continue };
            // a run that is not there is found before anything is compared
            let Ok(found) = respond::lint(&bad, &front, &rig.facts()) else { continue };
            assert!(found.iter().any(|finding| finding.error) || line.starts_with("runs: "), "{line} with {other} at {place}");
            changed += 1;
        }
    }
    assert!(changed > 300, "only {changed} digits were tried");
}

#[test]
fn evidence_that_was_changed_is_found_as_well() {
    let rig = Rig::whole();
    let text = respond::draft(&rig.facts());
    let path = rig.folder(&rig.run).join("result.json");
    let changed = std::fs::read_to_string(&path).unwrap().replace("28000", "27000");
    std::fs::write(&path, changed).unwrap();
    let errors = rig.errors(&text).join("\n");
    assert!(errors.contains("result.json was changed") && errors.contains("time to detect"), "{errors}");
}

#[test]
fn refresh_leaves_what_people_wrote_and_shows_what_it_would_have_written() {
    let rig = Rig::whole();
    let first = respond::draft(&rig.facts());
    let mine = first.replace("## Trigger\n", "## Trigger\nA setting.\n").replace("authors: []", "authors: [me]");
    let refreshed = respond::refresh(&mine, &rig.facts()).unwrap();
    assert_eq!((refreshed.text.as_str(), refreshed.kept.len()), (mine.as_str(), 0));
    // an edited region is kept and its content shown; the others are written
    let edited = mine.replace("| one | time to detect | 28s |", "| one | time to detect | 3s |");
    let refreshed = respond::refresh(&edited, &rig.facts()).unwrap();
    assert_eq!(refreshed.text, edited);
    assert!(refreshed.kept.iter().any(|(name, wanted)| name == "times" && wanted.contains("28s")), "{:?}", refreshed.kept);
    assert_eq!(refreshed.written, ["facts", "score", "timeline"]);
    // one that is only out of date is brought up to date
    let old = first.replace("labctl:auto times begin", "labctl:auto old begin").replace("labctl:auto times end", "labctl:auto old end");
    assert!(respond::refresh(&old, &rig.facts()).unwrap_err().to_string().contains("no region old"));
}

#[test]
fn a_run_without_a_result_is_nothing_to_write_about() {
    let rig = Rig::whole();
    assert!(Facts::read(rig.runs.path(), &rig.page).is_err());
    assert!(Facts::read(rig.runs.path(), &RunId("none".to_owned())).is_err());
    assert!(Facts::read(Path::new("/nowhere"), &rig.run).is_err());
    // a drill alone is enough
    let facts = Facts::read(rig.runs.path(), &rig.drill).unwrap();
    assert!(facts.day.is_none() && respond::draft(&facts).contains("time from taken back to resolved | 5.0s |"));
}
