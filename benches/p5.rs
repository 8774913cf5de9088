//! P5: how near the scheduler comes to the best there is. 20 random plans of 30 scripted components, in real time: with a slot for everybody
//! against the critical path, with few slots against the best list schedule found, and level barriers beside.

#[path = "rig/record.rs"]
mod record;

use async_trait::async_trait;
use labctl::engine::step::{Cx, Observed, Step, StepError};
use labctl::engine::{Clock, Node, Plan, ResourceClass, RunOptions, Slots, SystemClock, run};
use labctl::model::run::{RunId, Verb};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use record::{Figure, keep};
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PLANS: u64 = 20;
const COMPONENTS: usize = 30;
const SLOTS: usize = 4;
/// List schedules tried at random besides the sensible ones, to find the best.
const RANDOM_LISTS: usize = 2000;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A component that says what it waits on and is ready after its time.
struct Component {
    millis: u64,
}

#[async_trait]
impl Step for Component {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed("not there".to_owned()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let ready = tokio::time::Instant::now() + Duration::from_millis(self.millis);
        for part in (0..4_u32).rev() {
            cx.sink.waiting("pods", format!("{} of 4 ready", 3 - part));
            tokio::time::sleep_until(ready - Duration::from_millis(self.millis) / 4 * part).await;
        }
        Ok("ready".to_owned())
    }
}

#[derive(Clone)]
struct Drawn {
    millis: Vec<u64>,
    /// What past runs say: within a tenth of the truth.
    estimates: Vec<u64>,
    needs: Vec<Vec<usize>>,
}

impl Drawn {
    fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let millis: Vec<u64> = (0..COMPONENTS).map(|_| random.random_range(100..700)).collect();
        let estimates = millis.iter().map(|millis| millis * random.random_range(90..=110) / 100).collect();
        let needs = (0..COMPONENTS).map(|at| {
            let mut needs: Vec<usize> = (0..random.random_range(0..=3_usize.min(at))).map(|_| random.random_range(0..at)).collect();
            needs.sort_unstable();
            needs.dedup();
            needs
        });
        let needs = needs.collect();
        Self { millis, estimates, needs }
    }

    fn plan(&self, needs: &[Vec<usize>]) -> Outcome<Plan> {
        let name = |at: usize| format!("component/{at}");
        let parts = self.millis.iter().zip(&self.estimates).zip(needs).enumerate();
        let nodes = parts.map(|(at, ((millis, estimate), needs))| {
            Node::new(name(at), name(at), Arc::new(Component { millis: *millis }))
                .class(ResourceClass::Cluster)
                .estimate_ms(*estimate)
                .needs(needs.iter().copied().map(name))
        });
        Ok(Plan::new(nodes.collect())?)
    }

    /// Each component needs all of the level before.
    fn barriers(&self) -> Vec<Vec<usize>> {
        let mut level: Vec<usize> = Vec::new();
        for needs in &self.needs {
            level.push(needs.iter().filter_map(|need| level.get(*need)).max().map_or(0, |level| level + 1));
        }
        let before = |own: usize| level.iter().enumerate().filter(|(_, level)| **level + 1 == own).map(|(at, _)| at).collect();
        level.iter().map(|own| before(*own)).collect()
    }

    /// Of each component the longest chain from its start on, by true times.
    fn remaining(&self) -> Vec<u64> {
        let mut remaining = self.millis.clone();
        for at in (0..COMPONENTS).rev() {
            for need in &self.needs[at] {
                remaining[*need] = remaining[*need].max(self.millis[*need] + remaining[at]);
            }
        }
        remaining
    }

    /// When the last ends if at each moment a free slot goes to the ready component with the highest priority.
    fn list_schedule(&self, priority: &[u64]) -> u64 {
        let mut end: Vec<Option<u64>> = vec![None; COMPONENTS];
        let mut now = 0;
        while end.iter().any(Option::is_none) {
            let busy = |end: &[Option<u64>]| end.iter().flatten().filter(|end| **end > now).count();
            let ready = |end: &[Option<u64>], at: usize| {
                end[at].is_none() && self.needs[at].iter().all(|need| end[*need].is_some_and(|end| end <= now))
            };
            while busy(&end) < SLOTS {
                let Some(next) = (0..COMPONENTS).filter(|at| ready(&end, *at)).max_by_key(|at| priority[*at]) else {
                    break;
                };
                end[next] = Some(now + self.millis[next]);
            }
            now = end.iter().flatten().copied().filter(|end| *end > now).min().unwrap_or(now + 1);
        }
        end.into_iter().flatten().max().unwrap_or(0)
    }

    fn best_list_schedule(&self, seed: u64) -> u64 {
        let mut random = StdRng::seed_from_u64(seed);
        let remaining = self.remaining();
        let mut best = self.list_schedule(&remaining).min(self.list_schedule(&self.millis));
        for round in 0..RANDOM_LISTS {
            // Half of the lists are the critical-path list with noise: the best are found near it.
            let near = round % 2 == 0;
            let priority = remaining.iter().map(|left| if near { left * random.random_range(70..130) } else { random.random() });
            best = best.min(self.list_schedule(&priority.collect::<Vec<_>>()));
        }
        best
    }
}

/// Runs all plans at once, so that they also compete for the processor; gives each one's time in milliseconds.
async fn makespans(plans: Vec<Plan>, slots: Slots) -> Outcome<Vec<f64>> {
    let runs = plans.into_iter().map(|plan| {
        tokio::spawn(async move {
            let mut options = RunOptions::new(RunId::begun(SystemClock.now(), "p5", 0), Verb::Test, "p5", Arc::new(SystemClock));
            options.slots = slots;
            let begun = Instant::now();
            let state = run(plan, options).await?;
            let took = begun.elapsed().as_secs_f64() * 1e3;
            if state.summary.is_some_and(|summary| summary.ok) { Ok(took) } else { Err("the run did not succeed".into()) }
        })
    });
    let mut took = Vec::new();
    for run in runs.collect::<Vec<_>>() {
        took.push(run.await?.map_err(|error: Box<dyn Error + Send + Sync>| error)?);
    }
    Ok(took)
}

#[expect(clippy::print_stdout, reason = "a rig's result")]
fn measure() -> Outcome<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let drawn: Vec<Drawn> = (0..PLANS).map(Drawn::new).collect();
    let own = || drawn.iter().map(|drawn| drawn.plan(&drawn.needs)).collect::<Outcome<Vec<_>>>();
    let few = Slots::default().with(ResourceClass::Cluster, SLOTS);
    let unlimited = runtime.block_on(makespans(own()?, Slots::unlimited()))?;
    let slotted = runtime.block_on(makespans(own()?, few))?;
    let barriers = drawn.iter().map(|drawn| drawn.plan(&drawn.barriers())).collect::<Outcome<Vec<_>>>()?;
    let barriers = runtime.block_on(makespans(barriers, Slots::unlimited()))?;
    println!("all times in ms; {SLOTS} slots; the worst plan counts");
    println!("plan  critical path  unlimited  level barriers  best list  with slots");
    let (mut worst_path, mut worst_list, mut worst_barrier, mut over) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
    for (seed, drawn) in (0..).zip(&drawn) {
        let path = drawn.remaining().into_iter().max().unwrap_or(1) as f64;
        let best = drawn.best_list_schedule(seed) as f64;
        let at = usize::try_from(seed)?;
        let (unlimited, barriers, slotted) = (unlimited[at], barriers[at], slotted[at]);
        println!("{seed:>4}  {path:>13}  {unlimited:>9.0}  {barriers:>14.0}  {best:>9}  {slotted:>10.0}");
        worst_path = worst_path.max(unlimited / path);
        worst_list = worst_list.max(slotted / best);
        worst_barrier = worst_barrier.max(barriers / path);
        over = over.max(unlimited - path * 1.03);
    }
    println!("level barriers: up to {worst_barrier:.2}x the critical path");
    let ok = over <= 300.0 && worst_list <= 1.05;
    let word = if ok { "ok" } else { "short" };
    let build = if cfg!(debug_assertions) { "debug build" } else { "release build" };
    let figure = |what: &str, measured: f64, must: &str, raw: String| Figure {
        what: what.into(),
        measured: format!("{measured:.3}x"),
        must: must.into(),
        raw,
    };
    keep(
        "P5",
        &[
            figure(
                "20 random plans of 30 scripted steps: makespan against the critical path, unlimited slots, worst of 20",
                worst_path,
                "1.03x + 0.3 s",
                build.to_owned(),
            ),
            figure(
                "the same against the best list schedule with k slots, worst of 20",
                worst_list,
                "1.05x",
                format!("{build}; level barriers beside: up to {worst_barrier:.2}x the critical path"),
            ),
        ],
    )?;
    println!("P5 {worst_path:.3}x / {worst_list:.3}x (must 1.03x + 0.3 s / 1.05x, goal 1.03x + 0.3 s / 1.05x) {word}");
    Ok(ok)
}

#[expect(clippy::print_stderr, reason = "a rig's result")]
fn main() -> ExitCode {
    match measure() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("P5 cannot be measured: {error}");
            ExitCode::FAILURE
        }
    }
}
