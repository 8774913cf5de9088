//! Lines on a socket: read with a limit, written with a deadline.

use serde::Serialize;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// What came of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It is in the buffer, without its newline.
    Whole,
    /// Longer than allowed; what follows cannot be trusted.
    TooLong,
    /// The other side has gone; a line without its newline does not count.
    Gone,
}

/// Reads one line of at most `most` bytes into `line`. What was read stays in `line` when this is dropped half-way, and the next call goes on.
pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>, most: usize) -> io::Result<Line> {
    let room = (most + 1).saturating_sub(line.len());
    match from.take(room as u64).read_until(b'\n', line).await {
        // How a closed socket looks that was not read to its end.
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(Line::Gone),
        read => drop(read?),
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(Line::Whole);
    }
    Ok(if line.len() > most { Line::TooLong } else { Line::Gone })
}

/// Writes `value` as one line; a reader that takes nothing for `stall` is given up.
pub(super) async fn write(to: &mut (impl AsyncWrite + Unpin), value: &impl Serialize, stall: Duration) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    write_bytes(to, &line, stall).await
}

/// Writes all of `bytes`; the deadline counts anew whenever some of them are taken.
pub(super) async fn write_bytes(to: &mut (impl AsyncWrite + Unpin), mut bytes: &[u8], stall: Duration) -> io::Result<()> {
    while !bytes.is_empty() {
        let Ok(taken) = timeout(stall, to.write(bytes)).await else { return Err(io::ErrorKind::TimedOut.into()) };
        match taken? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => bytes = bytes.get(count..).unwrap_or_default(),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::BufReader;

    #[tokio::test]
    async fn lines_are_read_up_to_their_limit_and_torn_ones_do_not_count() {
        let mut from = BufReader::new(&b"abc\n\nabcd\nto"[..]);
        let mut line = Vec::new();
        assert_eq!(read(&mut from, &mut line, 3).await.unwrap(), Line::Whole);
        assert_eq!(line, b"abc");
        line.clear();
        assert_eq!(read(&mut from, &mut line, 3).await.unwrap(), Line::Whole);
        assert!(line.is_empty());
        assert_eq!(read(&mut from, &mut line, 3).await.unwrap(), Line::TooLong);
        let mut from = BufReader::new(&b"to"[..]);
        line.clear();
        assert_eq!(read(&mut from, &mut line, 3).await.unwrap(), Line::Gone);
    }
}
