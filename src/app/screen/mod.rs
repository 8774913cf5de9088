//! The terminal app's other half: opens it, and carries out what it asks for.

mod drills;
mod effects;
mod ground;
mod lab;
mod live;
mod look;
mod open;
mod past;
mod respond;

pub use open::{First, open};
