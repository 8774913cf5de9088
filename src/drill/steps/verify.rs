//! Step: what is claimed of the end: hypotheses that are looked at once all is whole again, and how soon it was.

use crate::drill::ground::Drill;
use crate::drill::load::compared;
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::check::Op;
use crate::model::run::{Figure, Health, Limit, brief_time};
use crate::model::scenario::{CheckRow, Claim};
use async_trait::async_trait;
use std::sync::Arc;

/// Judges what is claimed of the end.
pub struct Verify(pub Arc<Drill>);

#[async_trait]
impl Step for Verify {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        let outcome = self.0.outcome();
        Ok(if outcome.changes.is_empty() {
            Observed::Done("nothing was broken, so nothing can be judged".to_owned())
        } else if outcome.stopped.is_some() {
            Observed::Done("the drill was stopped, so nothing is judged".to_owned())
        } else {
            Observed::Needed(String::new())
        })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let drill = &self.0;
        let mut judged = 0;
        let mut bad = None;
        for hypothesis in &drill.scenario.hypotheses {
            let (health, seen) = match &hypothesis.claim {
                Claim::Check { check, mode, .. } if mode.at_end() => {
                    let results = drill.settle(std::slice::from_ref(check), &cx.sink, &cx.cancel).await;
                    let Some(result) = results.into_iter().next() else { continue };
                    drill.keep("hypothesis", Some(*mode), check, &result);
                    (result.health, result.seen)
                }
                Claim::Check { .. } => continue,
                Claim::Baseline(claim) => {
                    let row = compared(drill, &hypothesis.name, *claim);
                    cx.sink.probe(&hypothesis.name, row.health, row.seen.clone());
                    let told = (row.health, row.seen.clone());
                    drill.outcome().checks.push(row);
                    told
                }
                Claim::Recovery(recovery) => {
                    let took = drill.outcome().recovery_ms;
                    let within = recovery.within;
                    let (health, seen) = match took {
                        Some(took) if u128::from(took) <= within.get().as_millis() => {
                            (Health::Pass, format!("the steady state held again after {}, {within} allowed", brief_time(took)))
                        }
                        Some(took) => (Health::Fail, format!("the steady state held again after {}, {within} allowed", brief_time(took))),
                        None => (Health::Fail, "the steady state did not hold again".to_owned()),
                    };
                    let limit = Some(Limit { op: Op::Le, value: within.get().as_secs_f64() });
                    let figure = took.map(|took| Figure { value: took as f64 / 1000.0, limit, unit: Some("s".to_owned()) });
                    cx.sink.judged(&hypothesis.name, health, seen.clone(), figure);
                    let row = CheckRow {
                        name: hypothesis.name.clone(),
                        part: "hypothesis".to_owned(),
                        mode: None,
                        health,
                        value: took.map(|took| took as f64 / 1000.0),
                        seen: seen.clone(),
                        query: format!("steady state, {} looks in a row", recovery.consecutive),
                        source: "recovery".to_owned(),
                        at: drill.now(),
                        looks: 1,
                        failed: u32::from(health == Health::Fail),
                        no_data: 0,
                    };
                    drill.outcome().checks.push(row);
                    (health, seen)
                }
            };
            judged += 1;
            if health != Health::Pass && bad.as_ref().is_none_or(|(before, _)| *before == Health::NoData && health == Health::Fail) {
                bad = Some((health, format!("{}: {seen}", hypothesis.name)));
            }
        }
        match bad {
            None => Ok(format!("{judged} hold")),
            Some((Health::NoData, why)) => Err(StepError::new("LAB-DRILL-008", format!("a hypothesis cannot be judged: {why}"))),
            Some((_, why)) => Err(StepError::new("LAB-DRILL-007", format!("a hypothesis does not hold: {why}"))),
        }
    }
}
