//! Step: one component is as its manifests say, its workloads are ready, its checks of function pass, and its proof has passed since it last changed.

use super::setup::{Proof, Setup};
use super::survey::Connected;
use crate::catalog::Rendered;
use crate::checks::{CheckResult, Scope};
use crate::cluster::{Desired, ObjectRef};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::check::{Check, Stage};
use crate::model::run::{At, Health};
use crate::support::digest::sha256;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Component {
    pub setup: Arc<Setup>,
    pub name: String,
    pub ready: Vec<Check>,
    pub proof: Vec<Check>,
    pub deadline: Duration,
}

#[async_trait]
impl Step for Component {
    async fn observe(&self, cx: &Cx) -> Result<Observed, StepError> {
        let connected = self.setup.connected().await?;
        if let Some(diff) = &connected.diff {
            let changes = diff.of(&self.name).filter(|entry| entry.changes()).count();
            if changes > 0 {
                return Ok(Observed::Needed(format!("{changes} objects differ")));
            }
            if !diff.is_noop_for(&self.name) {
                return Ok(Observed::Needed("the record of what was made is not exact".to_owned()));
            }
        }
        if let Some(lacking) = connected.lacks(&self.setup.refs(&self.name), cx).await? {
            return Ok(Observed::Needed(lacking));
        }
        let results = connected.glance(&self.scope(Stage::Ready), &self.ready, &cx.sink, &cx.cancel).await;
        if let Some(bad) = failed(&results) {
            return Ok(Observed::Needed(format!("{}: {}", bad.name, bad.seen)));
        }
        if !self.proof.is_empty() && !self.setup.is_proven(&self.name)? {
            return Ok(Observed::Needed("it is not proven yet".to_owned()));
        }
        Ok(Observed::Done(format!("ready, {} checks passed", results.len())))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let connected = self.setup.connected().await?;
        let changed = self.write(&connected, cx).await?;
        connected.cluster.wait_ready(&self.setup.refs(&self.name), self.deadline, &cx.sink, &cx.cancel).await?;
        let results = connected.prober.run(&self.scope(Stage::Ready), &self.ready, &cx.sink, &cx.cancel).await;
        self.judge(&results)?;
        let mut note = changed;
        if !self.proof.is_empty() && !self.setup.is_proven(&self.name)? {
            let results = connected.prober.run(&self.scope(Stage::Proof), &self.proof, &cx.sink, &cx.cancel).await;
            self.judge(&results)?;
            self.setup.proven(&self.name).await?;
            note.push_str(", proven");
        }
        Ok(note)
    }
}

impl Component {
    async fn write(&self, connected: &Connected, cx: &Cx) -> Result<String, StepError> {
        let Some(diff) = &connected.diff else { return Err(StepError::new("LAB-BUG", "the survey was not made")) };
        if diff.is_noop_for(&self.name) {
            return Ok("waited until ready".to_owned());
        }
        let Some(desired) = self.setup.desired_of(&self.name) else { return Ok(String::new()) };
        // taken back first: a run that dies half way must not leave a proof of what was there before
        self.setup.remember(|state| drop(state.proofs.remove(&self.name))).await?;
        let applied = connected.cluster.apply(&desired, diff, &cx.sink, &cx.cancel).await?;
        for (object, owners) in &applied.adopted {
            let whose: Vec<&str> = owners.iter().map(|owner| owner.owner.as_str()).collect();
            cx.sink.line(format!("took over {object} from {}", whose.join(", ")));
        }
        let parts = [(applied.created, "created"), (applied.updated, "changed"), (applied.pruned, "removed")];
        let words: Vec<String> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        Ok(if words.is_empty() { "as wanted".to_owned() } else { words.join(", ") })
    }

    fn judge(&self, results: &[CheckResult]) -> Result<(), StepError> {
        match failed(results) {
            None => Ok(()),
            Some(bad) => Err(StepError::new("LAB-CHECK-001", format!("{} does not work: check `{}`: {}", self.name, bad.name, bad.seen))),
        }
    }

    fn scope(&self, stage: Stage) -> Scope {
        let namespace = self.setup.component(&self.name).map(|rendered| rendered.namespace.clone()).unwrap_or_default();
        Scope { component: self.name.clone(), namespace, stage }
    }
}

fn failed(results: &[CheckResult]) -> Option<&CheckResult> {
    results.iter().find(|result| result.health != Health::Pass)
}

impl Setup {
    /// What one component wants in the cluster.
    pub fn desired_of(&self, name: &str) -> Option<Desired> {
        self.desired().into_iter().find(|desired| desired.component == name)
    }

    fn component(&self, name: &str) -> Option<&Rendered> {
        self.rendered.iter().find(|rendered| rendered.name == name)
    }

    /// Names of a component's objects.
    pub fn refs(&self, name: &str) -> Vec<ObjectRef> {
        self.component(name).into_iter().flat_map(|rendered| &rendered.objects).filter_map(ObjectRef::of).collect()
    }

    /// Names of a component's workloads, which its pods' names begin with.
    pub fn workloads(&self, name: &str) -> Vec<String> {
        let makes_pods =
            |object: &ObjectRef| matches!(object.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob");
        self.refs(name).into_iter().filter(makes_pods).map(|object| object.name).collect()
    }

    fn digest(&self, name: &str) -> String {
        sha256(&self.component(name).map(|rendered| serde_json::to_vec(&rendered.objects).unwrap_or_default()).unwrap_or_default())
    }

    /// Whether a component's proof has passed since its manifests last changed.
    pub fn is_proven(&self, name: &str) -> Result<bool, StepError> {
        Ok(self.state()?.proofs.get(name).is_some_and(|proof| proof.of == self.digest(name)))
    }

    /// Notes that a component's proof has just passed.
    pub async fn proven(&self, name: &str) -> Result<(), StepError> {
        let proof = Proof { of: self.digest(name), at: At(time::OffsetDateTime::now_utc()) };
        self.remember(|state| drop(state.proofs.insert(name.to_owned(), proof))).await?;
        Ok(())
    }
}
