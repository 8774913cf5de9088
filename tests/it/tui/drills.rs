//! The screens of drills: the list, what one would do, one at work, its end, and its halt.

use super::rig::{App, SIZES, Told, at, recording};
use labctl::model::check::Op;
use labctl::model::run::{CancelReason, Control, Event, EventKind, Figure, FinishedAs, Health, Limit, RunId, StepEvent, Summary, Verb};
use labctl::model::scenario::{Conclusion, DrillPlan, PlannedChange, PlannedFault, Rollback, Verdict};
use labctl::tui::{AtWork, DrillInfo, DrillKind, Drills, Effect, LastDrill, News, PastRun, PastStatus, ScreenId, Theme, Trouble};
use std::sync::Arc;

const CHANGE: &str = "Deployment apps/app-python-worker: replicas 1 → 0";

fn limit(op: Op, value: f64) -> Limit {
    Limit { op, value }
}

/// A drill as its journal has it, up to the moment at which its fault lasts.
pub fn injecting() -> Told {
    let mut told = Told::plan(&[
        "preflight:",
        "baseline: preflight",
        "inject/nobody-works: baseline",
        "observe/nobody-works: inject/nobody-works",
        "watch: baseline",
        "rollback: observe/nobody-works",
        "recover: rollback",
        "verify: recover",
        "evidence: verify",
    ]);
    let titles = [
        "Preflight",
        "Steady state before",
        "Fault nobody-works",
        "Watch nobody-works",
        "Looks again and again",
        "Take back",
        "Steady state again",
        "Claims of the end",
        "Evidence",
    ];
    if let EventKind::RunStarted { verb, plan, .. } = &mut told.events[0].event {
        *verb = Verb::Scenario;
        for (step, title) in plan.steps.iter_mut().zip(titles) {
            title.clone_into(&mut step.title);
        }
    }
    told.start(100, "preflight").done(600, "preflight", &format!("may be done: {CHANGE}"));
    told.start(610, "baseline");
    for second in [1, 3, 5, 7, 9] {
        look(&mut told, second * 1000, "baseline", "api-answers", Health::Pass, None);
        look(&mut told, second * 1000 + 10, "baseline", "worker-polls", Health::Pass, Some((2.0, Some(limit(Op::Lt, 30.0)), "s")));
    }
    told.done(10_600, "baseline", "3 checks hold, watched for 10s");
    told.start(10_610, "watch").start(10_620, "inject/nobody-works");
    told.says(10_700, "inject/nobody-works", StepEvent::Intent { what: CHANGE.to_owned() });
    told.says(10_800, "inject/nobody-works", StepEvent::Applied { what: CHANGE.to_owned() });
    told.says(
        12_000,
        "inject/nobody-works",
        StepEvent::Probe { target: "landed".into(), health: Health::Pass, seen: "0 pods of 1".into(), figure: None },
    );
    told.done(12_010, "inject/nobody-works", "landed: 0 pods of 1").start(12_020, "observe/nobody-works");
    for second in 0..12_u64 {
        let millis = 13_000 + second * 2_000;
        look(&mut told, millis, "watch", "api-answers-meanwhile", if second == 6 { Health::Fail } else { Health::Pass }, None);
        let polled = 3.0 + 2.0 * second as f64;
        let health = if polled < 25.0 { Health::Pass } else { Health::Fail };
        look(&mut told, millis + 10, "watch", "worker-polls-meanwhile", health, Some((polled, Some(limit(Op::Lt, 25.0)), "s")));
        told.says(millis + 20, "observe/nobody-works", StepEvent::Progress { done: second * 2, total: Some(45), unit: "s".into() });
    }
    named(told, "worker-scaled-to-zero-00af")
}

fn look(told: &mut Told, millis: u64, step: &str, name: &str, health: Health, figure: Option<(f64, Option<Limit>, &str)>) {
    let seen = match &figure {
        Some((value, ..)) => format!("query time() - max(worker_last_poll_timestamp_seconds) → {value} s"),
        None => "GET /healthz/ready → 200 OK".to_owned(),
    };
    let figure = figure.map(|(value, limit, unit)| Figure { value, limit, unit: Some(unit.to_owned()) });
    told.says(millis, step, StepEvent::Probe { target: name.to_owned(), health, seen, figure });
}

fn named(mut told: Told, run: &str) -> Told {
    told.events.sort_by_key(|event| event.at);
    for (number, event) in told.events.iter_mut().enumerate() {
        event.seq = number as u64 + 1;
        event.run = RunId(format!("20261121T120000Z-{run}"));
    }
    told
}

/// The same drill, ended like this.
pub fn ended(conclusion: Conclusion, exit_code: u8) -> Told {
    let mut told = injecting();
    if conclusion.verdict == Verdict::Aborted {
        told.cancelling(37_000, CancelReason::Requested);
    }
    told.done(37_100, "observe/nobody-works", "lasted 45s").start(37_200, "rollback");
    if conclusion.rollback == Rollback::Failed {
        told.failed(38_000, "rollback", "1 of 1 changes could not be taken back: somebody has set replicas to 2", "LAB-DRILL-005");
    } else {
        told.says(38_000, "rollback", StepEvent::Undone { what: CHANGE.to_owned() });
        told.done(38_010, "rollback", "1 change taken back");
    }
    told.start(38_020, "recover");
    for second in 0..4_u64 {
        look(&mut told, 38_100 + second * 1_000, "recover", "api-answers", Health::Pass, None);
    }
    told.done(42_000, "recover", "holds again after 3s").done(42_010, "watch", "2 held all the time");
    told.start(42_020, "verify");
    look(&mut told, 42_030, "verify", "recovers", Health::Pass, Some((3.2, Some(limit(Op::Le, 90.0)), "s")));
    told.done(42_100, "verify", "1 hold").start(42_110, "evidence").done(43_000, "evidence", "5 series kept");
    let ok = conclusion.verdict == Verdict::Pass;
    let summary = Summary { ok, changed: 8, duration_ms: 43_000, exit_code, drill: Some(conclusion), ..Summary::default() };
    told.event(43_010, EventKind::RunFinished { summary });
    named(told, "worker-scaled-to-zero-00af")
}

pub fn passed() -> Told {
    let why = "every fault landed and every hypothesis held".to_owned();
    ended(Conclusion { verdict: Verdict::Pass, rollback: Rollback::Clean, landed: Some(true), why }, 0)
}

fn aborted() -> Told {
    let why = "a person or a signal ended it".to_owned();
    ended(Conclusion { verdict: Verdict::Aborted, rollback: Rollback::Clean, landed: Some(true), why }, 14)
}

fn drill(name: &str, title: &str) -> DrillInfo {
    DrillInfo {
        name: name.into(),
        kind: DrillKind::Chaos,
        title: title.into(),
        tags: vec!["queue".into()],
        faults: vec!["scale to 0 for 45s".into()],
        load: None,
        blast: "at most 1 pod, 100% of those found, in apps".into(),
        needs: vec![("app-python".into(), Some(true)), ("metrics".into(), Some(true))],
        steady: vec!["api-answers".into(), "worker-polls".into()],
        claims: vec!["api-answers-meanwhile (OnChaos)".into(), "recovers (within 90s)".into()],
        aborts: vec!["api-down for 15s".into()],
        broken_ms: 45_000,
        file: format!("scenarios/chaos/{name}.yaml"),
        last: None,
        trouble: None,
    }
}

fn last(verdict: Verdict, rollback: Rollback, why: &str) -> LastDrill {
    let (run, journal) = ("20261121T110000Z-x-0001".to_owned(), "/runs/x/events.jsonl".into());
    LastDrill { run, journal, at: at(0), verdict, rollback, why: why.into() }
}

fn drills() -> Drills {
    let nobody = "Orders are taken while nobody works on them";
    Drills {
        all: vec![
            DrillInfo {
                last: Some(last(Verdict::Pass, Rollback::Clean, "every fault landed and every hypothesis held")),
                ..drill("worker-scaled-to-zero", nobody)
            },
            DrillInfo {
                last: Some(last(Verdict::Fail, Rollback::Failed, "recovers: it took 2m10, 1m allowed")),
                ..drill("api-pod-deleted", "The API is back within a minute of losing its only pod")
            },
            DrillInfo {
                needs: vec![("istio".into(), Some(false))],
                ..drill("orders-slow", "Checkout answers in 800 ms while orders is 300 ms slow")
            },
            DrillInfo {
                trouble: Some(Trouble {
                    id: "LAB-USAGE-001".into(),
                    what: "broken.yaml: line 3: there is no key `injct`".into(),
                    fix: String::new(),
                }),
                ..drill("broken", "")
            },
            DrillInfo {
                kind: DrillKind::Load,
                faults: Vec::new(),
                load: Some("20 rounds/s, at most 20 VUs for 1m".into()),
                blast: "nothing: it only asks, of what is in apps".into(),
                broken_ms: 0,
                ..drill("api-load", "The API answers 50 requests a second within 300 ms")
            },
        ],
        halted: None,
        left: Vec::new(),
    }
}

fn plan() -> DrillPlan {
    DrillPlan {
        scenario: "worker-scaled-to-zero".into(),
        title: "Orders are taken while nobody works on them".into(),
        lab: "dev-local".into(),
        namespace: "apps".into(),
        faults: vec![PlannedFault {
            name: "nobody-works".into(),
            changes: vec![PlannedChange { what: CHANGE.into(), undo: "/spec/replicas is 1 again".into() }],
        }],
        load: None,
        steady_state: vec!["api-answers".into(), "worker-polls".into()],
        hypotheses: vec!["api-answers-meanwhile".into(), "recovers".into()],
        abort: vec!["api-down".into()],
        steps: ["preflight", "baseline", "inject/nobody-works", "rollback"].map(str::to_owned).into(),
    }
}

/// The list, an hour after the runs in it.
pub fn listed() -> App {
    let mut app = App::new(ScreenId::Start);
    app.press("6").wait(3_600_000).tell(News::Drills(Box::new(drills())));
    app
}

/// The list with the plan of the first.
pub fn planned() -> App {
    let mut app = listed();
    app.press("enter");
    app.tell(News::DrillPlanned { which: "worker-scaled-to-zero".into(), plan: Box::new(Ok(plan())) });
    app
}

/// A drill of another process, at this moment of it.
pub fn live(told: Told, millis: u64) -> App {
    let mut app = App::new(ScreenId::Lab);
    app.tell(News::Attached).events(told.events).wait(millis);
    app
}

#[test]
fn the_list_says_what_each_needs_and_how_it_went() {
    let mut app = listed();
    assert!(app.asked.contains(&Effect::Drills));
    insta::assert_snapshot!("drills", app.all_sizes());
    app.press("7");
    let chaos = app.text((120, 40));
    assert!(chaos.contains("drills · chaos") && !chaos.contains("api-load"), "{chaos}");
    app.press("8");
    app.tell(News::Drills(Box::new(drills())));
    let load = app.text((120, 40));
    assert!(load.contains("drills · load") && load.contains("20 rounds/s") && !load.contains("api-pod-deleted"), "{load}");
    assert!(app.press("r").text((120, 40)).contains("Put load on lab dev-local: api-load?"));
}

#[test]
fn what_keeps_drills_back_is_said_and_none_is_begun() {
    let mut app = listed();
    app.tell(News::Drills(Box::new(Drills { halted: Some("payday".into()), left: vec!["20261121T110000Z-x-0001".into()], ..drills() })));
    insta::assert_snapshot!("drills_halted", app.text((80, 24)));
    app.press("r y");
    assert!(!app.asked.iter().any(|effect| matches!(effect, Effect::RunDrill(_))));
    // a drill that this lab cannot carry, and one whose file is wrong
    for keys in ["down down r y", "down r y"] {
        let mut app = listed();
        app.press("down").press(keys);
        assert!(!app.asked.iter().any(|effect| matches!(effect, Effect::RunDrill(_))), "{keys}");
    }
}

#[test]
fn a_drill_is_planned_then_asked_for_and_only_a_yes_begins_it() {
    let mut app = listed();
    app.press("enter");
    assert_eq!(app.asked.last(), Some(&Effect::PlanDrill("worker-scaled-to-zero".into())));
    assert!(app.text((80, 24)).contains("the lab is asked"));
    app.tell(News::DrillPlanned { which: "another".into(), plan: Box::new(Ok(DrillPlan::default())) });
    assert!(app.text((80, 24)).contains("the lab is asked"), "an answer to another question");
    app.tell(News::DrillPlanned { which: "worker-scaled-to-zero".into(), plan: Box::new(Ok(plan())) });
    insta::assert_snapshot!("drill_planned", app.all_sizes());
    app.press("r");
    insta::assert_snapshot!("drill_asked", app.text((120, 40)));
    app.press("enter");
    assert!(!app.asked.contains(&Effect::RunDrill("worker-scaled-to-zero".into())), "No is the answer that stands");
    app.press("r y");
    assert_eq!(app.asked.last(), Some(&Effect::RunDrill("worker-scaled-to-zero".into())));

    let mut app = listed();
    app.model.shared.read_only = true;
    app.press("r y");
    assert!(!app.asked.iter().any(|effect| matches!(effect, Effect::RunDrill(_))));
}

#[test]
fn a_drill_that_would_be_refused_says_why() {
    let mut app = listed();
    app.press("p");
    let trouble = Trouble {
        id: "LAB-DRILL-001".into(),
        what: "it would be refused: fault nobody-works: it would touch 3 pods, 1 allowed".into(),
        fix: "the message says what stands in the way".into(),
    };
    app.tell(News::DrillPlanned { which: "worker-scaled-to-zero".into(), plan: Box::new(Err(trouble)) });
    insta::assert_snapshot!("drill_refused", app.text((80, 24)));
    app.press("r y");
    assert!(!app.asked.iter().any(|effect| matches!(effect, Effect::RunDrill(_))));
}

#[test]
fn a_drill_at_work_shows_phases_checks_charts_and_what_is_to_be_undone() {
    let mut app = live(injecting(), 36_000);
    insta::assert_snapshot!("drill_injecting", app.all_sizes());
    // a check without numbers
    app.press("g");
    insta::assert_snapshot!("drill_looks", app.text((120, 40)));
    // the steps as those of any run, and back
    let steps = app.press("v").text((120, 40));
    assert!(steps.contains("what decides how long it takes"), "{steps}");
    assert!(app.press("v").text((120, 40)).contains("to undo: 1"));
    assert!(app.press("l").text((120, 40)).contains("[log]"));
}

/// A load at work, and nothing else.
pub fn under_load() -> Told {
    let mut told = Told::plan(&["preflight:", "baseline: preflight", "load: baseline", "rollback: load"]);
    if let EventKind::RunStarted { verb, .. } = &mut told.events[0].event {
        *verb = Verb::Load;
    }
    told.start(10, "preflight").done(500, "preflight", "may be done").start(510, "baseline").done(5_000, "baseline", "1 check holds");
    told.start(5_010, "load").says(5_100, "load", StepEvent::Intent { what: "k6 sends requests to app-python/http".into() });
    told.says(5_200, "load", StepEvent::Applied { what: "k6 sends requests to app-python/http".into() });
    for second in 0..20_u32 {
        let millis = 6_000 + u64::from(second) * 1_000;
        let requests_per_s = 20.0 + f64::from(second % 3);
        let p95_ms = Some(40.0 + f64::from(second) * 2.0);
        let failed_share = Some(if second == 12 { 0.05 } else { 0.0 });
        told.says(millis, "load", StepEvent::Load { requests_per_s, failed_share, p95_ms, vus: 4 });
    }
    named(told, "api-load-00af")
}

#[test]
fn a_load_at_work_is_drawn_by_its_figures() {
    let mut app = live(under_load(), 25_500);
    insta::assert_snapshot!("load_at_work", app.all_sizes());
    assert!(app.text((120, 40)).lines().next().unwrap().contains("UNDER LOAD"));
}

#[test]
fn a_drill_that_has_just_begun_has_nothing_to_show_and_says_so() {
    let mut told = injecting();
    told.events.truncate(2);
    insta::assert_snapshot!("drill_begun", live(told, 200).text((80, 24)));
}

#[test]
fn the_verdict_stands_below_what_was_seen() {
    insta::assert_snapshot!("drill_passed", live(passed(), 44_000).all_sizes());
    let mut app = live(aborted(), 44_000);
    let text = app.text((120, 40));
    assert!(text.contains("○C aborted   rollback clean   every fault landed   exit code 14"), "{text}");
    let why = "somebody has set replicas to 2".to_owned();
    let left = ended(Conclusion { verdict: Verdict::Fail, rollback: Rollback::Failed, landed: Some(true), why }, 20);
    insta::assert_snapshot!("drill_not_taken_back", live(left, 44_000).text((120, 40)));
}

#[test]
fn every_screen_can_halt_a_drill_at_work_and_none_when_there_is_none() {
    for screen in ["1", "2", "3", "4", "5", "6", "7", "8"] {
        let mut app = live(injecting(), 36_000);
        app.press(screen);
        for size in SIZES {
            let text = app.text(size);
            let (first, last) = (text.lines().next().unwrap(), text.lines().last().unwrap());
            assert!(first.contains("INJECTING") && first.contains("H = halt and undo"), "{screen} {size:?}: {first}");
            assert!(last.contains("H halt and undo"), "{screen} {size:?}: {last}");
        }
        app.press("H");
        let asks = app.text((80, 24));
        assert!(asks.contains("Halt drill worker-scaled-to-zero") && asks.contains("taken back at once"), "{asks}");
        app.press("enter");
        let cancel = Effect::Control(Control::Cancel { why: CancelReason::Requested });
        assert!(!app.asked.contains(&cancel), "No is the answer that stands");
        app.press("H y");
        assert_eq!(app.asked.last(), Some(&cancel));
    }
    let mut over = live(passed(), 44_000);
    over.tell(News::RunEnded);
    assert_eq!(over.model.shared.at_work, AtWork::Nothing);
    assert!(!over.press("H").text((120, 40)).contains("Halt drill"));
    assert!(!App::new(ScreenId::Lab).text((200, 60)).contains("halt and undo"));
    let mut reads = live(injecting(), 36_000);
    reads.model.shared.read_only = true;
    assert!(!reads.press("H").text((120, 40)).contains("Halt drill"));
}

#[test]
fn a_drill_that_is_ending_is_not_halted_again_and_says_what_it_does() {
    let mut told = injecting();
    told.cancelling(36_500, CancelReason::Requested);
    let mut app = live(told, 37_000);
    let first = app.text((120, 40));
    assert!(first.lines().next().unwrap().contains("ending: to be taken back"), "{first}");
    assert!(!app.press("H").text((120, 40)).contains("Halt drill"));
}

#[test]
fn a_drill_of_another_process_is_noticed_without_moving_who_looks_elsewhere() {
    let mut app = App::new(ScreenId::Workloads);
    app.tell(News::Noticed).events(injecting().events).wait(36_000);
    assert_eq!(app.model.front(), ScreenId::Workloads);
    assert!(app.text((120, 40)).lines().next().unwrap().contains("INJECTING"));
    app.press("q");
    assert_eq!(app.asked.last(), Some(&Effect::Quit), "leaving leaves it alone");
}

#[test]
fn a_drill_is_played_again_as_it_was() {
    let mut app = App::new(ScreenId::Replay);
    let events: Vec<Arc<Event>> = passed().events.into_iter().map(Arc::new).collect();
    app.tell(News::Recording { events: Arc::new(events), speed: None });
    let replayed = app.text((120, 40));
    assert!(replayed.contains("pass   rollback clean") && replayed.contains("taken back after"), "{replayed}");
    app.press("space").press(&"right ".repeat(30));
    assert!(app.text((120, 40)).contains("INJECTING"), "{}", app.text((120, 40)));
}

#[test]
fn the_recorded_drills_are_shown_as_they_were() {
    for (name, ends) in [("drill", "pass   rollback clean"), ("halted", "aborted   rollback clean")] {
        let mut app = App::new(ScreenId::Replay);
        app.tell(News::Recording { events: Arc::new(recording(name)), speed: None });
        let text = app.text((120, 40));
        assert!(text.contains(ends), "{name}: {text}");
        insta::assert_snapshot!(format!("demo_{name}"), text);
    }
}

#[test]
fn history_has_the_verdict_of_a_drill() {
    let conclusion = |verdict, rollback| Conclusion { verdict, rollback, landed: Some(true), why: "because".into() };
    let run = |minutes: u64, conclusion: Conclusion| PastRun {
        run: format!("20261121T12{minutes:02}00Z-worker-scaled-to-zero-00af"),
        journal: "/runs/x".into(),
        verb: Verb::Scenario,
        started: at(minutes * 60_000),
        status: PastStatus::Ended(Box::new(Summary { duration_ms: 43_000, drill: Some(conclusion), ..Summary::default() })),
    };
    let mut app = App::new(ScreenId::History);
    let runs = vec![
        run(3, conclusion(Verdict::Pass, Rollback::Clean)),
        run(2, conclusion(Verdict::Aborted, Rollback::Clean)),
        run(1, conclusion(Verdict::Fail, Rollback::Failed)),
    ];
    app.tell(News::History(runs));
    insta::assert_snapshot!("drill_history", app.text((120, 40)));
}

#[test]
fn a_fold_of_a_drill_is_drawn_in_every_theme_and_size() {
    for theme in Theme::ALL {
        for told in [injecting(), passed()] {
            let mut app = live(told, 36_000);
            app.model.shared.theme = theme.1;
            for size in SIZES.into_iter().chain([(60, 14), (61, 15), (99, 14), (100, 14), (400, 100)]) {
                assert!(!app.text(size).is_empty());
            }
        }
    }
    // a step that finishes in another way than a drill's do
    let mut told = injecting();
    told.event(37_000, EventKind::StepFinished { step: "watch".into(), result: FinishedAs::Cancelled });
    assert!(!live(told, 38_000).text((80, 24)).is_empty());
}
