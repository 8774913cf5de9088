//! Step: what is kept besides the journal, over the padded window: the numbers behind each check, alerts, log lines, traces, and what Kubernetes said.

use crate::drill::evidence::{Collected, clocks, collect};
use crate::drill::ground::Drill;
use crate::engine::step::{Cx, Observed, Step, StepError};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::time::Instant;

/// Keeps what must be read before it is forgotten.
pub struct Keep(pub Arc<Drill>);

#[async_trait]
impl Step for Keep {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(if self.0.outcome().injected.is_none() {
            Observed::Done("nothing was broken".to_owned())
        } else {
            Observed::Needed(String::new())
        })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let drill = &self.0;
        let pad = drill.scenario.evidence.pad_after;
        let end = Instant::now() + pad.get();
        // what a person stopped need not be seen to its end
        if drill.outcome().stopped.is_none() && !pad.get().is_zero() {
            cx.sink.waiting("the time after", format!("metrics are kept until {pad} after the end"));
            tokio::select! {
                () = tokio::time::sleep_until(end) => {}
                () = cx.cancel.cancelled() => {}
            }
        }
        let Collected { kept, mut missed } = collect(drill).await;
        let (clocks, unasked) = clocks(drill).await;
        drill.outcome().clocks = clocks;
        missed.extend(unasked);
        let count = missed.len();
        drill.outcome().not_kept.extend(missed);
        // a drill is not worse for what could not be kept; the report says it
        let kept = if kept.is_empty() { "nothing".to_owned() } else { kept.join(", ") };
        Ok(if count == 0 { format!("kept: {kept}") } else { format!("kept: {kept}; {count} could not be") })
    }

    fn acts(&self) -> bool {
        false
    }
}
