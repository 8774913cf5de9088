//! Step: the steady state holds, and goes on holding for a while. Without it nothing is broken.

use crate::drill::ground::{Drill, INTERVAL, first_bad};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::check::Check;
use crate::model::scenario::Claim;
use async_trait::async_trait;
use std::sync::Arc;
use tokio::time::Instant;

/// Watches the steady state before the first fault.
pub struct Baseline(pub Arc<Drill>);

#[async_trait]
impl Step for Baseline {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let drill = &self.0;
        let unsteady = |why: String| {
            drill.outcome().unsteady = Some(why.clone());
            StepError::new("LAB-DRILL-002", format!("the steady state does not hold, so nothing was broken: {why}"))
        };
        let checks = &drill.scenario.steady_state.checks;
        let mut results = drill.settle(checks, &cx.sink, &cx.cancel).await;
        let length = drill.scenario.steady_state.baseline;
        let end = Instant::now() + length.get();
        let all: Vec<&Check> = checks.iter().collect();
        while first_bad(&results).is_none() && Instant::now() < end && !cx.cancel.is_cancelled() {
            cx.sink.waiting("the steady state", format!("watched for {length}"));
            tokio::select! {
                biased;
                () = cx.cancel.cancelled() => break,
                () = tokio::time::sleep_until(end.min(Instant::now() + INTERVAL)) => {}
            }
            results = drill.glance(&all, &cx.sink, &cx.cancel).await;
        }
        for (check, result) in checks.iter().zip(&results) {
            drill.keep("steady state", None, check, result);
        }
        if cx.cancel.is_cancelled() {
            return Err(StepError::new("LAB-CANCELLED", "asked to end before anything was broken"));
        }
        if let Some(why) = first_bad(&results) {
            return Err(unsteady(why));
        }
        for hypothesis in &drill.scenario.hypotheses {
            let Claim::Check { check, mode, .. } = &hypothesis.claim else { continue };
            if mode.at_start() {
                let results = drill.settle(std::slice::from_ref(check), &cx.sink, &cx.cancel).await;
                for result in &results {
                    drill.keep("hypothesis", Some(*mode), check, result);
                }
                if let Some(why) = first_bad(&results) {
                    return Err(unsteady(why));
                }
            }
        }
        Ok(format!(
            "{} hold, watched for {length}",
            if checks.len() == 1 { "1 check".to_owned() } else { format!("{} checks", checks.len()) }
        ))
    }

    fn acts(&self) -> bool {
        false
    }
}
