//! Verbs that bring a lab up and take it away.

use super::look::{Format, OutputMode};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Which lab is meant.
#[derive(Debug, Clone, Args)]
pub struct StackArgs {
    /// A shipped stack (lite, lite-packages) or a file; else ./lab.yaml, else what this lab was last made from, else what the bundle was made for, else lite.
    #[arg(long, env = "LABCTL_STACK", value_name = "NAME|FILE")]
    pub stack: Option<String>,
    /// A folder that holds every image; with it no registry is asked.
    #[arg(long, env = "LABCTL_BUNDLE", value_name = "FOLDER")]
    pub bundle: Option<PathBuf>,
    /// Leave a component of the stack out; may be given several times. Remembered until another stack or other components are named.
    #[arg(long, value_name = "COMPONENT")]
    pub without: Vec<String>,
    /// The size of all components that do not have one of their own. Remembered like --without.
    #[arg(long, value_enum)]
    pub size: Option<Size>,
}

/// The sizes that components have entries for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Size {
    /// The least that works.
    Small,
    /// For daily use.
    Medium,
    /// For load and long retention.
    Large,
}

/// What to do while another labctl works on the lab.
#[derive(Debug, Clone, Copy, Args)]
pub struct WaitArgs {
    /// Wait up to so many seconds for another labctl that works on this lab (without a number: 600); else say who it is and end.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "600", require_equals = true)]
    pub wait_lock: Option<u64>,
}

impl WaitArgs {
    /// How long to wait; `None` for not at all.
    pub fn time(self) -> Option<Duration> {
        self.wait_lock.map(Duration::from_secs)
    }
}

/// `labctl up`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
pub struct UpArgs {
    /// Which lab is meant.
    #[command(flatten)]
    pub which: StackArgs,
    /// Never ask and never open a full-screen view.
    #[arg(long)]
    pub headless: bool,
    /// How progress is shown.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: OutputMode,
    /// Let the run go on in the background and come back as soon as it has begun; labctl attach shows it.
    #[arg(long)]
    pub detach: bool,
    /// This is the process that --detach has started.
    #[arg(long, hide = true)]
    pub in_background: bool,
    /// Go on although the host has less than the lab asks for.
    #[arg(long)]
    pub force: bool,
    /// What to do while another labctl works on the lab.
    #[command(flatten)]
    pub wait: WaitArgs,
}

/// `labctl plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Which lab is meant.
    #[command(flatten)]
    pub which: StackArgs,
    /// How the answer is shown.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Format,
    /// Exit with 6 when something would change.
    #[arg(long)]
    pub exit_code: bool,
}

/// `labctl status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// How the answer is shown.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Format,
    /// Also make the round trips that write: an order through the queue, a log line back.
    #[arg(long)]
    pub prove: bool,
}

/// `labctl down`.
#[derive(Debug, Args)]
pub struct DownArgs {
    /// Also what is kept for the next lab: registry, its images, and this lab's folder.
    #[arg(long)]
    pub purge: bool,
    /// What to do while another labctl works on the lab.
    #[command(flatten)]
    pub wait: WaitArgs,
    /// How the answer is shown.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Format,
}
