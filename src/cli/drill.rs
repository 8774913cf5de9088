//! Verbs that break a running lab on purpose, and take it back.

use super::lab::WaitArgs;
use super::look::{Format, OutputMode};
use clap::{Args, Subcommand};

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
    /// Show what a scenario would do to this lab: whom it would touch, what it would change, what must hold. Changes nothing.
    Plan {
        /// A shipped name or a file.
        which: String,
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Carry a scenario out, and take back all that it changed, whatever happens.
    Run(DrillArgs),
    /// Write a new scenario's file, with words on each part. What is there is never overwritten.
    New {
        /// Its name; the file is NAME.yaml in this folder.
        name: String,
        /// One that only brings load, and breaks nothing.
        #[arg(long)]
        load: bool,
    },
    /// Show what is different between two runs: verdicts, figures of checks, figures of loads.
    Compare {
        /// The earlier run; the start or end of its id is enough.
        a: String,
        /// The later run.
        b: String,
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Take back what drills that were killed have left, and say what cannot be taken back.
    Recover {
        /// The start of a run's id is enough; else all that have something left.
        run: Option<String>,
        /// Where somebody else has changed what the drill had changed, leave theirs and call it settled.
        #[arg(long)]
        keep_theirs: bool,
        /// What to do while another labctl works on the lab.
        #[command(flatten)]
        wait: WaitArgs,
        /// How it is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: OutputMode,
    },
}

/// `labctl chaos` and `labctl load`: `labctl scenario`, for one kind.
#[derive(Debug, Subcommand)]
pub enum KindVerb {
    /// Those that labctl ships.
    List {
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Carry one out, as `labctl scenario run` does.
    Run(DrillArgs),
}

/// `labctl halt`.
#[derive(Debug, Subcommand)]
pub enum HaltVerb {
    /// End the drill that is at work, taking back what it changed, and refuse new ones.
    On {
        /// Why, for those who are refused.
        why: Option<String>,
    },
    /// Let drills be done again.
    Off,
}

/// `labctl scenario run`.
#[derive(Debug, Clone, Args)]
pub struct DrillArgs {
    /// A shipped name or a file.
    pub which: String,
    /// Refuse, instead of taking it back first, where an earlier drill was killed and has left something.
    #[arg(long)]
    pub no_recover: bool,
    /// Later runs of this scenario are compared with this one, if it passes; else with the last that passed.
    #[arg(long)]
    pub keep_baseline: bool,
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
