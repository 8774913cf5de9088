//! Load as part of a drill: k6 started with its undo on disk, watched, ended, and judged by what it found.

mod baseline;
mod begin;
mod end;
mod judge;
mod process;
mod tool;

pub use baseline::{Baseline, compared, find as find_baseline, keep as keep_baseline};
pub use begin::{Begin, begin, planned, reachable, words};
pub use end::{end, end_surges};
pub use process::undo;
pub use tool::{Address, LOAD, Loads, Tool, folder};
