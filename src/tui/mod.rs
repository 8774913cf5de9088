//! The terminal app: draws folds of the event stream, sends controls and asks for effects, and touches nothing but its terminal.

mod app;
mod draw;
mod drill;
mod drilling;
mod key;
mod keymap;
mod keys_file;
mod look;
mod message;
mod model;
mod responding;
mod run;
mod screens;
mod terminal;
mod text;
mod theme;
mod update;
mod widgets;

pub use app::{Wires, open};
pub use draw::draw;
pub use drilling::{DrillInfo, DrillKind, Drills, LastDrill};
pub use key::Key;
pub use keymap::{Action, Keymap};
pub use keys_file::{KeysError, patch};
pub use message::{Effect, Judgement, Msg, News, Order, PartInfo, PastRun, PastStatus, Question, StackInfo, Trouble};
pub use model::{AtWork, Model, SMALLEST, Shared};
pub use responding::{GamedayInfo, LastGameday, LastRunbook, RunbookInfo};
pub use run::RunView;
pub use screens::{Screen, ScreenId, screen_name};
pub use terminal::{held, let_go};
pub use theme::{Meaning, Theme};
pub use update::update;
