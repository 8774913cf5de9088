//! The screens Lab and Workloads: a lab as it is, one in trouble, one of which little is known, and one that is too large.

use super::rig::{App, SIZES, at, text};
use labctl::model::look::{
    Act, AlertRow, Answer, CauseRow, Condition, ContainerRow, Credential, EndpointRow, EventRow, LogBatch, LogLine, LogOf, NodeUse, PodRow,
    PodUse, Query, SecretText, Snapshot, Target, Usage, Workload, WorkloadRow,
};
use labctl::model::run::{At, Health, Object};
use labctl::model::status::{CheckStatus, ClusterStatus, ComponentStatus, LabStatus};
use labctl::tui::{Effect, News, Question, ScreenId, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use std::time::Duration;

/// So long before noon.
fn ago(seconds: u64) -> At {
    At(at(0).0 - Duration::from_secs(seconds))
}

fn seen(app: &mut App, millis: u64, query: Query, answer: Result<Answer, &str>) {
    let snapshot = Snapshot { at: at(millis), query, answer: answer.map_err(str::to_owned) };
    app.tell(News::Seen(Box::new(snapshot)));
}

fn object(kind: &str, namespace: &str, name: &str) -> Object {
    Object { kind: kind.into(), namespace: namespace.into(), name: name.into() }
}

fn pod(namespace: &str, name: &str, workload: Option<Object>) -> PodRow {
    PodRow {
        namespace: namespace.into(),
        name: name.into(),
        component: workload.as_ref().map(|of| of.name.clone()).unwrap_or_default(),
        workload,
        condition: Condition::Ready,
        status: "Running".into(),
        ready: (1, 1),
        restarts: 0,
        last_restart: None,
        made: Some(ago(5_000)),
        node: "dev-local-control-plane".into(),
        containers: vec![ContainerRow { name: "main".into(), ready: true, state: "running".into(), ..ContainerRow::default() }],
        cause: None,
    }
}

fn workload(kind: Workload, namespace: &str, name: &str, ready: u32, wanted: u32) -> WorkloadRow {
    let condition = if ready == wanted { Condition::Ready } else { Condition::Working };
    let lacks = if ready == wanted { String::new() } else { format!("{ready} of {wanted} ready") };
    WorkloadRow {
        kind,
        namespace: namespace.into(),
        name: name.into(),
        component: name.into(),
        condition,
        lacks,
        ready,
        wanted,
        manifest: (kind != Workload::DaemonSet).then_some(1),
        made: Some(ago(5_000)),
    }
}

fn cause() -> CauseRow {
    CauseRow {
        id: "LAB-CRASH-001".into(),
        sentence: "Pod apps/app-python-6f7d9-x2x7q: container worker ended with exit code 1, 7 restarts; it said: KeyError: 'QUEUE_URL'"
            .into(),
        fix: "read its log: kubectl -n apps logs app-python-6f7d9-x2x7q -c worker --previous".into(),
    }
}

/// A lab of which one pod crashes.
fn pods() -> Vec<PodRow> {
    let of = |kind: &str, namespace: &str, name: &str| Some(object(kind, namespace, name));
    let mut crash = pod("apps", "app-python-6f7d9-x2x7q", of("Deployment", "apps", "app-python"));
    crash.condition = Condition::Failed;
    crash.status = "CrashLoopBackOff".into();
    crash.ready = (1, 2);
    crash.restarts = 7;
    crash.last_restart = Some(ago(95));
    crash.containers = vec![
        ContainerRow { name: "migrate".into(), init: true, state: "ended with 0: Completed".into(), ..ContainerRow::default() },
        ContainerRow { name: "web".into(), ready: true, state: "running".into(), ..ContainerRow::default() },
        ContainerRow {
            name: "worker".into(),
            restarts: 7,
            state: "waiting: CrashLoopBackOff".into(),
            has_previous: true,
            ..ContainerRow::default()
        },
    ];
    crash.cause = Some(cause());
    vec![
        crash,
        pod("kube-system", "etcd-dev-local-control-plane", None),
        pod("observability", "loki-0", of("StatefulSet", "observability", "loki")),
        pod("observability", "node-exporter-7l2ms", of("DaemonSet", "observability", "node-exporter")),
        pod("observability", "prometheus-0", of("StatefulSet", "observability", "prometheus")),
    ]
}

fn workloads() -> Vec<WorkloadRow> {
    let mut scaled = workload(Workload::StatefulSet, "observability", "loki", 1, 1);
    scaled.manifest = Some(1);
    vec![
        workload(Workload::Deployment, "apps", "app-python", 0, 1),
        scaled,
        workload(Workload::DaemonSet, "observability", "node-exporter", 1, 1),
        workload(Workload::StatefulSet, "observability", "prometheus", 1, 1),
    ]
}

fn usage(step: u64) -> Usage {
    let node = NodeUse {
        name: "dev-local-control-plane".into(),
        millicores: 900 + step * 130 % 700,
        of_millicores: 8_000,
        bytes: (3 << 30) + (step << 26),
        of_bytes: 15 << 30,
    };
    let of = |namespace: &str, name: &str, millicores, bytes| PodUse { namespace: namespace.into(), name: name.into(), millicores, bytes };
    let pods = vec![
        of("apps", "app-python-6f7d9-x2x7q", 12, 61 << 20),
        of("observability", "loki-0", 48, 180 << 20),
        of("observability", "prometheus-0", 210, 412 << 20),
    ];
    Usage { nodes: vec![node], pods }
}

fn workloads_app() -> App {
    let mut app = App::new(ScreenId::Workloads);
    app.wait(0);
    seen(&mut app, 0, Query::Workloads, Ok(Answer::Workloads(Arc::new(workloads()))));
    seen(&mut app, 0, Query::Pods, Ok(Answer::Pods(Arc::new(pods()))));
    seen(&mut app, 0, Query::Usage, Ok(Answer::Usage(Arc::new(usage(0)))));
    app
}

/// On the pod that crashes; as the docs show it, too.
pub fn on_crash() -> App {
    let mut app = workloads_app();
    app.press("down");
    app
}

fn log_of() -> LogOf {
    LogOf { namespace: "apps".into(), pod: "app-python-6f7d9-x2x7q".into(), container: "worker".into(), previous: false }
}

fn lines(texts: &[&str]) -> Answer {
    let line = |(number, text): (u64, &&str)| LogLine { at: Some(at(number * 250)), text: (*text).into() };
    Answer::Log(LogBatch { lines: (0..).zip(texts).map(line).collect(), lost: 0, ended: None })
}

const SAID: [&str; 7] = [
    "worker starts, queue http://emulator:4566/000000000000/orders",
    "level=info msg=\"polling\" wait=20s",
    "שלום עולם, a line from right to left",
    "世界 wide letters beside narrow ones",
    "broken \u{fffd}\u{fffd} bytes, and one line that is far longer than any terminal has columns, so that it must be cut or go on in the next row, whichever is asked for, without moving anything else on the screen out of its place",
    "Traceback (most recent call last): KeyError: 'QUEUE_URL'",
    "worker ends",
];

fn status() -> LabStatus {
    let check = |name: &str, health: Health, seen: &str| CheckStatus {
        name: name.into(),
        health,
        value: None,
        query: String::new(),
        seen: seen.into(),
    };
    let component = |name: &str, checks: Vec<CheckStatus>, proven: Option<u64>| ComponentStatus {
        name: name.into(),
        ready: checks.iter().all(|check| check.health == Health::Pass),
        drifted: 0,
        lacks: None,
        checks,
        proven: proven.map(ago),
    };
    let mut app = component(
        "app-python",
        vec![check("answers", Health::Pass, "GET /healthz → 200"), check("consumes", Health::NoData, "no data")],
        None,
    );
    app.ready = false;
    app.lacks = Some("Deployment apps/app-python: 0 of 1 ready".into());
    let mut scaled = component("loki", vec![check("ready", Health::Pass, "GET /ready → 200")], Some(184));
    scaled.drifted = 1;
    scaled.ready = false;
    LabStatus {
        lab: "dev-local".into(),
        at: at(0),
        ready: false,
        cluster: ClusterStatus { context: "kind-dev-local".into(), ready: true, seen: "1 nodes run, 181 objects as wanted, 1 not".into() },
        components: vec![
            app,
            component("grafana", vec![check("answers", Health::Pass, "GET /api/health → 200")], Some(610)),
            scaled,
            component("metrics-server", vec![check("measures", Health::Pass, "APIService is Available")], None),
            component(
                "prometheus",
                vec![
                    check("answers", Health::Pass, "GET /-/ready → 200"),
                    check("scrapes", Health::Pass, "query count(up == 1) → 9"),
                    check("rules", Health::Fail, "query of failed evaluations → 3, want 0"),
                ],
                Some(90_000),
            ),
        ],
        urls: Vec::new(),
    }
}

/// The lab as the docs show it.
pub fn lab_app() -> App {
    let mut app = App::new(ScreenId::Lab);
    app.wait(0);
    seen(&mut app, 0, Query::Health, Ok(Answer::Health(Box::new(status()))));
    let row = |component: &str, url: Option<&str>| EndpointRow {
        component: component.into(),
        name: "http".into(),
        service: format!("observability/{component}:80"),
        url: url.map(str::to_owned),
    };
    let rows = vec![row("grafana", Some("http://grafana.dev-local.localhost:8080/")), row("loki", None)];
    seen(&mut app, 0, Query::Endpoints, Ok(Answer::Endpoints(rows)));
    for step in 0..30 {
        seen(&mut app, step * 100, Query::Usage, Ok(Answer::Usage(Arc::new(usage(step)))));
    }
    let alert = AlertRow {
        name: "OrdersLatencyBurnFast".into(),
        severity: "critical".into(),
        summary: "the budget of checkout burns 14 times too fast".into(),
        labels: vec!["service=checkout".into()],
        since: Some(ago(75)),
    };
    seen(&mut app, 0, Query::Alerts, Ok(Answer::Alerts(vec![alert])));
    app.wait(3_000);
    app
}

#[test]
fn a_lab_is_taken_away_after_a_question_that_says_what_goes() {
    let mut app = lab_app();
    app.asked.clear();
    app.press("ctrl-d");
    assert_eq!(app.asked, [Effect::AskDown]);
    let question = Question {
        what: "Take away lab dev-local?".into(),
        more: vec!["cluster dev-local".into()],
        yes: "take it away".into(),
        then: vec![Effect::Down],
    };
    app.tell(News::Ask(Box::new(question)));
    assert!(app.text((80, 24)).contains("cluster dev-local"));
    app.asked.clear();
    app.press("enter");
    assert_eq!(app.asked, [], "No is the answer that stands");
    let preparing = |what: &str| News::Preparing { verb: "down".into(), what: what.into() };
    app.tell(preparing("reading the lab"));
    assert!(app.text((80, 24)).contains("down: reading the lab"));
    app.press("3").tell(preparing("waiting for the node to be gone"));
    assert!(app.text((80, 24)).contains("components"), "who has gone elsewhere stays there");
    app.press("2");
    app.asked.clear();
    app.press("c");
    assert!(matches!(app.asked.as_slice(), [Effect::Control(_)]), "{:?}", app.asked);
    app.tell(News::Done(vec!["removed      container dev-local-control-plane".into()]));
    assert!(app.text((80, 24)).contains("removed      container"));
    app.asked.clear();
    app.press("q");
    assert_eq!(app.asked, [Effect::Quit], "nothing is at work any more");
    let mut app = lab_app();
    app.model.shared.read_only = true;
    app.asked.clear();
    app.press("ctrl-d");
    assert_eq!(app.asked, []);
}

#[test]
fn the_lab_as_it_is() {
    let mut app = lab_app();
    insta::assert_snapshot!("lab", app.all_sizes());
    app.press("down down");
    insta::assert_snapshot!("lab_scaled", app.text((120, 40)));
}

#[test]
fn a_lab_of_which_nothing_is_known_says_what_is_asked_and_then_what_is_wrong() {
    let mut app = App::new(ScreenId::Lab);
    app.wait(0);
    let asked = app.text((80, 24));
    for query in [Query::Health, Query::Usage, Query::Alerts] {
        seen(&mut app, 1_000, query, Err("no lab of this name: there is no kubeconfig context kind-dev-local"));
    }
    app.wait(6_000);
    insta::assert_snapshot!("lab_unknown", format!("{asked}\n{}", app.text((80, 24))));
}

/// Nothing was heard for 14 s.
fn cut_off(app: &mut App, queries: &[Query]) {
    for query in queries {
        seen(app, 8_000, query.clone(), Err("the API server has not answered for 3s"));
    }
    app.wait(14_000);
}

#[test]
fn an_api_server_that_is_gone_leaves_what_was_known_and_says_how_old_it_is() {
    let mut app = workloads_app();
    cut_off(&mut app, &[Query::Pods, Query::Workloads]);
    insta::assert_snapshot!("workloads_cut_off", app.all_sizes());
    assert!(app.text((120, 40)).contains("as it was 14s ago"));
    seen(&mut app, 15_000, Query::Pods, Ok(Answer::Pods(Arc::new(pods()))));
    seen(&mut app, 15_000, Query::Workloads, Ok(Answer::Workloads(Arc::new(workloads()))));
    app.wait(16_000);
    assert!(!app.text((120, 40)).contains("ago:"), "it is back");
}

#[test]
fn workloads_with_their_pods_and_what_is_known_of_the_chosen_one() {
    let mut app = workloads_app();
    insta::assert_snapshot!("workloads", app.all_sizes());
    app.press("down");
    insta::assert_snapshot!("workloads_pod", app.all_sizes());
}

#[test]
fn the_events_of_the_chosen_one_are_shown_and_asked_for_only_then() {
    let mut app = on_crash();
    let looking = |app: &App| app.model.looking.clone();
    assert_eq!(looking(&app), [Query::Pods, Query::Workloads, Query::Usage]);
    app.press("v");
    assert!(looking(&app).contains(&Query::Events));
    let event = |about: Object, warning: bool, reason: &str, message: &str, count| EventRow {
        last: Some(ago(20)),
        warning,
        reason: reason.into(),
        about,
        count,
        message: message.into(),
    };
    let rows = vec![
        event(object("Pod", "apps", "app-python-6f7d9-x2x7q"), false, "Pulled", "Container image already present", 1),
        event(object("Pod", "observability", "loki-0"), true, "Unhealthy", "not of this pod", 1),
        event(object("Pod", "apps", "app-python-6f7d9-x2x7q"), true, "BackOff", "Back-off restarting failed container worker", 31),
    ];
    seen(&mut app, 0, Query::Events, Ok(Answer::Events(Arc::new(rows))));
    insta::assert_snapshot!("workloads_events", app.text((120, 40)));
    app.press("]");
    assert!(!looking(&app).contains(&Query::Events), "what is not looked at is not asked for");
}

#[test]
fn a_log_follows_pauses_and_is_searched() {
    let mut app = on_crash();
    app.press("l");
    assert!(app.model.looking.contains(&Query::Log(log_of())), "of the container that crashes: {:?}", app.model.looking);
    seen(&mut app, 0, Query::Log(log_of()), Ok(lines(&SAID)));
    insta::assert_snapshot!("workloads_log", app.all_sizes());
    app.press("enter t w").press("/").type_text("error").press("enter");
    let found = app.text((80, 24));
    assert!(found.contains("paused at") && found.contains("/error"), "{found}");
    insta::assert_snapshot!("workloads_log_search", found);
    // lines that come while it is paused move nothing
    seen(&mut app, 0, Query::Log(log_of()), Ok(lines(&["a new line"])));
    assert!(!app.text((80, 24)).contains("a new line"));
    app.press("f");
    assert!(app.text((80, 24)).contains("a new line"));
    app.press("p");
    let before = LogOf { previous: true, ..log_of() };
    assert!(app.model.looking.contains(&Query::Log(before)), "{:?}", app.model.looking);
    app.press("c");
    assert!(app.model.looking.iter().any(|query| matches!(query, Query::Log(of) if of.container == "migrate" && !of.previous)));
}

#[test]
fn what_is_searched_in_a_log_and_what_the_list_is_filtered_by_are_two_things() {
    let mut app = on_crash();
    app.press("/").type_text("apps").press("enter l");
    seen(&mut app, 0, Query::Log(log_of()), Ok(lines(&SAID)));
    app.press("/").type_text("error").press("enter");
    let both = app.text((120, 40));
    assert!(both.contains("2 of 5 pods") || both.contains("1 of 5 pods"), "{both}");
    assert!(both.contains("· /apps") && both.contains("· /error"), "{both}");
    // the search goes first, then the filter
    app.press("esc");
    let filtered = app.text((120, 40));
    assert!(filtered.contains("· /apps") && !filtered.contains("/error"), "{filtered}");
    app.press("esc");
    assert!(!app.text((120, 40)).contains("· /apps"));
}

#[test]
fn the_end_of_a_long_list_of_events_is_one_key_away_and_so_is_its_beginning() {
    let mut app = on_crash();
    app.press("v enter");
    let event = |number: u64| EventRow {
        last: Some(ago(200 - number)),
        warning: false,
        reason: format!("Reason{number}"),
        about: object("Pod", "apps", "app-python-6f7d9-x2x7q"),
        count: 1,
        message: "said".into(),
    };
    seen(&mut app, 0, Query::Events, Ok(Answer::Events(Arc::new((0..100).map(event).collect()))));
    assert!(app.text((120, 40)).contains("Reason99"));
    app.press("G");
    let end = app.text((120, 40));
    assert!(end.contains("Reason0") && !end.contains("Reason99"), "{end}");
    app.press("up");
    assert_ne!(app.text((120, 40)), end, "one key back is one line back");
    app.press("g");
    assert!(app.text((120, 40)).contains("Reason99"));
}

#[test]
fn a_flood_of_lines_is_bounded_counted_and_drawn_in_no_time() {
    let mut app = on_crash();
    app.press("l enter");
    let line = |number: u64| LogLine { at: None, text: format!("line {number} {}", "x".repeat(120)).into() };
    for batch in 0..50_u64 {
        let lines = (0..1_000).map(|number| line(batch * 1_000 + number)).collect();
        seen(&mut app, batch, Query::Log(log_of()), Ok(Answer::Log(LogBatch { lines, lost: 3, ended: None })));
        app.text((120, 40));
    }
    let text = app.text((120, 40));
    assert!(text.contains("50000 lines · 150 lost") && text.contains("line 49999"), "{text}");
    let ring = &app.model.shared.looks.log.as_ref().unwrap().ring;
    assert!(ring.end() - ring.first() <= 20_000, "{} kept", ring.end() - ring.first());
}

#[test]
fn the_cause_is_said_with_its_way_out_and_copied() {
    let mut app = on_crash();
    app.press("e");
    let query = Query::Causes(object("Pod", "apps", "app-python-6f7d9-x2x7q"));
    assert!(app.model.looking.contains(&query));
    seen(&mut app, 0, query, Ok(Answer::Causes(vec![cause()])));
    insta::assert_snapshot!("workloads_cause", app.text((120, 40)));
    app.press("y");
    assert!(matches!(app.asked.last(), Some(Effect::Copy(text)) if text.starts_with("LAB-CRASH-001") && text.contains("--previous")));
}

/// The acts that were asked for.
fn acts(app: &App) -> Vec<&Act> {
    app.asked.iter().filter_map(|effect| if let Effect::Act(act) = effect { Some(act) } else { None }).collect()
}

#[test]
fn nothing_is_done_to_the_lab_without_a_yes_and_nothing_at_all_when_it_may_only_be_read() {
    let mut app = on_crash();
    app.press("r");
    insta::assert_snapshot!("workloads_restart", app.text((80, 24)));
    app.press("enter");
    assert!(acts(&app).is_empty(), "No is the answer that stands");
    app.press("r y");
    let target = Target { kind: Workload::Deployment, namespace: "apps".into(), name: "app-python".into() };
    assert_eq!(acts(&app), [&Act::Restart { target: target.clone(), pods: 1 }]);
    app.press("+ +");
    assert!(app.text((120, 40)).contains("1 → 3"));
    app.press("enter");
    let asks = app.text((120, 40));
    assert!(asks.contains("scaled from 1 to 3") && asks.contains("sets it back to 1"), "{asks}");
    app.press("y x y");
    assert_eq!(acts(&app)[1], &Act::Scale { target, from: 1, to: 3, manifest: Some(1) });
    assert!(matches!(acts(&app)[2], Act::DeletePod { name, .. } if name == "app-python-6f7d9-x2x7q"));

    let mut app = on_crash();
    app.model.shared.read_only = true;
    app.press("r y x y + enter y");
    assert!(acts(&app).is_empty());
    let bar = app.text((200, 60));
    assert!(!bar.contains("restart  ") && !bar.contains("end pod"), "{bar}");
}

#[test]
fn what_is_searched_sorted_and_filtered_is_shown_and_the_chosen_one_stays_chosen() {
    let mut app = workloads_app();
    app.press("/").type_text("!observability app").press("enter");
    let shown = app.text((120, 40));
    assert!(shown.contains("1 of 5 pods") && !shown.contains("loki") && shown.contains("app-python-6f7d9"), "{shown}");
    app.press("esc ! G");
    assert!(app.text((120, 40)).contains("only trouble"));
    let chosen = app.model.title();
    assert!(chosen.ends_with("app-python-6f7d9-x2x7q"), "{chosen}");
    // another pod comes before it, and then it goes
    let mut more = pods();
    more.insert(0, PodRow { condition: Condition::Failed, ..pod("aaa", "first", None) });
    seen(&mut app, 1_000, Query::Pods, Ok(Answer::Pods(Arc::new(more.clone()))));
    assert_eq!(app.model.title(), chosen);
    more.remove(1);
    seen(&mut app, 2_000, Query::Pods, Ok(Answer::Pods(Arc::new(more))));
    assert_ne!(app.model.title(), chosen);
    app.press("! s s s s");
    let sorted = app.text((120, 40));
    assert!(sorted.find("prometheus-0").unwrap() < sorted.find("loki-0").unwrap() && sorted.contains("by memory"), "{sorted}");
}

#[test]
fn ten_thousand_pods_with_names_of_every_kind() {
    let many: Vec<PodRow> = (0..10_000)
        .map(|number| {
            let name = match number % 4 {
                0 => format!("世界-{number:05}"),
                1 => format!("שלום-{number:05}"),
                2 => format!("evil\u{1b}[31m\u{202e}-{number:05}"),
                _ => format!("broken-\u{fffd}-{number:05}"),
            };
            PodRow { made: Some(ago(number)), ..pod(&format!("space-{:02}", number % 40), &name, None) }
        })
        .collect();
    let mut app = App::new(ScreenId::Workloads);
    app.wait(0);
    seen(&mut app, 0, Query::Workloads, Ok(Answer::Workloads(Arc::new(Vec::new()))));
    seen(&mut app, 0, Query::Pods, Ok(Answer::Pods(Arc::new(many))));
    insta::assert_snapshot!("workloads_many", app.text((80, 24)));
    app.press("G");
    assert!(app.text((80, 24)).contains("10000 pods"));
    app.press("/").type_text("09999").press("enter");
    assert!(app.text((80, 24)).contains("1 of 10000 pods"));
}

#[test]
fn no_pods_and_nothing_that_fits_are_told_apart() {
    let mut app = App::new(ScreenId::Workloads);
    app.wait(0);
    assert!(app.text((80, 24)).contains("asked for its pods"));
    seen(&mut app, 0, Query::Pods, Err("connection refused"));
    assert!(app.text((80, 24)).contains("nothing is known yet"));
    seen(&mut app, 0, Query::Pods, Ok(Answer::Pods(Arc::default())));
    assert!(app.text((80, 24)).contains("no pods in this cluster yet"));
    seen(&mut app, 0, Query::Pods, Ok(Answer::Pods(Arc::new(pods()))));
    app.press("/").type_text("zzz").press("enter");
    assert!(app.text((80, 24)).contains("nothing has this text"));
}

#[test]
fn passwords_are_shown_when_asked_for_and_forgotten_after_a_minute_or_when_one_looks_away() {
    let planted = "hunter2-planted";
    let told = || {
        let one =
            Credential { name: "Grafana".into(), component: "grafana".into(), user: "admin".into(), password: SecretText::new(planted) };
        News::Credentials(vec![one])
    };
    let mut app = lab_app();
    app.press("down x");
    assert_eq!(app.asked.last(), Some(&Effect::Credentials));
    app.tell(told());
    insta::assert_snapshot!("lab_passwords", app.text((80, 24)));
    assert!(app.text((80, 24)).contains(planted), "never cut off");
    app.press("y");
    assert_eq!(app.asked.last(), Some(&Effect::CopySecret(SecretText::new(planted))));
    assert!(!format!("{:?}", app.asked).contains(planted), "not in what is logged");
    app.wait(62_000);
    assert!(app.text((120, 40)).contains(planted));
    app.wait(64_000);
    assert!(!app.text((120, 40)).contains(planted));
    app.tell(told()).press("4 3");
    assert!(!app.text((120, 40)).contains(planted), "another screen was in front");
    app.press("o");
    assert_eq!(app.asked.last(), Some(&Effect::Open("http://grafana.dev-local.localhost:8080/".into())));
}

#[test]
fn from_a_component_one_comes_to_its_pods_and_each_screen_asks_for_its_own() {
    let mut app = lab_app();
    assert_eq!(app.model.looking, [Query::Health, Query::Endpoints, Query::Usage, Query::Alerts]);
    app.press("p");
    assert_eq!(app.model.front(), ScreenId::Workloads);
    assert_eq!(app.model.filter_of(ScreenId::Workloads), "app-python");
    assert_eq!(app.model.looking, [Query::Pods, Query::Workloads, Query::Usage]);
    app.press("2");
    assert_eq!(app.asked.last(), Some(&Effect::Look(Vec::new())), "the run asks nothing of the lab");
}

#[test]
fn every_size_can_be_drawn() {
    for mut app in [lab_app(), on_crash()] {
        for key in ["", "l", "e", "v", "enter"] {
            app.press(key);
            for size in SIZES.into_iter().chain([(20, 5), (60, 14), (61, 15), (1, 1), (400, 100)]) {
                let area = Rect::new(0, 0, size.0, size.1);
                let mut buffer = Buffer::empty(area);
                app.take(labctl::tui::Msg::Resize(size.0, size.1));
                draw(&app.model, area, &mut buffer);
                assert!(!text(&buffer).is_empty());
            }
        }
    }
}
