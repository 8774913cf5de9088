//! Pods and what runs them, as lists show them.

use super::act::Workload;
use super::rows::CauseRow;
use crate::model::run::{At, Object};

/// How something of the lab is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// It does not work and will not by itself.
    Failed,
    /// It works in part, or not now.
    Degraded,
    /// It is coming up or going away.
    Working,
    /// Nothing has begun.
    Pending,
    /// It works.
    Ready,
    /// It has done what it was for.
    Done,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodRow {
    /// Where it is.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Which component of the lab brought it; empty for what labctl did not bring.
    pub component: String,
    /// What made it: a Deployment (not its `ReplicaSet`), `StatefulSet`, `DaemonSet`, Job; `None` for a pod by itself.
    pub workload: Option<Object>,
    /// How it is.
    pub condition: Condition,
    /// The same in one word, as kubectl has it: `Running`, `CrashLoopBackOff`, `Init:0/1`.
    pub status: String,
    /// Containers that are ready, of all.
    pub ready: (u32, u32),
    /// Of all its containers.
    pub restarts: u32,
    /// When a container last ended and was started again.
    pub last_restart: Option<At>,
    /// When it was made.
    pub made: Option<At>,
    /// Empty until it has one.
    pub node: String,
    /// Init containers first, in their order.
    pub containers: Vec<ContainerRow>,
    /// Why it is not well.
    pub cause: Option<CauseRow>,
}

/// A container of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerRow {
    /// Its name.
    pub name: String,
    /// Runs before the others, and ends.
    pub init: bool,
    /// It takes traffic.
    pub ready: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// In words: `running`, `waiting: CrashLoopBackOff`, `ended with 1: Error`.
    pub state: String,
    /// It ran before, so that there is a log of that.
    pub has_previous: bool,
}

impl PodRow {
    /// As an object.
    pub fn object(&self) -> Object {
        Object { kind: "Pod".to_owned(), namespace: self.namespace.clone(), name: self.name.clone() }
    }

    /// The container whose log says most: one that is not well, else the first that is not for setting up.
    pub fn telling_container(&self) -> Option<&ContainerRow> {
        let main = || self.containers.iter().filter(|container| !container.init);
        let stuck = self.containers.iter().find(|container| container.init && !container.ready && container.state != "waiting");
        match self.condition {
            Condition::Ready | Condition::Done => main().next(),
            _ => main().find(|container| !container.ready && container.restarts > 0).or(stuck).or_else(|| main().next()),
        }
    }
}

/// What runs pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadRow {
    /// Deployment, `StatefulSet` or `DaemonSet`.
    pub kind: Workload,
    /// Where it is.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Which component of the lab brought it; empty for what labctl did not bring.
    pub component: String,
    /// How it is.
    pub condition: Condition,
    /// What it lacks; empty when it is as wanted.
    pub lacks: String,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods there are to be.
    pub wanted: u32,
    /// Pods there are to be as the component's manifest says; `None` where it leaves that open.
    pub manifest: Option<u32>,
    /// When it was made.
    pub made: Option<At>,
}

impl WorkloadRow {
    /// As an object.
    pub fn object(&self) -> Object {
        Object { kind: self.kind.name().to_owned(), namespace: self.namespace.clone(), name: self.name.clone() }
    }
}
