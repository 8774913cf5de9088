//! `labctl up --detach`: a run in a process of its own session, which no terminal takes along when it goes.

use super::context::Context;
use super::exit::{Failure, code};
use super::{show, signals};
use crate::cli::{OutputMode, UpArgs};
use crate::engine::attach::pointer;
use crate::engine::journal::JournalWriter;
use crate::model::run::RunId;
use crate::report::{Choice, Mode};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::Instant;

/// How long a run may take to begin, besides what it waits for another labctl: charts may have to be brought first.
const BEGIN: Duration = Duration::from_mins(10);

/// The front end of a run in the background: plain lines, for its log.
pub const LOG: Choice = Choice { mode: Mode::Lines, color: false };

/// A run in the background as it is told of, and what `--output json` shows.
#[derive(Debug, Serialize, Deserialize)]
pub struct Announced {
    /// Which one.
    pub run: RunId,
    lab: String,
    process: u32,
    /// Where it can be attached to, if it can.
    socket: Option<PathBuf>,
    /// What it says to nobody in particular.
    log: PathBuf,
}

/// What the process in the background tells the one that started it, one line of JSON each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// What it does before its run begins.
    Preparing(String),
    /// Why it begins none.
    Refused {
        /// As in [`Failure`].
        id: String,
        /// As in [`Failure`].
        message: String,
    },
    /// Its run has begun.
    Begun(Announced),
}

/// Tells it, to the process that started this one.
pub fn tell(told: &Told) {
    show::out(&(serde_json::to_string(told).unwrap_or_default() + "\n"));
}

/// Tells why no run begins.
pub fn refuse(failure: &Failure) {
    tell(&Told::Refused { id: failure.id.clone(), message: failure.message.clone() });
}

/// A process in the background whose run has not begun yet.
pub struct Starting {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    late: Instant,
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::new("LAB-DETACH-001", format!("labctl could not be started in the background: {error}"))
}

impl Starting {
    /// Starts labctl with these arguments; what it writes to stderr goes to `errors`, and nothing is read from stdin. It has so long to begin, besides
    /// `waits`, the time it may wait for another labctl.
    pub fn start(args: impl IntoIterator<Item = OsString>, errors: Stdio, waits: Option<Duration>) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|error| failed(&error))?;
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        let told = child.stdout.take().ok_or_else(|| failed(&std::io::ErrorKind::BrokenPipe.into()))?;
        let late = Instant::now() + BEGIN + waits.unwrap_or_default();
        Ok(Self { child, lines: BufReader::new(told).lines(), late })
    }

    /// The next thing it tells; none when it has ended without a run. May be dropped and called again.
    pub async fn next(&mut self) -> Result<Option<Told>, Failure> {
        let Ok(line) = tokio::time::timeout_at(self.late, self.lines.next_line()).await else {
            self.end();
            return Err(Failure::new("LAB-DETACH-001", "the run in the background did not begin in time, and was ended"));
        };
        let read = |line: String| serde_json::from_str(&line).map_err(|error| Failure::new("LAB-BUG", error.to_string()));
        line.map_err(|error| failed(&error))?.map(read).transpose()
    }

    /// Asks it to end.
    pub fn end(&self) {
        let process = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        // one that has just ended needs no signal
        let _ended = process.map(|process| kill_process(process, Signal::TERM));
    }

    /// How it ended.
    pub async fn exit_code(mut self) -> Result<u8, Failure> {
        Ok(exit_code(self.child.wait().await.map_err(|error| failed(&error))?))
    }
}

/// Starts this very command in the background, and waits until its run has begun. What goes wrong before that is shown as without `--detach`, by
/// the process in the background itself, which has the terminal for as long as that takes.
pub async fn start(context: &Context, args: &UpArgs) -> Result<u8, Failure> {
    let (say, mut asked) = signals::controls();
    let _last = signals::watch(say, false).map_err(|error| failed(&error))?;
    let mut starting = Starting::start(in_background(std::env::args_os().skip(1)), Stdio::inherit(), args.wait.time())?;
    let announced = loop {
        tokio::select! {
            told = starting.next() => match told? {
                Some(Told::Begun(announced)) => break announced,
                Some(Told::Preparing(_) | Told::Refused { .. }) => {}
                None => return starting.exit_code().await,
            },
            // The run has not begun, so this command is still all there is of it.
            _ = asked.recv() => starting.end(),
        }
    };
    if args.output == OutputMode::Json {
        show::out(&(serde_json::to_string(&announced).unwrap_or_default() + "\n"));
    } else {
        show::out(&format!(
            "run {} goes on in the background, process {}\n  watch it  {}\n  end it    {}\n  its log   {}\n",
            announced.run,
            announced.process,
            context.typed("attach"),
            context.typed("run cancel"),
            announced.log.display()
        ));
    }
    Ok(code::OK)
}

/// The same arguments, marked. What follows a `--` are no options, so the mark goes before it.
fn in_background(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.collect();
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    args.insert(end, "--in-background".into());
    args
}

fn exit_code(status: std::process::ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(code::BUG)
}

/// Makes this process the leader of a session without a terminal: no terminal's end reaches it.
pub fn leave_terminal() {
    // Refused only to one that leads a group already, which then is beyond the terminal's jobs anyway.
    let _leads = rustix::process::setsid();
}

/// A run in the background that has not been announced yet.
#[derive(Debug)]
pub struct Begun {
    announced: Announced,
    commits: watch::Receiver<u64>,
}

impl Begun {
    /// Of this process.
    pub fn of(context: &Context, run: &RunId, journal: &JournalWriter) -> Self {
        let folder = journal.path().parent().unwrap_or(Path::new("."));
        let announced = Announced {
            run: run.clone(),
            lab: context.global.lab.clone(),
            process: std::process::id(),
            socket: std::fs::read_link(pointer(folder)).ok(),
            log: folder.join("output.log"),
        };
        Self { announced, commits: journal.commits() }
    }

    /// Once the run's first event is written: says so, and turns to the log from here on.
    pub async fn announce(mut self) {
        if self.commits.changed().await.is_err() {
            return;
        }
        let log = File::create(&self.announced.log).or_else(|_| File::options().write(true).open("/dev/null"));
        tell(&Told::Begun(self.announced));
        if let Ok(log) = log {
            let _stays = rustix::stdio::dup2_stdout(&log).and_then(|()| rustix::stdio::dup2_stderr(&log));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_among_the_options() {
        let marked = |args: &[&str]| in_background(args.iter().map(OsString::from));
        assert_eq!(marked(&["up", "--detach"]), ["up", "--detach", "--in-background"]);
        assert_eq!(marked(&["up", "--detach", "--"]), ["up", "--detach", "--in-background", "--"]);
    }

    #[test]
    fn an_end_by_a_signal_has_the_code_that_shells_give_it() {
        let exit = std::process::ExitStatus::from_raw;
        assert_eq!([exit_code(exit(4 << 8)), exit_code(exit(9)), exit_code(exit(0))], [4, 137, 0]);
    }
}
