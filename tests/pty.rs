//! The binary in a real terminal: what only a terminal shows. Few tests, each waits for text on the screen with a deadline.

#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::mpsc;
use std::time::Duration;

/// Long enough for any machine: a screen that says nothing for so long never will.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs labctl in a terminal; once `word` is on the screen, presses Ctrl-C if `interrupt`. The screen's text, and how it ended. The terminal's own
/// settings are compared before and after.
#[track_caller]
fn in_terminal(args: &[&str], word: &str, interrupt: bool) -> (String, portable_pty::ExitStatus) {
    let pty = native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    let before = pty.master.get_termios().unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_labctl"));
    command.args(args);
    command.env_clear();
    command.env("HOME", home.path());
    command.env("TERM", "xterm-256color");
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let (mut reader, mut writer) = (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
    let (say, said) = mpsc::channel::<Vec<u8>>();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if say.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let (mut screen, mut seen) = (String::new(), false);
    loop {
        match said.recv_timeout(PATIENCE) {
            Ok(bytes) => screen.push_str(&String::from_utf8_lossy(&bytes)),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                break;
            }
        }
        if !seen && screen.contains(word) {
            seen = true;
            if interrupt {
                writer.write_all(b"\x03").unwrap();
            }
        }
    }
    let status = child.wait().unwrap();
    assert!(seen, "`{word}` never came: {screen}");
    assert_eq!(pty.master.get_termios().unwrap(), before, "the terminal's settings changed");
    let (hidden, shown) = (screen.rfind("\x1b[?25l"), screen.rfind("\x1b[?25h"));
    assert!(hidden.is_none() || shown > hidden, "the cursor is hidden: {screen}");
    assert!(!screen.contains("\x1b[?1049h") || screen.contains("\x1b[?1049l"), "it did not leave its screen");
    (screen, status)
}

#[test]
fn a_demo_shows_bars_and_ends_by_itself() {
    let (screen, status) = in_terminal(&["demo", "--output", "bars", "--speed", "max"], "ready", false);
    assert!(status.success() && screen.contains("critical path"), "{screen}");
}

#[test]
fn ctrl_c_ends_a_demo_and_leaves_the_terminal_as_it_was() {
    let (screen, status) = in_terminal(&["demo", "--output", "bars", "--speed", "1"], " ready  ", true);
    assert!(!status.success(), "it ended before Ctrl-C: {screen}");
    assert!(!screen.contains("critical path"), "{screen}");
}

#[test]
fn colour_is_for_terminals_and_can_be_switched_off() {
    let (coloured, _) = in_terminal(&["demo", "--output", "lines", "--speed", "max"], "critical path", false);
    let (plain, _) = in_terminal(&["demo", "--output", "lines", "--speed", "max", "--color", "never"], "critical path", false);
    assert!(coloured.contains("\x1b[3") && !plain.contains("\x1b[3"), "{plain}");
}
