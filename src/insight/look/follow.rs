//! A container's log as it grows, also over restarts of the container and of the API server. What comes faster than it can be passed on is
//! dropped, the oldest first, and counted: neither the reader nor the one who looks is ever held up.

use super::pulse::{Heard, Pulses};
use super::subscription::{Gone, Out};
use crate::adapters::kube::pods::{LogAsk, log};
use crate::adapters::kube::{ApiError, Kube};
use crate::model::look::{Answer, LogBatch, LogLine, LogOf, clean};
use crate::model::run::At;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::task::AbortOnDropHandle;

/// Lines that are there when the look begins.
const TAIL: i64 = 1_000;
/// Lines, and bytes of them, that wait to be passed on.
const MOST: usize = 4_000;
const MOST_BYTES: usize = 4 << 20;
/// Lines that come closer together than this make one batch.
const TOGETHER: Duration = Duration::from_millis(50);
/// Pauses before a log that ended, or would not open, is tried again.
const AGAIN: [Duration; 4] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(3)];

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<LogLine>,
    bytes: usize,
    lost: u64,
    /// Why no line comes at present.
    ended: Option<String>,
    trouble: Option<String>,
    /// The newest time that was read: a log that is opened again goes on after it.
    last: Option<At>,
}

impl Waiting {
    fn push(&mut self, line: &str) {
        let (at, text) = split(line);
        // asked for whole seconds, so some come again
        if at.is_some() && at <= self.last {
            return;
        }
        self.last = at.or(self.last);
        (self.ended, self.trouble) = (None, None);
        let text: Box<str> = clean(text).into();
        self.bytes += text.len();
        self.lines.push_back(LogLine { at, text });
        while self.lines.len() > MOST || self.bytes > MOST_BYTES {
            let Some(gone) = self.lines.pop_front() else { return };
            self.bytes -= gone.text.len();
            self.lost += 1;
        }
    }

    fn take(&mut self) -> Result<Answer, String> {
        if let (true, Some(trouble)) = (self.lines.is_empty(), &self.trouble) {
            return Err(trouble.clone());
        }
        self.bytes = 0;
        let lines = std::mem::take(&mut self.lines).into();
        Ok(Answer::Log(LogBatch { lines, lost: std::mem::take(&mut self.lost), ended: self.ended.clone() }))
    }
}

/// The time before a line, and the line.
fn split(line: &str) -> (Option<At>, &str) {
    let parsed = line.split_once(' ').and_then(|(stamp, text)| {
        let at = time::OffsetDateTime::parse(stamp, &time::format_description::well_known::Rfc3339).ok()?;
        Some((Some(At(at)), text))
    });
    parsed.unwrap_or((None, line))
}

#[derive(Debug, Clone, Default)]
struct Shared {
    waiting: Arc<Mutex<Waiting>>,
    came: Arc<Notify>,
}

impl Shared {
    fn with<T>(&self, work: impl FnOnce(&mut Waiting) -> T) -> T {
        let done = work(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.came.notify_one();
        done
    }
}

/// Passes on until nobody reads.
pub(super) async fn answer(kube: Kube, pulses: Pulses, of: LogOf, out: Out) -> Result<(), Gone> {
    let pulse = pulses.hold();
    let shared = Shared::default();
    let _reader = AbortOnDropHandle::new(tokio::spawn(read(kube, of, shared.clone(), pulse.heard())));
    loop {
        shared.came.notified().await;
        let waiting = shared.waiting.clone();
        out.send(move || Some(waiting.lock().unwrap_or_else(PoisonError::into_inner).take())).await?;
        tokio::time::sleep(TOGETHER).await;
    }
}

/// Reads, again and again: a log ends with its container, which may be started anew.
async fn read(kube: Kube, of: LogOf, shared: Shared, mut beats: watch::Receiver<Heard>) {
    let mut tries = 0;
    loop {
        let since = shared.with(|waiting| waiting.last).map(|At(last)| last);
        let ask = LogAsk { tail: since.is_none().then_some(TAIL), since, follow: !of.previous, previous: of.previous, timestamps: true };
        let mut lines = 0_u64;
        let read = log(kube.client(), &of.namespace, &of.pod, &of.container, &ask, |line| {
            lines += 1;
            shared.with(|waiting| waiting.push(line));
        });
        let ended = tokio::select! {
            ended = read => ended,
            why = silence(&mut beats) => Err(ApiError::Broken(why)),
        };
        tries = if lines > 0 { 0 } else { tries + 1 };
        let whole = of.previous && ended.is_ok();
        shared.with(|waiting| match ended {
            Ok(()) if of.previous => waiting.ended = Some("this is all that the run before the present one said".to_owned()),
            Ok(()) => waiting.ended = Some("the container has ended; its log goes on here when it starts again".to_owned()),
            Err(ApiError::Status(status)) if (400..500).contains(&status.code) => waiting.ended = Some(status.message.clone()),
            Err(error) => waiting.trouble = Some(error.to_string()),
        });
        if whole {
            return;
        }
        tokio::time::sleep(AGAIN[tries.min(AGAIN.len() - 1)]).await;
    }
}

/// Comes back when the API server is no longer heard: an open log is quiet then, as it is when nothing is said.
async fn silence(beats: &mut watch::Receiver<Heard>) -> String {
    loop {
        if let Some(Err(words)) = beats.borrow_and_update().clone() {
            return words;
        }
        if beats.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(answer: Result<Answer, String>) -> (Vec<String>, u64) {
        let Ok(Answer::Log(batch)) = answer else { panic!("no batch: {answer:?}") };
        (batch.lines.iter().map(|line| line.text.to_string()).collect(), batch.lost)
    }

    #[test]
    fn what_nobody_took_is_bounded_and_counted() {
        let mut waiting = Waiting::default();
        for number in 0..MOST + 50_000 {
            waiting.push(&format!("2026-01-01T00:00:{:02}.{:09}Z line {number}", number / 1_000, number % 1_000));
        }
        assert_eq!(waiting.lines.len(), MOST);
        let (lines, lost) = texts(waiting.take());
        assert_eq!((lines[0].as_str(), lost), ("line 50000", 50_000));
        assert_eq!(texts(waiting.take()), (vec![], 0), "told once");
        for _ in 0..3_000 {
            waiting.push(&"x".repeat(16_000));
        }
        assert!(waiting.bytes <= MOST_BYTES && waiting.lost > 2_000, "{} bytes, {} lost", waiting.bytes, waiting.lost);
    }

    #[test]
    fn a_log_that_is_opened_again_goes_on_where_it_was() {
        let mut waiting = Waiting::default();
        for line in
            ["2026-01-01T00:00:01.5Z one", "2026-01-01T00:00:01.51Z two", "2026-01-01T00:00:01.5Z one", "2026-01-01T00:00:01.51Z two"]
        {
            waiting.push(line);
        }
        waiting.push("2026-01-01T00:00:01.6Z three");
        assert_eq!(texts(waiting.take()).0, ["one", "two", "three"]);
    }

    #[test]
    fn a_line_without_a_time_is_a_line() {
        let mut waiting = Waiting::default();
        waiting.push("failed to open log file: no such file");
        assert_eq!(texts(waiting.take()).0, ["failed to open log file: no such file"]);
    }
}
