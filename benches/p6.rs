//! P6: what the engine itself costs. 1000 steps that find everything in place, and 1000 intents against a bare loop of append + fdatasync.

#[path = "rig/record.rs"]
mod record;

use async_trait::async_trait;
use labctl::engine::journal::JournalWriter;
use labctl::engine::step::{Cx, Observed, Step, StepError};
use labctl::engine::{Clock, Node, Plan, RunOptions, SystemClock, run};
use labctl::model::run::{RunId, Verb};
use record::{Figure, keep};
use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc};

const STEPS: usize = 1000;
const INTENTS: usize = 1000;
const ROUNDS: usize = 5;

/// About the line of an intent.
const LINE: usize = 240;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

struct Noop;

#[async_trait]
impl Step for Noop {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Done("in place".to_owned()))
    }

    async fn apply(&self, _cx: &Cx) -> Result<String, StepError> {
        Err(StepError::new("LAB-BENCH-001", "nothing was to be applied"))
    }
}

/// Intends and, in turn, appends lines of the same size to a file of its own and forces them to disk: whatever else the disk has to do meets both.
struct Intends {
    bare: PathBuf,
    /// Time for intents, time for the bare loop.
    took: Arc<Mutex<(Duration, Duration)>>,
}

impl Intends {
    async fn both(&self, cx: &Cx) -> Outcome<(Duration, Duration)> {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.bare)?;
        let (mut engine, mut bare) = (Duration::ZERO, Duration::ZERO);
        for number in 0..INTENTS {
            let what = format!("VirtualService apps/orders fault.delay 300ms {number:04}");
            let begun = Instant::now();
            cx.sink.intent(what).await?;
            engine += begun.elapsed();
            let begun = Instant::now();
            file.write_all(&[b'x'; LINE])?;
            file.sync_data()?;
            bare += begun.elapsed();
        }
        Ok((engine, bare))
    }
}

#[async_trait]
impl Step for Intends {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let took = self.both(cx).await.map_err(|error| StepError::new("LAB-BENCH-002", error.to_string()))?;
        *self.took.lock().await = took;
        Ok(String::new())
    }
}

/// Runs `plan` with a journal in `folder` and a front end that reads along; gives the time, the syncs and the journal's size.
async fn timed(plan: Plan, folder: &Path, round: usize) -> Outcome<(Duration, u64, u64)> {
    let id = RunId::begun(SystemClock.now(), "p6", u16::try_from(round)?);
    let journal = JournalWriter::create(folder, &id)?;
    let (path, syncs) = (journal.path().to_owned(), journal.syncs());
    let (to, mut from) = mpsc::channel(1024);
    let reader = tokio::spawn(async move { while from.recv().await.is_some() {} });
    let mut options = RunOptions::new(id, Verb::Test, "p6", Arc::new(SystemClock));
    options.journal = Some(journal);
    options.events = Some(to);
    let begun = Instant::now();
    let state = run(plan, options).await?;
    let took = begun.elapsed();
    reader.await?;
    if !state.summary.is_some_and(|summary| summary.ok) {
        return Err("the run did not succeed".into());
    }
    Ok((took, syncs.load(Ordering::Relaxed), std::fs::metadata(path)?.len()))
}

/// Thirty groups, each step after two of the group before: about the shape of a large lab.
fn noops() -> Outcome<Plan> {
    let node = |at: usize| {
        let needs = [at.checked_sub(33), at.checked_sub(34)].into_iter().flatten().map(|before| format!("step/{before}"));
        Node::new(format!("step/{at}"), format!("step {at}"), Arc::new(Noop)).group(format!("group {}", at / 33)).needs(needs)
    };
    Ok(Plan::new((0..STEPS).map(node).collect())?)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::print_stdout, reason = "a rig's result")]
fn measure() -> Outcome<bool> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (mut noop, mut most_syncs, mut ratios) = (Vec::new(), 0, Vec::new());
    for round in 0..ROUNDS {
        let (took, syncs, _) = runtime.block_on(timed(noops()?, folder.path(), round))?;
        println!("{STEPS} no-op steps: {:.1} ms, {syncs} syncs", took.as_secs_f64() * 1e3);
        noop.push(took.as_secs_f64() * 1e3);
        most_syncs = most_syncs.max(syncs);
    }
    for round in 0..ROUNDS {
        let took = Arc::default();
        let step = Intends { bare: folder.path().join("bare"), took: Arc::clone(&took) };
        let plan = Plan::new(vec![Node::new("fault", "fault", Arc::new(step))])?;
        let (_, syncs, _) = runtime.block_on(timed(plan, folder.path(), ROUNDS + round))?;
        let (engine, bare) = *took.blocking_lock();
        let ratio = engine.as_secs_f64() / bare.as_secs_f64();
        let [engine, bare] = [engine, bare].map(|took| took.as_secs_f64() * 1e3);
        println!("{INTENTS} intents: {engine:.1} ms, {syncs} syncs; bare loop beside them {bare:.1} ms; {ratio:.2}x");
        ratios.push(ratio);
    }
    let all: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.2}x")).collect();
    let (noop, ratio) = (median(noop), median(ratios));
    let ok = noop <= 50.0 && most_syncs <= 2 && ratio <= 1.2;
    let word = if ok { "ok" } else { "short" };
    let build = if cfg!(debug_assertions) { "debug build" } else { "release build" };
    let figure = |what: &str, measured: String, must: &str, raw: String| Figure { what: what.into(), measured, must: must.into(), raw };
    keep(
        "P6",
        &[
            figure(
                "1000 no-op steps through the engine",
                format!("{noop:.1} ms, {most_syncs} fsyncs"),
                "50 ms, 2 fsyncs",
                format!("{build}, median of {ROUNDS}"),
            ),
            figure(
                "1000 intents against a bare loop of append + fdatasync",
                format!("{ratio:.2}x"),
                "1.2x",
                format!("{build}, median of {ROUNDS}; {}", all.join(", ")),
            ),
        ],
    )?;
    println!("P6 {noop:.1} ms, {most_syncs} syncs / {ratio:.2}x (must 50 ms, 2 syncs / 1.2x, goal 50 ms, 2 syncs / 1.2x) {word}");
    Ok(ok)
}

#[expect(clippy::print_stderr, reason = "a rig's result")]
fn main() -> ExitCode {
    match measure() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("P6 cannot be measured: {error}");
            ExitCode::FAILURE
        }
    }
}
