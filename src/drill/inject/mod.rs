//! Faults by backend: which changes each means for the lab as it is now, and what shows that it landed.

mod aws;
mod faults;
mod k8s;
mod landed;
mod node;
mod planned;
mod surge;

pub use faults::faults;
pub use k8s::EXPIRES;
pub use landed::landed;
pub use planned::Planned;
