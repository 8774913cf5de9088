//! A scenario: what is done to a running lab on purpose, what must hold meanwhile, and what came of it.

mod aws;
mod fault;
mod file;
mod hypothesis;
mod load;
mod node;
mod preview;
mod problems;
mod result;

pub use aws::{AwsFault, QueueFault};
pub use fault::{BadConfig, BadImage, Fault, Inject, K8sFault, Landed, PodDelete, Scale};
pub use file::{Blast, Evidence, Requires, RollbackSpec, Scenario, ScenarioKind, ScenarioMetadata, SteadyState, Target};
pub use hypothesis::{Abort, BaselineClaim, Claim, Hypothesis, LoadMetric, Mode, Recovery, RecoveryOf};
pub use load::{K6Load, Load, LoadRequest, LoadStage, Rate};
pub use node::{CpuStress, MemoryStress, NodeFault, NodeHarm, NodeRole};
pub use preview::{DrillPlan, PlannedChange, PlannedFault};
pub use problems::is_platform;
pub use result::{ChangeRow, CheckRow, ClockRow, Conclusion, DrillResult, LoadRow, Rollback, Verdict};
