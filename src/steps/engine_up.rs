//! Step: the container engine answers and can carry a kind cluster.

use super::setup::Setup;
use crate::engine::step::{Cx, Observed, Step, StepError};
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct EngineUp(pub Arc<Setup>);

#[async_trait]
impl Step for EngineUp {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        let facts = self.0.engine.facts().await?;
        if facts.os.to_lowercase().contains("windows") {
            return Err(StepError::new("LAB-DOCKER-005", "the container engine runs Windows containers; switch it to Linux containers"));
        }
        self.0.shared.lock().await.cgroup_v1 = facts.cgroup_version == Some(1);
        Ok(Observed::Done(format!("{} on {}, cgroup v{}", facts.version, facts.os, facts.cgroup_version.unwrap_or(0))))
    }

    async fn apply(&self, _cx: &Cx) -> Result<String, StepError> {
        // an engine is never started behind a person's back: observe either finds one or says how to start it
        Ok(String::new())
    }
}
