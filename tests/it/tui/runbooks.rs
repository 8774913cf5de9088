//! The screen of runbooks: which are for an alert that fires, the page, and what is asked before one is carried out.

use super::rig::{App, at};
use labctl::catalog::{self, Files};
use labctl::model::look::{AlertRow, Answer, Query, Snapshot};
use labctl::model::runbook::Outcome;
use labctl::tui::{Effect, LastRunbook, News, RunbookInfo, ScreenId, Trouble};

fn runbooks() -> Vec<RunbookInfo> {
    let files = Files::default();
    let page = |name: &str, last| RunbookInfo { name: name.to_owned(), runbook: Ok(catalog::runbook(&files, name).unwrap()), last };
    let last = |result, why: &str| Some(LastRunbook { journal: "/runs/x".into(), at: at(0), result, why: why.to_owned() });
    let broken = Trouble { id: "LAB-USAGE-001".into(), what: "Broken.md: line 3: it is empty".into(), fix: String::new() };
    vec![
        page("QueueGrowing", last(Outcome::Resolved, "all that Verify asks holds")),
        page("PodCrashLooping", last(Outcome::NotResolved, "pod-ready: 0 of 1")),
        RunbookInfo { name: "Broken".into(), runbook: Err(broken), last: None },
    ]
}

pub fn listed() -> App {
    let mut app = App::new(ScreenId::Start);
    app.press("B").wait(3_600_000).tell(News::Runbooks(runbooks()));
    let alert = AlertRow {
        name: "WorkerDown".into(),
        severity: "page".into(),
        summary: "no worker is up".into(),
        labels: Vec::new(),
        since: Some(at(3_000_000)),
    };
    let snapshot = Snapshot { at: at(3_600_000), query: Query::Alerts, answer: Ok(Answer::Alerts(vec![alert])) };
    app.tell(News::Seen(Box::new(snapshot)));
    app
}

#[test]
fn the_list_says_which_alert_fires_and_the_page_is_shown() {
    let mut app = listed();
    assert!(app.asked.contains(&Effect::Runbooks) && app.model.looking == [Query::Alerts]);
    insta::assert_snapshot!("runbooks", app.all_sizes());
    app.press("enter G");
    let end = app.text((80, 24));
    assert!(end.contains("Escalate") && !end.contains("fires"), "{end}");
    app.press("esc down down");
    assert!(app.text((120, 40)).contains("Broken.md: line 3"));
    app.press("r y");
    assert!(!app.asked.iter().any(|effect| matches!(effect, Effect::RunRunbook { .. })));
}

#[test]
fn what_a_page_would_change_is_asked_first_and_looking_needs_no_question() {
    let mut app = listed();
    app.press("r");
    insta::assert_snapshot!("runbook_asked", app.text((120, 40)));
    app.press("enter");
    let ran = |app: &App, only_look| app.asked.contains(&Effect::RunRunbook { which: "QueueGrowing".into(), only_look });
    assert!(!ran(&app, false), "No is the answer that stands");
    app.press("r y");
    assert!(ran(&app, false) && !ran(&app, true));
    app.press("c");
    assert!(ran(&app, true));
    let mut reads = listed();
    reads.model.shared.read_only = true;
    reads.press("r y");
    assert!(!ran(&reads, false));
}
