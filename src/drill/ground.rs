//! What the steps of one drill share: the lab it stands on, and what they have found out so far.

use super::load::{Baseline, Loads, Tool};
use super::records::Records;
use super::verdict::Because;
use crate::adapters::docker::{Container, DockerError, Engine};
use crate::adapters::kind::CLUSTER_LABEL;
use crate::checks::{CheckResult, Pace, Prober, Scope};
use crate::cluster::Cluster;
use crate::engine::Clock;
use crate::model::check::{Check, Stage};
use crate::model::run::{At, Control, Health, RunId};
use crate::model::scenario::{ChangeRow, CheckRow, ClockRow, LoadRow, Mode, Scenario};
use crate::support::holder::Holder;
use crate::support::progress::Sink;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The pause between two looks of a continuous mode.
pub const INTERVAL: Duration = Duration::from_secs(2);

/// The containers that a kind cluster's nodes are.
#[derive(Debug, Clone)]
pub struct Nodes {
    /// Where they run.
    pub engine: Engine,
    /// The cluster's name, as kind labels them.
    pub cluster: String,
}

impl Nodes {
    /// Whether a container is a node of this cluster.
    pub fn owns(&self, container: &Container) -> bool {
        container.labels.get(CLUSTER_LABEL) == Some(&self.cluster)
    }

    /// All of them, in order of name.
    pub async fn all(&self) -> Result<Vec<Container>, DockerError> {
        self.engine.containers(&[format!("{CLUSTER_LABEL}={}", self.cluster)]).await
    }
}

/// The lab a drill stands on.
#[derive(Clone)]
pub struct Ground {
    /// Reads and changes objects.
    pub cluster: Arc<Cluster>,
    /// Makes checks.
    pub prober: Prober,
    /// The cluster's nodes; nothing where they are not this lab's containers.
    pub nodes: Option<Nodes>,
    /// Components of the lab, and what they provide.
    pub provided: BTreeSet<String>,
    /// Namespaces of the lab's components that are not sample apps.
    pub platform: BTreeSet<String>,
    /// While this file is there, nothing is broken.
    pub halt: PathBuf,
    /// Who takes the lab's lock in the cluster, and how long to wait for it; nobody in a lab without others.
    pub holder: Option<(Holder, Option<Duration>)>,
    /// What load is made with; nothing where no scenario asks for it.
    pub load: Option<Tool>,
    /// Stamps records and results.
    pub clock: Arc<dyn Clock>,
}

/// One drill.
pub struct Drill {
    /// Its run.
    pub run: RunId,
    /// The lab's name.
    pub lab: String,
    /// What is carried out.
    pub scenario: Scenario,
    /// Where.
    pub ground: Ground,
    /// The run's folder.
    pub folder: PathBuf,
    /// The folder of its file, which names of scripts start from.
    pub base: PathBuf,
    /// What the load is compared with, or why there is nothing.
    pub baseline: Result<Baseline, String>,
    /// Loads at work.
    pub loads: Loads,
    /// Cancelled when the drill has to be taken back now.
    pub stop: CancellationToken,
    /// Cancelled when the faults have lasted long enough: somebody has put right what they did.
    pub enough: CancellationToken,
    outcome: Mutex<Outcome>,
}

/// Why a drill was stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// An abort condition, or the longest time.
    Abort(String),
    /// `labctl halt on`.
    Halt(String),
}

/// What was found out so far.
#[derive(Debug, Default)]
pub struct Outcome {
    pub injected: Option<At>,
    pub rolled_back: Option<At>,
    pub recovered: Option<At>,
    pub recovery_ms: Option<u64>,
    /// By fault, in the order they were made.
    pub landed: Vec<(String, bool)>,
    pub checks: Vec<CheckRow>,
    pub changes: Vec<ChangeRow>,
    /// Loads that have ended.
    pub loads: Vec<LoadRow>,
    /// Why a load decides what came of the drill.
    pub load_ended: Option<(Because, String)>,
    /// The load that is no fault is at work.
    pub loading: bool,
    pub stopped: Option<Stopped>,
    /// Why nothing was to be broken.
    pub refused: Option<String>,
    /// Why the steady state did not hold before anything was broken.
    pub unsteady: Option<String>,
    /// What could not be carried out.
    pub broken: Option<String>,
    /// A fault that has landed lasts: looks of mode `OnChaos` count.
    pub chaos: bool,
    /// Taking back has begun: nothing is broken any more.
    pub ending: bool,
    /// Clocks of others beside this host's.
    pub clocks: Vec<ClockRow>,
    /// What could not be kept as evidence.
    pub not_kept: Vec<String>,
}

impl Drill {
    /// A drill that has not begun.
    pub fn new(run: RunId, lab: &str, scenario: Scenario, ground: Ground, folder: PathBuf) -> Self {
        let (lab, stop, enough) = (lab.to_owned(), CancellationToken::new(), CancellationToken::new());
        let (base, loads) = (PathBuf::from("."), Loads::default());
        let baseline = Err("no run is kept as baseline, and none has passed".to_owned());
        Self { run, lab, scenario, ground, folder, base, baseline, loads, stop, enough, outcome: Mutex::default() }
    }

    /// What was found out so far. Never held across a wait.
    pub fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its undo records.
    pub fn records(&self) -> Records {
        Records::of(&self.folder)
    }

    /// This moment.
    pub fn now(&self) -> At {
        self.ground.clock.now().whole_millis()
    }

    /// Ends the drill: what was made is taken back. The first reason counts.
    pub fn stop(&self, why: Stopped) {
        self.outcome().stopped.get_or_insert(why);
        self.stop.cancel();
    }

    /// What is said of the safety lever that is on.
    pub fn halted(&self) -> String {
        let why = std::fs::read_to_string(&self.ground.halt).unwrap_or_default();
        if why.trim().is_empty() { "labctl halt is on".to_owned() } else { format!("labctl halt is on ({})", why.trim()) }
    }

    /// Looks at each check of a list until it passes or its time is up.
    pub async fn settle(&self, checks: &[Check], sink: &Sink, cancel: &CancellationToken) -> Vec<CheckResult> {
        self.ground.prober.run(&self.scope(), checks, sink, cancel).await
    }

    /// Looks at each check once, all at the same time.
    pub async fn glance(&self, checks: &[&Check], sink: &Sink, cancel: &CancellationToken) -> Vec<CheckResult> {
        let prober = self.ground.prober.clone().with_pace(Pace::once());
        let scope = self.scope();
        let looks = checks.iter().map(|check| prober.run(&scope, std::slice::from_ref(*check), sink, cancel));
        futures::future::join_all(looks).await.into_iter().flatten().collect()
    }

    fn scope(&self) -> Scope {
        Scope { component: String::new(), namespace: self.scenario.target.namespace.clone(), stage: Stage::Ready }
    }

    /// Keeps what a check came to that was looked at once.
    pub fn keep(&self, part: &str, mode: Option<Mode>, check: &Check, result: &CheckResult) {
        let row = row(part, mode, check, result);
        self.outcome().checks.push(row);
    }
}

/// What a check came to, as the result has it.
pub fn row(part: &str, mode: Option<Mode>, check: &Check, result: &CheckResult) -> CheckRow {
    CheckRow {
        name: check.name.clone(),
        part: part.to_owned(),
        mode,
        health: result.health,
        value: result.value,
        seen: result.seen.clone(),
        query: result.query.clone(),
        source: check.what.kind().to_owned(),
        at: result.at.whole_millis(),
        looks: 1,
        failed: u32::from(result.health == Health::Fail),
        no_data: u32::from(result.health == Health::NoData),
    }
}

/// The first result that is no pass, as a sentence.
pub fn first_bad(results: &[CheckResult]) -> Option<String> {
    results.iter().find(|result| result.health != Health::Pass).map(|result| format!("{}: {}", result.name, result.seen))
}

/// Resumes a run, whoever pauses it, from the moment its drill is stopped.
pub async fn go_on_when(stop: CancellationToken, steer: mpsc::Sender<Control>) {
    stop.cancelled().await;
    while steer.send(Control::Resume).await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
