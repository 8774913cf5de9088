//! `labctl scenario new`: a valid file to start from.

mod write;

pub use write::write;
