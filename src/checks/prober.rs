//! Runs a list of checks: one after the other, so that captures flow; each again and again until it passes or its time is up.

use super::attempt::{Around, Memory, Seen, Way, now};
use super::lookup::{EndpointRef, Lookup, Scope};
use super::{alert, http, k8s, loki, prom, queue, trace};
use crate::adapters::kube::{Forwards, Objects};
use crate::model::check::{Check, PromCheck, Stage, TraceCheck, UnknownVar, Vars, What};
use crate::model::run::{At, Health};
use crate::support::http::{Http, HttpError};
use crate::support::progress::Sink;
use rand::Rng as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The longest that one look may take, however long the check has.
const LOOK: Duration = Duration::from_secs(15);

/// What a check came to.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckResult {
    /// As the list has it.
    pub name: String,
    /// Only `Pass` is a pass.
    pub health: Health,
    /// The number that was judged, where there is one.
    pub value: Option<f64>,
    /// What the last look saw, in one sentence.
    pub seen: String,
    /// What was asked, with every `@{…}` filled in.
    pub query: String,
    /// When the last look ended.
    pub at: At,
    /// From the first look to the last.
    pub took: Duration,
}

/// How often is looked: the pause is `first`, then twice as long each time, up to `most`.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The pause after the first look.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
    /// No more looks than this, however much time is left.
    pub looks: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first: Duration::from_millis(250), most: Duration::from_secs(2), looks: u32::MAX }
    }
}

impl Pace {
    /// One look at each check and no waiting: for those who only want to know how things are.
    pub fn once() -> Self {
        Self { looks: 1, ..Self::default() }
    }
}

/// Carries out checks in one lab. Clones share the forwards.
#[derive(Debug, Clone)]
pub struct Prober {
    http: Http,
    forwards: Forwards,
    objects: Objects,
    lookup: Arc<Lookup>,
    pace: Pace,
}

impl Prober {
    /// For one cluster; `lookup` says where things are in it.
    pub fn new(forwards: Forwards, objects: Objects, lookup: Lookup) -> Result<Self, HttpError> {
        Ok(Self { http: Http::local()?, forwards, objects, lookup: Arc::new(lookup), pace: Pace::default() })
    }

    /// With other pauses between looks.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Where things are in this lab.
    pub fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    /// The client that checks ask with.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// A way to an endpoint, shared with the checks that use it; the sentence says why there is none.
    pub async fn way(&self, endpoint: &EndpointRef) -> Result<Way, String> {
        Way::open(&self.forwards, endpoint).await
    }

    /// Runs the list in its order. The result has one entry per check, always; what was cancelled has seen no data.
    pub async fn run(&self, scope: &Scope, checks: &[Check], sink: &Sink, cancel: &CancellationToken) -> Vec<CheckResult> {
        let nonce = nonce();
        let mut vars = Vars::new(nonce.as_str());
        let around =
            Around { http: &self.http, forwards: &self.forwards, objects: &self.objects, lookup: &self.lookup, scope, nonce: &nonce };
        let mut results = Vec::with_capacity(checks.len());
        for check in checks {
            let one = One { check, stage: scope.stage, pace: self.pace, around: &around, sink, cancel };
            let (result, captured) = one.run(&vars).await;
            for (name, value) in captured {
                vars.set(name, value);
            }
            results.push(result);
        }
        results
    }
}

/// One check being run.
struct One<'a> {
    check: &'a Check,
    stage: Stage,
    pace: Pace,
    around: &'a Around<'a>,
    sink: &'a Sink,
    cancel: &'a CancellationToken,
}

impl One<'_> {
    async fn run(&self, vars: &Vars) -> (CheckResult, Vec<(String, serde_json::Value)>) {
        let started = Instant::now();
        let (seen, query) = match vars.fill(&self.check.what) {
            Ok(what) => {
                let query = query(&what, self.around);
                (self.until_it_passes(&what, started).await, query)
            }
            Err(UnknownVar(name)) => {
                let seen = Seen::never(format!("@{{{name}}} was not captured: the check that should have did not pass"));
                self.report(&seen);
                (seen, String::new())
            }
        };
        let Seen { health, says, figure, captured, .. } = seen;
        let value = figure.map(|figure| figure.value);
        let result = CheckResult { name: self.check.name.clone(), health, value, seen: says, query, at: now(), took: started.elapsed() };
        let captured = if health == Health::Pass { captured } else { Vec::new() };
        (result, captured)
    }

    async fn until_it_passes(&self, what: &What, started: Instant) -> Seen {
        let within = self.check.within.unwrap_or(self.stage.within()).get();
        let deadline = started + within;
        let mut memory = Memory::default();
        let mut pause = self.pace.first;
        let mut looks = 0;
        let mut last: Option<Seen> = None;
        loop {
            let end = deadline.min(Instant::now() + LOOK);
            let looked = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return self.cancelled(last),
                looked = tokio::time::timeout_at(end, look(what, self.around, &mut memory)) => looked,
            };
            let seen = match (looked, &last) {
                (Ok(seen), _) => seen,
                // cut off by the check's own end: what was seen before says more
                (Err(_late), Some(last)) => last.clone(),
                (Err(_late), None) => Seen::no_data("no answer in time"),
            };
            if last.as_ref().is_none_or(|last| (last.health, &last.says) != (seen.health, &seen.says)) {
                self.report(&seen);
            }
            looks += 1;
            if seen.health == Health::Pass || seen.settled || looks >= self.pace.looks || Instant::now() + pause >= deadline {
                return seen;
            }
            if last.as_ref().is_none_or(|last| last.says != seen.says) {
                self.sink.waiting(&self.check.name, &seen.says);
            }
            last = Some(seen);
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return self.cancelled(last),
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(self.pace.most);
        }
    }

    fn report(&self, seen: &Seen) {
        self.sink.judged(&self.check.name, seen.health, &seen.says, seen.figure.clone());
    }

    fn cancelled(&self, last: Option<Seen>) -> Seen {
        let before = last.map(|last| format!("; before that: {}", last.says)).unwrap_or_default();
        let seen = Seen::never(format!("cancelled{before}"));
        self.report(&seen);
        seen
    }
}

async fn look(what: &What, around: &Around<'_>, memory: &mut Memory) -> Seen {
    let seen = match what {
        What::Http(check) => http::look(check, around).await,
        What::Prom(check) => prom::look(check, around).await,
        What::Loki(check) => loki::look(check, around, memory).await,
        What::Trace(check) => trace::look(check, around).await,
        What::Queue(check) => queue::look(check, around).await,
        What::Alert(check) => alert::look(check, around, memory).await,
        What::K8s(check) => k8s::look(check, around).await,
    };
    seen.unwrap_or_else(|seen| seen)
}

/// What a check asks, as the result shows it.
fn query(what: &What, around: &Around<'_>) -> String {
    match what {
        What::Http(check) => http::query(check, around),
        What::Prom(PromCheck::Query { query, .. }) => query.clone(),
        What::Prom(PromCheck::Exemplars { selector, .. }) => selector.clone(),
        What::Loki(check) => loki::query(check),
        What::Trace(TraceCheck::Id { id, .. }) => id.clone(),
        What::Trace(TraceCheck::Search { service, .. }) => service.clone(),
        What::Queue(check) => check.name.clone(),
        What::Alert(check) => check.fire.clone(),
        What::K8s(check) => k8s::query(check, around),
    }
}

/// A word of twelve letters that no earlier run has used.
fn nonce() -> String {
    let mut random = rand::rng();
    (0..12).map(|_| char::from(random.random_range(b'a'..=b'z'))).collect()
}
