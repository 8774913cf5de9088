//! One file or folder per outside system. They know the model and the support, and nothing of each other.

pub mod docker;
pub mod kind;
pub mod process;
pub mod registry;
