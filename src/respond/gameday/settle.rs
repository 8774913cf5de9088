//! Step: the lab is as it should be before the next act: its steady state holds, and none of the alerts it waits for rings already.

use super::day::Day;
use super::pager;
use crate::checks::{Pace, Scope};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::check::Stage;
use crate::model::run::Health;
use crate::support::progress::Sink;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The pause between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// Waits for quiet before an act.
pub struct Quiet {
    /// The game day.
    pub day: Arc<Day>,
    /// The act that comes next.
    pub next: usize,
}

impl Quiet {
    async fn missing(&self, cx: &Cx) -> Option<String> {
        let (act, _, scenario) = self.day.act(self.next)?;
        let waited: Vec<&str> = act.expect.detected_by.iter().flat_map(|by| by.alerts.iter().map(String::as_str)).collect();
        match pager::firing(&self.day.ground.prober).await {
            Err(why) => return Some(why),
            Ok(alerts) => {
                if let Some(alert) = alerts.iter().find(|alert| waited.contains(&pager::name(alert))) {
                    return Some(format!("alert {} still fires", pager::name(alert)));
                }
            }
        }
        let scope = Scope { component: String::new(), namespace: scenario.target.namespace.clone(), stage: Stage::Ready };
        let prober = self.day.ground.prober.clone().with_pace(Pace::once());
        let seen = prober.run(&scope, &scenario.steady_state.checks, &Sink::silent(), &cx.cancel).await;
        seen.into_iter().find(|seen| seen.health != Health::Pass).map(|seen| format!("{}: {}", seen.name, seen.seen))
    }
}

#[async_trait]
impl Step for Quiet {
    async fn observe(&self, cx: &Cx) -> Result<Observed, StepError> {
        Ok(match self.missing(cx).await {
            None => Observed::Done("the lab is as it should be".to_owned()),
            Some(_) => Observed::Needed(String::new()),
        })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let began = Instant::now();
        let end = began + self.day.day.between.timeout.get();
        loop {
            let Some(missing) = self.missing(cx).await else {
                return Ok(format!("as it should be after {} s", began.elapsed().as_secs()));
            };
            if Instant::now() + LOOK >= end {
                let message = format!("the lab did not settle within {}: {missing}", self.day.day.between.timeout);
                return Err(StepError::new("LAB-GAMEDAY-002", message));
            }
            cx.sink.waiting("the lab to settle", missing);
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = cx.cancel.cancelled() => return Err(StepError::new("LAB-CANCELLED", "asked to end before the lab had settled")),
            }
        }
    }

    fn acts(&self) -> bool {
        false
    }
}
