//! What each failure means to the caller: exit code, and what to do. docs/exit-codes.md is made from the tables here.

pub use super::known::KNOWN;
use crate::drill::Because;
use crate::model::runbook::Outcome;
use crate::model::scenario::Rollback;

/// Exit codes of labctl itself.
pub mod code {
    /// It worked; for `up`: every component is ready.
    pub const OK: u8 = 0;
    /// A fault of labctl.
    pub const BUG: u8 = 1;
    /// Wrong usage, or a file that is not valid; nothing was touched.
    pub const USAGE: u8 = 2;
    /// The host is unfit: no engine, too little disk or memory.
    pub const UNFIT: u8 = 3;
    /// Another labctl holds the lab.
    pub const LOCKED: u8 = 4;
    /// A component failed or was not ready in time.
    pub const NOT_CONVERGED: u8 = 5;
    /// Changes are pending (`plan --exit-code`).
    pub const CHANGES: u8 = 6;
    /// Not confirmed, read-only, or something that is not this lab's.
    pub const REFUSED: u8 = 7;
    /// A drill: a hypothesis did not hold.
    pub const CLAIM_FAILED: u8 = 10;
    /// A drill: no data, or a fault that did not land.
    pub const NOT_KNOWN: u8 = 11;
    /// A drill: refused, or no steady state; nothing was broken.
    pub const NOT_BROKEN: u8 = 12;
    /// A drill: stopped by an abort condition or by `halt`.
    pub const ABORTED: u8 = 13;
    /// A drill: stopped by a person or a signal.
    pub const STOPPED: u8 = 14;
    /// A drill: a step could not be carried out.
    pub const NOT_CARRIED_OUT: u8 = 15;
    /// A drill: what was changed could not be taken back, or not be seen to be whole again. Wins over every other code.
    pub const NOT_TAKEN_BACK: u8 = 20;
    /// Stopped by SIGHUP: its terminal went away.
    pub const HANGUP: u8 = 129;
    /// Stopped by Ctrl-C.
    pub const INTERRUPTED: u8 = 130;
    /// Stopped by SIGTERM.
    pub const TERMINATED: u8 = 143;
}

/// Each exit code with its meaning and what to do.
pub const CODES: &[(u8, &str, &str)] = &[
    (code::OK, "it worked; for `up`: every component is ready", "–"),
    (code::BUG, "a bug in labctl", "report it with the run's folder"),
    (
        code::USAGE,
        "wrong usage, or a file that is not valid; nothing was touched",
        "the message names what is wrong and the nearest right word",
    ),
    (code::UNFIT, "the host is unfit: no engine, too little disk or memory", "`labctl doctor` names each fix"),
    (code::LOCKED, "another labctl holds the lab", "wait, or end the one that is named"),
    (
        code::NOT_CONVERGED,
        "it did not converge: a component failed or was not ready in time",
        "the summary names the cause; mend it and run `up` again",
    ),
    (code::CHANGES, "changes are pending (`plan --exit-code`)", "`labctl up` makes them"),
    (code::REFUSED, "refused: not confirmed, read-only, or something that is not this lab's", "read the message; `--yes` confirms"),
    (
        code::CLAIM_FAILED,
        "a drill: a hypothesis did not hold; a runbook: what Verify asks does not hold",
        "the run's folder has it: report.md, result.json",
    ),
    (
        code::NOT_KNOWN,
        "a drill: no data, or the fault did not land, so that nothing is known; a runbook: Verify found no data",
        "the message says what was not seen",
    ),
    (code::NOT_BROKEN, "a drill: refused, or the steady state did not hold; nothing was broken", "the message says what stands in the way"),
    (code::ABORTED, "a drill: stopped by an abort condition or by `halt`; taken back", "the message names the condition"),
    (code::STOPPED, "a drill or a runbook: stopped by a person or a signal; a drill is taken back", "run it again"),
    (code::NOT_CARRIED_OUT, "a drill: a step could not be carried out; taken back", "the message says what went wrong"),
    (
        code::NOT_TAKEN_BACK,
        "a drill: what it changed could not be taken back, or the lab was not seen to be whole again; wins over every other code",
        "`labctl scenario recover` tries again and says what is left; `labctl status` shows what does not hold",
    ),
    (code::HANGUP, "stopped by SIGHUP: its terminal went away", "run it again: it goes on"),
    (code::INTERRUPTED, "stopped by Ctrl-C (SIGINT)", "run it again: it goes on"),
    (code::TERMINATED, "stopped by SIGTERM", "run it again: it goes on"),
];

/// One kind of failure.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Stable: `LAB-DOCKER-001`.
    pub id: &'static str,
    /// The exit code of a command that ends with it.
    pub exit: u8,
    /// What happened, in one sentence fragment.
    pub what: &'static str,
    /// The next step.
    pub fix: &'static str,
}

/// A failure on its way to the person.
#[derive(Debug)]
pub struct Failure {
    /// Of the table, or of a cause that names a workload.
    pub id: String,
    /// A sentence for people.
    pub message: String,
}

impl Failure {
    /// A failure with an id of the table.
    pub fn new(id: &str, message: impl Into<String>) -> Self {
        Self { id: id.to_owned(), message: message.into() }
    }

    /// The code the process ends with.
    pub fn exit(&self) -> u8 {
        look_up(&self.id).map_or(code::NOT_CONVERGED, |known| known.exit)
    }

    /// What to do; `None` where the message itself says it.
    pub fn fix(&self) -> Option<&'static str> {
        look_up(&self.id).map(|known| known.fix)
    }
}

/// The exit code of a drill: docs/scenarios.md.
pub fn of_drill(because: Because, rollback: Rollback) -> u8 {
    if matches!(rollback, Rollback::Failed | Rollback::Unverified) {
        return code::NOT_TAKEN_BACK;
    }
    match because {
        Because::AllHeld => code::OK,
        Because::HypothesisFailed => code::CLAIM_FAILED,
        Because::NoData | Because::NotLanded => code::NOT_KNOWN,
        Because::Unsteady | Because::Refused => code::NOT_BROKEN,
        Because::Abort | Because::Halt => code::ABORTED,
        Because::Person => code::STOPPED,
        Because::NotCarriedOut => code::NOT_CARRIED_OUT,
        Because::Unusable => code::USAGE,
    }
}

/// The exit code of a runbook: docs/runbooks.md.
pub fn of_runbook(outcome: Outcome, cancelled: bool, refused: bool) -> u8 {
    match outcome {
        _ if cancelled => code::STOPPED,
        _ if refused => code::REFUSED,
        Outcome::Resolved => code::OK,
        Outcome::NotResolved => code::CLAIM_FAILED,
        Outcome::Inconclusive => code::NOT_KNOWN,
    }
}

/// What is known of an id.
pub fn look_up(id: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.id == id)
}

impl From<crate::engine::step::StepError> for Failure {
    fn from(error: crate::engine::step::StepError) -> Self {
        Self::new(error.code, error.message)
    }
}

impl From<crate::catalog::CatalogError> for Failure {
    fn from(error: crate::catalog::CatalogError) -> Self {
        use crate::catalog::CatalogError;
        let id = match &error {
            CatalogError::Bundle { .. } => "LAB-BUNDLE-001",
            CatalogError::NotInBundle { .. } => "LAB-BUNDLE-005",
            _ => "LAB-USAGE-001",
        };
        Self::new(id, error.to_string())
    }
}

impl From<crate::support::files::FileError> for Failure {
    fn from(error: crate::support::files::FileError) -> Self {
        crate::engine::step::StepError::from(error).into()
    }
}

impl From<crate::support::lock::LockError> for Failure {
    fn from(error: crate::support::lock::LockError) -> Self {
        match error {
            crate::support::lock::LockError::Held { .. } => Self::new("LAB-LOCK-001", error.to_string()),
            crate::support::lock::LockError::File(error) => error.into(),
        }
    }
}

impl From<crate::adapters::docker::DockerError> for Failure {
    fn from(error: crate::adapters::docker::DockerError) -> Self {
        crate::engine::step::StepError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_each_says_what_to_do() {
        let mut ids: Vec<_> = KNOWN.iter().map(|known| known.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), KNOWN.len());
        assert!(KNOWN.iter().all(|known| !known.fix.is_empty() && !known.what.is_empty()));
    }
}
