//! A run on a screen, live or recorded: what is kept of it, and the panes that show it.

mod log;
mod now;
mod pane;
mod phases;
mod steps;
mod timeline;
mod view;

pub use log::clock;
pub use pane::{Pane, Tab};
pub use steps::doing;
pub use view::RunView;
