//! The container engine: facts, images, containers, commands inside nodes; images that it pulls, builds and pushes.

mod build;
mod engine;

pub use engine::{Container, DockerError, Engine, NewContainer};
