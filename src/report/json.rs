//! Events as JSON lines, for machines: the bare event, as docs/events.md describes it.

use super::front_end::FrontEnd;
use crate::model::run::Event;
use std::io::{self, Write};

/// Writes each event as one line and flushes it, so that a reader at the other end of a pipe sees it when it happens.
#[derive(Debug)]
pub struct Json<W> {
    to: W,
}

impl<W: Write> Json<W> {
    /// Writes to `to`: stdout, usually.
    pub fn new(to: W) -> Self {
        Self { to }
    }
}

impl<W: Write + Send> FrontEnd for Json<W> {
    fn handle(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.to.write_all(&line)?;
        self.to.flush()
    }
}
