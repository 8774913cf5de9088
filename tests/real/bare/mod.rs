//! The real labctl on a bare API server: provider `existing`, components that need no nodes. Locks, adoption and crash safety are tried here,
//! where a run takes a second.

mod attach;
pub mod chart;
pub mod contend;
pub mod crash;
pub mod edits;
pub mod faults;
pub mod foreign;
mod locks;
mod look;
pub mod rig;
pub mod signals;
mod up;
