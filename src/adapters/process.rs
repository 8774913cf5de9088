//! Child processes: started in their own group, read line by line, ended at a deadline or when the run is cancelled.

use crate::model::run::{StepEvent, Stream};
use crate::support::progress::Sink;
use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio_util::sync::CancellationToken;

/// How a child went wrong.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is and names its fields")]
pub enum ProcessError {
    #[error("`{program}` is not there; {fix}")]
    NotFound { program: String, fix: String },
    #[error("`{program}` could not be started: {cause}")]
    Start { program: String, cause: std::io::Error },
    #[error("`{program}` ended with {status}: {tail}")]
    Failed { program: String, status: String, tail: String },
    #[error("`{program}` did not end within {}s; last it said: {tail}", .deadline.as_secs())]
    Deadline { program: String, deadline: Duration, tail: String },
    #[error("`{program}` was ended because the run is being cancelled")]
    Cancelled { program: String },
}

/// What to run.
#[derive(Debug)]
pub struct Command<'a> {
    /// Path, or a name that is looked for in PATH.
    pub program: &'a OsStr,
    /// Arguments; anybody on this host can read them, so never a secret.
    pub args: Vec<String>,
    /// Variables beside those this process has.
    pub env: Vec<(String, String)>,
    /// After this long the whole group is killed.
    pub deadline: Duration,
    /// Said when the program is missing.
    pub fix: &'a str,
}

/// How many of the last lines an error shows.
const TAIL: usize = 6;

/// Runs a command; every line goes to the sink, standard output comes back. The child and its children end with us.
pub async fn run(command: Command<'_>, sink: &Sink, cancel: &CancellationToken) -> Result<String, ProcessError> {
    let program = command.program.to_string_lossy().into_owned();
    let mut child = tokio::process::Command::new(command.program)
        .args(&command.args)
        .envs(command.env.iter().map(|(key, value)| (key, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => ProcessError::NotFound { program: program.clone(), fix: command.fix.to_owned() },
            _ => ProcessError::Start { program: program.clone(), cause },
        })?;
    let group = child.id();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let read = async {
        let (out, err) = tokio::join!(lines(out, Stream::Out, sink), lines(err, Stream::Err, sink));
        (child.wait().await, out, err)
    };
    let ended = tokio::select! {
        ended = tokio::time::timeout(command.deadline, read) => ended.ok(),
        () = cancel.cancelled() => {
            end_group(group);
            return Err(ProcessError::Cancelled { program });
        }
    };
    let Some((status, out, err)) = ended else {
        end_group(group);
        return Err(ProcessError::Deadline { program, deadline: command.deadline, tail: String::new() });
    };
    let status = status.map_err(|cause| ProcessError::Start { program: program.clone(), cause })?;
    if status.success() {
        return Ok(out.join("\n"));
    }
    let said = if err.is_empty() { out } else { err };
    let tail = said[said.len().saturating_sub(TAIL)..].join(" | ");
    Err(ProcessError::Failed { program, status: status.to_string(), tail })
}

/// Ends a whole group; one that is gone is no error.
fn end_group(leader: Option<u32>) {
    if let Some(leader) = leader {
        signal_group(leader, Signal::Kill);
    }
}

/// What a group of processes is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// End by yourself. Not SIGINT: whoever was started in the background of a shell ignores that.
    Terminate,
    /// End at once.
    Kill,
}

/// Tells a whole group; one that is gone is no error.
pub fn signal_group(leader: u32, signal: Signal) {
    use rustix::process::{Pid, Signal as Number, kill_process_group};
    let number = match signal {
        Signal::Terminate => Number::TERM,
        Signal::Kill => Number::KILL,
    };
    if let Some(pid) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        let _gone = kill_process_group(pid, number);
    }
}

/// A process of this host, told from a later one with the same number by when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Alive {
    /// Its number.
    pub pid: u32,
    /// When it began, in ticks since the kernel did.
    pub started: u64,
}

/// The process with this number, if it is there and not only a zombie.
pub fn alive(pid: u32) -> Option<Alive> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // the name may hold blanks and brackets
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let gone = matches!(fields.first(), Some(&("Z" | "X")));
    let started = fields.get(19)?.parse().ok()?;
    (!gone).then_some(Alive { pid, started })
}

/// Processes of this host that carry `marker` (`NAME=value`) in their environment, as far as this user may look; without `/proc` none.
pub fn marked(marker: &str) -> Vec<Alive> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let carries = |pid: &u32| {
        std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|text| text.split(|byte| *byte == 0).any(|one| one == marker.as_bytes()))
    };
    numbers.filter(carries).filter_map(alive).collect()
}

async fn lines(from: Option<impl AsyncRead + Unpin>, stream: Stream, sink: &Sink) -> Vec<String> {
    let mut kept = Vec::new();
    let Some(from) = from else { return kept };
    let mut reader = BufReader::new(from).lines();
    while let Ok(Some(line)) = reader.next_line().await {
        sink.say(StepEvent::Output { stream, line: line.clone() });
        kept.push(line);
    }
    kept
}
