//! A game day: drills in order, with people who respond to them, and what came of it. docs/gameday.md.

mod draw;
mod file;
mod problems;
mod result;
mod window;

pub use draw::{Drawn, draw};
pub use file::{
    Act, AnyOrPass, Between, DetectedBy, Expect, GameDay, GameDayKind, GameDayMetadata, Headless, Prompt, PromptAt, Responder, Rules,
    Settle, ThenRunbook, Users,
};
pub use result::{ActResult, GameDayResult, GoalRow, Stamp, Stamps};
pub use window::Window;
