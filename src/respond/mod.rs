//! What people do about it: runbooks carried out, game days, postmortems. It stands above drills, which know nothing of those who respond to them.

mod runbook;

pub use runbook::{Ask, Carrying, Progress, compile, conclude, read_result, seal};
