//! What the screens of a running lab are made of: marks, ages, the list of pods, the log that is followed.

mod aged;
mod detail;
mod list;
mod log;
mod rows;

pub use aged::{age, at_the_foot, health_mark, trouble_lines};
pub use detail::{Detail, Tab};
pub use list::draw_list;
pub use rows::{Order, Rows};
