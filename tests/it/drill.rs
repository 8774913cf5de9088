//! Drills over a faked wire: what is found out, what is taken back, and that this is so wherever a drill is killed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "clippy knows tests only by #[test]; these are their helpers")]

mod load;
mod world;

use labctl::adapters::kube::{Forwards, Objects};
use labctl::app::exit::of_drill;
use labctl::checks::{Lookup, Prober};
use labctl::cluster::Cluster;
use labctl::drill::{
    Drill, Ground, Records, Recovery, Tool, Unfinished, clear, compile, conclude, evidence, go_on_when, left, leftovers, recovery,
};
use labctl::engine::journal::JournalWriter;
use labctl::engine::{Clock, RunOptions, RuntimeClock, run};
use labctl::model::run::{At, CancelReason, Control, Event, EventKind, Health, RunId, RunState, Verb};
use labctl::model::scenario::{DrillResult, Rollback, Scenario, Verdict};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use tokio::sync::mpsc;
use world::{Api, Dies};

const FAULTS: [(&str, &str); 4] = [
    ("pod-delete", "{podDelete: {}}"),
    ("scale", "{scale: {replicas: 0}}"),
    ("image", "{image: {container: api, image: \"api:not-there\"}}"),
    ("config", "{config: {configMap: settings, key: SPEED, value: slow}}"),
];

fn scenario(fault: &str) -> Scenario {
    let text = format!(
        r"apiVersion: labctl.dev/v1
kind: Scenario
metadata: {{name: own, title: Something holds}}
target: {{namespace: apps, selector: {{app: api}}, blast: {{maxPods: 1}}}}
steadyState:
  baseline: 0s
  checks: [{{name: serves, k8s: {{kind: Deployment, name: api, expect: available}}}}]
inject: [{{name: fault, k8s: {fault}, duration: 3s}}]
hypotheses: [{{name: recovers, recovery: {{within: 20s, consecutive: 1}}}}, {{name: is-there, k8s: {{kind: Deployment, name: api, expect: exists}}}}]
rollback: {{timeout: 20s}}
evidence: {{padBefore: 0s, padAfter: 0s}}
"
    );
    let scenario: Scenario = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(scenario.problems(), Vec::<String>::new());
    scenario
}

/// A clock at whose n-th reading the process dies: the engine reads it once for each event, right before the event is written.
struct Dying {
    clock: RuntimeClock,
    reads: AtomicU32,
    dies: u32,
}

impl Clock for Dying {
    fn now(&self) -> At {
        let read = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        if read == self.dies {
            // as a panic, but without its words: this happens some hundred times
            std::panic::resume_unwind(Box::new("the process dies here"));
        }
        self.clock.now()
    }
}

struct Rig {
    api: Api,
    runs: TempDir,
    halt: TempDir,
    tool: Option<Tool>,
    run: RunId,
}

impl Rig {
    fn new() -> Self {
        // hundreds of journals are forced to disk here; in memory that costs nothing
        let memory = Path::new("/dev/shm");
        let runs = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self {
            api: Api::new(),
            runs: runs.unwrap(),
            halt: tempfile::tempdir().unwrap(),
            tool: None,
            run: RunId("20260101T000000Z-own-0001".to_owned()),
        }
    }

    fn ground(&self) -> Ground {
        let client = self.api.client.clone();
        let prober = Prober::new(Forwards::new(client.clone()), Objects::new(client.clone()), Lookup::default()).unwrap();
        Ground {
            nodes: None,
            cluster: Arc::new(Cluster::new(client, "lab")),
            prober,
            provided: BTreeSet::new(),
            platform: BTreeSet::from(["shop".to_owned()]),
            halt: self.halt.path().join("halt"),
            holder: None,
            load: self.tool.clone(),
            clock: Arc::new(RuntimeClock::starting(time::OffsetDateTime::UNIX_EPOCH)),
        }
    }

    fn drill(&self, scenario: &Scenario) -> Arc<Drill> {
        let run = self.run.clone();
        let folder = self.runs.path().join(&run.0);
        Arc::new(Drill::new(run, "lab", scenario.clone(), self.ground(), folder))
    }

    fn options(&self, run: &RunId, verb: Verb, dies: u32) -> RunOptions {
        let clock = Arc::new(Dying { clock: RuntimeClock::starting(time::OffsetDateTime::UNIX_EPOCH), reads: AtomicU32::new(0), dies });
        let mut options = RunOptions::new(run.clone(), verb, "lab", clock);
        options.journal = Some(JournalWriter::create(self.runs.path(), run).unwrap());
        options
    }

    /// Carries a drill out; `steer` is told of each event and may speak to the run.
    async fn carry_out(&self, scenario: &Scenario, mut steer: impl FnMut(&Event, &mpsc::Sender<Control>)) -> (DrillResult, u8, RunState) {
        let drill = self.drill(scenario);
        let mut options = self.options(&drill.run, Verb::Scenario, 0);
        evidence::put_scenario(&drill.folder, scenario).unwrap();
        let (say, mut events) = mpsc::channel::<Arc<Event>>(1);
        let (ask, control) = mpsc::channel(8);
        options.events = Some(say);
        options.control = control;
        tokio::spawn(go_on_when(drill.stop.clone(), ask.clone()));
        let running = tokio::spawn(run(compile(&drill).unwrap(), options));
        while let Some(event) = events.recv().await {
            steer(&event, &ask);
        }
        let state = running.await.unwrap().unwrap();
        let (mut result, because) = conclude(&drill, state.started.unwrap(), state.cancelling.is_some());
        result.exit_code = of_drill(because, result.rollback);
        evidence::seal(&drill.folder, &result).unwrap();
        (result.clone(), result.exit_code, state)
    }

    async fn drilled(&self, scenario: &Scenario) -> (DrillResult, u8, RunState) {
        self.carry_out(scenario, |_, _| ()).await
    }

    /// A drill that dies: before its n-th event, or at a write. False when it came to its end first.
    async fn dies(&self, scenario: &Scenario, event: u32, write: Option<Dies>) -> bool {
        let drill = self.drill(scenario);
        let options = self.options(&drill.run, Verb::Scenario, event);
        evidence::put_scenario(&drill.folder, scenario).unwrap();
        let plan = compile(&drill).unwrap();
        drop(drill);
        self.until_dead(plan, options, write).await
    }

    async fn until_dead(&self, plan: labctl::engine::Plan, options: RunOptions, write: Option<Dies>) -> bool {
        {
            let mut world = self.api.world();
            (world.writes, world.dies) = (0, write);
        }
        let died = tokio::select! {
            ended = run(plan, options) => ended.is_err(),
            () = self.api.died.notified() => true,
        };
        // what is dropped is gone only when it has been polled once more
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.api.world().dies = None;
        died
    }

    fn unfinished(&self) -> Vec<Unfinished> {
        let of = |run: RunId| {
            let folder = self.runs.path().join(&run.0);
            Unfinished { scenario: evidence::read_scenario(&folder).unwrap(), open: Records::of(&folder).open().unwrap(), run, folder }
        };
        left(self.runs.path()).unwrap().into_iter().map(|(run, _)| of(run)).collect()
    }

    fn recovery(&self, keep_theirs: bool) -> labctl::engine::Plan {
        recovery(&Recovery { ground: self.ground(), lab: "lab".to_owned(), keep_theirs }, self.unfinished()).unwrap()
    }

    async fn recover(&self, name: &str, keep_theirs: bool) -> RunState {
        let options = self.options(&RunId(format!("20260101T000001Z-recover-{name}")), Verb::Recover, 0);
        run(self.recovery(keep_theirs), options).await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_lands_is_taken_back_and_leaves_nothing_behind() {
    for (name, fault) in FAULTS {
        let rig = Rig::new();
        let before = rig.api.world().essence();
        let (result, exit, state) = rig.drilled(&scenario(fault)).await;
        assert_eq!(
            (result.verdict, result.rollback, result.landed, exit),
            (Verdict::Pass, Rollback::Clean, Some(true), 0),
            "{name}: {result:#?}"
        );
        assert_eq!(rig.api.world().essence(), before, "{name}");
        assert!(state.summary.unwrap().ok, "{name}");
        assert!(left(rig.runs.path()).unwrap().is_empty());
        assert!(state.steps.iter().all(|step| step.to_undo.is_empty()), "{name}: every intent is settled");
    }
}

/// R11's shape: killed before every line of the journal, and at every write before and after it takes effect; then taken back.
#[tokio::test(start_paused = true)]
async fn wherever_a_drill_is_killed_what_it_changed_can_be_taken_back() {
    for (name, fault) in FAULTS {
        let scenario = scenario(fault);
        let mut points = 0;
        for event in 1.. {
            if !killed(&scenario, event, None, name).await {
                break;
            }
            points += 1;
        }
        assert!(points > 30, "{name}: only {points} events");
        for write in 1.. {
            let before = killed(&scenario, 0, Some(Dies::Before(write)), name).await;
            let after = killed(&scenario, 0, Some(Dies::After(write)), name).await;
            if !before && !after {
                assert!(write > 1, "{name}: it never wrote");
                break;
            }
        }
    }
}

/// False when the drill came to its end before that point.
async fn killed(scenario: &Scenario, event: u32, write: Option<Dies>, name: &str) -> bool {
    let rig = Rig::new();
    let before = rig.api.world().essence();
    let died = rig.dies(scenario, event, write).await;
    let state = rig.recover("a", false).await;
    assert!(state.summary.as_ref().is_some_and(|summary| summary.ok), "{name} at {event} {write:?}: {:?}", state.steps);
    assert_eq!(rig.api.world().essence(), before, "{name}: killed at event {event}, write {write:?}");
    assert!(left(rig.runs.path()).unwrap().is_empty(), "{name} at {event} {write:?}");
    died
}

#[tokio::test(start_paused = true)]
async fn taking_back_may_be_killed_as_well_and_goes_on_where_it_was() {
    for (name, fault) in FAULTS {
        let scenario = scenario(fault);
        for write in (1..).map(|number| [Dies::Before(number), Dies::After(number)]) {
            let mut went = false;
            for write in write {
                let rig = Rig::new();
                let before = rig.api.world().essence();
                // the last change of the fault has taken effect
                let made = if name == "config" { 2 } else { 1 };
                assert!(rig.dies(&scenario, 0, Some(Dies::After(made))).await);
                let options = rig.options(&RunId("20260101T000001Z-recover-x".to_owned()), Verb::Recover, 0);
                went |= rig.until_dead(rig.recovery(false), options, Some(write)).await;
                let state = rig.recover("y", false).await;
                assert!(state.summary.as_ref().is_some_and(|summary| summary.ok), "{name} at {write:?}");
                assert_eq!(rig.api.world().essence(), before, "{name}: taking back killed at {write:?}");
            }
            if !went {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_does_not_land_proves_nothing_and_is_taken_back() {
    let rig = Rig::new();
    let before = rig.api.world().essence();
    rig.api.world().frozen = true;
    let thaw = |event: &Event, _: &mpsc::Sender<Control>| {
        if begins(event, "recover") {
            rig.api.world().frozen = false;
            rig.api.world().reconcile();
        }
    };
    let (result, exit, _) = rig.carry_out(&scenario("{scale: {replicas: 0}}"), thaw).await;
    assert_eq!((result.verdict, result.landed, exit), (Verdict::Inconclusive, Some(false), 11), "{result:#?}");
    assert!(result.why.contains("did not land"), "{}", result.why);
    assert_eq!(rig.api.world().essence(), before);
}

fn begins(event: &Event, wanted: &str) -> bool {
    matches!(&event.event, EventKind::StepStarted { step } if step.0 == wanted)
}

fn with(fault: &str, change: impl FnOnce(&mut Value)) -> Scenario {
    let mut json = serde_json::to_value(scenario(fault)).unwrap();
    change(&mut json);
    serde_json::from_value(json).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_fails_fails_the_drill_and_not_its_rollback() {
    let rig = Rig::new();
    let gone = json!({"name": "serves-meanwhile", "k8s": {"kind": "Deployment", "namespace": "apps", "name": "api", "expect": "available"}, "mode": "OnChaos"});
    // scaled to none is no data; a version that does not come is a failure
    let none = with("{scale: {replicas: 0}}", |json| json["hypotheses"][1] = gone.clone());
    let (result, exit, _) = rig.drilled(&none).await;
    assert_eq!((result.verdict, result.rollback, exit), (Verdict::Inconclusive, Rollback::Clean, 11), "no data is no pass: {result:#?}");
    let rig = Rig::new();
    let bad = with("{image: {container: api, image: \"api:not-there\"}}", |json| {
        json["hypotheses"][1] = gone;
        json["hypotheses"][1]["k8s"]["name"] = json!("other");
    });
    let (result, exit, _) = rig.drilled(&bad).await;
    assert_eq!((result.verdict, result.rollback, exit), (Verdict::Fail, Rollback::Clean, 10), "{result:#?}");
    assert!(result.why.contains("there is no Deployment other"), "{}", result.why);
}

#[tokio::test(start_paused = true)]
async fn without_a_steady_state_nothing_is_broken() {
    let rig = Rig::new();
    rig.api.world().meddle(|deployment| deployment["spec"]["replicas"] = json!(0));
    let before = rig.api.world().essence();
    let (result, exit, _) = rig.drilled(&scenario("{podDelete: {}}")).await;
    assert_eq!((result.verdict, result.rollback, result.landed, exit), (Verdict::Inconclusive, Rollback::NotNeeded, None, 12));
    assert_eq!(rig.api.world().writes, 0, "{}", result.why);
    assert_eq!(rig.api.world().essence(), before);
}

#[tokio::test(start_paused = true)]
async fn what_reaches_too_far_is_refused_at_the_start_and_again_before_the_fault() {
    let rig = Rig::new();
    rig.api.world().meddle(|deployment| deployment["spec"]["replicas"] = json!(2));
    let (result, exit, _) = rig.drilled(&scenario("{scale: {replicas: 0}}")).await;
    assert_eq!((result.rollback, exit), (Rollback::NotNeeded, 12));
    assert!(result.why.contains("blast.maxPods is 1"), "{}", result.why);

    let rig = Rig::new();
    let meddle = |event: &Event, _: &mpsc::Sender<Control>| {
        if begins(event, "baseline") {
            rig.api.world().meddle(|deployment| deployment["spec"]["replicas"] = json!(2));
        }
    };
    let slow = with("{scale: {replicas: 0}}", |json| json["steadyState"]["baseline"] = json!("5s"));
    let (result, exit, _) = rig.carry_out(&slow, meddle).await;
    assert_eq!((result.rollback, exit), (Rollback::NotNeeded, 12), "{result:#?}");
    assert_eq!(rig.api.world().writes, 0);

    for (namespace, says) in [("shop", "platform"), ("kube-system", "platform")] {
        let far = with("{podDelete: {}}", |json| json["target"]["namespace"] = json!(namespace));
        let (result, exit, _) = Rig::new().drilled(&far).await;
        assert!(exit == 12 && result.why.contains(says), "{}", result.why);
    }
    let lacks = with("{podDelete: {}}", |json| json["requires"] = json!({"components": ["istio"]}));
    let (result, exit, _) = Rig::new().drilled(&lacks).await;
    assert!(exit == 12 && result.why.contains("`istio`"), "{}", result.why);
}

#[tokio::test(start_paused = true)]
async fn an_abort_condition_ends_the_fault_at_once() {
    let rig = Rig::new();
    let before = rig.api.world().essence();
    let aborts = with("{podDelete: {}}", |json| {
        json["inject"][0]["duration"] = json!("10m");
        json["abort"] =
            json!([{"name": "there", "for": "4s", "k8s": {"kind": "Deployment", "name": "api", "namespace": "apps", "expect": "exists"}}]);
    });
    let (result, exit, state) = rig.drilled(&aborts).await;
    assert_eq!((result.verdict, result.rollback, exit), (Verdict::Aborted, Rollback::Clean, 13), "{result:#?}");
    assert!(result.why.contains("abort condition there"), "{}", result.why);
    assert!(state.summary.unwrap().duration_ms < 60_000, "ten minutes were not waited for");
    assert_eq!(rig.api.world().essence(), before);
}

#[tokio::test(start_paused = true)]
async fn halt_refuses_what_is_new_and_ends_what_runs() {
    let rig = Rig::new();
    std::fs::write(rig.halt.path().join("halt"), "").unwrap();
    let (result, exit, _) = rig.drilled(&scenario("{podDelete: {}}")).await;
    assert_eq!((result.verdict, result.rollback, exit), (Verdict::Aborted, Rollback::NotNeeded, 13));

    let rig = Rig::new();
    let before = rig.api.world().essence();
    let long = with("{scale: {replicas: 0}}", |json| json["inject"][0]["duration"] = json!("10m"));
    let halt = |event: &Event, _: &mpsc::Sender<Control>| {
        if begins(event, "observe/fault") {
            std::fs::write(rig.halt.path().join("halt"), "").unwrap();
        }
    };
    let (result, exit, state) = rig.carry_out(&long, halt).await;
    assert_eq!((result.rollback, exit), (Rollback::Clean, 13), "{result:#?}");
    assert!(state.summary.unwrap().duration_ms < 60_000);
    assert_eq!(rig.api.world().essence(), before);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_a_person_has_paused_takes_back_when_its_time_is_over() {
    let rig = Rig::new();
    let before = rig.api.world().essence();
    let short = with("{scale: {replicas: 0}}", |json| json["maxDuration"] = json!("20s"));
    let pause = |event: &Event, ask: &mpsc::Sender<Control>| {
        if begins(event, "observe/fault") {
            ask.try_send(Control::Pause).unwrap();
        }
    };
    let (result, exit, state) = rig.carry_out(&short, pause).await;
    assert_eq!((result.verdict, result.rollback, exit), (Verdict::Aborted, Rollback::Clean, 13), "{result:#?}");
    assert!(result.why.contains("maxDuration"), "{}", result.why);
    assert!(state.summary.unwrap().duration_ms < 60_000);
    assert_eq!(rig.api.world().essence(), before);
}

#[tokio::test(start_paused = true)]
async fn what_is_marked_is_found_and_cleared_when_the_folder_of_its_run_is_lost() {
    let rig = Rig::new();
    let before = rig.api.world().essence();
    assert!(rig.dies(&scenario("{config: {configMap: settings, key: SPEED, value: slow}}"), 0, Some(Dies::After(2))).await);
    std::fs::remove_dir_all(rig.runs.path()).unwrap();
    let ground = rig.ground();
    let apps = BTreeSet::from(["apps".to_owned()]);
    let found = leftovers(&ground.cluster, &apps).await.unwrap();
    let names: Vec<_> = found.iter().map(|left| (left.object.kind.as_str(), left.run.as_str(), left.expires, left.is_known())).collect();
    // maxDuration after the first second of 1970
    let run = "20260101T000000Z-own-0001";
    assert_eq!(names, [("Deployment", run, 900, false), ("ConfigMap", run, 900, true)], "the Deployment is of no component here");
    // as a component's manifests would set it
    rig.api.world().meddle(|deployment| {
        deployment["spec"]["template"]["spec"]["containers"][1]["envFrom"][0]["configMapRef"]["name"] = json!("settings");
        deployment["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"] = json!({"f:replicas": {}, "f:template": {}});
    });
    for left in &found {
        clear(&ground.cluster, left).await.unwrap();
    }
    // who owns nothing any more is dropped, which this small API server does not do
    rig.api.world().meddle(|deployment| deployment["metadata"]["managedFields"].as_array_mut().unwrap().truncate(1));
    assert_eq!(rig.api.world().essence(), before);
    assert!(leftovers(&ground.cluster, &apps).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_person_who_ends_it_waits_only_for_the_undo() {
    let rig = Rig::new();
    let before = rig.api.world().essence();
    let long = with("{scale: {replicas: 0}}", |json| json["inject"][0]["duration"] = json!("10m"));
    let cancel = |event: &Event, ask: &mpsc::Sender<Control>| {
        if begins(event, "observe/fault") {
            ask.try_send(Control::Cancel { why: CancelReason::Requested }).unwrap();
        }
    };
    let (result, exit, state) = rig.carry_out(&long, cancel).await;
    assert_eq!((result.verdict, result.rollback, exit), (Verdict::Aborted, Rollback::Clean, 14), "{result:#?}");
    assert!(state.summary.unwrap().duration_ms < 60_000);
    assert_eq!(rig.api.world().essence(), before);
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_is_tried_again_once_all_is_taken_back_is_not_made() {
    let rig = Rig::new();
    rig.api.world().frozen = true;
    let slow = with("{scale: {replicas: 0}}", |json| json["evidence"]["padAfter"] = json!("5s"));
    let mut writes = 0;
    let retry = |event: &Event, ask: &mpsc::Sender<Control>| {
        if begins(event, "recover") {
            rig.api.world().frozen = false;
            rig.api.world().reconcile();
        }
        if begins(event, "evidence") {
            writes = rig.api.world().writes;
            ask.try_send(Control::Retry { step: "inject/fault".into() }).unwrap();
        }
    };
    let (result, exit, state) = rig.carry_out(&slow, retry).await;
    assert_eq!((result.rollback, exit), (Rollback::Clean, 11), "{result:#?}");
    assert!(state.steps.iter().any(|step| step.failure().is_some_and(|(error, _)| error.contains("being taken back already"))));
    assert_eq!(rig.api.world().writes, writes, "nothing was written after all was taken back");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_set_meanwhile_is_a_conflict_until_it_is_settled() {
    let rig = Rig::new();
    let meddle = |event: &Event, _: &mpsc::Sender<Control>| {
        if begins(event, "observe/fault") {
            rig.api.world().meddle(|deployment| deployment["spec"]["replicas"] = json!(5));
        }
    };
    let (result, exit, _) = rig.carry_out(&scenario("{scale: {replicas: 0}}"), meddle).await;
    assert_eq!((result.rollback, exit), (Rollback::Failed, 20), "{result:#?}");
    assert!(result.changes[0].undo.contains("/spec/replicas is 5, neither"), "{}", result.changes[0].undo);
    let again = rig.recover("a", false).await;
    assert!(!again.summary.unwrap().ok, "it stays one");
    assert_eq!(rig.api.world().objects[world::DEPLOYMENT]["spec"]["replicas"], 5);
    let settled = rig.recover("b", true).await;
    assert!(settled.summary.unwrap().ok);
    let world = rig.api.world();
    assert_eq!(world.objects[world::DEPLOYMENT]["spec"]["replicas"], 5, "theirs is kept");
    assert_eq!(world.objects[world::DEPLOYMENT]["metadata"]["labels"], json!({"own": "label"}), "our marks are gone");
    drop(world);
    assert!(left(rig.runs.path()).unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_our_own_fields_are_taken_back_and_what_a_responder_put_right_is_clean() {
    let rig = Rig::new();
    let meddle = |event: &Event, _: &mpsc::Sender<Control>| {
        if begins(event, "observe/fault") {
            rig.api.world().meddle(|deployment| {
                deployment["spec"]["replicas"] = json!(1);
                deployment["spec"]["paused"] = json!(false);
                deployment["metadata"]["labels"]["theirs"] = json!("too");
            });
        }
    };
    let (result, exit, _) = rig.carry_out(&scenario("{scale: {replicas: 0}}"), meddle).await;
    assert_eq!((result.rollback, exit), (Rollback::Clean, 0), "{result:#?}");
    let world = rig.api.world();
    assert_eq!(world.objects[world::DEPLOYMENT]["metadata"]["labels"], json!({"own": "label", "theirs": "too"}));
    assert_eq!(world.objects[world::DEPLOYMENT]["spec"]["paused"], json!(false));
}

#[tokio::test(start_paused = true)]
async fn what_was_done_to_a_cluster_that_is_gone_is_settled() {
    let rig = Rig::new();
    assert!(rig.dies(&scenario("{scale: {replicas: 0}}"), 0, Some(Dies::After(1))).await);
    assert_eq!(left(rig.runs.path()).unwrap().len(), 1);
    {
        let mut world = rig.api.world();
        let fresh = Api::new();
        world.objects = fresh.world().objects.clone();
        world.objects.get_mut("/api/v1/namespaces/kube-system").unwrap()["metadata"]["uid"] = json!("another");
        world.writes = 0;
    }
    let state = rig.recover("a", false).await;
    assert!(state.summary.unwrap().ok);
    assert_eq!(rig.api.world().writes, 0);
    assert!(left(rig.runs.path()).unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_evidence_is_whole_and_sealed() {
    let rig = Rig::new();
    let (result, ..) = rig.drilled(&scenario("{scale: {replicas: 0}}")).await;
    let folder = rig.runs.path().join(&result.run.0);
    let there = |name: &str| folder.join(name).is_file();
    for name in
        ["scenario.yaml", "events.jsonl", "result.json", "undo/001.json.done", "events.json", "report.md", "junit.xml", "manifest.sha256"]
    {
        assert!(there(name), "{name}");
    }
    let verified = evidence::verify(&folder).unwrap().unwrap();
    assert!(verified.problems.is_empty() && verified.same >= 7, "{verified:?}");
    assert_eq!(evidence::read_result(&folder).unwrap().unwrap(), result);
    assert_eq!(evidence::read_scenario(&folder).unwrap(), scenario("{scale: {replicas: 0}}"));
    let validator = jsonschema::validator_for(&labctl::model::schema::of::<DrillResult>()).unwrap();
    assert!(validator.is_valid(&serde_json::to_value(&result).unwrap()));
    let report = std::fs::read_to_string(folder.join("report.md")).unwrap();
    assert!(report.contains("# own: pass, rollback clean") && report.contains("replicas 1 → 0"), "{report}");
    let landed = result.checks.iter().find(|row| row.part == "landed").unwrap();
    assert_eq!((landed.health, landed.seen.as_str()), (Health::Pass, "0 pods"));
    let watched = result.checks.iter().find(|row| row.name == "is-there").unwrap();
    assert!(watched.looks >= 1 && watched.failed == 0, "{watched:?}");
    edit(&folder.join("result.json"));
    assert_eq!(evidence::verify(&folder).unwrap().unwrap().problems, ["result.json was changed"]);
}

fn edit(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, text.replace("pass", "fail")).unwrap();
}
