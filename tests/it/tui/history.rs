//! The History screen.

use super::rig::{App, at, recorded, troubled};
use labctl::model::run::{RunState, StepId, Summary, Verb};
use labctl::tui::{Effect, Msg, News, PastRun, PastStatus, ScreenId};
use std::path::PathBuf;
use std::sync::Arc;

fn run(name: &str, verb: Verb, minutes: u64, status: PastStatus) -> PastRun {
    PastRun {
        run: format!("20261121T12{minutes:02}00Z-{name}"),
        journal: PathBuf::from(format!("/runs/{name}")),
        verb,
        started: at(minutes * 60_000),
        status,
    }
}

fn ended(summary: Summary) -> PastStatus {
    PastStatus::Ended(Box::new(summary))
}

fn runs() -> Vec<PastRun> {
    let well = Summary {
        ok: true,
        changed: 19,
        unchanged: 3,
        duration_ms: 58_651,
        critical_path: ["engine", "cluster", "component/loki"].map(StepId::from).into(),
        phases: vec![("host".into(), 30), ("cluster".into(), 27_000), ("observability".into(), 31_000)],
        urls: vec![("loki".into(), "http://loki.dev-local.localhost:8080/".into())],
        ..Summary::default()
    };
    vec![
        run("up-dddd", Verb::Up, 40, PastStatus::Running),
        run("down-cccc", Verb::Down, 30, ended(Summary { ok: true, changed: 4, duration_ms: 9_000, ..Summary::default() })),
        run("up-bbbb", Verb::Up, 20, ended(Summary { failed: 2, skipped: 1, duration_ms: 184_000, ..well.clone() }).failed()),
        run("up-aaaa", Verb::Up, 10, ended(well)),
        run("up-0000", Verb::Up, 5, PastStatus::Unfinished),
    ]
}

trait Failed {
    fn failed(self) -> Self;
}

impl Failed for PastStatus {
    fn failed(self) -> Self {
        match self {
            Self::Ended(summary) => ended(Summary { ok: false, ..*summary }),
            other => other,
        }
    }
}

fn told() -> App {
    let mut app = App::new(ScreenId::History);
    app.take(Msg::Opened).tell(News::History(runs()));
    app
}

/// The screen as the docs show it.
pub fn shown() -> App {
    let mut app = told();
    app.press("end up");
    app
}

#[test]
fn history_of_a_lab() {
    let mut app = App::new(ScreenId::History);
    app.take(Msg::Opened);
    assert_eq!(app.asked, [Effect::History]);
    let none = app.tell(News::History(Vec::new())).text((80, 24));
    assert!(none.contains("lab dev-local has no runs yet"), "{none}");
    let mut app = told();
    insta::assert_snapshot!("history", app.press("end up").all_sizes());
    insta::assert_snapshot!("history_filtered", app.press("/ k i l l enter").text((80, 24)));
}

#[test]
fn enter_plays_the_chosen_run_again_and_esc_comes_back() {
    let mut app = told();
    app.asked.clear();
    app.press("down down enter");
    assert_eq!(app.asked, [Effect::Play(PathBuf::from("/runs/up-bbbb"))]);
    app.tell(News::Recording { events: Arc::new(recorded()), speed: Some(10.0) });
    assert!(app.text((120, 40)).contains("playing ×10"));
    assert!(app.press("esc").text((120, 40)).contains("history"));
}

#[test]
fn enter_joins_a_run_that_is_at_work() {
    let mut app = told();
    app.asked.clear();
    app.press("enter");
    assert_eq!(app.asked, [Effect::Attach("20261121T124000Z-up-dddd".to_owned())]);
    app.tell(News::Attached).press("5 enter");
    assert!(app.text((120, 40)).contains(" run "), "the one that is shown already is gone to");
    assert_eq!(app.asked.iter().filter(|effect| matches!(effect, Effect::Attach(_))).count(), 1);
}

#[test]
fn two_runs_are_compared_step_by_step() {
    let mut app = told();
    app.asked.clear();
    app.press("c");
    let compare = |one: &str, other: &str| Effect::Compare(PathBuf::from(one), PathBuf::from(other));
    assert_eq!(app.asked, [compare("/runs/up-bbbb", "/runs/up-dddd")], "the chosen one and the one of its kind before it");
    app.press("end space home down c");
    assert_eq!(app.asked[1..], [compare("/runs/up-0000", "/runs/down-cccc")], "the marked one and the chosen one, the older first");
    let before = RunState::fold(&troubled().events);
    let mut events = troubled();
    events.done(30_000, "images", "10 images").done(31_000, "component/argocd", "61 objects");
    let after = RunState::fold(&events.events);
    app.tell(News::Compared(Arc::new(before), Arc::new(after)));
    insta::assert_snapshot!("history_compared", app.all_sizes());
    assert!(app.press("esc").text((120, 40)).contains("up-aaaa") || app.text((120, 40)).contains("history"));
}
