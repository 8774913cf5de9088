//! The steps a lab's plan is made of, one file per kind.

mod archive;
mod cluster;
mod engine_up;
mod mirror;
mod prefetch;
mod push;
mod registry;
mod setup;
mod teardown;

pub use setup::{LabState, Setup, audit_policy};
pub use teardown::{Left, Teardown};
