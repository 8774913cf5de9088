//! Step: the fault lasts, and is watched. Comes to its end at once when the drill is stopped or a person wants it to end.

use super::load::watch;
use crate::drill::ground::{Drill, Stopped};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::units::HumanDuration;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Waits while a fault lasts.
pub struct Observe {
    /// The drill.
    pub drill: Arc<Drill>,
    /// The fault.
    pub name: String,
    /// How long.
    pub duration: HumanDuration,
}

#[async_trait]
impl Step for Observe {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let started = Instant::now();
        let end = started + self.duration.get();
        let total = self.duration.get().as_secs();
        // a surge tells its figures while it lasts
        watch(&self.drill, &self.name, Some(end), cx, false).await;
        while Instant::now() < end {
            cx.sink.progress(started.elapsed().as_secs().min(total), Some(total), "s");
            tokio::select! {
                biased;
                () = cx.cancel.cancelled() => return Ok(format!("cut short after {} s: asked to end", started.elapsed().as_secs())),
                () = self.drill.stop.cancelled() => {
                    let why = match &self.drill.outcome().stopped {
                        Some(Stopped::Abort(why) | Stopped::Halt(why)) => why.clone(),
                        None => String::new(),
                    };
                    return Err(StepError::new("LAB-DRILL-009", format!("cut short after {} s: {why}", started.elapsed().as_secs())));
                }
                () = self.drill.enough.cancelled() => {
                    return Ok(format!("lasted {} s: what it did was put right", started.elapsed().as_secs()));
                }
                () = tokio::time::sleep_until(end.min(Instant::now() + Duration::from_secs(5))) => {}
            }
        }
        Ok(format!("lasted {}", self.duration))
    }

    fn acts(&self) -> bool {
        false
    }
}
