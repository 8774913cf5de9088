//! What a run says: the one event stream that every front end, journal, replay and summary is a fold of.

mod event;
mod ids;

pub use event::{CancelReason, Control, Event, EventKind, FinishedAs, Health, Object, PlanStep, RunPlan, StepEvent, Stream, Summary, Verb};
pub use ids::{At, RunId, StepId};
