//! What is asked of a running lab while a person looks at it, what comes back, and what may be done to it. Plain data: who asks holds no client,
//! who answers knows no screen.

mod act;
mod history;
mod known;
mod pods;
mod query;
mod ring;
mod rows;

pub use act::{Act, Target, Workload};
pub use history::{History, Point};
pub use known::{Known, LogKnown, Looks, Trouble};
pub use pods::{Condition, ContainerRow, PodRow, WorkloadRow};
pub use query::{Answer, LogBatch, LogOf, Query, Snapshot};
pub use ring::{LogLine, LogRing, clean};
pub use rows::{AlertRow, CauseRow, Credential, EndpointRow, EventRow, NodeUse, PodUse, SecretText, Usage};
