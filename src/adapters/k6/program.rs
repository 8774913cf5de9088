//! The program: started in a group of its own, listened to, ended politely first.

use super::exit::Exit;
use super::samples::{Counts, Meter};
use crate::adapters::process::{self, Command, ProcessError};
use crate::model::run::StepEvent;
use crate::support::progress::Sink;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const FIX: &str = "install k6 1.0 or newer (https://grafana.com/docs/k6), or use a bundle that brings it";
/// Asked to end, k6 cuts its requests off, writes its summary and sends what it has left to Prometheus.
const GRACE: Duration = Duration::from_secs(10);
/// Lines that nobody has fetched yet; older ones are in the file.
const LINES: usize = 200;

/// k6, wherever it is.
#[derive(Debug, Clone)]
pub struct K6 {
    /// Path of k6, or a name that is looked for in PATH.
    pub program: OsString,
    /// labctl itself, asked to become k6 and to die with its parent: load that outlives a killed labctl nobody would watch.
    pub supervisor: Option<OsString>,
}

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The script.
    pub script: PathBuf,
    /// Options that the script's own win over.
    pub config: PathBuf,
    /// Where k6 puts its summary.
    pub summary: PathBuf,
    /// Where what k6 and its script say is kept.
    pub log: PathBuf,
    /// Variables of the script, and of k6. Never in the arguments, which anybody on this host can read.
    pub env: Vec<(String, String)>,
    /// A Prometheus that takes what is pushed to it.
    pub remote_write: Option<String>,
    /// After this long it is ended.
    pub deadline: Duration,
}

/// How it went.
#[derive(Debug, Clone)]
pub struct Ended {
    /// What its exit code means.
    pub exit: Exit,
    /// The code itself, unless a signal ended it.
    pub code: Option<i32>,
    /// It was ended by us.
    pub told: bool,
    /// It was ended by us because it took too long.
    pub late: bool,
    /// Samples by metric.
    pub counts: Counts,
    /// The last that it said of what went wrong.
    pub tail: String,
}

#[derive(Debug, Default)]
struct Heard {
    meter: Meter,
    /// Not fetched yet.
    lines: VecDeque<String>,
    errors: VecDeque<String>,
    log: Option<std::fs::File>,
}

/// A k6 at work. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    /// Its process, and its group.
    pub pid: u32,
    heard: Arc<Mutex<Heard>>,
    stop: CancellationToken,
    ended: watch::Receiver<Option<Ended>>,
    taken: Mutex<Instant>,
}

/// Finds k6 on `path` (the value of `PATH`).
pub fn find(path: Option<&OsStr>) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let runs = |file: &PathBuf| file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    std::env::split_paths(path?).map(|folder| folder.join("k6")).find(runs)
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl K6 {
    /// `1.8.1`.
    pub async fn version(&self) -> Result<String, ProcessError> {
        let command = Command {
            program: &self.program,
            args: vec!["version".to_owned()],
            env: Vec::new(),
            deadline: Duration::from_secs(30),
            fix: FIX,
        };
        let said = process::run(command, &Sink::silent(), &CancellationToken::new()).await?;
        Ok(said.split_whitespace().nth(1).unwrap_or_default().trim_start_matches('v').to_owned())
    }

    /// Starts it. Must be called within the runtime, which goes on listening to it.
    pub fn start(&self, job: &Job) -> Result<Running, ProcessError> {
        let program = self.program.to_string_lossy().into_owned();
        let mut child = self.command(job).spawn().map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => ProcessError::NotFound { program: program.clone(), fix: FIX.to_owned() },
            _ => ProcessError::Start { program: program.clone(), cause },
        })?;
        let pid = child.id().unwrap_or_default();
        let log = std::fs::File::create(&job.log).ok();
        let heard = Arc::new(Mutex::new(Heard { log, ..Heard::default() }));
        let stop = CancellationToken::new();
        let (tell, ended) = watch::channel(None);
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let listens = (Arc::clone(&heard), stop.clone(), job.deadline);
        tokio::spawn(async move {
            let (heard, stop, deadline) = listens;
            let listening = async { tokio::join!(hear(out, &heard, true), hear(err, &heard, false)) };
            let waiting = wait(&mut child, pid, deadline, &stop);
            let (how, _) = tokio::join!(waiting, listening);
            let heard = locked(&heard);
            let tail: Vec<&str> = heard.errors.iter().map(String::as_str).collect();
            let (code, signal) = how.status.map_or((None, None), |status| (status.code(), status.signal()));
            let ended = Ended {
                exit: Exit::of(code, signal),
                code,
                told: how.told,
                late: how.late,
                counts: heard.meter.counts().clone(),
                tail: tail.join(" | "),
            };
            drop(heard);
            let _nobody_asks = tell.send(Some(ended));
        });
        Ok(Running { pid, heard, stop, ended, taken: Mutex::new(Instant::now()) })
    }

    fn command(&self, job: &Job) -> tokio::process::Command {
        let mut words: Vec<OsString> = Vec::new();
        if self.supervisor.is_some() {
            words.extend(["internal-exec".into(), std::process::id().to_string().into(), self.program.clone()]);
        }
        // its REST API could be used by anybody on this host to stop or change the load
        let fixed = ["run", "--quiet", "--no-color", "--no-usage-report", "--address", "", "--summary-mode", "compact", "--out", "json=-"];
        words.extend(fixed.map(OsString::from));
        if job.remote_write.is_some() {
            words.extend(["--out", "experimental-prometheus-rw"].map(OsString::from));
        }
        let path = |path: &Path| path.as_os_str().to_owned();
        words.extend(["--config".into(), path(&job.config), "--summary-export".into(), path(&job.summary), path(&job.script)]);
        let mut command = tokio::process::Command::new(self.supervisor.as_ref().unwrap_or(&self.program));
        // what is carried out is what the scenario says, not what somebody's shell adds to it
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("K6_")) {
            command.env_remove(name);
        }
        if let Some(url) = &job.remote_write {
            command.env("K6_PROMETHEUS_RW_SERVER_URL", url).env("K6_PROMETHEUS_RW_TREND_STATS", "count,sum,min,max,avg,med,p(95),p(99)");
        }
        command.args(words).envs(job.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        command
    }
}

struct How {
    status: Option<ExitStatus>,
    told: bool,
    late: bool,
}

/// Waits for its end, and brings it about when it is asked for or overdue: politely, and if that does not help by force.
async fn wait(child: &mut Child, pid: u32, deadline: Duration, stop: &CancellationToken) -> How {
    let late = tokio::select! {
        biased;
        status = child.wait() => return How { status: status.ok(), told: false, late: false },
        () = stop.cancelled() => false,
        () = tokio::time::sleep(deadline) => true,
    };
    process::signal_group(pid, process::Signal::Terminate);
    let polite = tokio::select! {
        biased;
        status = child.wait() => Some(status.ok()),
        () = tokio::time::sleep(GRACE) => None,
    };
    let status = if let Some(status) = polite {
        status
    } else {
        process::signal_group(pid, process::Signal::Kill);
        child.wait().await.ok()
    };
    How { status, told: true, late }
}

async fn hear(from: Option<impl AsyncRead + Unpin>, heard: &Mutex<Heard>, samples: bool) {
    use std::io::Write;
    let Some(from) = from else { return };
    let mut reader = BufReader::new(from).lines();
    while let Ok(Some(line)) = reader.next_line().await {
        let mut heard = locked(heard);
        if (samples && heard.meter.hear(&line)) || line.trim().is_empty() {
            continue;
        }
        if let Some(log) = &mut heard.log {
            let _best_effort = writeln!(log, "{line}");
        }
        if !samples {
            keep(&mut heard.errors, line.clone(), 4);
        }
        keep(&mut heard.lines, line, LINES);
    }
}

fn keep(lines: &mut VecDeque<String>, line: String, most: usize) {
    if lines.len() >= most {
        lines.pop_front();
    }
    lines.push_back(line);
}

impl Running {
    /// Figures since they were last taken, and what was said since then.
    pub fn take(&self) -> (StepEvent, Vec<String>) {
        let now = Instant::now();
        let since = std::mem::replace(&mut *locked(&self.taken), now);
        let mut heard = locked(&self.heard);
        let lines = heard.lines.drain(..).collect();
        (heard.meter.take(now.duration_since(since)), lines)
    }

    /// How many requests have ended so far.
    pub fn requests(&self) -> u64 {
        locked(&self.heard).meter.counts().get("http_reqs").copied().unwrap_or(0)
    }

    /// How it went, if it has ended.
    pub fn ended(&self) -> Option<Ended> {
        self.ended.borrow().clone()
    }

    /// Asks it to end; in any case comes back when it has ended.
    pub async fn stop(&self) -> Option<Ended> {
        self.stop.cancel();
        self.wait().await
    }

    /// Waits until it has ended.
    pub async fn wait(&self) -> Option<Ended> {
        let mut ended = self.ended.clone();
        let found = ended.wait_for(Option::is_some).await.ok()?;
        found.clone()
    }
}
