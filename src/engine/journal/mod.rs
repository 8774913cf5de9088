//! What a run said, on disk: `runs/<id>/events.jsonl`, one event a line with a checksum, written before anybody else sees the event.

mod failpoint;
mod line;
mod read;
mod runs;
mod write;

pub use line::{BadLine, decode, encode, event_of, json_of};
pub use read::{Cut, Journal, Reader};
pub use runs::{RunHead, RunStatus, list_runs};
pub use write::{FILE, JournalError, JournalWriter};
