//! The terminal app, driven by messages and drawn into memory.

mod rig;

mod any;
mod drills;
mod history;
mod keys;
mod looks;
mod page;
mod pictures;
mod run;
mod runbooks;
mod start;
