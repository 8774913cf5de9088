//! The binary in a real terminal: what only a terminal shows. Few tests, each waits for text on the screen with a deadline.

#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

mod terminal;

use labctl::engine::attach::{Limits, Places, Serving, serve};
use labctl::engine::journal::JournalWriter;
use labctl::engine::step::{Cx, Observed, Step, StepError};
use labctl::engine::{Node, Plan, RunOptions, SystemClock, run};
use labctl::model::run::{RunId, Verb};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use terminal::{Seen, Then, heard};

/// Long enough for any machine: a screen that says nothing for so long never will.
const PATIENCE: Duration = Duration::from_mins(1);

/// labctl in a home of its own, and nothing of this environment.
fn command(home: &std::path::Path, args: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_labctl"));
    command.args(args);
    command.env_clear();
    command.env("HOME", home);
    command.env("TERM", "xterm-256color");
    command.cwd(home);
    command
}

#[track_caller]
fn in_app(home: &std::path::Path, args: &[&str], script: &[(&str, Then<'_>)]) -> Seen {
    terminal::in_app(command(home, args), PATIENCE, script)
}

fn kill(process: u32, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_raw(process.cast_signed()).unwrap(), signal).unwrap();
}

#[test]
fn labctl_alone_opens_and_every_screen_has_its_key() {
    let home = tempfile::tempdir().unwrap();
    let script = [
        ("doctor", Then::Press("2")),
        ("No run is at work", Then::Press("5")),
        ("has no runs yet", Then::Press("6")),
        ("worker-scaled-to-zero", Then::Press("9")),
        ("this part of labctl has not landed yet", Then::Press("?")),
        // any key closes it; Esc and a letter in one read would be Alt and the letter
        ("all keys that work here", Then::Press("q")),
        ("worker-scaled-to-zero", Then::Press(":start\r")),
        ("lite-packages", Then::Press("q")),
    ];
    let (_, after, status) = in_app(home.path(), &[], &script);
    assert!(status.success(), "{status:?}");
    assert_eq!(after.trim(), "", "nothing of the app stays");
}

#[test]
fn a_demo_plays_in_the_app_and_leaves_its_summary() {
    let home = tempfile::tempdir().unwrap();
    let script = [("playing ×10", Then::Press(" ")), ("paused", Then::Press("t")), ("critical path", Then::Press("q"))];
    let (_, after, status) = in_app(home.path(), &["demo"], &script);
    assert!(status.success() && after.contains("critical path"), "{after}");
}

#[test]
fn a_bring_up_that_cannot_begin_says_why_in_the_app_and_after_it() {
    let home = tempfile::tempdir().unwrap();
    let script = [("LAB-", Then::Press("q"))];
    let (screen, after, status) = in_app(home.path(), &["up", "--stack", "no-such-stack"], &script);
    assert!(screen.contains("no-such-stack"), "{screen}");
    assert!(after.contains("error: ") && after.contains("no-such-stack") && status.exit_code() == 2, "{status:?}\n{after}");
}

#[test]
fn a_signal_closes_the_app_and_gives_the_terminal_back() {
    for (signal, code) in [(rustix::process::Signal::TERM, 143), (rustix::process::Signal::INT, 130)] {
        let home = tempfile::tempdir().unwrap();
        let (_, after, status) = in_app(home.path(), &[], &[("doctor", Then::Do(&|labctl| kill(labctl, signal)))]);
        assert_eq!((after.trim(), status.exit_code()), ("", code));
    }
}

#[test]
fn a_terminal_that_goes_away_takes_the_app_with_it() {
    let home = tempfile::tempdir().unwrap();
    let pty = native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut child = pty.slave.spawn_command(command(home.path(), &[])).unwrap();
    let mut reader = pty.master.try_clone_reader().unwrap();
    let mut terminal = vt100::Parser::new(40, 120, 0);
    let mut buffer = [0; 4096];
    while !terminal.screen().contents().contains("doctor") {
        let count = reader.read(&mut buffer).unwrap();
        terminal.process(&buffer[..count]);
    }
    // a key that comes with the end: who reads it reads on
    let mut writer = pty.master.take_writer().unwrap();
    writer.write_all(b"22222").unwrap();
    drop((pty, reader, writer));
    let (ended, status) = mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait()));
    let status = status.recv_timeout(PATIENCE).expect("it lives on without a terminal").unwrap();
    assert_eq!(status.exit_code(), 129, "{status:?}");
}

#[test]
fn a_terminal_may_shrink_to_nothing_and_grow_again() {
    let home = tempfile::tempdir().unwrap();
    let script = [("doctor", Then::Resize(20, 5)), ("too small", Then::Resize(120, 40)), ("doctor", Then::Press("q"))];
    assert!(in_app(home.path(), &[], &script).2.success());
}

/// Works until it is told to end.
struct UntilTold;

#[async_trait::async_trait]
impl Step for UntilTold {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed("not there".to_owned()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        cx.cancel.cancelled().await;
        Ok("told to end".to_owned())
    }
}

#[test]
fn a_run_of_another_process_is_left_and_ended_through_attach() {
    let home = tempfile::tempdir().unwrap();
    let id = RunId("20260102T030405Z-up-dev-local-00ff".to_owned());
    let journal = JournalWriter::create(&home.path().join(".local/state/labctl/labs/dev-local/runs"), &id).unwrap();
    let (steer, control) = tokio::sync::mpsc::channel(8);
    let (say, mut events) = tokio::sync::mpsc::channel(64);
    let serving = Serving {
        run: id.clone(),
        lab: "dev-local".to_owned(),
        verb: Verb::Up,
        journal: journal.path().to_owned(),
        commits: journal.commits(),
        control: steer,
        user: "ada".to_owned(),
        limits: Limits::default(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let served = runtime.block_on(serve(Places { runtime: None, fallback: home.path().join("sockets") }, serving)).unwrap();
    let mut options = RunOptions::new(id, Verb::Up, "dev-local", Arc::new(SystemClock));
    (options.journal, options.control, options.events) = (Some(journal), control, Some(say));
    let plan = Plan::new(vec![Node::new("work", "the work", Arc::new(UntilTold))]).unwrap();
    let at_work = runtime.spawn(run(plan, options));
    assert!(runtime.block_on(events.recv()).is_some(), "it has begun");
    // what comes after is nobody's: the run must not wait for a reader
    drop(events);

    let (_, after, status) = in_app(home.path(), &["attach"], &[("coming up", Then::Press("d"))]);
    assert!(status.success() && after.contains("which goes on"), "{status:?}\n{after}");
    assert!(!at_work.is_finished(), "leaving leaves it alone");
    // the first cancel lets it work on, the second tells it to end
    let script = [
        ("coming up", Then::Press("c")),
        ("n  No", Then::Press("y")),
        ("C ending", Then::Press("c")),
        ("n  No", Then::Press("y")),
        ("ended early", Then::Press("q")),
    ];
    let (_, after, status) = in_app(home.path(), &["attach"], &script);
    let state = runtime.block_on(at_work).unwrap().unwrap();
    assert!(state.cancelling.is_some() && status.exit_code() == 5, "{status:?}\n{after}");
    runtime.block_on(served.finish());
}

/// Needs a binary that can be made to break: `cargo test --features failpoints --test pty`.
#[cfg(feature = "failpoints")]
#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let home = tempfile::tempdir().unwrap();
    let (_, after, status) = in_app(home.path(), &[], &[("doctor", Then::Press("\x1d"))]);
    assert!(after.contains("panicked") && status.exit_code() == 1, "{status:?}\n{after}");
}

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
    let (reader, mut writer) = (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
    let said = heard(reader);
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
