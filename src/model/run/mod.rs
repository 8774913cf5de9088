//! What a run says: the one event stream that every front end, journal, replay and summary is a fold of.

mod attach;
mod event;
mod fold;
mod forecast;
mod ids;
mod path;
mod standing;
mod view;

pub use attach::{ATTACH_PROTOCOL, ClientHello, EndReason, Refusal, ServerHello, ServerLine};
pub use event::{
    Because, CancelReason, Control, Event, EventKind, Figure, FinishedAs, Health, Limit, Moment, Object, PlanStep, RunPlan, StepEvent,
    Stream, Summary, Unfinished, Verb,
};
pub use fold::{Counts, RunState};
pub use forecast::{Forecast, Span};
pub use ids::{At, RunId, StepId};
pub use standing::{Cause, LastProbe, Progress, Standing, StepState, Waiting};
pub use view::{Color, Output, brief_time, event_schema};
