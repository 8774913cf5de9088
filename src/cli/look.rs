//! Verbs that look: at the lab, at past runs, at what labctl knows.

use clap::{Args, Subcommand, ValueEnum};

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OutputMode {
    /// The terminal app on a terminal, else lines; headless verbs show bars.
    #[default]
    Auto,
    /// The terminal app.
    Screen,
    /// One moving line for each step at work.
    Bars,
    /// One line for each thing that happens.
    Lines,
    /// One JSON event a line on standard output.
    Json,
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
}

/// `labctl open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// A component with a page of its own; see `labctl urls`.
    pub component: String,
    /// Print the URL instead.
    #[arg(long)]
    pub print: bool,
}

/// `labctl logs`.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// A component of the lab.
    pub component: String,
    /// Go on as lines come.
    #[arg(long, short)]
    pub follow: bool,
    /// Lines from each pod.
    #[arg(long, default_value_t = 100)]
    pub tail: i64,
}

/// `labctl events`.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// Only of this component.
    pub component: Option<String>,
    /// Only warnings.
    #[arg(long)]
    pub warnings: bool,
    /// How the answer is shown.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Format,
}

/// `labctl run`.
#[derive(Debug, Subcommand)]
pub enum RunVerb {
    /// All runs, newest first.
    List {
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// One run: its steps and its end.
    Show {
        /// The start of its id is enough; else the newest.
        run: Option<String>,
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Look whether the evidence of a drill is as it was sealed.
    Verify {
        /// The start of its id is enough; else the newest.
        run: Option<String>,
    },
    /// What a run at work can be asked for.
    #[command(flatten)]
    Steer(SteerVerb),
}

/// What a run at work can be asked for.
#[derive(Debug, Subcommand)]
pub enum SteerVerb {
    /// Ask a run that is at work to end: nothing new is started, running steps end, what is done stays.
    Cancel {
        /// End running steps too.
        #[arg(long)]
        now: bool,
        /// Which run is meant.
        #[command(flatten)]
        at_work: AtWork,
    },
    /// Try a step that failed once more, and what was left out because of it.
    Retry {
        /// The step's id, as labctl run show has it; the last part is enough.
        step: String,
        /// Which run is meant.
        #[command(flatten)]
        at_work: AtWork,
    },
    /// Leave a step out, also one that is at work.
    Skip {
        /// The step's id, as labctl run show has it; the last part is enough.
        step: String,
        /// Which run is meant.
        #[command(flatten)]
        at_work: AtWork,
    },
    /// Start nothing new for now.
    Pause(AtWork),
    /// Go on after a pause.
    Resume(AtWork),
    /// Write a note into the run's journal.
    Note {
        /// What to write.
        text: String,
        /// Which run is meant.
        #[command(flatten)]
        at_work: AtWork,
    },
}

/// A run that another process is doing.
#[derive(Debug, Args)]
pub struct AtWork {
    /// The start of its id is enough; else the newest that is at work.
    #[arg(long)]
    pub run: Option<String>,
}

/// `labctl attach`.
#[derive(Debug, Args)]
pub struct AttachArgs {
    /// The start of its id is enough; else the newest that is at work.
    pub run: Option<String>,
    /// How the run is shown.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: OutputMode,
}

/// How fast a replay goes: `1`, `10x`, `max`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many times as fast as it was.
    Times(f64),
    /// Without any wait.
    Max,
}

fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    match text.trim_end_matches('x').parse::<f64>() {
        Ok(factor) if factor > 0.0 && factor.is_finite() => Ok(Speed::Times(factor)),
        _ => Err("write a factor such as 1, 10 or 0.5, or max".to_owned()),
    }
}

/// `labctl replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The start of its id is enough; else the newest. A path of an events.jsonl works too.
    pub run: Option<String>,
    /// How the run is shown.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: OutputMode,
    /// How many times as fast as it was; `max` does not wait at all. Without it, 10 in the terminal app and `max` elsewhere.
    #[arg(long, value_parser = speed)]
    pub speed: Option<Speed>,
}

/// A run that labctl brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Recording {
    /// A lab coming up.
    #[default]
    Up,
    /// A drill to its verdict: nobody works on the orders for a while.
    Drill,
    /// The same drill, halted while its fault lasted.
    Halted,
}

/// `labctl demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// What is played.
    #[arg(value_enum, default_value_t)]
    pub which: Recording,
    /// How the run is shown.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: OutputMode,
    /// How many times as fast as it was.
    #[arg(long, value_parser = speed, default_value = "10")]
    pub speed: Speed,
}

/// `labctl component`.
#[derive(Debug, Subcommand)]
pub enum ComponentVerb {
    /// Every component labctl knows.
    List {
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// One component: version, images and their origin, parameters, needs, endpoints, checks.
    Info {
        /// As `labctl component list` has it.
        name: String,
        /// How the answer is shown.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Put a component into ./lab.yaml (made if need be); `labctl up` then brings it.
    Add {
        /// As `labctl component list` has it.
        name: String,
    },
    /// Take a component out of the lab in ./lab.yaml; `labctl up` then takes it away.
    Remove {
        /// As `labctl component list` has it.
        name: String,
    },
}

/// `labctl schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// What the schema is of.
    #[arg(value_enum)]
    pub kind: SchemaKind,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// A stack file, such as lab.yaml.
    Stack,
    /// A component.yaml.
    Component,
    /// A scenario file.
    Scenario,
    /// What came of a drill: the result.json of its run.
    Result,
    /// A game day's file.
    Gameday,
    /// What came of a game day: the result.json of its run.
    GamedayResult,
    /// What came of a runbook: the result.json of its run.
    RunbookResult,
    /// A bundle's bundle.json.
    Bundle,
    /// One line of `--output json`.
    Event,
    /// The answer of `labctl status -o json`.
    Status,
}
