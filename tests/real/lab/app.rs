//! The terminal app on a real lab: the binary in a terminal, gone through by keys.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use super::bed::{Bed, bed, docker};
use crate::terminal::{Seen, Then, in_app};
use portable_pty::CommandBuilder;
use std::time::Duration;

/// A cold API server and a node that is being made take their time.
const PATIENCE: Duration = Duration::from_mins(3);

/// Opens the app on the lab and goes through `script`.
#[track_caller]
pub fn app(bed: &Bed, script: &[(&str, Then<'_>)]) -> Seen {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_labctl"));
    command.env_clear();
    for (name, value) in bed.command(&[]).get_envs() {
        command.env(name, value.unwrap());
    }
    command.env("TERM", "xterm-256color");
    command.cwd(&bed.home);
    in_app(command, PATIENCE, script)
}

/// Ends the processes that `parent` has started.
fn kill_children(parent: u32) {
    // each thread has those that it has started
    let threads = std::fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let children: String = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap()).collect();
    assert!(!children.is_empty(), "labctl has no child");
    for child in children.split_whitespace() {
        let child = rustix::process::Pid::from_raw(child.parse().unwrap()).unwrap();
        rustix::process::kill_process(child, rustix::process::Signal::KILL).unwrap();
    }
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn a_lab_that_is_up_is_what_the_app_opens_on_and_every_screen_knows_it() {
    let Some(bed) = bed() else { return };
    let script = [
        // health by function, use of the host, where it answers
        ("ready", Then::Press("/app-python\r")),
        ("http://app-python.", Then::Press("4")),
        // the pod's row: a workload's has no hash
        ("app-python-worker-", Then::Press("/app-python !worker\r")),
        ("/app-python !worker", Then::Press("l")),
        ("{\"timestamp\":\"", Then::Press("5")),
        ("in place", Then::Press("\r")),
        ("playing", Then::Press("q")),
    ];
    let (_, _, status) = app(bed, &script);
    assert!(status.success(), "{status:?}");
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn from_menus_a_lab_is_taken_away_brought_up_killed_and_ended() {
    let Some(bed) = bed() else { return };
    let taken_away = [
        ("ready", Then::Press("\x04")),
        ("Take away lab", Then::Press("y")),
        ("looked again: nothing of this lab is left", Then::Press("q")),
    ];
    assert!(app(bed, &taken_away).2.success());
    let planes = || docker(&["ps", "--all", "--filter", &format!("name={}", bed.plane()), "--format", "{{.Names}}"]);
    assert_eq!(planes(), "");

    // the run's process dies; the app says so and goes on
    let killed = [
        ("u up", Then::Press("u")),
        ("Bring lab", Then::Press("y")),
        ("kind create cluster", Then::Do(&kill_children)),
        ("LAB-ATTACH-003", Then::Press("q")),
    ];
    let (screen, _, status) = app(bed, &killed);
    assert_eq!(status.exit_code(), 5, "{screen}");

    // the next one goes on from there, and is ended
    let ended = [
        ("u up", Then::Press("u")),
        ("Bring lab", Then::Press("y")),
        ("kind create cluster", Then::Press("c")),
        ("End the run", Then::Press("y")),
        ("ended early", Then::Press("q")),
    ];
    let (screen, after, status) = app(bed, &ended);
    assert!(status.exit_code() == 130 && after.contains("labctl up goes on where this stopped"), "{status:?}\n{screen}\n{after}");
    bed.up_again();
    bed.assert_ready();
}
