//! What is to be done: steps with edges between them, checked once so that running needs no checks.

use super::estimates::Estimates;
use super::order;
use super::slots::ResourceClass;
use super::step::Step;
use crate::model::run::{PlanStep, RunPlan, StepId, Unfinished};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long a step may take when nobody says.
const DEADLINE: Duration = Duration::from_mins(10);

/// One step to be, with its edges.
#[derive(Clone)]
pub struct Node {
    /// As events show it.
    pub data: PlanStep,
    /// What it uses most of.
    pub class: ResourceClass,
    /// For observing and applying together.
    pub deadline: Duration,
    /// Runs until all of these have ended: then its token is cancelled, and what it returns counts as its result.
    pub until: Vec<StepId>,
    /// It only waits, or watches: asked to end, the run tells it to come to its end at once, and what it returns counts as its result.
    pub yields: bool,
    /// What it does.
    pub step: Arc<dyn Step>,
}

impl Node {
    /// A step of class `Light`, with ten minutes, in a group of its own name, that needs nothing.
    pub fn new(id: impl Into<StepId>, title: impl Into<String>, step: Arc<dyn Step>) -> Self {
        let (id, title) = (id.into(), title.into());
        let data = PlanStep { id, group: title.clone(), title, needs: Vec::new(), after: Vec::new(), finally: false, estimate_ms: 1000 };
        Self { data, class: ResourceClass::Light, deadline: DEADLINE, until: Vec::new(), yields: false, step }
    }

    /// What it belongs to on a screen.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.data.group = group.into();
        self
    }

    /// Adds steps that must have succeeded first.
    #[must_use]
    pub fn needs<I: Into<StepId>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.data.needs.extend(ids.into_iter().map(Into::into));
        self
    }

    /// Adds steps that must have ended first, however.
    #[must_use]
    pub fn after<I: Into<StepId>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.data.after.extend(ids.into_iter().map(Into::into));
        self
    }

    /// Adds steps at whose end this one is told to come to its own.
    #[must_use]
    pub fn until<I: Into<StepId>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.until.extend(ids.into_iter().map(Into::into));
        self
    }

    /// Runs once what it names in `needs` and `after` has ended, however; also in a run that is being cancelled.
    #[must_use]
    pub fn finally(mut self) -> Self {
        self.data.finally = true;
        self
    }

    /// It only waits, or watches: a run that is asked to end does not wait for it.
    #[must_use]
    pub fn yielding(mut self) -> Self {
        self.yields = true;
        self
    }

    /// What it uses most of.
    #[must_use]
    pub fn class(mut self, class: ResourceClass) -> Self {
        self.class = class;
        self
    }

    /// For observing and applying together.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// A guess of how long it takes, in milliseconds.
    #[must_use]
    pub fn estimate_ms(mut self, estimate: u64) -> Self {
        self.data.estimate_ms = estimate;
        self
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("data", &self.data).field("class", &self.class).finish_non_exhaustive()
    }
}

/// Why nodes do not make a plan.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PlanError {
    #[error("two steps are called {0}; rename one")]
    Duplicate(StepId),
    #[error("step {step} names {named} in its {edge}, and there is no such step")]
    Unknown { step: StepId, edge: &'static str, named: StepId },
    /// The chain begins and ends with the same step.
    #[error("these steps wait for each other: {}; remove one of the edges", chain(.0))]
    Cycle(Vec<StepId>),
}

fn chain(ids: &[StepId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" → ")
}

/// Edges of one node as positions.
#[derive(Debug, Clone, Default)]
pub(super) struct Edges {
    pub needs: Vec<usize>,
    /// Without those that are in `needs` too.
    pub after: Vec<usize>,
    pub until: Vec<usize>,
    /// Nodes that have this one in `needs` or `after`; each once.
    pub dependents: Vec<usize>,
}

/// Steps whose names and edges hold together.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edges>,
    pub(super) unfinished: Unfinished,
}

impl Plan {
    /// Checks names and edges. The order of `nodes` is the order on screens and decides between equals, nothing else.
    pub fn new(nodes: Vec<Node>) -> Result<Self, PlanError> {
        let mut index = HashMap::with_capacity(nodes.len());
        for (position, node) in nodes.iter().enumerate() {
            if index.insert(node.data.id.clone(), position).is_some() {
                return Err(PlanError::Duplicate(node.data.id.clone()));
            }
        }
        let mut edges = vec![Edges::default(); nodes.len()];
        for (position, node) in nodes.iter().enumerate() {
            let needs = resolve(&index, node, "needs", &node.data.needs)?;
            let mut after = resolve(&index, node, "after", &node.data.after)?;
            after.retain(|id| !needs.contains(id));
            let until = resolve(&index, node, "until", &node.until)?;
            for before in needs.iter().chain(&after) {
                if let Some(edges) = edges.get_mut(*before) {
                    edges.dependents.push(position);
                }
            }
            if let Some(own) = edges.get_mut(position) {
                *own = Edges { needs, after, until, dependents: std::mem::take(&mut own.dependents) };
            }
        }
        if let Some(cycle) = order::cycle(&edges) {
            return Err(PlanError::Cycle(cycle.into_iter().filter_map(|at| nodes.get(at)).map(|node| node.data.id.clone()).collect()));
        }
        Ok(Self { nodes, edges, unfinished: Unfinished::Replan })
    }

    /// Takes back what it did when it does not succeed, and when it is found unfinished.
    #[must_use]
    pub fn unwinding(mut self) -> Self {
        self.unfinished = Unfinished::Unwind;
        self
    }

    /// With medians of past runs in place of guesses, where there are any.
    #[must_use]
    pub fn estimated(mut self, estimates: &Estimates) -> Self {
        for node in &mut self.nodes {
            if let Some(estimate) = estimates.get(&node.data.id) {
                node.data.estimate_ms = estimate;
            }
        }
        self
    }

    /// In the order of the plan.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The plan as events show it.
    pub fn data(&self) -> RunPlan {
        RunPlan { steps: self.nodes.iter().map(|node| node.data.clone()).collect(), unfinished: self.unfinished }
    }

    /// The longest chain by estimates, in milliseconds: no number of slots makes it faster.
    pub fn estimated_ms(&self) -> u64 {
        self.priorities().into_iter().max().unwrap_or(0)
    }

    /// Of each node the longest estimated chain from its start to the end of the run.
    pub(super) fn priorities(&self) -> Vec<u64> {
        let weights: Vec<u64> = self.nodes.iter().map(|node| node.data.estimate_ms).collect();
        order::longest_remaining(&self.edges, &weights)
    }
}

fn resolve(index: &HashMap<StepId, usize>, node: &Node, edge: &'static str, named: &[StepId]) -> Result<Vec<usize>, PlanError> {
    let mut found = Vec::with_capacity(named.len());
    for id in named {
        let position = index.get(id).copied();
        let position = position.ok_or_else(|| PlanError::Unknown { step: node.data.id.clone(), edge, named: id.clone() })?;
        if !found.contains(&position) {
            found.push(position);
        }
    }
    Ok(found)
}
