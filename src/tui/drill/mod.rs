//! A drill on a screen, live or recorded: what is kept of its checks, changes and load, and the panes that show it.

mod chart;
mod checks;
mod fold;
mod pane;
mod words;

pub use fold::DrillFold;
pub use pane::DrillPane;
pub use words::{breaks, halt, is_drill, name_of, stage, standing_of};
