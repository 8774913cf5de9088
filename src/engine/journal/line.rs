//! One line of a journal: eight hex digits of CRC-32 (the one of zip and PNG) over the JSON, a space, the JSON, a newline.

use crate::model::run::{At, Event, EventKind, RunId};
use serde::Deserialize;
use std::io::Write;

/// Why a line does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BadLine {
    #[error("the line is cut off")]
    Torn,
    #[error("the checksum does not fit the line")]
    Checksum,
    #[error("the line is not an event")]
    NotAnEvent,
}

/// Where the JSON begins.
const JSON: usize = 9;

/// Appends the line of `event` to `to`, newline included.
pub fn encode(event: &Event, to: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let start = to.len();
    to.extend_from_slice(b"00000000 ");
    if let Err(error) = serde_json::to_writer(&mut *to, event) {
        to.truncate(start);
        return Err(error);
    }
    let sum = crc32fast::hash(to.get(start + JSON..).unwrap_or_default());
    if let Some(mut digits) = to.get_mut(start..start + 8) {
        // Eight digits fit eight bytes.
        let _fits = write!(digits, "{sum:08x}");
    }
    to.push(b'\n');
    Ok(())
}

/// What every event has, whatever its kind.
#[derive(Deserialize)]
struct Frame {
    v: u32,
    seq: u64,
    at: At,
    run: RunId,
}

/// The event of `line`, which has its newline unless it is torn. An event of a kind or form that this reader does not know is
/// [`EventKind::Unknown`].
pub fn decode(line: &[u8]) -> Result<Event, BadLine> {
    event_of(json_of(line)?)
}

/// The JSON of `line`, whose checksum fits.
pub fn json_of(line: &[u8]) -> Result<&[u8], BadLine> {
    let line = line.strip_suffix(b"\n").ok_or(BadLine::Torn)?;
    let (Some(sum), Some(b' '), Some(json)) = (line.get(..8), line.get(8), line.get(JSON..)) else {
        return Err(BadLine::Checksum);
    };
    let sum = std::str::from_utf8(sum).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if sum != Some(crc32fast::hash(json)) {
        return Err(BadLine::Checksum);
    }
    Ok(json)
}

/// The event that `json` is, with or without knowing its kind.
pub fn event_of(json: &[u8]) -> Result<Event, BadLine> {
    serde_json::from_slice::<Event>(json).or_else(|_| {
        let Frame { v, seq, at, run } = serde_json::from_slice(json).map_err(|_| BadLine::NotAnEvent)?;
        Ok(Event { v, seq, at, run, event: EventKind::Unknown })
    })
}
