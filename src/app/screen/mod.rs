//! The terminal app's other half: opens it, and carries out what it asks for.

mod effects;
mod open;

pub use open::{First, open};
