//! Steps: the load, from its first request to its summary; and the wait until it flows, before anything is broken.

use crate::drill::ground::Drill;
use crate::drill::load::{Begin, LOAD, begin, end, folder};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::run::{Health, StepEvent, Stream};
use crate::model::scenario::Load;
use crate::support::progress::Sink;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Figures are told so often.
const FIGURES: Duration = Duration::from_secs(1);
/// How long the first request may take to end.
const FIRST: Duration = Duration::from_secs(30);

/// Brings load for as long as the scenario says, or until the drill has to end.
pub struct LoadStep {
    /// The drill.
    pub drill: Arc<Drill>,
    /// What is asked.
    pub load: Load,
}

#[async_trait]
impl Step for LoadStep {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        if self.drill.outcome().ending || self.drill.stop.is_cancelled() {
            return Err(StepError::new("LAB-DRILL-009", "not begun: the drill is ending already; run the scenario anew"));
        }
        Ok(Observed::Needed(self.load.k6.to_string()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let drill = &self.drill;
        let broken = |why: String| {
            drill.outcome().broken.get_or_insert_with(|| why.clone());
            StepError::new("LAB-LOAD-001", format!("the load could not be made: {why}"))
        };
        let alone = drill.scenario.inject.is_empty();
        {
            let now = drill.now();
            let mut outcome = drill.outcome();
            outcome.loading = true;
            if alone {
                outcome.injected.get_or_insert(now);
            }
        }
        let what = Begin { name: LOAD, step: LOAD, load: &self.load.k6, lasts: self.load.lasts(), folder: &folder(LOAD) };
        let begun = begin(drill, &what, cx).await;
        if let Err(why) = begun {
            drill.outcome().loading = false;
            return Err(broken(why));
        }
        watch(drill, LOAD, None, cx, alone).await;
        let judged = end(drill, LOAD, &folder(LOAD), false, cx).await;
        {
            let mut outcome = drill.outcome();
            outcome.loading = false;
            outcome.chaos &= !alone;
        }
        let judged = judged.map_err(broken)?.ok_or_else(|| broken("k6 is not there any more".to_owned()))?;
        let said = judged.row.sentence();
        if let Some((_, why)) = judged.because {
            return Err(StepError::new("LAB-LOAD-001", format!("{why}; {said}")));
        }
        let bad = |health: Health| {
            judged.claims.iter().find(|claim| claim.health == health).map(|claim| format!("{}: {}", claim.query, claim.seen))
        };
        match (bad(Health::Fail), bad(Health::NoData)) {
            (Some(why), _) => Err(StepError::new("LAB-DRILL-007", format!("a threshold does not hold: {why}"))),
            (None, Some(why)) => Err(StepError::new("LAB-DRILL-008", format!("a threshold cannot be judged: {why}"))),
            (None, None) => Ok(said),
        }
    }

    async fn undo(&self, cx: &Cx) -> Result<(), StepError> {
        end(&self.drill, LOAD, &folder(LOAD), false, cx).await.map(drop).map_err(|why| StepError::new("LAB-DRILL-005", why))
    }
}

/// Tells figures of a load until it has ended, the drill has to, or `until` is over.
pub async fn watch(drill: &Drill, name: &str, until: Option<Instant>, cx: &Cx, is_chaos: bool) {
    let Some(running) = drill.loads.get(name) else { return };
    loop {
        let next = Instant::now() + FIGURES;
        tokio::select! {
            biased;
            () = cx.cancel.cancelled() => return,
            () = drill.stop.cancelled() => return,
            _ended = running.wait() => {
                tell(&running.take().1, &cx.sink);
                return;
            }
            () = tokio::time::sleep_until(until.map_or(next, |until| until.min(next))) => {}
        }
        let (figures, lines) = running.take();
        tell(&lines, &cx.sink);
        cx.sink.say(figures);
        if is_chaos && running.requests() > 0 {
            drill.outcome().chaos = true;
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return;
        }
    }
}

fn tell(lines: &[String], sink: &Sink) {
    for line in lines {
        sink.say(StepEvent::Output { stream: Stream::Out, line: line.clone() });
    }
}

/// Waits until the load flows, and for as long as it is to flow before the first fault.
pub struct Flows {
    /// The drill.
    pub drill: Arc<Drill>,
    /// How long before.
    pub before: Duration,
}

#[async_trait]
impl Step for Flows {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let drill = &self.drill;
        let started = Instant::now();
        let mut flows: Option<Instant> = None;
        loop {
            let running = drill.loads.get(LOAD);
            let lost = drill.outcome().broken.is_some() || running.as_ref().is_some_and(|running| running.ended().is_some());
            if lost || drill.stop.is_cancelled() || cx.cancel.is_cancelled() {
                return Err(StepError::new("LAB-LOAD-001", "the load ended before anything was broken"));
            }
            if flows.is_none() && running.is_some_and(|running| running.requests() > 0) {
                flows = Some(Instant::now());
            }
            match flows {
                Some(since) if since.elapsed() >= self.before => return Ok(format!("flows since {} s", since.elapsed().as_secs())),
                Some(_) => cx.sink.waiting("the load", "it flows; the first fault waits a while"),
                None if started.elapsed() >= FIRST => {
                    let why = format!("not one request ended within {} s", FIRST.as_secs());
                    drill.outcome().broken.get_or_insert_with(|| why.clone());
                    return Err(StepError::new("LAB-LOAD-001", why));
                }
                None => cx.sink.waiting("the load", "no request has ended yet"),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(250)) => {}
                () = drill.stop.cancelled() => {}
                () = cx.cancel.cancelled() => {}
            }
        }
    }

    fn acts(&self) -> bool {
        false
    }
}
