//! labctl in a terminal of its own, for tests of the real binary.

#![expect(clippy::unwrap_used, clippy::panic, reason = "clippy knows tests only by #[test]; these are their helpers")]

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What a person does once something is on the screen.
pub enum Then<'a> {
    /// Types this.
    Press(&'a str),
    /// Does this, with labctl's process number.
    Do(&'a dyn Fn(u32)),
    /// Another size of the terminal: columns and rows.
    Resize(u16, u16),
}

/// The last screen that was seen of the app, what stands on the terminal after it, and how it ended.
pub type Seen = (String, String, portable_pty::ExitStatus);

/// Opens labctl in a terminal of 120x40 and goes through `script`: waits for a text on the screen, then does something. The last screen that was
/// seen of the app, what stands on the terminal after it, and how it ended. Its settings are compared before and after.
#[track_caller]
pub fn in_app(command: CommandBuilder, patience: Duration, script: &[(&str, Then<'_>)]) -> Seen {
    let pty = native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    let before = pty.master.get_termios().unwrap();
    let mut child = pty.slave.spawn_command(command).unwrap();
    // the slave stays open, so that settings can be read when labctl has gone
    let (reader, mut writer) = (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
    let said = heard(reader);
    let mut terminal = vt100::Parser::new(40, 120, 0);
    let mut last = String::new();
    for (word, then) in script {
        // one deadline for the whole wait: the clock on the screen alone says something every second
        let until = Instant::now() + patience;
        while !terminal.screen().contents().contains(word) {
            let Ok(bytes) = said.recv_timeout(until.saturating_duration_since(Instant::now())) else {
                panic!("`{word}` never came:\n{}", terminal.screen().contents());
            };
            terminal.process(&bytes);
        }
        last = terminal.screen().contents();
        match then {
            Then::Press(keys) => writer.write_all(keys.as_bytes()).unwrap(),
            Then::Do(it) => it(child.process_id().unwrap()),
            Then::Resize(columns, rows) => {
                pty.master.resize(PtySize { rows: *rows, cols: *columns, pixel_width: 0, pixel_height: 0 }).unwrap();
                terminal.screen_mut().set_size(*rows, *columns);
            }
        }
    }
    let (ended, status) = mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait()));
    let status = status.recv_timeout(patience).unwrap_or_else(|_| panic!("it does not end:\n{}", terminal.screen().contents())).unwrap();
    let after = pty.master.get_termios().unwrap();
    drop(pty.slave);
    while let Ok(bytes) = said.recv_timeout(patience) {
        terminal.process(&bytes);
    }
    assert_eq!(after, before, "the terminal's settings changed");
    assert!(!terminal.screen().alternate_screen() && !terminal.screen().hide_cursor() && !terminal.screen().bracketed_paste());
    (last, terminal.screen().contents(), status)
}

/// What comes from the terminal, as it comes.
pub fn heard(mut reader: Box<dyn Read + Send>) -> mpsc::Receiver<Vec<u8>> {
    let (say, said) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if say.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    said
}
