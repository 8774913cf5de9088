//! The composition root: one file per verb. Reads the environment, wires the rooms, decides the exit code.

mod attach;
mod charts;
mod compare;
mod context;
mod detach;
mod diff;
mod doctor;
mod down;
mod drill;
mod edit;
pub mod exit;
mod gameday;
mod known;
mod logs;
mod new;
mod parts;
mod plan;
mod postmortem;
mod reach;
mod recover;
mod runbook;
mod runs;
mod scenario;
mod screen;
mod show;
mod signals;
mod start;
mod status;
mod steer;
mod sweep;
mod up;

pub use start::run;
