//! From a game day to a plan of the engine.

use super::act::ActStep;
use super::day::Day;
use super::evidence::Keep;
use super::settle::Quiet;
use super::users::Requests;
use crate::engine::{Node, Plan, PlanError, ResourceClass};
use std::sync::Arc;
use std::time::Duration;

/// Beyond what is written: taking back, verifying, a responder who comes late.
const SLACK: Duration = Duration::from_mins(10);

/// The plan: acts one after the other, a pause before each but the first, users all the time, evidence at the end whatever happened.
pub fn compile(day: &Arc<Day>) -> Result<Plan, PlanError> {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let mut nodes = Vec::new();
    let mut last: Option<String> = None;
    let mut acts = Vec::new();
    for (at, act) in day.day.acts.iter().enumerate() {
        let id = format!("act/{}", act.name);
        if let Some(before) = &last {
            let settle = format!("settle/{}", act.name);
            let timeout = day.day.between.timeout.get();
            nodes.push(
                Node::new(settle.as_str(), format!("Quiet before {}", act.name), Arc::new(Quiet { day: Arc::clone(day), next: at }))
                    .group("acts")
                    .needs([before.as_str()])
                    .deadline(timeout + Duration::from_mins(1))
                    .estimate_ms(20_000)
                    .yielding(),
            );
            last = Some(settle);
        }
        let scenario = day.scenarios.get(at);
        let faults = scenario.map_or(Duration::ZERO, |scenario| scenario.inject.iter().map(|inject| inject.duration.get()).sum());
        let work = faults + act.start_within.map_or(Duration::ZERO, |window| window.to.get());
        let node = Node::new(id.as_str(), format!("Act {}", act.name), Arc::new(ActStep { day: Arc::clone(day), at }))
            .group("acts")
            .class(ResourceClass::Cluster)
            .needs(last.iter().map(String::as_str))
            .deadline(work + SLACK)
            .estimate_ms(millis(work) + 60_000)
            .yielding();
        nodes.push(node);
        acts.push(id.clone());
        last = Some(id);
    }
    if let Some(users) = &day.day.users {
        let step = Requests { day: Arc::clone(day), users: users.clone() };
        nodes.push(
            Node::new("users", "Users", Arc::new(step))
                .group("users")
                .until(acts.iter().map(String::as_str))
                .deadline(day.day.rules.max_duration.get() + SLACK)
                .yielding(),
        );
    }
    nodes.push(Node::new("evidence", "Evidence", Arc::new(Keep { day: Arc::clone(day) })).group("after").after(acts).finally());
    Plan::new(nodes)
}
