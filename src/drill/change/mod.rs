//! One change to one thing: how it is made, how it is taken back, and what is found when somebody else was there meanwhile.

mod error;
mod fields;
mod kinds;
mod node;
mod poison;
mod queue;

pub use error::{ChangeError, Undone};
pub use fields::Field;
pub use kinds::{Change, Of, RUN_LABEL};
pub use node::{Stress, uses};
pub use poison::Poison;
pub use queue::{Attributes, DELAY, Opened};
