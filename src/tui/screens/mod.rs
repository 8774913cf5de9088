//! The screens, one file each. A new one is a file here and a row in `table.rs`.

mod screen;
mod table;

mod gameday;
mod help;
mod history;
mod lab;
mod palette;
mod replay;
mod run;
mod runbooks;
mod scenarios;
mod start;
mod workloads;

pub use help::Help;
pub use palette::Palette;
pub use screen::{Screen, ScreenId};
pub use table::{SCREENS, entry, make_all, screen_name};
