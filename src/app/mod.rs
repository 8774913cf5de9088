//! The composition root: one file per verb. Reads the environment, wires the rooms, decides the exit code.

mod context;
mod doctor;
mod down;
pub mod exit;
mod known;
mod logs;
mod parts;
mod plan;
mod reach;
mod runs;
mod show;
mod signals;
mod start;
mod status;
mod up;

pub use start::run;
