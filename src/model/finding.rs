//! What the doctor says: one finding per rule, with its cause and its fix. Shown as a table, as JSON and in the terminal app.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad a finding is; later ones are worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing to do.
    Ok,
    /// It could not be looked at: never counted as ok.
    Unknown,
    /// It works, with something a person should know.
    Warn,
    /// A lab will not come up, or not stay up.
    Fail,
}

/// What one rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable: `LAB-HOST-004`.
    pub id: String,
    /// How bad it is.
    pub level: Level,
    /// What was seen, with figures.
    pub what: String,
    /// Why it matters; empty when it is ok.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What a person can do; empty when it is ok.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// Whether `labctl doctor --fix` can do it.
    pub fixable: bool,
    /// The fix as data, where it is safe to run; carried out elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<SafeFix>,
}

/// A fix that can be run without asking more than once: it raises a limit and can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum SafeFix {
    /// `sysctl -w key=value`, as root; lost at the next boot unless also written to `/etc/sysctl.d`.
    Sysctl {
        /// `fs.inotify.max_user_instances`.
        key: String,
        /// What it should be.
        value: String,
    },
    /// `modprobe name`, as root.
    LoadModule {
        /// `br_netfilter`.
        name: String,
    },
}

impl Finding {
    /// All is well; `what` says what was seen.
    pub fn ok(id: &str, what: impl Into<String>) -> Self {
        Self::new(id, Level::Ok, what, "", "")
    }

    /// It could not be looked at.
    pub fn unknown(id: &str, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(id, Level::Unknown, what, why, "")
    }

    /// It works, with something to know.
    pub fn warn(id: &str, what: impl Into<String>, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(id, Level::Warn, what, why, fix)
    }

    /// A lab will not come up like this.
    pub fn fail(id: &str, what: impl Into<String>, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(id, Level::Fail, what, why, fix)
    }

    /// The same finding, with a fix that `--fix` can run.
    #[must_use]
    pub fn with_action(mut self, action: SafeFix) -> Self {
        self.fixable = true;
        self.action = Some(action);
        self
    }

    fn new(id: &str, level: Level, what: impl Into<String>, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            level,
            what: what.into(),
            why: why.into(),
            fix: fix.into(),
            fixable: false,
            action: None,
        }
    }
}

impl std::fmt::Display for SafeFix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sysctl { key, value } => write!(f, "sysctl -w {key}={value}"),
            Self::LoadModule { name } => write!(f, "modprobe {name}"),
        }
    }
}
