//! What every front end is: something that is told events, one by one.

use crate::model::run::{At, Event};
use std::io;

/// Shows a run. Told every event in order; keeps its own fold.
pub trait FrontEnd: Send {
    /// Shows one event. An error means that nobody can see it any more (a closed pipe); the run goes on without.
    fn handle(&mut self, event: &Event) -> io::Result<()>;

    /// Called now and then with the present time, for what moves without events.
    fn tick(&mut self, _now: At) -> io::Result<()> {
        Ok(())
    }

    /// Called once, after the last event, also when the run ended without one.
    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discard;

impl FrontEnd for Discard {
    fn handle(&mut self, _event: &Event) -> io::Result<()> {
        Ok(())
    }
}
