//! Taking back what a killed drill has left: its undo records are all that is needed, neither its plan nor its process.

use super::ground::{Drill, Ground};
use super::records::{Record, Records};
use super::steps::{rollback_one, steady_again};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::engine::{Node, Plan, PlanError, ResourceClass};
use crate::model::run::RunId;
use crate::model::scenario::Scenario;
use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long an API server that does not answer is asked again, for each change.
const WITHIN: Duration = Duration::from_mins(2);

/// A run that has left something, with what its folder holds.
pub struct Unfinished {
    /// The run.
    pub run: RunId,
    /// Its folder.
    pub folder: PathBuf,
    /// The scenario as it was carried out.
    pub scenario: Scenario,
    /// What is not taken back.
    pub open: Vec<Record>,
}

/// How is taken back.
#[derive(Clone)]
pub struct Recovery {
    /// The lab.
    pub ground: Ground,
    /// The lab's name.
    pub lab: String,
    /// What somebody else has set meanwhile is left as it is, and counts as settled.
    pub keep_theirs: bool,
}

/// A plan that takes back all that `left` hold, the newest run first and of each the last change first, and then sees each steady state hold again.
/// Every step runs whatever became of those before it.
pub fn recovery(how: &Recovery, left: Vec<Unfinished>) -> Result<Plan, PlanError> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut verify = Vec::new();
    let mut before: Option<String> = None;
    for unfinished in left {
        let Unfinished { run, folder, scenario, open } = unfinished;
        let drill = Arc::new(Drill::new(run.clone(), &how.lab, scenario, how.ground.clone(), folder));
        for record in open.into_iter().rev() {
            let id = format!("undo/{run}/{:03}", record.number);
            let title = format!("take back {:03}", record.number);
            let step = TakeBack { drill: Arc::clone(&drill), record, keep_theirs: how.keep_theirs };
            let node = Node::new(id.as_str(), title, Arc::new(step)).group(run.0.clone()).class(ResourceClass::Cluster).finally();
            nodes.push(node.after(before.replace(id)).deadline(WITHIN * 2));
        }
        let id = format!("steady/{run}");
        let deadline = drill.scenario.rollback.timeout.get() + WITHIN;
        verify.push(Node::new(id, "Steady state again", Arc::new(SteadyStep(drill))).group(run.0).finally().deadline(deadline));
    }
    nodes.extend(verify.into_iter().map(|node| node.after(before.clone())));
    Plan::new(nodes)
}

struct TakeBack {
    drill: Arc<Drill>,
    record: Record,
    keep_theirs: bool,
}

#[async_trait]
impl Step for TakeBack {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        let open = Records::of(&self.drill.folder).open()?.iter().any(|record| record.number == self.record.number);
        Ok(if open { Observed::Needed(self.record.what.clone()) } else { Observed::Done("taken back before".to_owned()) })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        // what needs no cluster may be why it does not answer
        if !self.record.change.needs_no_cluster()
            && let Some((holder, wait)) = &self.drill.ground.holder
        {
            self.drill
                .ground
                .cluster
                .lock(holder, *wait, &cx.sink, &cx.cancel)
                .await
                .map_err(|error| StepError::new("LAB-LOCK-001", error.to_string()))?;
        }
        let undone = rollback_one(&self.drill, &self.record, WITHIN, self.keep_theirs, cx).await;
        let said = undone.map_err(|why| StepError::new("LAB-DRILL-005", format!("could not be taken back: {why}")))?;
        Ok(format!("{}: {said}", self.record.what))
    }
}

struct SteadyStep(Arc<Drill>);

#[async_trait]
impl Step for SteadyStep {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        match steady_again(&self.0, cx).await {
            Ok(_) => Ok("holds".to_owned()),
            Err(why) => Err(StepError::new("LAB-DRILL-006", format!("the steady state does not hold again: {why}"))),
        }
    }

    fn acts(&self) -> bool {
        false
    }
}
