//! Runs in the background: started, watched by several, steered, killed, and taken up again.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects")]

use super::rig::{Rig, told};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Output};
use std::time::Duration;

/// Long enough for any machine.
const PATIENCE: Duration = Duration::from_mins(1);

const DETACH: [&str; 6] = ["up", "--detach", "--stack", "rig", "--output", "json"];

/// A lab whose second part never becomes ready.
async fn stuck(name: &str) -> Option<Rig> {
    let rig = Rig::new(name, 2, 5).await?;
    let path = rig.folder.path().join("manifests/part1/component.yaml");
    let never = "ready: [{name: comes, within: 4m, k8s: {kind: ConfigMap, name: never, expect: exists}}]\n";
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + never).unwrap();
    Some(rig)
}

/// A run that was started in the background.
struct Background {
    run: String,
    process: Pid,
    socket: PathBuf,
    log: PathBuf,
}

fn background(output: &Output) -> Background {
    assert_eq!(output.status.code(), Some(0), "{}", told(output));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let path = |key: &str| PathBuf::from(said[key].as_str().unwrap());
    let process = Pid::from_raw(i32::try_from(said["process"].as_i64().unwrap()).unwrap()).unwrap();
    Background { run: said["run"].as_str().unwrap().to_owned(), process, socket: path("socket"), log: path("log") }
}

/// A viewer that prints JSON.
struct Viewer {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    seen: Vec<Value>,
}

impl Viewer {
    async fn new(rig: &Rig, args: &[&str]) -> Self {
        let mut child = rig.command("a", args).await.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, seen: Vec::new() }
    }

    /// Reads on until part 1 waits.
    fn until_stuck(&mut self) {
        self.until(|event| event["event"]["says"]["type"] == "probe" && event["event"]["step"] == "component/part1");
    }

    fn until(&mut self, fits: impl Fn(&Value) -> bool) {
        for line in self.lines.by_ref() {
            self.seen.push(serde_json::from_str(&line.unwrap()).unwrap());
            if fits(self.seen.last().unwrap()) {
                return;
            }
        }
        panic!("it ended before that: {:?}", self.seen.last());
    }

    /// Reads to its end: its exit code, its last words, and all events it showed.
    fn end(mut self) -> (Option<i32>, String, Vec<Value>) {
        for line in self.lines.by_ref() {
            self.seen.push(serde_json::from_str(&line.unwrap()).unwrap());
        }
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned(), self.seen)
    }
}

/// The events of a journal, without its checksums.
fn journal(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log.with_file_name("events.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(&line[9..]).unwrap()).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn gone(process: Pid) {
    let until = tokio::time::Instant::now() + PATIENCE;
    while Path::new(&format!("/proc/{}", process.as_raw_nonzero())).exists() {
        assert!(tokio::time::Instant::now() < until, "the run does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tier apiserver: scripts/test --tier apiserver"]
async fn a_run_in_the_background_is_watched_by_several_and_cancelled_by_one() {
    let Some(rig) = stuck("attach").await else { return };
    let run = background(&rig.labctl("a", &DETACH).await);
    assert_eq!((mode(&run.socket), mode(run.socket.parent().unwrap())), (0o600, 0o700));
    let (mut one, mut two) =
        (Viewer::new(&rig, &["attach", "-o", "json"]).await, Viewer::new(&rig, &["attach", "-o", "json", &run.run]).await);
    one.until_stuck();
    two.until_stuck();

    // leaving is not cancelling
    let mut leaver = Viewer::new(&rig, &["attach", "-o", "json"]).await;
    leaver.until_stuck();
    kill_process(Pid::from_child(&leaver.child), Signal::INT).unwrap();
    let (code, words, _) = leaver.end();
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains(&format!("left run {}, which goes on", run.run)), "{words}");

    // who else wants to write is told whose turn it is, and what to do
    for args in [&["down", "--yes"][..], &super::rig::UP, &DETACH] {
        let output = rig.labctl("a", args).await;
        assert_eq!(output.status.code(), Some(4), "{args:?}: {}", told(&output));
        assert!(told(&output).contains(&run.run) && told(&output).contains("labctl attach"), "{args:?}: {}", told(&output));
    }
    // its terminal's end, if it had one, is not its own
    kill_process(run.process, Signal::HUP).unwrap();

    let steer = async |args: &[&str]| {
        let output = rig.labctl("a", &[&["run"], args].concat()).await;
        (output.status.code(), told(&output))
    };
    let (code, text) = steer(&["cancel", "--read-only"]).await;
    assert!(code == Some(7) && text.contains("LAB-REFUSED-002"), "{text}");
    let (code, text) = steer(&["retry", "part1"]).await;
    assert!(code == Some(2) && text.contains("component/part1 is not failed or left out: it is working [LAB-RUN-002]"), "{text}");
    let (code, text) = steer(&["skip", "part9"]).await;
    assert!(code == Some(2) && text.contains("there is no step `part9`; still to be done: "), "{text}");
    for (args, words) in [(&["note", "enough"][..], "the note"), (&["cancel"], "starts nothing new"), (&["cancel", "--now"], "now")] {
        let (code, text) = steer(args).await;
        assert!(code == Some(0) && text.contains(words), "{text}");
    }

    let (one, two) = (one.end(), two.end());
    gone(run.process).await;
    let journal = journal(&run.log);
    for (code, words, seen) in [&one, &two] {
        assert_eq!(*code, Some(130), "{words}");
        assert_eq!(seen, &journal);
    }
    let shown = told(&rig.labctl("a", &["run", "show"]).await);
    assert!(shown.contains("cancel: asked by ") && shown.contains("cancel now: asked by ") && shown.contains("enough ("), "{shown}");
    assert!(std::fs::read_to_string(&run.log).unwrap().contains("cancelled: "), "the log has what a terminal would have");
    assert!(!run.socket.exists(), "nothing listens any more");
    let after = rig.labctl("a", &["attach"]).await;
    assert_eq!(after.status.code(), Some(2), "{}", told(&after));
    assert!(told(&after).contains(&format!("the last one, {}, has ended [LAB-ATTACH-001]", run.run)), "{}", told(&after));
    rig.down("a").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tier apiserver: scripts/test --tier apiserver"]
async fn a_run_that_is_killed_is_said_to_be_and_taken_up_again() {
    let Some(rig) = stuck("killed").await else { return };
    let run = background(&rig.labctl("a", &DETACH).await);
    let mut viewer = Viewer::new(&rig, &["attach", "-o", "json"]).await;
    viewer.until_stuck();
    kill_process(run.process, Signal::KILL).unwrap();
    let (code, words, _) = viewer.end();
    assert_eq!(code, Some(5), "{words}");
    assert!(words.contains("ended before the run did") && words.contains("LAB-ATTACH-003"), "{words}");
    assert!(words.contains("labctl up takes it up again"), "{words}");
    assert!(run.socket.exists(), "kill -9 tidies nothing");
    let after = rig.labctl("a", &["attach"]).await;
    assert!(after.status.code() == Some(2) && told(&after).contains("was killed before its end"), "{}", told(&after));
    let steered = rig.labctl("a", &["run", "cancel"]).await;
    assert_eq!(steered.status.code(), Some(2), "{}", told(&steered));

    // the same lab without what was stuck
    rig.component(1, 5, "1");
    rig.up("a").await;
    assert!(!run.socket.exists(), "the next run tidies");
    rig.down("a").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tier apiserver: scripts/test --tier apiserver"]
async fn a_run_outlives_the_terminal_it_was_started_in() {
    let Some(rig) = stuck("terminal").await else { return };
    let pty = native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    let command = rig.command("a", &["up", "--detach", "--stack", "rig"]).await;
    let mut started = CommandBuilder::new(command.get_program());
    started.args(command.get_args());
    started.env_clear();
    for (key, value) in command.get_envs() {
        started.env(key, value.unwrap_or_default());
    }
    let mut child = pty.slave.spawn_command(started).unwrap();
    drop(pty.slave);
    let ended = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    assert_eq!(ended.exit_code(), 0);
    // the terminal is closed
    drop(pty.master);
    let mut viewer = Viewer::new(&rig, &["attach", "-o", "json"]).await;
    viewer.until_stuck();
    assert_eq!(rig.labctl("a", &["run", "cancel", "--now"]).await.status.code(), Some(0));
    assert_eq!(viewer.end().0, Some(130));
    rig.labctl("a", &["down", "--yes", "--wait-lock=60"]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tier apiserver: scripts/test --tier apiserver"]
async fn what_goes_wrong_before_a_run_begins_is_as_without_detach() {
    let Some(rig) = Rig::new("early", 1, 5).await else { return };
    rig.write("stacks/bad.yaml", "apiVersion: labctl.dev/v1\nkind: Stack\nmetadata: {name: bad}\ncomponents: {parts: {}}\n");
    for stack in ["bad", "nowhere"] {
        let plain = rig.labctl("a", &["up", "--headless", "--stack", stack]).await;
        let detached = rig.labctl("a", &["up", "--detach", "--headless", "--stack", stack]).await;
        assert_eq!(plain.status.code(), Some(2), "{}", told(&plain));
        assert_eq!(detached.status.code(), plain.status.code());
        assert_eq!(String::from_utf8_lossy(&detached.stderr), String::from_utf8_lossy(&plain.stderr));
        assert!(detached.stdout.is_empty());
    }
}
