//! What the engine promises, one statement a test.

use crate::rig::{Act, Log, Scripted, ends, run_plan, run_steered, sleeper, starts};
use async_trait::async_trait;
use labctl::engine::journal::{Journal, JournalWriter};
use labctl::engine::step::{Cx, Observed, Step, StepError};
use labctl::engine::{Node, Plan, PlanError, ResourceClass, RunOptions, SystemClock, run};
use labctl::model::run::{CancelReason, Control, EventKind, FinishedAs, RunId, RunState, Standing, StepEvent, StepId, Verb};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

fn plan(nodes: Vec<Node>) -> Plan {
    Plan::new(nodes).unwrap()
}

fn cancel(why: CancelReason) -> Vec<Control> {
    vec![Control::Cancel { why }]
}

fn waiting(on: &str, reason: &str) -> Act {
    Act::Say(StepEvent::Waiting { on: on.to_owned(), last_reason: reason.to_owned(), cause: None })
}

#[test]
fn a_cycle_is_refused_with_its_members_named() {
    let error = Plan::new(vec![sleeper("a", 1).needs(["c"]), sleeper("b", 1).after(["a"]), sleeper("c", 1).needs(["b"]), sleeper("d", 1)]);
    assert_eq!(error.unwrap_err().to_string(), "these steps wait for each other: a → c → b → a; remove one of the edges");
}

#[test]
fn a_step_that_waits_for_one_that_runs_until_it_is_a_cycle() {
    let error = Plan::new(vec![sleeper("load", 1).until(["check"]), sleeper("check", 1).needs(["load"])]).unwrap_err();
    assert!(matches!(error, PlanError::Cycle(_)), "{error}");
}

#[test]
fn unknown_and_double_names_are_refused() {
    let unknown = Plan::new(vec![sleeper("a", 1).after(["ghost"])]).unwrap_err();
    assert_eq!(unknown.to_string(), "step a names ghost in its after, and there is no such step");
    let double = Plan::new(vec![sleeper("a", 1), sleeper("a", 1)]).unwrap_err();
    assert_eq!(double.to_string(), "two steps are called a; rename one");
}

#[tokio::test(start_paused = true)]
async fn observed_as_done_is_unchanged_and_not_applied() {
    let log = Log::default();
    let ran = run_plan(plan(vec![Scripted::new("a", []).done().logging(&log).node(), Scripted::new("b", []).logging(&log).node()])).await;
    assert_eq!(ran.result_of("a"), &FinishedAs::Unchanged { note: "there".to_owned() });
    assert_eq!(ran.result_of("b"), &FinishedAs::Changed { note: "made".to_owned() });
    assert!(!log.lock().unwrap().contains(&"apply a".to_owned()));
    let summary = ran.state().summary.clone().unwrap();
    assert_eq!((summary.ok, summary.changed, summary.unchanged, summary.exit_code), (true, 1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn failure_blocks_dependents_and_siblings_finish() {
    let failing = Scripted::new("a", [Act::Fail("broken")]).node();
    let nodes = vec![failing, sleeper("b", 5).needs(["a"]), sleeper("c", 5).needs(["b"]), sleeper("d", 50), sleeper("e", 5).after(["a"])];
    let ran = run_plan(plan(nodes)).await;
    assert_eq!(ran.result_of("b"), &FinishedAs::Skipped { why: "needs A, which failed".to_owned() });
    assert_eq!(ran.result_of("c"), &FinishedAs::Skipped { why: "needs B, left out because A failed".to_owned() });
    assert!(matches!(ran.result_of("d"), FinishedAs::Changed { .. }));
    assert!(matches!(ran.result_of("e"), FinishedAs::Changed { .. }), "after is order only");
    assert_eq!(ran.state().summary.as_ref().unwrap().exit_code, 5);
}

#[tokio::test(start_paused = true)]
async fn finally_runs_whatever_failed_before_it() {
    let nodes = vec![
        Scripted::new("a", [Act::Fail("broken")]).node(),
        sleeper("b", 5).needs(["a"]),
        sleeper("tidy", 5).needs(["b"]).finally(),
        sleeper("last", 5).needs(["tidy"]),
    ];
    let ran = run_plan(plan(nodes)).await;
    assert!(matches!(ran.result_of("tidy"), FinishedAs::Changed { .. }));
    assert!(matches!(ran.result_of("last"), FinishedAs::Changed { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_late_step_fails_and_says_what_it_waited_on() {
    let nodes = vec![
        Scripted::new("polite", [waiting("probe answers", "503"), Act::Wait]).node().deadline(Duration::from_mins(3)),
        Scripted::new("deaf", [Act::Hang]).node().deadline(Duration::from_secs(20)),
    ];
    let ran = run_plan(plan(nodes)).await;
    let failed = |error: &str| FinishedAs::Failed { error: error.to_owned(), code: "LAB-STEP-DEADLINE".to_owned() };
    assert_eq!(ran.result_of("polite"), &failed("not done within 3m00; it last waited on probe answers: 503"));
    assert_eq!(ran.result_of("deaf"), &failed("not done within 20s; it last said: missing"));
    assert_eq!(ran.state().summary.as_ref().unwrap().duration_ms, 180_000);
}

#[tokio::test(start_paused = true)]
async fn a_panicking_step_is_a_failed_step() {
    let ran = run_plan(plan(vec![Scripted::new("a", [Act::Panic]).node(), sleeper("b", 5)])).await;
    let error = "the step broke: scripted panic; this is a bug".to_owned();
    assert_eq!(ran.result_of("a"), &FinishedAs::Failed { error, code: "LAB-STEP-PANIC".to_owned() });
    assert!(matches!(ran.result_of("b"), FinishedAs::Changed { .. }));
}

#[tokio::test(start_paused = true)]
async fn the_longest_remaining_path_goes_first() {
    let one = |node: Node, estimate| node.class(ResourceClass::Host).estimate_ms(estimate);
    let nodes = vec![one(sleeper("short", 10), 10), one(sleeper("long", 10), 10), one(sleeper("tail", 10).needs(["long"]), 500)];
    let ran = run_steered(
        plan(nodes),
        |mut options| {
            options.slots = options.slots.with(ResourceClass::Host, 1);
            options
        },
        |_| Vec::new(),
    )
    .await;
    let started = |step: &str| ran.state().step(&StepId::from(step)).unwrap().started.unwrap();
    assert!(started("long") < started("tail") && started("tail") < started("short"));
}

#[tokio::test(start_paused = true)]
async fn first_cancel_lets_running_steps_end_and_runs_finally() {
    let nodes = vec![sleeper("a", 100), sleeper("b", 5).needs(["a"]), sleeper("tidy", 5).needs(["b"]).finally()];
    let ran = run_steered(
        plan(nodes),
        |o| o,
        |event| {
            if starts(event, "a") { cancel(CancelReason::Requested) } else { vec![] }
        },
    )
    .await;
    assert!(matches!(ran.result_of("a"), FinishedAs::Changed { .. }));
    assert_eq!(ran.result_of("b"), &FinishedAs::Cancelled);
    assert!(matches!(ran.result_of("tidy"), FinishedAs::Changed { .. }));
    assert!(ran.state().summary.as_ref().unwrap().cancelled);
}

#[tokio::test(start_paused = true)]
async fn second_cancel_ends_running_steps_but_never_finally() {
    let nodes = vec![
        Scripted::new("polite", [Act::Wait]).node(),
        Scripted::new("deaf", [Act::Hang]).node(),
        sleeper("tidy", 60_000).needs(["polite", "deaf"]).finally(),
    ];
    let ran = run_steered(
        plan(nodes),
        |o| o,
        |event| match &event.event {
            EventKind::StepStarted { step } if step.0 == "deaf" => cancel(CancelReason::Now),
            EventKind::StepStarted { step } if step.0 == "tidy" => cancel(CancelReason::Now),
            _ => vec![],
        },
    )
    .await;
    assert_eq!(ran.result_of("polite"), &FinishedAs::Cancelled);
    assert_eq!(ran.result_of("deaf"), &FinishedAs::Cancelled);
    assert!(matches!(ran.result_of("tidy"), FinishedAs::Changed { .. }));
    // Ten seconds of grace for the deaf one, then a minute of tidying.
    assert_eq!(ran.state().summary.as_ref().unwrap().duration_ms, 70_000);
}

#[tokio::test(start_paused = true)]
async fn third_cancel_leaves_at_once_and_says_how_to_go_on() {
    let nodes = vec![Scripted::new("deaf", [Act::Hang]).node(), sleeper("tidy", 5).needs(["deaf"]).finally()];
    let ran = run_steered(
        plan(nodes),
        |o| o,
        |event| {
            if starts(event, "deaf") { cancel(CancelReason::Abandon) } else { vec![] }
        },
    )
    .await;
    assert_eq!((ran.result_of("deaf"), ran.result_of("tidy")), (&FinishedAs::Cancelled, &FinishedAs::Cancelled));
    assert_eq!(ran.state().summary.as_ref().unwrap().duration_ms, 0);
    assert!(ran.notes().contains("run the same command again"), "{}", ran.notes());
}

#[tokio::test(start_paused = true)]
async fn retry_rearms_the_step_and_what_it_blocked_while_the_run_lives() {
    let nodes = vec![
        Scripted::new("a", []).stumbles(1).node(),
        sleeper("b", 5).needs(["a"]),
        sleeper("c", 5).needs(["b"]),
        sleeper("d", 5).needs(["a", "x"]),
        Scripted::new("x", [Act::Fail("for good")]).node(),
        sleeper("long", 1000),
    ];
    let retry = |event: &_| {
        if ends(event, "c") { vec![Control::Retry { step: "a".into() }] } else { vec![] }
    };
    let ran = run_steered(plan(nodes), |o| o, retry).await;
    for step in ["a", "b", "c"] {
        assert!(matches!(ran.result_of(step), FinishedAs::Changed { .. }), "{step}");
    }
    assert_eq!(ran.result_of("d"), &FinishedAs::Skipped { why: "needs X, which failed".to_owned() });
    let rearmed = ran.events.iter().filter(|event| matches!(event.event, EventKind::StepRearmed { .. })).count();
    assert!(rearmed >= 3, "{rearmed}");
}

#[tokio::test(start_paused = true)]
async fn skip_leaves_out_what_waits_and_what_runs() {
    let nodes = vec![Scripted::new("a", [Act::Wait]).node(), sleeper("b", 5).needs(["a"]), sleeper("c", 50), sleeper("d", 5).needs(["c"])];
    let ran = run_steered(
        plan(nodes),
        |o| o,
        |event| {
            if starts(event, "c") { vec![Control::Skip { step: "a".into() }, Control::Skip { step: "d".into() }] } else { vec![] }
        },
    )
    .await;
    let left_out = FinishedAs::Skipped { why: "left out by a person".to_owned() };
    assert_eq!((ran.result_of("a"), ran.result_of("d")), (&left_out, &left_out));
    assert_eq!(ran.result_of("b"), &FinishedAs::Skipped { why: "needs A, which was left out".to_owned() });
}

#[tokio::test(start_paused = true)]
async fn pause_starts_nothing_until_resume() {
    let nodes = vec![sleeper("a", 10), sleeper("b", 10).needs(["a"])];
    let ran = run_steered(
        plan(nodes),
        |o| o,
        |event| match &event.event {
            EventKind::StepStarted { step } if step.0 == "a" => vec![Control::Pause],
            EventKind::StepFinished { step, .. } if step.0 == "a" => vec![Control::Note { text: "hello".to_owned() }],
            EventKind::Note { .. } => vec![Control::Resume],
            _ => vec![],
        },
    )
    .await;
    let kinds: Vec<_> = ran.events.iter().map(|event| std::mem::discriminant(&event.event)).collect();
    let resumed = ran.events.iter().position(|event| event.event == EventKind::RunResumed).unwrap();
    let started = ran.events.iter().position(|event| starts(event, "b")).unwrap();
    assert!(resumed < started, "{kinds:?}");
}

#[tokio::test(start_paused = true)]
async fn a_step_runs_until_others_end() {
    let nodes = vec![Scripted::new("load", [Act::UntilTold]).node().until(["b"]), sleeper("a", 10), sleeper("b", 1000).needs(["a"])];
    let ran = run_plan(plan(nodes)).await;
    assert!(matches!(ran.result_of("load"), FinishedAs::Changed { .. }));
    assert_eq!(ran.state().summary.as_ref().unwrap().duration_ms, 1010);
}

#[tokio::test(start_paused = true)]
async fn an_unwinding_plan_takes_back_last_first_and_says_what_it_could_not() {
    let log = Log::default();
    let logged = |name: &str| Scripted::new(name, []).logging(&log);
    let nodes = vec![
        logged("a").node(),
        logged("b").undo_fails().node().needs(["a"]),
        logged("same").done().node().needs(["b"]),
        Scripted::new("c", [Act::Fail("broken")]).logging(&log).node().needs(["same"]),
        logged("d").node().needs(["c"]),
    ];
    let ran = run_plan(plan(nodes).unwinding()).await;
    let undone: Vec<String> = log.lock().unwrap().iter().filter(|line| line.starts_with("undo")).cloned().collect();
    assert_eq!(undone, ["undo c", "undo b", "undo a"]);
    let step = |name: &str| ran.state().step(&StepId::from(name)).unwrap();
    assert!(step("a").undone && step("c").undone && !step("b").undone);
    assert_eq!(step("b").undo_failed, Some(("stuck".to_owned(), "LAB-TEST-005".to_owned())));
    assert!(!ran.state().summary.as_ref().unwrap().ok);
    assert_eq!(RunState::fold(&ran.journal.events), *ran.state());
}

#[tokio::test(start_paused = true)]
async fn an_unwinding_plan_that_succeeds_takes_nothing_back() {
    let log = Log::default();
    run_plan(plan(vec![Scripted::new("a", []).logging(&log).node()]).unwinding()).await;
    assert_eq!(*log.lock().unwrap(), ["observe a", "apply a"]);
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_taken_back_by_a_plan_of_its_own() {
    let log = Log::default();
    let logged = |name: &str, acts: &[Act]| Scripted::new(name, acts).logging(&log).node();
    let nodes = || vec![logged("a", &[]), logged("b", &[Act::Sleep(10)]).needs(["a"]), logged("c", &[]).needs(["b"])];
    let ran = run_plan(plan(nodes()).unwinding()).await;
    // Killed while b ran.
    let until = ran.journal.events.iter().position(|event| ends(event, "b")).unwrap();
    let found = RunState::fold(&ran.journal.events[..until]);
    assert!(found.is_unfinished());
    log.lock().unwrap().clear();
    let undone = run_plan(plan(nodes()).undoing(&found).unwrap()).await;
    assert_eq!(*log.lock().unwrap(), ["undo b", "undo a"]);
    assert!(undone.state().summary.as_ref().unwrap().ok);
}

/// Intends, then looks whether that is in the journal.
struct Looks {
    journal: PathBuf,
    syncs: Arc<AtomicU64>,
}

#[async_trait]
impl Step for Looks {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let before = self.syncs.load(Ordering::Relaxed);
        cx.sink.intent("fault on").await.unwrap();
        let events = Journal::read(&self.journal).unwrap().events;
        let written =
            matches!(&events.last().unwrap().event, EventKind::Step { says: StepEvent::Intent { what }, .. } if what == "fault on");
        assert!(written, "{:?}", events.last());
        // The line, and before the first one the folder that leads to it.
        assert_eq!(self.syncs.load(Ordering::Relaxed), before + 2);
        Ok(String::new())
    }
}

#[tokio::test(start_paused = true)]
async fn an_intent_is_on_disk_before_the_step_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let id = RunId("20260102T030405Z-test-0001".to_owned());
    let journal = JournalWriter::create(folder.path(), &id).unwrap();
    let step = Looks { journal: journal.path().to_owned(), syncs: journal.syncs() };
    let mut options = RunOptions::new(id, Verb::Test, "lab", Arc::new(SystemClock));
    options.journal = Some(journal);
    let state = run(plan(vec![Node::new("a", "a", Arc::new(step))]), options).await.unwrap();
    assert_eq!(state.steps[0].result, Some(FinishedAs::Changed { note: String::new() }));
    assert_eq!(state.steps[0].to_undo, ["fault on"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_front_end_loses_only_lines_and_is_told_how_many() {
    let mut acts = vec![Act::Say(StepEvent::Output { stream: labctl::model::run::Stream::Out, line: "x".to_owned() }); 5000];
    acts.push(Act::Sleep(1));
    let (to, mut from) = tokio::sync::mpsc::channel(4);
    let slow = tokio::spawn(async move {
        // Nothing is taken before the run is over as far as the front end can tell.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut seen = Vec::new();
        while let Some(event) = from.recv().await {
            seen.push(event);
        }
        seen
    });
    let ran = run_steered(
        plan(vec![Scripted::new("a", acts).node(), sleeper("b", 5)]),
        |mut options| {
            options.events = Some(to);
            options
        },
        |_| Vec::new(),
    )
    .await;
    let seen = slow.await.unwrap();
    let line = |event: &&labctl::model::run::Event| matches!(&event.event, EventKind::Step { says: StepEvent::Output { .. }, .. });
    let all = ran.journal.events.iter().filter(line).count();
    let lost = all - seen.iter().map(AsRef::as_ref).filter(line).count();
    assert!(lost > 3000, "{lost}");
    assert!(ran.notes().contains(&format!("{lost} lines of output were not shown")), "{}", ran.notes());
    let others = |events: usize, lines: usize| events - lines;
    assert_eq!(others(seen.len(), all - lost), others(ran.journal.events.len(), all));
}

#[tokio::test(start_paused = true)]
async fn a_front_end_that_is_gone_does_not_stop_the_run() {
    let (to, from) = tokio::sync::mpsc::channel(1);
    drop(from);
    let ran = run_steered(
        plan(vec![sleeper("a", 5)]),
        |mut options| {
            options.events = Some(to);
            options
        },
        |_| Vec::new(),
    )
    .await;
    assert_eq!(ran.state().steps[0].standing, Standing::Ready);
    assert_eq!(RunState::fold(&ran.journal.events), *ran.state());
}

#[tokio::test(start_paused = true)]
async fn the_critical_path_is_the_chain_that_decided() {
    let nodes = vec![
        sleeper("a", 100).group("one"),
        sleeper("b", 300).group("one"),
        sleeper("c", 50).needs(["a", "b"]).group("two"),
        sleeper("d", 10).needs(["a"]).group("two"),
    ];
    let ran = run_plan(plan(nodes)).await;
    let summary = ran.state().summary.clone().unwrap();
    assert_eq!(summary.critical_path, [StepId::from("b"), StepId::from("c")]);
    assert_eq!(summary.phases, [("one".to_owned(), 300), ("two".to_owned(), 250)]);
    assert_eq!(summary.duration_ms, 350);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_is_the_longest_chain_of_estimates() {
    let nodes =
        vec![sleeper("a", 400).estimate_ms(1000), sleeper("b", 50).needs(["a"]).estimate_ms(500), sleeper("c", 50).estimate_ms(1200)];
    let ran = run_plan(plan(nodes)).await;
    let before_b = ran.journal.events.iter().position(|event| ends(event, "a")).unwrap();
    let state = RunState::fold(&ran.journal.events[..before_b]);
    // At 50 ms, when c had just ended: 950 of a and all of b.
    assert_eq!(state.remaining_ms(state.last.unwrap()), 1450);
    assert_eq!(ran.state().remaining_ms(ran.state().last.unwrap()), 0);
}
