//! What people do about it: runbooks carried out, game days, postmortems. It stands above drills, which know nothing of those who respond to them.

mod gameday;
mod postmortem;
mod runbook;

pub use gameday::{
    Day, GAMEDAY_FILE, Grades, Kept, ack, compile_gameday, exit_code, keep, moments, put as put_gameday, read_gameday, read_gameday_result,
    score, seal_gameday,
};
pub use postmortem::{AutoError, Facts, Finding, NoFacts, Refreshed, draft, lint, refresh};
pub use runbook::{Ask, Carrying, Progress, compile, conclude, read_result, seal};
