//! The other end of a run's socket: events come in, controls go out.

use super::peer::Peer;
use super::wire::{self, Line};
use crate::engine::journal::event_of;
use crate::model::run::{ClientHello, Control, Event, Refusal, ServerHello, ServerLine};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

/// How long a run may take to answer: it is on this machine, and answers at once unless it is stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest line of a run: the plan of a lab of thousands of parts has less.
const LONGEST: usize = 16 * 1024 * 1024;

/// Why a run cannot be attached to, or not any longer.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum AttachError {
    #[error("nobody answers at {}: {source}", path.display())]
    Unreachable { path: PathBuf, source: io::Error },
    #[error("whoever listens at {} is neither this user nor root", path.display())]
    NotOurs { path: PathBuf },
    #[error("the run's process does not answer within {} s; is it stopped?", PATIENCE.as_secs())]
    Silent,
    #[error("the run refuses: {text}")]
    Refused { why: Refusal, text: String },
    #[error("what came is not what a run says: {what}")]
    Strange { what: String },
    #[error("the connection to the run broke: {0}")]
    Broken(#[source] io::Error),
}

/// A line of the run.
#[derive(Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say what they hold")]
pub enum Told {
    Event(Box<Event>),
    Line(ServerLine),
}

/// What comes from a run.
#[derive(Debug)]
pub struct Attached {
    /// As the run introduced itself.
    pub hello: ServerHello,
    lines: Lines,
}

/// The way to steer a run.
#[derive(Debug)]
pub struct Steering {
    to: OwnedWriteHalf,
}

#[derive(Debug)]
struct Lines {
    from: BufReader<OwnedReadHalf>,
    line: Vec<u8>,
}

/// Attaches to the run that listens at `socket`. The run lets its client go when [`Steering`] is dropped.
pub async fn connect(socket: &Path, hello: &ClientHello) -> Result<(Attached, Steering), AttachError> {
    let unreachable = |source| AttachError::Unreachable { path: socket.to_owned(), source };
    let stream = timeout(PATIENCE, UnixStream::connect(socket)).await.map_err(|_| AttachError::Silent)?.map_err(unreachable)?;
    if !Peer::of(&stream).map_err(unreachable)?.is_allowed() {
        return Err(AttachError::NotOurs { path: socket.to_owned() });
    }
    let (from, mut to) = stream.into_split();
    // One that refuses at once may have closed already; what it said can still be read.
    let _closed = wire::write(&mut to, hello, PATIENCE).await;
    let mut lines = Lines { from: BufReader::new(from), line: Vec::new() };
    match timeout(PATIENCE, lines.next()).await.map_err(|_| AttachError::Silent)?? {
        Some(Told::Line(ServerLine::Hello(hello))) => Ok((Attached { hello, lines }, Steering { to })),
        Some(Told::Line(ServerLine::Refused { why, text, .. })) => Err(AttachError::Refused { why, text }),
        Some(_) => Err(AttachError::Strange { what: "it does not begin with a hello".to_owned() }),
        None => Err(unreachable(io::ErrorKind::UnexpectedEof.into())),
    }
}

impl Attached {
    /// The next line, once there is one; `None` when the run's process has gone without a word. Dropped half-way, nothing is lost.
    pub async fn next(&mut self) -> Result<Option<Told>, AttachError> {
        self.lines.next().await
    }
}

impl Steering {
    /// Asks the run for something; the answer comes among its lines.
    pub async fn send(&mut self, control: &Control) -> Result<(), AttachError> {
        wire::write(&mut self.to, control, PATIENCE).await.map_err(AttachError::Broken)
    }
}

impl Lines {
    async fn next(&mut self) -> Result<Option<Told>, AttachError> {
        match wire::read(&mut self.from, &mut self.line, LONGEST).await.map_err(AttachError::Broken)? {
            Line::Gone => return Ok(None),
            Line::TooLong => return Err(AttachError::Strange { what: format!("a line of more than {LONGEST} bytes") }),
            Line::Whole => {}
        }
        let told = match event_of(&self.line) {
            Ok(event) => Told::Event(Box::new(event)),
            Err(_) => Told::Line(serde_json::from_slice(&self.line).map_err(|error| AttachError::Strange { what: error.to_string() })?),
        };
        self.line.clear();
        Ok(Some(told))
    }
}
