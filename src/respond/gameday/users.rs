//! Step: requests that go on all the time, as users would make them. What comes back is counted and not judged: that is for the lab's own alerts.

use super::day::Day;
use crate::checks::{Pace, Scope};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::check::{Check, Stage, What};
use crate::model::gameday::Users;
use crate::model::run::Health;
use crate::model::units::HumanDuration;
use crate::support::progress::Sink;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// How long one request is waited for.
const PATIENCE: HumanDuration = HumanDuration::from_secs(3);

/// Makes requests until it is told to end.
pub struct Requests {
    /// The game day.
    pub day: Arc<Day>,
    /// What is asked, and how often.
    pub users: Users,
}

#[async_trait]
impl Step for Requests {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed(format!("{} {} every {}", self.users.http.method.as_str(), self.users.http.endpoint, self.users.every)))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let check = Check { name: "users".to_owned(), within: Some(PATIENCE), what: What::Http(self.users.http.clone()) };
        let prober = self.day.ground.prober.clone().with_pace(Pace::once());
        let scope = Scope { component: String::new(), namespace: String::new(), stage: Stage::Proof };
        let mut ticks = tokio::time::interval(self.users.every.get());
        // a request that took long is not made up for by a burst
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut told = tokio::time::Instant::now();
        let (mut made, mut failed) = (0_u64, 0_u64);
        loop {
            tokio::select! {
                biased;
                () = cx.cancel.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let seen = prober.run(&scope, std::slice::from_ref(&check), &Sink::silent(), &cx.cancel).await;
            if cx.cancel.is_cancelled() {
                break;
            }
            made += 1;
            failed += u64::from(seen.first().is_none_or(|seen| seen.health != Health::Pass));
            if told.elapsed() >= Duration::from_secs(5) {
                told = tokio::time::Instant::now();
                cx.sink.progress(made, None, "requests");
            }
        }
        Ok(format!("{made} requests, {failed} of them not answered with {}", self.users.http.status))
    }
}
