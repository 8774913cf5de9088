//! The real Helm, asked for one thing: to render charts. It never talks to a cluster and never sees the user's own Helm folders.

mod cache;
mod chart;
mod error;
mod program;

pub use cache::Render;
pub use chart::{Chart, Place, Wanted, folder_digest};
pub use error::HelmError;
pub use program::{Helm, find};
