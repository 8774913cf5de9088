//! What `up` prints for machines: every line fits the schema, and a replay tells the same story.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use super::bed::{bed, events};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::Value;
use std::io::Read;
use std::process::Command;

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn each_line_of_a_run_fits_the_published_schema() {
    let Some(bed) = bed() else { return };
    let output = Command::new(env!("CARGO_BIN_EXE_labctl")).args(["schema", "event"]).output().unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_slice(&output.stdout).unwrap()).unwrap();
    let lines = events(&bed.first);
    assert!(lines.len() > 100, "only {} lines", lines.len());
    for line in &lines {
        let wrong: Vec<String> = schema.iter_errors(line).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{line}: {wrong:?}");
    }
    let broken = serde_json::json!({"v": 1, "seq": "first", "run": "x", "event": {"kind": "run_paused"}});
    assert!(!schema.is_valid(&broken), "a schema that takes anything proves nothing");
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn a_replay_prints_the_same_events_and_the_same_end() {
    let Some(bed) = bed() else { return };
    let lines = events(&bed.first);
    let run = lines[0]["run"].as_str().unwrap();
    let replayed = bed.labctl(&["replay", run, "--output", "json"]);
    assert_eq!(replayed.status.code(), Some(0));
    assert_eq!(events(&String::from_utf8(replayed.stdout).unwrap()), lines);
    let summary = &lines.last().unwrap()["event"]["summary"];
    assert_eq!(&bed.ask(&["run", "show", run, "-o", "json"]), summary);
    assert!(summary["ok"] == true && summary["failed"] == 0, "{summary}");
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn ctrl_c_in_a_terminal_leaves_it_as_it_was() {
    let Some(bed) = bed() else { return };
    let pty = native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    let before = pty.master.get_termios().unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_labctl"));
    command.args(["up", "--headless", "--output", "bars"]);
    command.env_clear();
    for (key, value) in bed.command(&[]).get_envs() {
        command.env(key, value.unwrap());
    }
    command.env("TERM", "xterm-256color");
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let (mut reader, mut writer) = (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
    let (mut screen, mut buffer, mut sent) = (Vec::new(), [0; 4096], false);
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        screen.extend_from_slice(&buffer[..count]);
        if !sent && String::from_utf8_lossy(&screen).contains(" of 2") {
            // what the key does
            std::io::Write::write_all(&mut writer, b"\x03").unwrap();
            sent = true;
        }
    }
    let status = child.wait().unwrap();
    let screen = String::from_utf8_lossy(&screen);
    assert!(sent, "{screen}");
    assert_eq!(status.exit_code(), 130, "{screen}");
    assert_eq!(pty.master.get_termios().unwrap(), before);
    assert!(
        screen.rfind("\x1b[?25l").is_none_or(|hidden| screen.rfind("\x1b[?25h").is_some_and(|shown| shown > hidden)),
        "the cursor is hidden"
    );
    assert!(!screen.contains("\x1b[?1049h"), "headless never opens a screen of its own");
    let last: Value = bed.ask(&["run", "list", "-o", "json"]);
    assert_eq!(last[0]["status"], "cancelled", "{last:#}");
    bed.up_again();
}
