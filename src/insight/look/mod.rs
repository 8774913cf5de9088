//! Answers what a person asks of a running lab while they look at it: live where Kubernetes can be watched, by slow polling where it cannot, each
//! answer with its moment, each failure in words, and nothing for questions that nobody asks any more.

mod alerts;
mod events;
mod follow;
mod live;
mod looker;
mod owners;
mod pods;
mod poll;
mod pulse;
mod subscription;
mod usage;
mod workloads;

pub use looker::Looker;
pub use owners::{Owned, Owners};
pub use poll::{Pace, poll};
pub use subscription::Subscription;
