//! How objects become a running cluster: difference, waves, apply, inventory, prune, readiness, causes.
//!
//! Start at [`Cluster`]: `diff` plans without writing, `apply` brings about, `wait_ready` proves that it came up or says why not. Every write
//! goes through `writer`, so that a lock can be put in one place.

mod act;
mod adopt;
mod apply;
pub mod causes;
mod config_sha;
mod crds;
mod diff;
mod error;
mod facade;
mod fields;
mod gates;
mod hub;
mod inventory;
mod kinds;
mod lease;
mod look;
mod object;
mod observe;
mod prepare;
mod prune;
pub mod readiness;
mod retry;
mod single;
mod surroundings;
mod turn;
mod wait;
mod waves;
mod writer;

pub use diff::{Action, Diff, Entry, Foreign};
pub use error::{ClusterError, Hint};
pub use facade::{Applied, Cluster, Limits};
pub use look::{LookedAt, Looking};
pub use object::{Desired, ObjectRef};
pub use single::{DRILL_MANAGER, Tied};
pub use wait::{NotReady, Pending};
