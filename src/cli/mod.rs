//! The command line: types only, no behaviour.

mod command;
mod drill;
mod lab;
mod look;
mod respond;

pub use command::{Cli, Color, DEFAULT_LAB, Global, Theme, Verb};
pub use drill::{DrillArgs, HaltVerb, KindVerb, ScenarioVerb};
pub use lab::{DownArgs, PlanArgs, Size, StackArgs, StatusArgs, UpArgs, WaitArgs};
pub use look::{
    AtWork, AttachArgs, ComponentVerb, DemoArgs, EventsArgs, Format, LogsArgs, OpenArgs, OutputMode, Recording, ReplayArgs, RunVerb,
    SchemaArgs, SchemaKind, Speed, SteerVerb,
};
pub use respond::{CarryArgs, GamedayArgs, GamedayVerb, PostmortemVerb, RunbookVerb};
