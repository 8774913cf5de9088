//! Why something does not come up: pods, events, claims and last log lines joined to one sentence with a way out. Pure functions.

mod cause;
mod container;
mod control;
mod find;
mod image;
mod schedule;
mod storage;

pub use cause::{Cause, Patience, Scene};
pub use find::{Ended, ended_containers, find, has_pods, youngest};
