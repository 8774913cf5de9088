//! One client of a run, from its hello to its end. Nothing it does or fails to do reaches further than its own task.

use super::peer::{Peer, describe};
use super::server::Limits;
use super::tail::Tail;
use super::wire::{self, Line};
use crate::model::run::{ATTACH_PROTOCOL, CancelReason, ClientHello, Control, EndReason, Refusal, ServerHello, ServerLine, StepId};
use serde::Deserialize;
use std::io;
use std::path::PathBuf;
use tokio::io::{AsyncRead, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Answers that wait for a client that is busy reading events.
const ANSWERS: usize = 8;

/// What all clients of a run have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub hello: ServerHello,
    pub journal: PathBuf,
    pub commits: watch::Receiver<u64>,
    pub control: mpsc::Sender<Control>,
    /// The user who does the run.
    pub user: String,
    pub limits: Limits,
    /// The run has ended: who has not said hello yet is not waited for.
    pub ending: CancellationToken,
}

/// Why a line is not followed.
#[derive(Debug)]
struct Refused {
    why: Refusal,
    text: String,
    closes: bool,
}

impl Refused {
    fn closing(why: Refusal, text: impl Into<String>) -> Self {
        Self { why, text: text.into(), closes: true }
    }

    fn line(self) -> ServerLine {
        ServerLine::Refused { why: self.why, text: self.text, closes: self.closes }
    }
}

/// Serves `stream` to its end.
pub(super) async fn run(shared: &Shared, stream: UnixStream, peer: Peer) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let limits = shared.limits;
    let greeted = tokio::select! {
        greeted = tokio::time::timeout(limits.hello, greet(&mut read, limits.line)) => greeted,
        () = shared.ending.cancelled() => return Ok(()),
    };
    let late = || Refused::closing(Refusal::Hello, format!("no hello came within {} s", limits.hello.as_secs()));
    let hello = match greeted.unwrap_or_else(|_| Err(late())) {
        Ok(Some(hello)) => hello,
        Ok(None) => return Ok(()),
        Err(refused) => return wire::write(&mut write, &refused.line(), limits.stall).await,
    };
    let tail = Tail::open(&shared.journal, shared.commits.clone(), hello.after).await?;
    let ours = ServerHello { read_only: hello.read_only, ..shared.hello.clone() };
    wire::write(&mut write, &ServerLine::Hello(ours), limits.stall).await?;
    let (answer, answers) = mpsc::channel(ANSWERS);
    let who = describe(peer, &shared.user);
    tokio::select! {
        heard = listen(shared, &mut read, hello.read_only, &who, answer) => heard,
        told = tell(&mut write, tail, answers, limits) => told,
    }
}

/// The hello of the client; nothing when it left without one.
async fn greet(read: &mut BufReader<impl AsyncRead + Unpin>, most: usize) -> Result<Option<ClientHello>, Refused> {
    /// What a hello of any version has.
    #[derive(Deserialize)]
    struct AnyHello {
        attach: String,
        protocol: u32,
    }
    let mut line = Vec::new();
    match wire::read(read, &mut line, most).await {
        Ok(Line::Whole) => {}
        Ok(Line::Gone) | Err(_) => return Ok(None),
        Ok(Line::TooLong) => return Err(too_long(most)),
    }
    let no_hello =
        || Refused::closing(Refusal::Hello, format!(r#"the first line must be {{"attach":"hello","protocol":{ATTACH_PROTOCOL}}}"#));
    let any: AnyHello = serde_json::from_slice(&line).map_err(|_| no_hello())?;
    if any.attach != "hello" {
        return Err(no_hello());
    }
    if any.protocol != ATTACH_PROTOCOL {
        return Err(Refused::closing(
            Refusal::Protocol,
            format!(
                "protocol {} is not spoken here: this is labctl {}, which speaks {ATTACH_PROTOCOL}; use the labctl that does the run",
                any.protocol,
                env!("CARGO_PKG_VERSION")
            ),
        ));
    }
    serde_json::from_slice(&line).map(Some).map_err(|_| no_hello())
}

fn too_long(most: usize) -> Refused {
    Refused::closing(Refusal::TooLong, format!("a line has more than {most} bytes"))
}

/// Hears what the client says until it leaves.
async fn listen(
    shared: &Shared,
    read: &mut BufReader<impl AsyncRead + Unpin>,
    read_only: bool,
    who: &str,
    answer: mpsc::Sender<ServerLine>,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let control = match wire::read(read, &mut line, shared.limits.line).await? {
            Line::Gone => return Ok(()),
            Line::TooLong => Err(too_long(shared.limits.line)),
            Line::Whole => control_of(&line),
        };
        let said = match control {
            Ok(_) if read_only => {
                Err(Refused { why: Refusal::ReadOnly, text: "this client said that it only looks".to_owned(), closes: false })
            }
            Ok(control) => pass_on(shared, control, who).await,
            Err(refused) => Err(refused),
        };
        let said = said.map_or_else(Refused::line, |control| ServerLine::Taken { control });
        let closes = matches!(said, ServerLine::Refused { closes: true, .. });
        if answer.send(said).await.is_err() || closes {
            // The other half says it and ends both.
            return std::future::pending().await;
        }
        // Nobody types faster; who does waits here, and not in the engine.
        tokio::time::sleep(shared.limits.pace).await;
    }
}

/// Hands a control to the engine, right after a note of who it comes from, so that history shows it.
async fn pass_on(shared: &Shared, control: Control, who: &str) -> Result<Control, Refused> {
    let over = |_| Refused { why: Refusal::Unknown, text: "the run takes no controls any more: it is ending".to_owned(), closes: false };
    let control = printable(control);
    if let Some(text) = asked(&control) {
        shared.control.send(Control::Note { text: format!("{text}: asked by {who}") }).await.map_err(over)?;
        shared.control.send(control.clone()).await.map_err(over)?;
    } else if let Control::Note { text } = &control {
        shared.control.send(Control::Note { text: format!("{text} ({who})") }).await.map_err(over)?;
    }
    Ok(control)
}

fn control_of(line: &[u8]) -> Result<Control, Refused> {
    let value: serde_json::Value =
        serde_json::from_slice(line).map_err(|error| Refused::closing(Refusal::Garbage, format!("the line is not JSON: {error}")))?;
    let Some(name) = value.get("control").and_then(serde_json::Value::as_str).map(str::to_owned) else {
        return Err(Refused::closing(Refusal::Garbage, "the line is no control: it has no key `control`"));
    };
    serde_json::from_value(value).map_err(|error| Refused {
        why: Refusal::UnknownControl,
        text: format!("labctl {} cannot do `{name}`: {error}", env!("CARGO_PKG_VERSION")),
        closes: false,
    })
}

/// Without what a terminal would obey: names and notes are shown to people later.
fn printable(control: Control) -> Control {
    let clean = |text: String| text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect::<String>();
    match control {
        Control::Retry { step } => Control::Retry { step: StepId(clean(step.0)) },
        Control::Skip { step } => Control::Skip { step: StepId(clean(step.0)) },
        Control::Note { text } => Control::Note { text: clean(text) },
        other => other,
    }
}

/// What a control asks for, in words; nothing for a note, which is words itself.
fn asked(control: &Control) -> Option<String> {
    Some(match control {
        Control::Cancel { why: CancelReason::Requested } => "cancel".to_owned(),
        Control::Cancel { why: CancelReason::Now } => "cancel now".to_owned(),
        Control::Cancel { why: CancelReason::Abandon } => "leave at once".to_owned(),
        Control::Retry { step } => format!("retry {step}"),
        Control::Skip { step } => format!("skip {step}"),
        Control::Pause => "pause".to_owned(),
        Control::Resume => "resume".to_owned(),
        Control::Note { .. } => return None,
    })
}

/// Tells the client events and answers until the run or the client is at its end.
async fn tell(write: &mut OwnedWriteHalf, mut tail: Tail, mut answers: mpsc::Receiver<ServerLine>, limits: Limits) -> io::Result<()> {
    loop {
        tokio::select! {
            biased;
            Some(line) = answers.recv() => {
                wire::write(write, &line, limits.stall).await?;
                if matches!(line, ServerLine::Refused { closes: true, .. }) {
                    return Ok(());
                }
            }
            batch = tail.next() => {
                let why = match batch? {
                    Some(batch) => {
                        wire::write_bytes(write, &batch.lines, limits.stall).await?;
                        if !batch.finished {
                            continue;
                        }
                        EndReason::Finished
                    }
                    None => EndReason::Unwritten,
                };
                return wire::write(write, &ServerLine::End { why }, limits.stall).await;
            }
        }
    }
}
