//! Figures with their units: lengths of time, shares, sizes in bytes, shares of a CPU. Read as files write them, shown as people read them.

mod duration;
mod error;
mod percent;
mod quantity;

pub use duration::{Elapsed, HumanDuration};
pub use error::UnitError;
pub use percent::Percent;
pub use quantity::{Bytes, MilliCpu};
