//! Step: one fault. Each of its changes is on disk with its undo, then in the journal, and only then made.

use super::rollback::{Taking, take_back};
use crate::drill::ground::{Drill, first_bad};
use crate::drill::inject::{self, Planned, faults};
use crate::drill::load::{Begin, begin, folder};
use crate::drill::records::{Record, Records};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::check::{Check, What};
use crate::model::run::Health;
use crate::model::scenario::{ChangeRow, CheckRow, Fault, Inject, K6Load};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a fault may take to show where the scenario does not say.
const LANDS: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(500);

/// Makes one fault, and sees that it landed.
pub struct InjectStep {
    /// The drill.
    pub drill: Arc<Drill>,
    /// The fault.
    pub inject: Inject,
    /// The step's own name, for its records.
    pub step: String,
}

#[async_trait]
impl Step for InjectStep {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        if self.drill.outcome().ending {
            // a step that failed may be tried again by whoever watches the run; what it made now nobody would take back
            return Err(StepError::new("LAB-DRILL-004", "not made: all is being taken back already; run the scenario anew"));
        }
        if self.drill.stop.is_cancelled() {
            return Err(StepError::new("LAB-DRILL-009", "not made: the drill was stopped before"));
        }
        Ok(Observed::Needed(self.inject.fault.to_string()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        // counted again: between plan and now somebody may have scaled
        let planned = match faults(&self.drill, &self.inject).await {
            Ok(planned) => planned,
            Err(why) if self.drill.outcome().changes.is_empty() => {
                self.drill.outcome().refused = Some(why.clone());
                return Err(StepError::new("LAB-DRILL-001", format!("nothing was done: {why}")));
            }
            Err(why) => return Err(self.broken(&why)),
        };
        if let Fault::K6(load) = &self.inject.fault {
            self.surge(load, cx).await?;
        } else {
            for one in &planned {
                self.make(one, cx).await?;
            }
        }
        let landed = self.landed(&planned, cx).await;
        let name = self.inject.name.clone();
        let fine = landed.is_ok();
        let mut outcome = self.drill.outcome();
        outcome.landed.push((name, fine));
        outcome.chaos |= fine;
        drop(outcome);
        landed.map_err(|why| StepError::new("LAB-DRILL-003", format!("the fault was made and did not land: {why}")))
    }

    async fn undo(&self, cx: &Cx) -> Result<(), StepError> {
        let records = self.drill.records().open()?;
        let own = records.into_iter().filter(|record| record.step == self.step).collect();
        let taking = Taking { drill: &self.drill, within: self.drill.scenario.rollback.timeout.get() };
        take_back(&taking, own, cx).await.map(drop)
    }
}

impl InjectStep {
    fn broken(&self, why: &str) -> StepError {
        self.drill.outcome().broken.get_or_insert_with(|| why.to_owned());
        StepError::new("LAB-DRILL-004", format!("the fault could not be made: {why}"))
    }

    /// k6 is started, and goes on until all is taken back.
    async fn surge(&self, load: &K6Load, cx: &Cx) -> Result<(), StepError> {
        let (drill, name) = (&self.drill, self.inject.name.as_str());
        let lasts = drill.scenario.max_duration;
        let now = drill.now();
        drill.outcome().injected.get_or_insert(now);
        let what = Begin { name, step: &self.step, load, lasts, folder: &folder(name) };
        begin(drill, &what, cx).await.map_err(|why| self.broken(&why))
    }

    async fn make(&self, one: &Planned, cx: &Cx) -> Result<(), StepError> {
        let drill = &self.drill;
        let records = drill.records();
        // a change of the engine's may be what the cluster does not answer for: taking it back must not ask which cluster it is
        let cluster = if one.change.needs_no_cluster() {
            String::new()
        } else {
            drill.ground.cluster.uid().await.map_err(|error| self.broken(&error.to_string()))?
        };
        let number = records.last()? + 1;
        let record = Record {
            v: 1,
            number,
            run: drill.run.clone(),
            step: self.step.clone(),
            backend: self.inject.fault.backend().to_owned(),
            cluster,
            object: one.object.clone(),
            uid: one.uid.clone(),
            resource_version: one.resource_version.clone(),
            at: drill.now(),
            what: one.what.clone(),
            change: one.change.clone(),
        };
        records.write(&record).map_err(|error| self.broken(&error.to_string()))?;
        let row = ChangeRow { what: one.what.clone(), record: Records::name(number), undo: String::new(), undone: false };
        {
            let mut outcome = drill.outcome();
            outcome.injected.get_or_insert(record.at);
            outcome.changes.push(row);
        }
        cx.sink.intent(&one.what).await.map_err(|error| self.broken(&error.to_string()))?;
        let made = one.change.make(&drill.ground, &one.object, &one.uid).await;
        made.map_err(|error| self.broken(&error.to_string()))?;
        cx.sink.applied(&one.what);
        cx.sink.changed(one.object.event(), "broken on purpose");
        Ok(())
    }

    /// The backend's own proof, then the scenario's.
    async fn landed(&self, made: &[Planned], cx: &Cx) -> Result<String, String> {
        let (drill, fault) = (&self.drill, &self.inject.fault);
        let within = self.inject.landed.as_ref().and_then(|landed| landed.check.within).map_or(LANDS, |within| within.get().max(LANDS));
        let end = Instant::now() + within;
        let mut looks = 0;
        let seen = loop {
            looks += 1;
            let missing = match inject::landed(drill, fault, made).await {
                Ok(Ok(seen)) => break Ok(seen),
                Ok(Err(missing)) => missing,
                Err(error) => error.to_string(),
            };
            if Instant::now() + LOOK >= end || cx.cancel.is_cancelled() || drill.stop.is_cancelled() {
                break Err(missing);
            }
            cx.sink.waiting("the fault to land", missing);
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = cx.cancel.cancelled() => {}
                () = drill.stop.cancelled() => {}
            }
        };
        let (health, said) = match &seen {
            Ok(said) => (Health::Pass, said.clone()),
            Err(said) => (Health::Fail, said.clone()),
        };
        cx.sink.probe("landed", health, said.clone());
        let row = CheckRow {
            name: self.inject.name.clone(),
            part: "landed".to_owned(),
            mode: None,
            health,
            value: None,
            seen: said,
            query: self.inject.fault.to_string(),
            source: fault.backend().to_owned(),
            at: drill.now(),
            looks,
            failed: u32::from(health == Health::Fail),
            no_data: 0,
        };
        drill.outcome().checks.push(row);
        let seen = seen?;
        let Some(own) = &self.inject.landed else { return Ok(format!("landed: {seen}")) };
        if let Some(http) = &own.after {
            let after = Check { name: "landed.after".to_owned(), within: own.check.within, what: What::Http(http.clone()) };
            let results = drill.settle(std::slice::from_ref(&after), &cx.sink, &cx.cancel).await;
            for result in &results {
                drill.keep("landed", None, &after, result);
            }
            if let Some(why) = first_bad(&results) {
                return Err(why);
            }
        }
        let results = drill.settle(std::slice::from_ref(&own.check), &cx.sink, &cx.cancel).await;
        for result in &results {
            drill.keep("landed", None, &own.check, result);
        }
        match results.first() {
            Some(result) if result.health == Health::Pass => Ok(format!("landed: {seen}; {}", result.seen)),
            Some(result) => Err(result.seen.clone()),
            None => Err("its proof was not looked at".to_owned()),
        }
    }
}
