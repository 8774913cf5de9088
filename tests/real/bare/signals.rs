//! R2 of the design: `up` and `down` told to stop at random moments, in a terminal: by Ctrl-C, by Ctrl-C twice, by SIGTERM, by SIGHUP. The exit
//! code is the documented one, the terminal is as it was, and the same command again ends where an uninterrupted one would have.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a rig says what it expects and what it measures")]

use super::rig::{Rig, difference, told};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

const COMPONENTS: usize = 6;
const OBJECTS: usize = 50;
/// A command that is told to stop and has not ended by then hangs.
const PATIENCE: Duration = Duration::from_mins(1);
const UP: [&str; 6] = ["up", "--headless", "--stack", "rig", "--output", "bars"];
const DOWN: [&str; 2] = ["down", "--yes"];

/// How a command is told to stop.
#[derive(Debug, Clone, Copy)]
enum Told {
    CtrlC,
    CtrlCTwice,
    Term,
    Hangup,
}

const WAYS: [Told; 4] = [Told::CtrlC, Told::CtrlCTwice, Told::Term, Told::Hangup];

impl Told {
    /// docs/exit-codes.md
    fn code(self) -> u32 {
        match self {
            Self::CtrlC | Self::CtrlCTwice => 130,
            Self::Term => 143,
            Self::Hangup => 129,
        }
    }
}

/// How one command ended.
struct End {
    /// `None`: it did not end.
    code: Option<u32>,
    /// From the signal to the end.
    took: Duration,
    /// What was not given back.
    terminal: Option<String>,
    screen: String,
}

pub async fn r2(points: usize, seed: u64) -> bool {
    let mut rig = Rig::new("signal", COMPONENTS, OBJECTS).await.unwrap();
    let began = Instant::now();
    rig.up("a").await;
    let up = millis(began.elapsed());
    let wanted = rig.state_without_name().await;
    let began = Instant::now();
    rig.down("a").await;
    let down = millis(began.elapsed());
    println!("seed {seed}; uninterrupted, up takes {up} ms and down {down} ms; {} objects", wanted.len());
    let mut random = StdRng::seed_from_u64(seed);
    let (mut good, mut caught, mut slowest) = (0, 0, Duration::ZERO);
    for point in 0..points {
        rig.renew().await;
        let way = WAYS[point % WAYS.len()];
        // each way meets both commands
        let taking_away = point / WAYS.len() % 2 == 1;
        if taking_away {
            rig.up("a").await;
        }
        let moment = random.random_range(0..if taking_away { down } else { up });
        let args: &[&str] = if taking_away { &DOWN } else { &UP };
        let end = in_terminal(rig.command("a", args).await, way, Duration::from_millis(moment)).await;
        caught += usize::from(end.code == Some(way.code()));
        slowest = slowest.max(end.took);
        match judge(&rig, way, &end, (!taking_away).then_some(&wanted)).await {
            None => good += 1,
            Some(wrong) => println!("{way:?} after {moment} ms of {}: {wrong}", args[0]),
        }
    }
    let ok = good == points && points > 0;
    println!("{caught} of {points} were stopped before their end; from the signal to the end at most {} ms", slowest.as_millis());
    println!("R2 {good} of {points} (must {points}, goal {points}) {}", if ok { "ok" } else { "short" });
    ok
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

/// What was wrong, if anything; with nothing `wanted` the lab must be gone.
async fn judge(rig: &Rig, way: Told, end: &End, wanted: Option<&BTreeMap<String, Value>>) -> Option<String> {
    // one that was done before the signal came ended well
    if end.code != Some(way.code()) && end.code != Some(0) {
        return Some(format!("exit code {:?}, not {}: {}", end.code, way.code(), end.screen));
    }
    if let Some(terminal) = &end.terminal {
        return Some(terminal.clone());
    }
    let again = if wanted.is_some() { rig.labctl("a", &super::rig::UP).await } else { rig.labctl("a", &DOWN).await };
    if again.status.code() != Some(0) {
        return Some(format!("the second run failed: {}", told(&again)));
    }
    let difference = difference(wanted.unwrap_or(&BTreeMap::new()), &rig.state_without_name().await);
    (!difference.is_empty()).then_some(difference)
}

/// Runs a command in a terminal of its own and tells it to stop after `moment`.
async fn in_terminal(command: Command, way: Told, moment: Duration) -> End {
    let pty = native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    let before = pty.master.get_termios().unwrap();
    let mut started = CommandBuilder::new(command.get_program());
    started.args(command.get_args());
    started.env_clear();
    for (key, value) in command.get_envs() {
        started.env(key, value.unwrap_or_default());
    }
    started.env("TERM", "xterm-256color");
    let mut child = pty.slave.spawn_command(started).unwrap();
    drop(pty.slave);
    let (mut reader, mut writer) = (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
    let screen = tokio::task::spawn_blocking(move || {
        let (mut screen, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            screen.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8_lossy(&screen).into_owned()
    });
    tokio::time::sleep(moment).await;
    let signalled = Instant::now();
    let process = Pid::from_raw(i32::try_from(child.process_id().unwrap()).unwrap()).unwrap();
    // one that has just ended takes no signal any more
    let _ended = match way {
        Told::CtrlC => writer.write_all(b"\x03").is_ok(),
        Told::CtrlCTwice => {
            let first = writer.write_all(b"\x03").is_ok();
            tokio::time::sleep(Duration::from_millis(60)).await;
            first && writer.write_all(b"\x03").is_ok()
        }
        Told::Term => kill_process(process, Signal::TERM).is_ok(),
        Told::Hangup => kill_process(process, Signal::HUP).is_ok(),
    };
    let mut killer = child.clone_killer();
    let ended = tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(move || child.wait())).await;
    let took = signalled.elapsed();
    let code = ended.ok().map(|status| status.unwrap().unwrap()).map(|status| match status.signal() {
        // before it listens to signals it has not begun either; a shell shows such an end by the same codes
        Some(_) => way.code(),
        None => status.exit_code(),
    });
    if code.is_none() {
        killer.kill().unwrap();
    }
    let screen = screen.await.unwrap();
    let modes = pty.master.get_termios().unwrap() == before;
    End { code, took, terminal: not_given_back(modes, &screen), screen }
}

/// What of the terminal is not as it was.
fn not_given_back(modes: bool, screen: &str) -> Option<String> {
    let last = |on: &str, off: &str| screen.rfind(on) > screen.rfind(off);
    let wrong = [
        (!modes, "the terminal's modes are not as they were"),
        (last("\x1b[?25l", "\x1b[?25h"), "the cursor is hidden"),
        (last("\x1b[?1049h", "\x1b[?1049l"), "the screen is not the first one"),
    ];
    wrong.into_iter().find(|(wrong, _)| *wrong).map(|(_, what)| what.to_owned())
}
