//! The steps of a drill, in the order of its states.

mod baseline;
mod inject;
mod keep;
mod load;
mod observe;
mod preflight;
mod recover;
mod rollback;
mod verify;
mod watch;

pub use baseline::Baseline;
pub use inject::InjectStep;
pub use keep::Keep;
pub use load::{Flows, LoadStep};
pub use observe::Observe;
pub use preflight::Preflight;
pub use recover::{Recover, steady_again};
pub use rollback::{Rollback, one as rollback_one};
pub use verify::Verify;
pub use watch::Watch;
