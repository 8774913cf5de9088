//! R1 of the design: `kill -9` at every journal boundary and at random moments of `up`, then `up`. The cluster must be what an uninterrupted run
//! leaves, with nothing doubled and nothing of a finished step done again. Run by tests/torture/r1; the binary needs feature `failpoints`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a rig says what it expects and what it measures")]

use super::rig::{Rig, UP, difference, told};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How many components and objects a run has.
const COMPONENTS: usize = 6;
const OBJECTS: usize = 50;

/// Where a run is killed.
#[derive(Debug, Clone, Copy)]
enum Point {
    Before(u64),
    After(u64),
    Millis(u64),
}

/// What one point showed.
struct Outcome {
    wrong: Option<String>,
    /// From the start of the second run to its first finished step.
    resumed: Duration,
    killed: bool,
}

pub async fn r1(points: usize, seed: u64) -> bool {
    let mut rig = Rig::new("crash", COMPONENTS, OBJECTS).await.unwrap();
    let began = Instant::now();
    rig.up("a").await;
    let whole = began.elapsed();
    let wanted = rig.state_without_name().await;
    let boundaries = journal(&rig, "a").last().map(|event| event["seq"].as_u64().unwrap()).unwrap();
    rig.down("a").await;
    println!(
        "seed {seed}; an uninterrupted run takes {} ms, writes {boundaries} journal lines and leaves {} objects",
        whole.as_millis(),
        wanted.len()
    );
    let mut random = StdRng::seed_from_u64(seed);
    let mut all: Vec<Point> = (1..=boundaries).flat_map(|seq| [Point::Before(seq), Point::After(seq)]).collect();
    // every boundary comes before chance has its turn; fewer points than boundaries are spread over all of them
    if all.len() > points {
        all = (0..points).filter_map(|index| all.get(index * all.len() / points).copied()).collect();
    }
    while all.len() < points {
        all.push(Point::Millis(random.random_range(0..u64::try_from(whole.as_millis()).unwrap() + 50)));
    }
    let (mut good, mut killed, mut slowest) = (0, 0, Duration::ZERO);
    for (number, point) in all.iter().enumerate() {
        rig.renew().await;
        let outcome = one(&rig, *point, &wanted).await;
        killed += usize::from(outcome.killed);
        slowest = slowest.max(outcome.resumed);
        match outcome.wrong {
            None => good += 1,
            Some(wrong) => println!("{point:?}: {wrong}"),
        }
        if number % 20 == 19 {
            println!(
                "{} of {} points, {good} right, {killed} caught the run alive, resume at most {} ms",
                number + 1,
                all.len(),
                slowest.as_millis()
            );
        }
    }
    let ok = good == all.len();
    println!(
        "resume: first step finished at most {} ms after the start (must 500 ms): {}",
        slowest.as_millis(),
        if slowest.as_millis() <= 500 { "ok" } else { "short" }
    );
    println!("R1 {good} of {} (must {}, goal {}) {}", all.len(), all.len(), all.len(), if ok { "ok" } else { "short" });
    ok && slowest.as_millis() <= 500
}

async fn one(rig: &Rig, point: Point, wanted: &BTreeMap<String, Value>) -> Outcome {
    let killed = kill_at(rig, point).await;
    let finished: BTreeSet<String> = journal(rig, "a").iter().filter(|event| is_finished(event)).map(step).collect();
    let began = Instant::now();
    let output = rig.labctl("a", &UP).await;
    let mut outcome = Outcome { wrong: None, resumed: Duration::ZERO, killed };
    if output.status.code() == Some(0) {
        let events = journal(rig, "a");
        outcome.resumed = first_finished(&events).unwrap_or_else(|| began.elapsed());
        let redone: Vec<String> = events
            .iter()
            .filter(|event| is_finished(event) && !is_unchanged(event))
            .map(step)
            .filter(|step| finished.contains(step))
            .collect();
        let found = rig.state_without_name().await;
        if !redone.is_empty() {
            outcome.wrong = Some(format!("finished steps were done again: {redone:?}"));
        } else if found != *wanted {
            outcome.wrong = Some(difference(wanted, &found));
        }
    } else {
        outcome.wrong = Some(format!("the second run failed: {}", told(&output)));
    }
    outcome
}

/// Starts a run and kills it; whether it was still alive by then.
async fn kill_at(rig: &Rig, point: Point) -> bool {
    let mut command = rig.command("a", &UP).await;
    match point {
        Point::Before(seq) => drop(command.env("LABCTL_FAILPOINT", format!("before:{seq}"))),
        Point::After(seq) => drop(command.env("LABCTL_FAILPOINT", format!("after:{seq}"))),
        Point::Millis(_) => {}
    }
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    if let Point::Millis(millis) = point {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert!(
        !matches!(point, Point::Before(_) | Point::After(_)) || signal == Some(9),
        "the failpoint was not reached: {point:?}, {status}; is feature `failpoints` on?"
    );
    signal == Some(9)
}

fn runs(rig: &Rig, home: &str) -> PathBuf {
    rig.folder.path().join(home).join(".local/state/labctl/labs").join(&rig.name).join("runs")
}

/// The events of the newest run of that home.
fn journal(rig: &Rig, home: &str) -> Vec<Value> {
    let newest = |folder: &Path| {
        let mut all: Vec<(std::time::SystemTime, PathBuf)> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.created().or_else(|_| entry.metadata()?.modified()).ok()?, entry.path())))
            .collect();
        all.sort();
        all.pop().map(|(_, path)| path)
    };
    let Some(run) = newest(&runs(rig, home)) else { return Vec::new() };
    let text = std::fs::read_to_string(run.join("events.jsonl")).unwrap_or_default();
    // a killed run's last line may be torn
    text.lines().filter_map(event_of).collect()
}

/// A journal line is an event with its checksum before or after it.
fn event_of(line: &str) -> Option<Value> {
    let (start, end) = (line.find('{')?, line.rfind('}')?);
    serde_json::from_str(&line[start..=end]).ok()
}

fn is_finished(event: &Value) -> bool {
    event["event"]["kind"] == "step_finished" && matches!(event["event"]["result"]["as"].as_str(), Some("unchanged" | "changed"))
}

fn is_unchanged(event: &Value) -> bool {
    event["event"]["result"]["as"] == "unchanged"
}

fn step(event: &Value) -> String {
    event["event"]["step"].as_str().unwrap_or_default().to_owned()
}

fn first_finished(events: &[Value]) -> Option<Duration> {
    let at = |event: &Value| time::OffsetDateTime::parse(event["at"].as_str()?, &time::format_description::well_known::Rfc3339).ok();
    let first = events.iter().find(|event| is_finished(event))?;
    (at(first)? - at(events.first()?)?).try_into().ok()
}

/// The same with Helm: `helm install` killed at random moments, then `helm upgrade --install`. Says how often that converges.
pub async fn helm(program: &Path, points: usize, seed: u64) {
    let rig = Rig::new("helm", 1, 10).await.unwrap();
    let chart = rig.folder.path().join("chart");
    std::fs::create_dir_all(chart.join("templates")).unwrap();
    std::fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: rig\nversion: 0.1.0\n").unwrap();
    for component in 0..COMPONENTS {
        let text: Vec<String> = (0..OBJECTS).map(|number| super::rig::plain_object(component, number).to_string()).collect();
        std::fs::write(chart.join(format!("templates/part{component}.yaml")), text.join("\n---\n")).unwrap();
    }
    let namespace = rig.name.clone();
    let kubeconfig = crate::server::kubeconfig().await.unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(program);
        command.args(args).args(["--namespace", &namespace]).env("KUBECONFIG", &kubeconfig).env("HOME", rig.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let chart = chart.to_str().unwrap();
    let began = Instant::now();
    let first = run(&["install", "rig", chart, "--create-namespace"]).output().unwrap();
    assert!(first.status.success(), "{}", told(&first));
    let whole = u64::try_from(began.elapsed().as_millis()).unwrap();
    let mut random = StdRng::seed_from_u64(seed);
    let mut good = 0;
    println!("helm install takes {whole} ms");
    for number in 0..points {
        let gone = run(&["uninstall", "rig", "--ignore-not-found", "--wait"]).output().unwrap();
        assert!(gone.status.success(), "{}", told(&gone));
        let secrets = format!("/api/v1/namespaces/{namespace}/secrets");
        for secret in rig
            .kube
            .list(&format!("{secrets}?labelSelector=owner%3Dhelm"), labctl::adapters::kube::client::ListForm::Metadata)
            .await
            .unwrap()
        {
            let name = secret["metadata"]["name"].as_str().unwrap();
            rig.kube.delete(&format!("{secrets}/{name}"), &serde_json::json!({"apiVersion": "v1", "kind": "DeleteOptions"})).await.unwrap();
        }
        let mut child = run(&["install", "rig", chart]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(random.random_range(0..whole + 50))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let again = run(&["upgrade", "rig", chart, "--install"]).output().unwrap();
        good += usize::from(again.status.success());
        if number % 20 == 19 {
            println!("helm: {} of {points} points, {good} converged", number + 1);
        }
    }
    drop(run(&["uninstall", "rig", "--ignore-not-found"]).output());
    println!("Helm {good} of {points} converge after kill -9 by `helm upgrade --install`");
}
