//! The Start screen.

use super::rig::App;
use labctl::model::budget::{Amount, Ask, Budget, Fit, Measure};
use labctl::model::finding::{Finding, SafeFix};
use labctl::model::stack::{Adjusted, Size};
use labctl::tui::{Effect, Judgement, Msg, News, Order, PartInfo, ScreenId, StackInfo, Trouble};

fn stack(name: &str, parts: &[(&str, &str)], current: bool) -> StackInfo {
    let parts = parts.iter().map(|(name, version)| PartInfo {
        name: (*name).to_owned(),
        title: name.to_uppercase(),
        group: "observability".to_owned(),
        version: (*version).to_owned(),
    });
    StackInfo { name: name.to_owned(), parts: parts.collect(), current, ..StackInfo::default() }
}

fn stacks() -> Vec<StackInfo> {
    let small = [("gateway", "1.40.0"), ("jaeger", "2.11.0"), ("loki", "3.7.1"), ("prometheus", "3.15.0")];
    let mut broken = stack("/home/a/lab.yaml", &[], false);
    broken.trouble =
        Some(Trouble { id: "LAB-USAGE-001".into(), what: "there is no component `lokki`; did you mean loki?".into(), fix: String::new() });
    vec![stack("lite", &small, false), stack("lite-packages", &small[1..], true), broken]
}

fn judgement(fit: Fit) -> Judgement {
    let measure = |of: &str, asked, there, fit| Measure { of: of.into(), asked, there: Some(there), fit };
    let ask = |component: &str, millicores, bytes| {
        let requests = Amount { millicores, bytes };
        Ask {
            workload: format!("Deployment observability/{component}"),
            component: component.into(),
            pods: 1,
            requests,
            limits: requests,
            unbounded: 0,
        }
    };
    Judgement {
        budget: Budget {
            fit,
            requests: Amount::default(),
            limits: Amount::default(),
            download: Some(1_181_116_006),
            measures: vec![
                measure("memory", 6_227_702_579, 6_549_825_126, fit),
                measure("cpu", 2600, 8000, Fit::Fits),
                measure("disk", 9_663_676_416, 44_023_414_784, Fit::Fits),
            ],
            asks: vec![ask("loki", 100, 268_435_456), ask("prometheus", 200, 335_544_320), ask("jaeger", 50, 134_217_728)],
            suggestions: if fit == Fit::Fits { Vec::new() } else { vec!["leave prometheus out: 320 MiB".into()] },
        },
        size: "small".into(),
        from_bundle: false,
        takes_ms: 184_000,
        past_runs: 3,
        path: vec!["Cluster".into(), "Nodes".into(), "Prometheus".into()],
        cluster_is_there: false,
    }
}

fn findings() -> Vec<Finding> {
    vec![
        Finding::ok("LAB-HOST-001", "8 CPUs"),
        Finding::warn(
            "LAB-HOST-004",
            "inotify instances 128 < 512",
            "pods that watch files fail",
            "sysctl -w fs.inotify.max_user_instances=512",
        )
        .with_action(SafeFix::Sysctl { key: "fs.inotify.max_user_instances".into(), value: "512".into() }),
        Finding::fail("LAB-ENGINE-001", "no container engine answers at unix:///var/run/docker.sock", "", "start Docker"),
    ]
}

fn order(without: &[&str], size: Option<Size>) -> Order {
    let adjusted = Adjusted { without: without.iter().map(|name| (*name).to_owned()).collect(), size };
    Order { stack: "lite-packages".into(), adjusted }
}

fn told() -> App {
    let mut app = App::new(ScreenId::Start);
    app.take(Msg::Opened);
    app.tell(News::Stacks(stacks()));
    app.tell(News::Host("8 CPU · 15.3 GiB (6.1 GiB free) · 41 GiB disk free · docker 28.2 · cgroup v2".into()));
    app.tell(News::Findings(Ok(findings())));
    app
}

/// The screen as the docs show it.
pub fn shown() -> App {
    let mut app = told();
    judged(&mut app, order(&[], None), judgement(Fit::Tight));
    app.press("enter down");
    app
}

fn judged(app: &mut App, order: Order, judgement: Judgement) {
    app.tell(News::Judged { order, judgement: Box::new(Ok(judgement)) });
}

#[test]
fn start_before_and_after_its_answers() {
    let mut app = App::new(ScreenId::Start);
    let empty = app.take(Msg::Opened).text((80, 24));
    assert_eq!(app.asked, [Effect::LookAround]);
    insta::assert_snapshot!("start_empty", empty);
    let mut app = told();
    judged(&mut app, order(&[], None), judgement(Fit::Tight));
    insta::assert_snapshot!("start", app.all_sizes());
    insta::assert_snapshot!("start_doctor", app.press("[").all_sizes());
    let unfit = Trouble { id: "LAB-USAGE-001".into(), what: "component `app-python` needs `metrics`".into(), fix: "tick it again".into() };
    app.press("] tab down space");
    app.tell(News::Judged { order: order(&["loki"], None), judgement: Box::new(Err(unfit)) });
    insta::assert_snapshot!("start_unticked", app.text((120, 40)));
}

#[test]
fn what_is_unticked_is_judged_and_started_without() {
    let mut app = told();
    judged(&mut app, order(&[], None), judgement(Fit::Fits));
    app.asked.clear();
    app.press("enter down space");
    assert_eq!(app.asked, [Effect::Judge(order(&["loki"], None))]);
    app.press("s");
    assert_eq!(app.asked.len(), 1, "one judgement at a time");
    judged(&mut app, order(&["loki"], None), judgement(Fit::Fits));
    assert_eq!(app.asked[1..], [Effect::Judge(order(&["loki"], Some(Size::Medium)))], "what changed meanwhile is judged next");
    judged(&mut app, order(&["loki"], Some(Size::Medium)), judgement(Fit::Fits));
    app.press("u");
    let question = app.text((120, 40));
    assert!(question.contains("Bring lab dev-local up from stack lite-packages?") && question.contains("Without loki"), "{question}");
    app.press("y");
    assert_eq!(app.asked[2..], [Effect::Up { order: order(&["loki"], Some(Size::Medium)), force: false }]);
}

#[test]
fn what_does_not_fit_is_started_only_in_the_knowledge_of_it() {
    let mut app = told();
    judged(&mut app, order(&[], None), judgement(Fit::DoesNotFit));
    app.asked.clear();
    let question = app.press("u").text((120, 40));
    assert!(question.contains("This host has less than the lab asks for") && question.contains("all the same"), "{question}");
    app.press("enter");
    assert_eq!(app.asked, [], "No is the answer that stands");
    app.press("u y");
    assert_eq!(app.asked, [Effect::Up { order: order(&[], None), force: true }]);
}

#[test]
fn a_fix_is_asked_for_in_words() {
    let mut app = told();
    app.asked.clear();
    app.press("[ f");
    assert_eq!(app.asked, [], "the first finding has no fix that can be carried out");
    let question = app.press("down f").text((120, 40));
    assert!(question.contains("Run `sysctl -w fs.inotify.max_user_instances=512` as root?"), "{question}");
    app.press("y");
    assert!(matches!(app.asked.as_slice(), [Effect::Fix(SafeFix::Sysctl { .. })]), "{:?}", app.asked);
}

#[test]
fn read_only_neither_starts_nor_fixes() {
    let mut app = told();
    app.model.shared.read_only = true;
    app.asked.clear();
    app.press("u n [ down f n");
    assert_eq!(app.asked, []);
}

#[test]
fn a_plan_is_shown_and_put_away() {
    let mut app = told();
    app.asked.clear();
    app.press("p");
    assert_eq!(app.asked, [Effect::Plan(order(&[], None))]);
    app.tell(News::Planned((0..100).map(|number| format!("line {number}")).collect()));
    assert!(app.text((80, 24)).contains("line 0"), "{}", app.text((80, 24)));
    let below = app.press("pgdn").text((80, 24));
    assert!(below.contains("line 12") && !below.contains("line 11"), "{below}");
    assert!(!app.press("esc").text((80, 24)).contains("line 12"));
}

#[test]
fn an_app_that_opens_goes_to_what_there_is_unless_a_key_was_pressed() {
    let opened = || {
        let mut app = App::new(ScreenId::Start);
        app.take(Msg::Opened);
        app.asked.clear();
        app
    };
    let mut app = opened();
    app.tell(News::LabIsThere);
    assert_eq!(app.model.front(), ScreenId::Lab);
    let mut app = opened();
    app.tell(News::AtWork("20261121T120000Z-up-aaaa".into()));
    assert_eq!(app.asked, [Effect::Attach("20261121T120000Z-up-aaaa".into())]);
    for news in [News::LabIsThere, News::AtWork("20261121T120000Z-up-aaaa".into())] {
        let mut app = opened();
        app.press("down").tell(news);
        assert_eq!((app.model.front(), app.asked.as_slice()), (ScreenId::Start, &[][..]));
    }
}
