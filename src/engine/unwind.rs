//! The plan that takes back what a killed run did.

use super::plan::{Node, Plan, PlanError};
use super::step::{Cx, Observed, Step, StepError};
use crate::model::run::{RunState, StepId};
use async_trait::async_trait;
use std::collections::HashSet;
use std::sync::Arc;

/// Takes back what another step did, as a step of its own.
struct Undo(Arc<dyn Step>);

#[async_trait]
impl Step for Undo {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        // Only the undo itself knows how to look, and it may be called any number of times.
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        self.0.undo(cx).await.map(|()| "taken back".to_owned())
    }
}

fn undo_of(id: &StepId) -> StepId {
    StepId(format!("undo/{id}"))
}

impl Plan {
    /// A plan that takes back what `found`, an unfinished run of this plan, may have done: each step after those that built on it, also when
    /// one of them cannot be taken back, and whatever is cancelled. Empty when nothing was done.
    pub fn undoing(&self, found: &RunState) -> Result<Plan, PlanError> {
        let acted = |id: &StepId| found.step(id).is_some_and(|step| step.may_have_acted() && !step.plan.finally);
        let chosen: HashSet<&StepId> =
            self.nodes.iter().filter(|node| node.step.acts()).map(|node| &node.data.id).filter(|id| acted(id)).collect();
        let mut nodes = Vec::with_capacity(chosen.len());
        for (position, node) in self.nodes.iter().enumerate().rev() {
            if !chosen.contains(&node.data.id) {
                continue;
            }
            let built_on_it = self.built_on(position).into_iter().filter_map(|at| self.nodes.get(at)).map(|node| &node.data.id);
            let built_on_it = built_on_it.filter(|id| chosen.contains(id)).map(undo_of);
            let undo = Node::new(undo_of(&node.data.id), format!("undo {}", node.data.title), Arc::new(Undo(Arc::clone(&node.step))))
                .group("undo")
                .class(node.class)
                .deadline(node.deadline)
                .after(built_on_it)
                .finally();
            nodes.push(undo);
        }
        Plan::new(nodes)
    }

    /// All nodes that come after this one by any chain of edges.
    fn built_on(&self, node: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut open = vec![node];
        while let Some(at) = open.pop() {
            for dependent in self.edges.get(at).map_or(&[][..], |own| &own.dependents) {
                if !found.contains(dependent) {
                    found.push(*dependent);
                    open.push(*dependent);
                }
            }
        }
        found
    }
}
