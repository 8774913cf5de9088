//! The terminal app, driven by messages and drawn into memory.

mod rig;

mod any;
mod keys;
mod run;
