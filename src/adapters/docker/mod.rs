//! The container engine: facts, images, containers, commands inside nodes; images that it pulls, builds and pushes.

mod build;
mod engine;
mod thaw;

pub use engine::{Container, DockerError, Engine, NewContainer};
