//! Step: whether the drill may be done at all. Whatever stands in the way, nothing is touched.

use crate::drill::ground::{Drill, Stopped};
use crate::drill::inject::faults;
use crate::drill::load::reachable;
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::scenario::is_platform;
use async_trait::async_trait;
use std::sync::Arc;

/// Refuses what must not be done, before anything is.
pub struct Preflight(pub Arc<Drill>);

#[async_trait]
impl Step for Preflight {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let drill = &self.0;
        if drill.ground.halt.exists() {
            let why = drill.halted();
            drill.stop(Stopped::Halt(why.clone()));
            return Err(StepError::new("LAB-DRILL-009", format!("{why}: nothing is broken before labctl halt off")));
        }
        let refused = |why: String| {
            drill.outcome().refused = Some(why.clone());
            StepError::new("LAB-DRILL-001", format!("nothing was done: {why}"))
        };
        drill.fits().map_err(refused)?;
        if let Some((holder, wait)) = &drill.ground.holder {
            let locked = drill.ground.cluster.lock(holder, *wait, &cx.sink, &cx.cancel).await;
            locked.map_err(|error| refused(error.to_string()))?;
        }
        let mut said = Vec::new();
        for fault in &drill.scenario.inject {
            let planned = faults(drill, fault).await.map_err(refused)?;
            said.extend(planned.into_iter().map(|planned| planned.what));
        }
        for line in &said {
            cx.sink.line(line.clone());
        }
        Ok(format!("may be done: {}", said.join("; ")))
    }

    fn acts(&self) -> bool {
        false
    }
}

impl Drill {
    /// Whether the lab is one in which this can be done, as far as that is known without asking it.
    pub fn fits(&self) -> Result<(), String> {
        let (scenario, ground) = (&self.scenario, &self.ground);
        let namespace = &scenario.target.namespace;
        if is_platform(namespace) || ground.platform.contains(namespace) {
            return Err(format!("namespace {namespace} belongs to the platform, which no drill may touch"));
        }
        if let Some(missing) = scenario.requires.components.iter().find(|name| !ground.provided.contains(*name)) {
            return Err(format!("this lab has nothing that is or provides `{missing}`"));
        }
        if let Some(load) = &scenario.load {
            reachable(self, &load.k6)?;
        }
        let lookup = ground.prober.lookup();
        for (name, endpoint) in scenario.endpoints() {
            if lookup.endpoint("", endpoint).is_none() {
                return Err(format!("check `{name}`: this lab has no endpoint {endpoint}"));
            }
        }
        Ok(())
    }
}
