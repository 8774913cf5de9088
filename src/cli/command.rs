//! The verbs and what each of them takes.

use super::drill::{HaltVerb, KindVerb, ScenarioVerb};
use super::lab::{DownArgs, PlanArgs, StatusArgs, UpArgs};
use super::look::{AttachArgs, ComponentVerb, DemoArgs, EventsArgs, Format, LogsArgs, OpenArgs, ReplayArgs, RunVerb, SchemaArgs};
use super::respond::{GamedayVerb, PostmortemVerb, RunbookVerb};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Brings up a platform-engineering and SRE lab in a kind cluster, and proves that it works.
#[derive(Debug, Parser)]
#[command(name = "labctl", version, propagate_version = true, max_term_width = 120)]
pub struct Cli {
    /// Options that every verb takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do; without it, the terminal app.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// The lab that is meant when none is named.
pub const DEFAULT_LAB: &str = "dev-local";

/// What every verb takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Name of the lab: of its cluster, its context (kind-NAME) and its host names (NAME.localhost).
    #[arg(long, global = true, env = "LABCTL_LAB", default_value = DEFAULT_LAB, value_parser = lab_name)]
    pub lab: String,
    /// Answer yes to every question.
    #[arg(long, short = 'y', global = true, env = "LABCTL_YES")]
    pub yes: bool,
    /// Refuse everything that would change anything.
    #[arg(long, global = true, env = "LABCTL_READ_ONLY")]
    pub read_only: bool,
    /// Never try the network outside this host.
    #[arg(long, global = true, env = "LABCTL_OFFLINE")]
    pub offline: bool,
    /// A folder with stacks/, manifests/ and scenarios/ that is laid over the ones inside labctl.
    #[arg(long, global = true, env = "LABCTL_DIR", value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
    /// When to use colour.
    #[arg(long, global = true, env = "LABCTL_COLOR", value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Colours of the terminal app; where there is no colour it is always monochrome.
    #[arg(long, global = true, env = "LABCTL_THEME", value_enum, default_value_t = Theme::Dark)]
    pub theme: Theme,
}

/// Colours of the terminal app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// For a dark ground.
    Dark,
    /// For a light ground.
    Light,
    /// Few colours, all strong.
    HighContrast,
    /// None at all.
    Monochrome,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Bring the lab up, or bring it back to what its stack says.
    Up(UpArgs),
    /// Show what `up` would change, pull and need, and whether this host has it. Changes nothing.
    Plan(PlanArgs),
    /// Show what in the cluster is not as the stack says, object by object. Changes nothing.
    Diff(PlanArgs),
    /// Say for each component whether it works.
    Status(StatusArgs),
    /// Take the lab away and prove that nothing of it is left.
    Down(DownArgs),
    /// Look at this host and say what stands in a lab's way, with the fix for each.
    Doctor {
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Show the lab's passwords.
    Creds {
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// List where the lab can be reached.
    Urls {
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Open a component in the browser.
    Open(OpenArgs),
    /// Print the log of a component's pods.
    Logs(LogsArgs),
    /// Print what Kubernetes said about the lab's objects.
    Events(EventsArgs),
    /// Show a run that another process is doing. Ctrl-C leaves it; the run goes on.
    Attach(AttachArgs),
    /// Runs of this lab: past ones to look at, the one at work to steer.
    #[command(subcommand)]
    Run(RunVerb),
    /// Play a past run again, in any front end and at any speed.
    Replay(ReplayArgs),
    /// Play a recorded run of a real lab, with nothing installed.
    Demo(DemoArgs),
    /// The parts a lab can be made of.
    #[command(subcommand)]
    Component(ComponentVerb),
    /// Break the lab on purpose, see what holds, and take it all back.
    #[command(subcommand)]
    Scenario(ScenarioVerb),
    /// Scenarios that break something.
    #[command(subcommand)]
    Chaos(KindVerb),
    /// Scenarios that only bring load.
    #[command(subcommand)]
    Load(KindVerb),
    /// The safety lever: while it is on, nothing is broken.
    #[command(subcommand)]
    Halt(HaltVerb),
    /// Pages that say what to do when an alert fires: read them, carry them out.
    #[command(subcommand)]
    Runbook(RunbookVerb),
    /// Drills in order, with people who respond, or with labctl in their place; times are taken.
    #[command(subcommand)]
    Gameday(GamedayVerb),
    /// What happened and why, drafted from evidence and checked against it.
    #[command(subcommand)]
    Postmortem(PostmortemVerb),
    /// Print the JSON Schema of a file kind or of the event stream.
    Schema(SchemaArgs),
    /// Print a completion script for a shell.
    Completions {
        /// The shell the script is for.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the version.
    Version,
    /// Become another program that ends when its parent does.
    #[command(hide = true)]
    InternalExec {
        /// Process id of the parent whose end ends this.
        parent: i32,
        /// The program to become.
        program: OsString,
        /// Its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

/// Cluster, context and host names are made from it, so it must be a DNS label; kind adds up to 14 letters.
fn lab_name(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text.len() <= 40
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if fits { Ok(text.to_owned()) } else { Err("a lab's name has 1 to 40 letters a-z, digits and inner dashes".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn names_that_are_no_dns_labels_are_refused() {
        for bad in ["", "A", "-a", "a-", "a_b", "a.b", &"a".repeat(41)] {
            assert!(lab_name(bad).is_err(), "{bad}");
        }
        assert!(lab_name("dev-local").is_ok());
    }
}
