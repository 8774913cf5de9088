//! The headless front ends: bars, lines, JSON, and the summary at the end. Each is a fold of the same events.

mod bars;
mod drive;
mod front_end;
mod json;
mod left_out;
mod lines;
mod paint;
mod resolve;
mod summary;

pub use bars::Bars;
pub use drive::{drive, replay};
pub use front_end::{Discard, FrontEnd};
pub use json::Json;
pub use lines::Lines;
pub use paint::Paint;
pub use resolve::{Choice, Mode, Surroundings, resolve};
pub use summary::summarize;
