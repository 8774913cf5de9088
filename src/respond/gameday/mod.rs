//! A game day as a plan of the engine, each act a drill with a run of its own: docs/gameday.md.

mod act;
mod child;
mod day;
mod evidence;
mod pager;
mod plan;
mod score;
mod settle;
mod users;

pub use day::{Day, Grades};
pub use evidence::{FILE as GAMEDAY_FILE, Kept, ack, keep, put, read as read_gameday, read_gameday_result, seal as seal_gameday};
pub use plan::compile as compile_gameday;
pub use score::{exit_code, moments, score};
