//! The log that is followed: pause, scroll, search, times, wrapping. Which lines are shown is told by their numbers, which stay theirs while older
//! lines go and newer ones come.

use crate::model::look::{LogKnown, LogLine, LogRing};
use crate::model::run::{At, brief_time};
use crate::tui::text::{clip, wrap};
use crate::tui::theme::{Meaning, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// How the log is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogPane {
    /// The number of the lowest line that is shown; `None` goes with the newest.
    low: Option<u64>,
    /// What is searched for.
    words: String,
    /// The line that was found last.
    hit: Option<u64>,
    /// It was looked for in this log.
    looked: bool,
    /// With the time before each line.
    pub times: bool,
    /// Long lines go on in the next row.
    pub wraps: bool,
}

impl LogPane {
    /// The same way of looking, at another log.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self { words: self.words.clone(), times: self.times, wraps: self.wraps, ..Self::default() }
    }

    /// Stands still, or goes on with the newest.
    pub fn pause(&mut self, ring: &LogRing) {
        self.low = if self.low.is_some() { None } else { Some(ring.end().saturating_sub(1)) };
    }

    /// Moves by so many lines; going up stands still, coming to the newest goes on with it.
    pub fn go(&mut self, by: i64, ring: &LogRing) {
        let newest = ring.end().saturating_sub(1);
        let to = self.low.unwrap_or(newest).saturating_add_signed(by).max(ring.first());
        self.low = (to < newest).then_some(to);
    }

    /// Searches from what is shown upwards, as one reads a log from its end.
    pub fn search(&mut self, words: &str, ring: &LogRing) {
        words.clone_into(&mut self.words);
        let lowest = self.lowest(ring);
        self.hit = if words.is_empty() || !ring.holds(lowest, words) { ring.find(words, lowest, false) } else { Some(lowest) };
        self.show_hit(ring);
    }

    /// The next line with the words, below or above the last one.
    pub fn next(&mut self, forwards: bool, ring: &LogRing) {
        self.hit = ring.find(&self.words, self.hit.unwrap_or_else(|| self.lowest(ring)), forwards);
        self.show_hit(ring);
    }

    fn lowest(&self, ring: &LogRing) -> u64 {
        self.low.unwrap_or_else(|| ring.end().saturating_sub(1))
    }

    fn show_hit(&mut self, ring: &LogRing) {
        self.looked = true;
        // with a few lines of what came after it
        self.low = self.hit.map(|hit| (hit + 3).min(ring.end().saturating_sub(1))).or(self.low);
    }

    /// Whether anything is searched for.
    pub fn searches(&self) -> bool {
        !self.words.is_empty()
    }

    /// The shown lines as text, for the clipboard.
    pub fn text(&self, ring: &LogRing, lines: u64) -> String {
        let end = self.low.map_or(ring.end(), |low| low + 1);
        let shown: Vec<&str> = (end.saturating_sub(lines)..end).filter_map(|number| ring.get(number)).map(|line| &*line.text).collect();
        shown.join("\n")
    }

    /// Draws it: a line of what it is, then the lines.
    pub fn draw(&self, log: &LogKnown, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let mut rows: Vec<Rect> = area.rows().collect();
        if rows.is_empty() {
            return;
        }
        let head = rows.remove(0);
        buffer.set_line(head.x, head.y, &self.head(log, now, usize::from(head.width), theme), head.width);
        let columns = usize::from(area.width);
        let mut number = self.low.map_or(log.ring.end(), |low| low + 1);
        if log.ring.end() == log.ring.first() {
            let text = log.ring.ended().map_or_else(|| "nothing was said yet".to_owned(), str::to_owned);
            for (row, line) in rows.iter().zip(wrap(&text, columns)) {
                buffer.set_line(row.x, row.y, &theme.span(Meaning::Dim, line).into(), row.width);
            }
            return;
        }
        let tail = if self.low.is_none() { log.ring.ended() } else { None };
        if let (Some(ended), Some(row)) = (tail, rows.pop()) {
            buffer.set_line(row.x, row.y, &theme.span(Meaning::Dim, clip(&format!("– {ended}"), columns)).into(), row.width);
        }
        // from below: the newest must be there, however long the lines are
        let mut drawn: Vec<Line<'static>> = Vec::new();
        while drawn.len() < rows.len() && number > log.ring.first() {
            number -= 1;
            let Some(line) = log.ring.get(number) else { break };
            drawn.extend(self.line(line, self.hit == Some(number), columns, theme).into_iter().rev());
        }
        drawn.truncate(rows.len());
        for (row, line) in rows.iter().zip(drawn.iter().rev()) {
            buffer.set_line(row.x, row.y, line, row.width);
        }
    }

    fn head(&self, log: &LogKnown, now: At, columns: usize, theme: Theme) -> Line<'static> {
        let ring = &log.ring;
        let run = if log.of.previous { ", the run before" } else { "" };
        let mut text = format!("{}{run} · {} lines", log.of.container, ring.end());
        if ring.lost() > 0 {
            text.push_str(&format!(" · {} lost: they came too fast", ring.lost()));
        }
        if ring.first() > 0 {
            text.push_str(&format!(" · kept from line {}", ring.first() + 1));
        }
        let mut spans = vec![match self.low {
            Some(low) => theme.span(Meaning::Warning, format!("paused at {} ", low + 1)),
            None if log.of.previous => theme.span(Meaning::Dim, "whole "),
            None => theme.span(Meaning::Good, "following "),
        }];
        spans.push(theme.span(Meaning::Dim, text));
        if let Some(trouble) = &log.trouble {
            let since = brief_time(now.millis_since(trouble.since));
            spans.insert(0, theme.span(Meaning::Warning, clip(&format!("! cut off for {since}: {} ", trouble.words), columns * 2 / 3)));
        }
        if self.searches() {
            let found = if self.looked && self.hit.is_none() { " (not found)" } else { "" };
            spans.push(theme.span(Meaning::Key, format!(" · /{}{found}", self.words)));
        }
        Line::from(spans)
    }

    /// One line in as many rows as it takes.
    fn line(&self, line: &LogLine, is_hit: bool, columns: usize, theme: Theme) -> Vec<Line<'static>> {
        let stamp = if self.times { line.at.map(clock).unwrap_or_default() } else { String::new() };
        let room = columns.saturating_sub(stamp.len()).max(1);
        let texts = if self.wraps { wrap(&line.text, room) } else { vec![clip(&line.text, room).into_owned()] };
        let indent = " ".repeat(stamp.len());
        texts
            .into_iter()
            .enumerate()
            .map(|(at, text)| {
                let mut spans = vec![theme.span(Meaning::Dim, if at == 0 { &stamp } else { &indent })];
                spans.extend(self.marked(&text, is_hit, theme));
                Line::from(spans)
            })
            .collect()
    }

    /// A text with what is searched for made visible.
    fn marked(&self, text: &str, is_hit: bool, theme: Theme) -> Vec<Span<'static>> {
        let plain = if is_hit { Meaning::Strong } else { Meaning::Text };
        let exact = self.words.chars().any(char::is_uppercase);
        // letters whose small form is longer would shift every place behind them
        let lowered = if exact || !text.is_ascii() { text.to_owned() } else { text.to_ascii_lowercase() };
        let mut spans = Vec::new();
        let mut from = 0;
        if self.searches() {
            for (at, found) in lowered.match_indices(self.words.as_str()) {
                let (before, word) = (text.get(from..at), text.get(at..at + found.len()));
                spans.extend(before.filter(|before| !before.is_empty()).map(|before| theme.span(plain, before)));
                spans.extend(word.map(|word| theme.span(Meaning::Selected, word)));
                from = at + found.len();
            }
        }
        spans.push(theme.span(plain, text.get(from..).unwrap_or_default()));
        spans
    }
}

/// `12:31:02.250 `.
fn clock(At(at): At) -> String {
    let (hour, minute, second, millis) = at.to_offset(time::UtcOffset::UTC).to_hms_milli();
    format!("{hour:02}:{minute:02}:{second:02}.{millis:03} ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::look::LogBatch;

    fn ring(texts: &[&str]) -> LogRing {
        let mut ring = LogRing::bounded(4, 1000);
        push(&mut ring, texts);
        ring
    }

    fn push(ring: &mut LogRing, texts: &[&str]) {
        let lines = texts.iter().map(|text| LogLine { at: None, text: (*text).into() }).collect();
        ring.take(LogBatch { lines, ..LogBatch::default() });
    }

    #[test]
    fn what_is_read_stays_where_it_is_while_lines_come() {
        let mut ring = ring(&["a", "b", "c", "d"]);
        let mut pane = LogPane::default();
        pane.go(-1, &ring);
        assert_eq!((pane.low.is_some(), pane.text(&ring, 2)), (true, "b\nc".to_owned()));
        push(&mut ring, &["e"]);
        assert_eq!(pane.text(&ring, 2), "b\nc");
        pane.go(10, &ring);
        assert_eq!((pane.low.is_some(), pane.text(&ring, 1)), (false, "e".to_owned()));
        pane.go(-100, &ring);
        assert_eq!(pane.text(&ring, 1), "b", "no further than to the first that is kept");
        pane.pause(&ring);
        assert!(pane.low.is_none());
    }

    #[test]
    fn a_search_begins_at_the_newest_and_goes_up_then_both_ways() {
        let ring = ring(&["one error", "two", "Error three", "four"]);
        let mut pane = LogPane::default();
        pane.search("error", &ring);
        assert_eq!(pane.hit, Some(2));
        pane.next(false, &ring);
        assert_eq!(pane.hit, Some(0));
        pane.next(true, &ring);
        assert_eq!(pane.hit, Some(2));
        pane.search("nowhere", &ring);
        assert_eq!(pane.hit, None);
        pane.search("four", &ring);
        assert_eq!(pane.hit, Some(3), "the newest line itself counts");
    }
}
