//! Pieces that screens are made of. Each draws into a rectangle of any size, also an empty one.

mod bar;
mod frame;
mod list;
mod question;
mod sparkline;
mod tabs;

pub use bar::bar;
pub use frame::{panel, popup, titled};
pub use list::first_shown;
pub use question::draw_question;
pub use sparkline::sparkline;
pub use tabs::tabs;
