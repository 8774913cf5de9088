//! The steps a lab's plan is made of, one file per kind.

mod archive;
mod build;
mod cluster;
mod component;
mod engine_up;
mod lookup;
mod mirror;
mod nodes;
mod plan;
mod prefetch;
mod pull;
mod push;
mod registry;
mod setup;
mod survey;
mod teardown;

pub use plan::{node_image, up};
pub use setup::{LabState, Proof, Setup, Shared};
pub use survey::Connected;
pub use teardown::{Left, Teardown};
