//! The steps a lab's plan is made of, one file per kind.

mod archive;
mod build;
mod cluster;
mod component;
mod engine_up;
mod existing;
mod lookup;
mod mirror;
mod nodes;
mod plan;
mod prefetch;
mod pull;
mod push;
mod registry;
mod setup;
mod standing;
mod survey;
mod teardown;
mod withdraw;

pub use plan::{node_image, up};
pub use setup::{LabState, Proof, Setup, Shared, Writer};
pub use standing::Standing;
pub use survey::Connected;
pub use teardown::{Left, Teardown};
