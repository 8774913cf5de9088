//! Verbs that break a running lab on purpose, and take it back.

use super::look::Format;
use clap::Subcommand;

/// `labctl scenario`.
#[derive(Debug, Subcommand)]
pub enum ScenarioVerb {
    /// The scenarios labctl ships.
    List {
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Read scenario files and say what is wrong with them. Needs no lab.
    Lint {
        /// Shipped names or files; without any, all that are shipped.
        which: Vec<String>,
    },
}
