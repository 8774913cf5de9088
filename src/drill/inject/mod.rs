//! Faults by backend: which changes each means for the lab as it is now, and what shows that it landed.

mod k8s;
mod landed;
mod planned;

pub use k8s::{plan, touched};
pub use landed::landed;
pub use planned::Planned;
