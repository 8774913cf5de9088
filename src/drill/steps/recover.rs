//! Step: the steady state holds again. Only then is what was taken back known to be whole.

use crate::checks::CheckResult;
use crate::drill::ground::{Drill, first_bad};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::check::Check;
use crate::model::run::At;
use crate::model::scenario::Claim;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The pause between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// So many looks in a row must pass where no hypothesis asks for more.
const CONSECUTIVE: u32 = 3;

/// Waits until the steady state holds again.
pub struct Recover(pub Arc<Drill>);

/// The steady state holds again.
pub struct SteadyAgain {
    /// When the first of the looks that all passed ended.
    pub at: At,
    /// The last look.
    pub results: Vec<CheckResult>,
}

#[async_trait]
impl Step for Recover {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        if self.0.outcome().changes.is_empty() {
            return Ok(Observed::Done("nothing was changed".to_owned()));
        }
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let drill = &self.0;
        let from = drill.outcome().rolled_back.unwrap_or_else(|| drill.now());
        match steady_again(drill, cx).await {
            Ok(again) => {
                let took = again.at.millis_since(from);
                {
                    let mut outcome = drill.outcome();
                    outcome.recovered = Some(again.at);
                    outcome.recovery_ms = Some(took);
                }
                for (check, result) in drill.scenario.steady_state.checks.iter().zip(&again.results) {
                    drill.keep("steady state again", None, check, result);
                }
                Ok(format!("holds again after {}", crate::model::run::brief_time(took)))
            }
            Err(why) => {
                Err(StepError::new("LAB-DRILL-006", format!("all was taken back, and the steady state does not hold again: {why}")))
            }
        }
    }
}

/// Waits until so many looks in a row pass, for as long as the scenario allows; else why not.
pub async fn steady_again(drill: &Drill, cx: &Cx) -> Result<SteadyAgain, String> {
    let asked = drill.scenario.hypotheses.iter().filter_map(|hypothesis| match &hypothesis.claim {
        Claim::Recovery(recovery) => Some(recovery.consecutive),
        Claim::Check { .. } | Claim::Baseline(_) => None,
    });
    let wanted = asked.max().unwrap_or(CONSECUTIVE);
    let checks: Vec<&Check> = drill.scenario.steady_state.checks.iter().collect();
    let end = Instant::now() + drill.scenario.rollback.timeout.get();
    let mut first = None;
    let mut held = 0;
    loop {
        let results = drill.glance(&checks, &cx.sink, &cx.cancel).await;
        let bad = first_bad(&results);
        match &bad {
            None => {
                held += 1;
                let at = *first.get_or_insert(drill.now());
                if held >= wanted {
                    return Ok(SteadyAgain { at, results });
                }
                cx.sink.waiting("the steady state", format!("held {held} of {wanted} looks in a row"));
            }
            Some(why) => {
                (first, held) = (None, 0);
                cx.sink.waiting("the steady state", why.clone());
            }
        }
        let late = || {
            format!(
                "not within {}; {}",
                drill.scenario.rollback.timeout,
                bad.clone().unwrap_or_else(|| "it held for a moment only".to_owned())
            )
        };
        if Instant::now() + LOOK >= end || cx.cancel.is_cancelled() {
            return Err(late());
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = cx.cancel.cancelled() => return Err(late()),
        }
    }
}
