//! Verbs for people who respond: runbooks.

use super::look::{Format, OutputMode};
use clap::{Args, Subcommand};

/// `labctl runbook`.
#[derive(Debug, Subcommand)]
pub enum RunbookVerb {
    /// The runbooks labctl ships: what each is for, and when it was last proved on this lab.
    List {
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Print a runbook, or its blocks as data.
    Show {
        /// An alert, a shipped name or a file.
        which: String,
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Carry out only what looks: no command is run, nothing can change.
    Check(CarryArgs),
    /// Carry a runbook out, block by block. Asks before anything changes; --yes answers.
    Run(CarryArgs),
    /// Read runbooks and say what is wrong with them and with the alerts that lead to them. Needs no lab.
    Lint {
        /// Shipped names or files; without any, all that are shipped, and every alert.
        which: Vec<String>,
    },
}

/// `labctl runbook run` and `check`.
#[derive(Debug, Clone, Args)]
pub struct CarryArgs {
    /// An alert, a shipped name or a file.
    pub which: String,
    /// What a word of the page stands for, instead of what its front matter says.
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = pair)]
    pub inputs: Vec<(String, String)>,
    /// How the run is shown.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: OutputMode,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=VALUE"))?;
    // it becomes a word of a query and of a command line
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:".contains(letter);
    if name.is_empty() || value.is_empty() || !value.chars().all(plain) {
        return Err(format!("`{text}`: a value has letters, digits and -_./: only"));
    }
    Ok((name.to_owned(), value.to_owned()))
}
