//! Runbooks: the shipped pages hold together with the alerts that lead to them, and a page is carried out as it says.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use labctl::adapters::kube::{Forwards, Objects};
use labctl::app::exit::of_runbook;
use labctl::catalog::{Files, alert_rules, runbook, runbook_names, scenario};
use labctl::checks::{Lookup, Prober};
use labctl::engine::journal::JournalWriter;
use labctl::engine::{RunOptions, SystemClock, run};
use labctl::model::run::{EventKind, RunId, RunState, StepEvent, Verb};
use labctl::model::runbook::{Outcome, RunbookResult, Stepped};
use labctl::respond::{Carrying, compile, conclude, read_result, seal};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

#[test]
fn each_shipped_page_is_right_and_its_alerts_and_scenarios_are_there() {
    let files = Files::default();
    let rules = alert_rules(&files).unwrap();
    for name in runbook_names(&files) {
        let page = runbook(&files, &name).unwrap();
        assert!(page.shipped, "{name} is not what was compiled in");
        for alert in &page.front.metadata.alerts {
            let rule = rules.iter().find(|rule| rule.name == *alert).unwrap_or_else(|| panic!("{name}: no alert {alert}"));
            assert_eq!(rule.runbook(), Some(name.as_str()), "{alert}");
            // by the alert as well as by the page's own name
            assert_eq!(runbook(&files, alert).unwrap().name, name);
        }
        for named in &page.front.metadata.scenarios {
            scenario(&files, named).unwrap();
        }
    }
    for wanted in ["HighErrorRate", "QueueGrowing", "PodCrashLooping"] {
        assert!(runbook_names(&files).contains(&wanted.to_owned()), "{wanted}");
    }
    let led = rules.iter().filter_map(|rule| rule.runbook());
    assert!(led.clone().count() >= 7 && led.clone().all(|page| runbook_names(&files).iter().any(|name| name == page)), "{rules:?}");
}

#[test]
fn a_page_that_was_changed_is_not_labctls_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("runbooks")).unwrap();
    let text = runbook(&Files::default(), "QueueGrowing").unwrap().text;
    std::fs::write(folder.path().join("runbooks/QueueGrowing.md"), text.replace("--replicas=1", "--replicas=9")).unwrap();
    assert!(!runbook(&Files::new(Some(folder.path().to_owned())), "QueueGrowing").unwrap().shipped);
    std::fs::write(folder.path().join("runbooks/QueueGrowing.md"), text).unwrap();
    assert!(runbook(&Files::new(Some(folder.path().to_owned())), "QueueGrowing").unwrap().shipped);
}

/// A page of commands only, in a folder where they may leave traces.
fn page(folder: &Path, blocks: &str) -> String {
    let text = format!("---\nname: own\ndescription: d\nmetadata: {{alerts: [Own], inputs: {{WORD: said}}}}\n---\n# Own\n{blocks}");
    std::fs::write(folder.join("Own.md"), text).unwrap();
    folder.join("Own.md").display().to_string()
}

struct Carried {
    result: RunbookResult,
    state: RunState,
    asked: u32,
    events: Vec<EventKind>,
}

impl Carried {
    fn came(&self) -> Vec<(&str, Stepped)> {
        self.result.blocks.iter().map(|row| (row.name.as_str(), row.result)).collect()
    }
}

async fn carried(folder: &Path, blocks: &str, yes: bool, only_look: bool) -> Carried {
    let page = runbook(&Files::default(), &page(folder, blocks)).unwrap();
    let (service, _handle) = tower_test::mock::pair::<http::Request<kube::client::Body>, http::Response<kube::client::Body>>();
    let client = kube::Client::new(service, "default");
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let carrying = Arc::new(Carrying {
        run: RunId("20260101T000000Z-own-0001".to_owned()),
        lab: "lab".to_owned(),
        inputs: page.front.metadata.inputs.clone(),
        runbook: page,
        only_look,
        prober: Prober::new(Forwards::new(client.clone()), Objects::new(client), Lookup::default()).unwrap(),
        env: vec![("TRACE".to_owned(), folder.join("trace").display().to_string())],
        ask: Arc::new(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { yes })
        }),
        clock: Arc::new(SystemClock),
        progress: Mutex::default(),
    });
    let mut options = RunOptions::new(carrying.run.clone(), Verb::Runbook, "lab", Arc::new(SystemClock));
    options.journal = Some(JournalWriter::create(folder, &carrying.run).unwrap());
    let state = run(compile(&carrying).unwrap(), options).await.unwrap();
    let result = conclude(&carrying, state.started.unwrap(), false);
    let own = folder.join(&carrying.run.0);
    seal(&own, &carrying.runbook.text, &result).unwrap();
    assert_eq!(read_result(&own).unwrap().unwrap(), result);
    assert_eq!(labctl::drill::evidence::verify(&own).unwrap().unwrap().problems, Vec::<String>::new());
    let journal = labctl::engine::journal::Journal::read(&own.join("events.jsonl")).unwrap();
    let events = journal.events.into_iter().map(|event| event.event).collect();
    Carried { result, state, asked: asked.load(Ordering::Relaxed), events }
}

const GOES: &str = r#"
## Diagnosis
```sh {"name":"looks","onFail":"goto:mend"}
test -e "$TRACE"
```
```sh {"name":"second"}
echo never
```
## Mitigation
```sh {"name":"other","mutates":"true","excludeFromRunAll":"true"}
echo never
```
```sh {"name":"mend","mutates":"true","excludeFromRunAll":"true"}
echo "$WORD" > "$TRACE"
```
## Verify
```sh {"name":"whole"}
test "$(cat "$TRACE")" = said && echo it says "$WORD"
```
"#;

#[tokio::test]
async fn what_fails_goes_to_what_mends_it_and_verify_decides() {
    use Stepped::{Failed, Ok, Skipped};
    let folder = tempfile::tempdir().unwrap();
    let ran = carried(folder.path(), GOES, true, false).await;
    assert_eq!(ran.came(), [("looks", Failed), ("second", Skipped), ("other", Skipped), ("mend", Ok), ("whole", Ok)]);
    assert_eq!((ran.result.result, ran.state.summary.unwrap().ok), (Outcome::Resolved, true), "{:?}", ran.result);
    assert_eq!(ran.result.blocks[4].seen, "it says said");
    // what it changed is in the journal before it was changed
    let says = |wanted: fn(&StepEvent) -> bool| {
        ran.events.iter().position(|event| matches!(event, EventKind::Step { step, says } if step.0 == "mitigation/mend" && wanted(says)))
    };
    let (intent, applied) = (says(|says| matches!(says, StepEvent::Intent { .. })), says(|says| matches!(says, StepEvent::Applied { .. })));
    assert!(intent.unwrap() < applied.unwrap());
}

#[tokio::test]
async fn nothing_of_a_foreign_page_runs_unless_it_is_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let ran = carried(folder.path(), GOES, false, false).await;
    assert_eq!(ran.came()[0], ("looks", Stepped::Refused));
    assert_eq!(ran.result.blocks[3].result, Stepped::Skipped);
    // Verify has its turn, and is refused as well
    assert_eq!((ran.result.result, ran.asked), (Outcome::Inconclusive, 2));
    assert!(!folder.path().join("trace").exists());
    assert_eq!(of_runbook(ran.result.result, false, true), 7);
}

#[tokio::test]
async fn a_check_runs_no_commands_and_so_knows_nothing_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let ran = carried(folder.path(), GOES, true, true).await;
    assert!(ran.result.blocks.iter().all(|row| row.result == Stepped::Skipped), "{:?}", ran.came());
    assert_eq!((ran.result.result, ran.asked), (Outcome::Inconclusive, 0));
}

#[tokio::test]
async fn a_failure_stops_the_page_but_not_verify_and_a_lab_without_metrics_gives_no_data() {
    use Stepped::{Failed, NoData, Ok, Skipped};
    let folder = tempfile::tempdir().unwrap();
    let blocks = r#"
## Diagnosis
```promql {"name":"share","check":"value<1","onFail":"stop"}
up
```
```sh {"name":"fails"}
echo why; exit 3
```
## Mitigation
```sh {"name":"mend","mutates":"true"}
touch "$TRACE"
```
## Verify
```sh {"name":"fine"}
true
```
```promql {"name":"quiet","check":"value<1"}
up
```
"#;
    let ran = carried(folder.path(), blocks, true, false).await;
    assert_eq!(ran.came(), [("share", NoData), ("fails", Failed), ("mend", Skipped), ("fine", Ok), ("quiet", NoData)]);
    assert_eq!(ran.result.result, Outcome::Inconclusive);
    assert!(ran.result.blocks[1].seen.contains("why"), "{}", ran.result.blocks[1].seen);
    assert!(!folder.path().join("trace").exists());
    assert_eq!(of_runbook(ran.result.result, false, false), 11);
}
