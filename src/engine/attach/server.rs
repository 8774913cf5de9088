//! The socket of a run: there from its first event to its last, and found again by those who look for it.

use super::peer::Peer;
use super::place::{self, PlaceError, Places, pointer};
use super::session::{self, Shared};
use crate::model::run::{ATTACH_PROTOCOL, Control, Refusal, RunId, ServerHello, ServerLine, Verb};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// What a client may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Clients at once. Each holds one task, two open files and 64 KiB.
    pub clients: usize,
    /// Bytes of a line from a client; a note is the longest there is.
    pub line: usize,
    /// How long a client may take to say hello.
    pub hello: Duration,
    /// How long a client may take none of what it is told; Ctrl-Z on a viewer is no reason to lose it at once.
    pub stall: Duration,
    /// Between two controls of one client.
    pub pace: Duration,
    /// How long clients may take for what is left once the run has ended; the journal has it for those who need longer.
    pub last: Duration,
    /// How often the socket is looked at: a logout removes the runtime folder under a run that goes on.
    pub look: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 32,
            line: 16 * 1024,
            hello: Duration::from_secs(5),
            stall: Duration::from_mins(5),
            pace: Duration::from_millis(50),
            last: Duration::from_secs(1),
            look: Duration::from_secs(5),
        }
    }
}

/// What is served.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say what they hold")]
pub struct Serving {
    pub run: RunId,
    pub lab: String,
    pub verb: Verb,
    /// Of the journal being written.
    pub journal: PathBuf,
    /// Of its writer.
    pub commits: watch::Receiver<u64>,
    /// To the engine.
    pub control: mpsc::Sender<Control>,
    /// Who does the run, for notes.
    pub user: String,
    pub limits: Limits,
}

/// A run that is served; no longer when this is dropped.
#[derive(Debug)]
pub struct Served {
    socket: PathBuf,
    ending: CancellationToken,
    task: JoinHandle<()>,
}

/// Opens the socket of a run and serves it until [`Served::finish`].
pub async fn serve(places: Places, serving: Serving) -> Result<Served, PlaceError> {
    let Serving { run, lab, verb, journal, commits, control, user, limits } = serving;
    let pointer = pointer(journal.parent().unwrap_or(Path::new(".")));
    let door = Door::open(places, run.clone(), pointer).await?;
    let socket = door.socket.clone();
    let hello = ServerHello { protocol: ATTACH_PROTOCOL, labctl: env!("CARGO_PKG_VERSION").to_owned(), run, lab, verb, read_only: true };
    let ending = CancellationToken::new();
    let shared = Arc::new(Shared { hello, journal, commits, control, user, limits, ending: ending.clone() });
    let task = tokio::spawn(receive(door, shared));
    Ok(Served { socket, ending, task })
}

impl Served {
    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Lets nobody in any more, sees those who are there off, and takes the socket away.
    pub async fn finish(mut self) {
        self.ending.cancel();
        let _ended = (&mut self.task).await;
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.ending.cancel();
    }
}

/// The socket with its files, which go with it.
struct Door {
    listener: UnixListener,
    socket: PathBuf,
    pointer: PathBuf,
    places: Places,
    run: RunId,
}

impl Door {
    async fn open(places: Places, run: RunId, pointer: PathBuf) -> Result<Self, PlaceError> {
        let (listener, socket) = place::open(&places, &run).await?;
        let door = Self { listener, socket, pointer, places, run };
        door.point()?;
        Ok(door)
    }

    fn point(&self) -> Result<(), PlaceError> {
        let _none = std::fs::remove_file(&self.pointer);
        let pointed = std::os::unix::fs::symlink(&self.socket, &self.pointer);
        pointed.map_err(|source| PlaceError::Io { path: self.pointer.clone(), source })
    }

    /// Opens it anew if somebody took it away.
    async fn mend(&mut self) {
        if self.socket.exists() {
            return;
        }
        // While it cannot be had the old one is kept, and those who came through it.
        if let Ok((listener, socket)) = place::open(&self.places, &self.run).await {
            (self.listener, self.socket) = (listener, socket);
            let _looked_for_in_vain = self.point();
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.socket);
        let _gone = std::fs::remove_file(&self.pointer);
    }
}

async fn receive(mut door: Door, shared: Arc<Shared>) {
    let limits = shared.limits;
    let mut sessions = JoinSet::new();
    let mut look = tokio::time::interval(limits.look);
    loop {
        tokio::select! {
            biased;
            () = shared.ending.cancelled() => break,
            Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
            came = door.listener.accept() => match came {
                Ok((stream, _)) => {
                    if let Some(peer) = admit(&stream, sessions.len() >= limits.clients) {
                        let shared = Arc::clone(&shared);
                        // A client that went away in the middle is no news.
                        sessions.spawn(async move { drop(session::run(&shared, stream, peer).await) });
                    }
                }
                // No more files may be opened, most likely: that is not mended by asking again at once.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            _ = look.tick() => door.mend().await,
        }
    }
    drop(door);
    let all = async { while sessions.join_next().await.is_some() {} };
    let _slow_ones_have_the_journal = tokio::time::timeout(limits.last, all).await;
}

/// Who has come, if they may stay; else they are told why not, as far as they listen.
fn admit(stream: &UnixStream, full: bool) -> Option<Peer> {
    let refuse = |why, text: &str| {
        let line = ServerLine::Refused { why, text: text.to_owned(), closes: true };
        let line = serde_json::to_string(&line).unwrap_or_default() + "\n";
        let _gone = stream.try_write(line.as_bytes());
        None
    };
    match Peer::of(stream) {
        Ok(peer) if !peer.is_allowed() => refuse(Refusal::User, "this run belongs to another user"),
        Ok(_) if full => refuse(Refusal::Full, "too many are attached to this run; close one of the viewers"),
        Ok(peer) => Some(peer),
        Err(_) => None,
    }
}
