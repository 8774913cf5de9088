//! Verbs for people who respond: runbooks, game days, postmortems.

use super::lab::WaitArgs;
use super::look::{Format, OutputMode};
use clap::{Args, Subcommand};
use std::path::PathBuf;

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
    /// This is a process in the background that the terminal app has started.
    #[arg(long, hide = true)]
    pub in_background: bool,
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

/// `labctl gameday`.
#[derive(Debug, Subcommand)]
pub enum GamedayVerb {
    /// The game days labctl ships.
    List {
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Show what a game day would do to this lab, and whether it may be done now. Changes nothing.
    Plan {
        /// A shipped name or a file.
        which: String,
        /// Also show what those who respond should not know.
        #[arg(long)]
        show_injects: bool,
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Carry a game day out: its drills in order, the lab's own pager, and times that are taken. All is taken back, whatever happens.
    Run(GamedayArgs),
    /// Take the pager of the act at work: from then on it counts as acknowledged. Beginning a runbook does as well.
    Ack {
        /// Who takes it; as the environment has it when left out.
        who: Option<String>,
    },
    /// Work out the score of a game day from the events of its run.
    Score {
        /// The start or the end of a run's id is enough; the newest when left out.
        run: Option<String>,
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
}

/// `labctl gameday run`.
#[derive(Debug, Clone, Args)]
pub struct GamedayArgs {
    /// A shipped name or a file.
    pub which: String,
    /// No person responds: labctl carries out the runbook that the alert leads to, as the game day's file says.
    #[arg(long)]
    pub headless: bool,
    /// What is drawn from: which scenario an act has, and when its drill begins. Drawn by itself when left out, and kept.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Refuse, instead of taking it back first, where an earlier drill was killed and has left something.
    #[arg(long)]
    pub no_recover: bool,
    /// What to do while another labctl works on the lab.
    #[command(flatten)]
    pub wait: WaitArgs,
    /// How the run is shown.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: OutputMode,
    /// This is a process in the background that the terminal app has started.
    #[arg(long, hide = true)]
    pub in_background: bool,
}

/// `labctl postmortem`.
#[derive(Debug, Subcommand)]
pub enum PostmortemVerb {
    /// Draft one from the evidence of a game day or a drill, for people to finish.
    New {
        /// The start or the end of the run's id is enough.
        #[arg(long)]
        run: String,
        /// Where it is written; else in the lab's folder.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write anew what stands between labctl's marks. All else is left as it is, and so is what somebody has changed between them.
    Refresh {
        /// The postmortem.
        file: PathBuf,
    },
    /// Look for each number of it in the evidence, and say what people still owe it.
    Lint {
        /// The postmortem.
        file: PathBuf,
    },
}
