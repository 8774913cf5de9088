//! What a list of checks must be beside each check being right: unique names, nothing that writes among the cheap ones, no unknown `@{…}`.

use super::item::Check;
use super::vars::{NONCE, names};
use crate::model::units::HumanDuration;
use std::collections::BTreeSet;

/// Which list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// `ready:` cheap, read only, on every run.
    Ready,
    /// `proof:` round trips that write.
    Proof,
}

impl Stage {
    /// How long a check that does not say `within` may be tried again.
    pub const fn within(self) -> HumanDuration {
        match self {
            Self::Ready => HumanDuration::from_secs(30),
            Self::Proof => HumanDuration::from_secs(60),
        }
    }
}

/// Everything wrong with a list, as sentences; empty when it is right.
pub fn problems(checks: &[Check], stage: Stage) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    let mut known = BTreeSet::from([NONCE]);
    for check in checks {
        let name = &check.name;
        if name.is_empty() {
            problems.push("a check has an empty name".to_owned());
        } else if !seen.insert(name) {
            problems.push(format!("two checks are called `{name}`: give each its own name"));
        }
        if stage == Stage::Ready && check.what.writes() {
            problems.push(format!("check `{name}` writes, and `ready` runs every time: move it to `proof`"));
        }
        for var in names(&check.what) {
            if !known.contains(var.as_str()) {
                problems.push(format!("check `{name}`: @{{{var}}} is not known here: known are {}", list(&known)));
            }
        }
        for var in check.what.captures() {
            if var == NONCE {
                problems.push(format!("check `{name}` captures `nonce`, which is taken: choose another name"));
            }
            known.insert(var);
        }
    }
    problems
}

fn list(known: &BTreeSet<&str>) -> String {
    known.iter().map(|name| format!("@{{{name}}}")).collect::<Vec<_>>().join(", ")
}
