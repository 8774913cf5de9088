//! Who owns which field, and whether what we own is as we want it: managed fields understood, not compared as strings.

mod compare;
mod owners;
mod quantity;

pub use compare::compare;
pub use owners::{FieldTree, Manager, managers};
pub use quantity::nanos;
