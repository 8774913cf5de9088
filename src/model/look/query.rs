//! The questions, and the shape of their answers.

use super::pods::{PodRow, WorkloadRow};
use super::ring::LogLine;
use super::rows::{AlertRow, CauseRow, EndpointRow, EventRow, Usage};
use crate::model::run::{At, Object};
use crate::model::status::LabStatus;
use std::sync::Arc;
use std::time::Duration;

/// Something that is asked for again and again, for as long as somebody looks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Query {
    /// Every component with its checks, as `labctl status` has it.
    Health,
    /// Where the components answer.
    Endpoints,
    /// CPU and memory of nodes and pods.
    Usage,
    /// Alerts that fire.
    Alerts,
    /// All pods of the cluster.
    Pods,
    /// All Deployments, `StatefulSets` and `DaemonSets` of the cluster.
    Workloads,
    /// What Kubernetes said about its objects in the last hour.
    Events,
    /// The log of one container, as it grows.
    Log(LogOf),
    /// Why an object is not well.
    Causes(Object),
}

/// A container's log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LogOf {
    pub namespace: String,
    pub pod: String,
    pub container: String,
    /// Of the run before the present one.
    pub previous: bool,
}

impl Query {
    /// An answer older than this is shown with its age. A little more than the time between two answers.
    pub fn period(&self) -> Duration {
        Duration::from_secs(match self {
            Self::Health => 30,
            Self::Usage => 45,
            Self::Alerts | Self::Causes(_) => 20,
            Self::Endpoints => 60,
            Self::Pods | Self::Workloads | Self::Events | Self::Log(_) => 6,
        })
    }
}

/// An answer, or why there is none, as of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// When it was so.
    pub at: At,
    /// What was asked.
    pub query: Query,
    /// What is wrong is said in words for people.
    pub answer: Result<Answer, String>,
}

/// What came back. Each is whole, so a later one replaces an earlier one; only a log goes on from where the last batch ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To [`Query::Health`].
    Health(Box<LabStatus>),
    /// To [`Query::Endpoints`].
    Endpoints(Vec<EndpointRow>),
    /// To [`Query::Usage`].
    Usage(Arc<Usage>),
    /// To [`Query::Alerts`].
    Alerts(Vec<AlertRow>),
    /// To [`Query::Pods`]; by namespace and name.
    Pods(Arc<Vec<PodRow>>),
    /// To [`Query::Workloads`]; by namespace and name.
    Workloads(Arc<Vec<WorkloadRow>>),
    /// To [`Query::Events`]; the newest last.
    Events(Arc<Vec<EventRow>>),
    /// To [`Query::Log`].
    Log(LogBatch),
    /// To [`Query::Causes`]; the most telling first, none when nothing is wrong.
    Causes(Vec<CauseRow>),
}

/// The lines that came since the last batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogBatch {
    /// In order.
    pub lines: Vec<LogLine>,
    /// Lines that came faster than they could be passed on: the oldest of those that waited, just before these.
    pub lost: u64,
    /// Why no more will come, when that is so.
    pub ended: Option<String>,
}
