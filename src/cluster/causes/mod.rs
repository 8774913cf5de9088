//! Why something does not come up: pods, events, claims and last log lines joined to one sentence with a way out. Pure functions.

mod cause;
mod container;
mod control;
mod find;
mod image;
mod room;
mod schedule;
mod storage;
mod table;

pub use cause::{Cause, Patience, Scene};
pub use find::{Ended, Fresh, ended_containers, find, fresh_containers, has_pods, stopped_container, youngest};
pub use image::being_pulled;
pub use table::{KINDS, Kind};
