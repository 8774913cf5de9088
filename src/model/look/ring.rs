//! The lines of a log that are kept: a bounded number of the newest, with count of what is not here.

use super::query::LogBatch;
use crate::model::run::At;
use std::collections::VecDeque;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the container runtime read it, where that is known.
    pub at: Option<At>,
    /// Without its end, without control characters.
    pub text: Box<str>,
}

/// The newest lines of one log. Lines are numbered from the first that ever came, so a place in it stays the same while older lines go.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRing {
    lines: VecDeque<LogLine>,
    bytes: usize,
    most_lines: usize,
    most_bytes: usize,
    /// Number of the first line that is kept.
    first: u64,
    /// Lines that never came this far.
    lost: u64,
    ended: Option<String>,
}

impl Default for LogRing {
    fn default() -> Self {
        Self::bounded(20_000, 8 << 20)
    }
}

impl LogRing {
    /// One that keeps at most so many lines, and so many bytes of text.
    pub fn bounded(most_lines: usize, most_bytes: usize) -> Self {
        Self { lines: VecDeque::new(), bytes: 0, most_lines: most_lines.max(1), most_bytes, first: 0, lost: 0, ended: None }
    }

    /// Takes in what came.
    pub fn take(&mut self, batch: LogBatch) {
        self.lost = self.lost.saturating_add(batch.lost);
        self.ended = batch.ended;
        for line in batch.lines {
            self.bytes += line.text.len();
            self.lines.push_back(line);
            while self.lines.len() > self.most_lines || (self.bytes > self.most_bytes && self.lines.len() > 1) {
                if let Some(gone) = self.lines.pop_front() {
                    self.bytes -= gone.text.len();
                    self.first += 1;
                }
            }
        }
    }

    /// Number of the first line that is kept.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// One more than the number of the newest line: as many as ever came.
    pub fn end(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    /// Lines that came too fast to be passed on.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Why no more will come, when that is so.
    pub fn ended(&self) -> Option<&str> {
        self.ended.as_deref()
    }

    /// The line of that number, if it is still here.
    pub fn get(&self, number: u64) -> Option<&LogLine> {
        self.lines.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// Whether the line of that number holds `words`. Small letters match capitals too.
    pub fn holds(&self, number: u64, words: &str) -> bool {
        self.get(number).is_some_and(|line| holds(&line.text, words))
    }

    /// The next line after `from` (or before it) that holds `words`; goes round at the end.
    pub fn find(&self, words: &str, from: u64, forwards: bool) -> Option<u64> {
        let count = self.lines.len() as u64;
        if count == 0 || words.is_empty() {
            return None;
        }
        let start = from.clamp(self.first, self.end() - 1) - self.first;
        (1..=count)
            .map(|step| self.first + if forwards { (start + step) % count } else { (start + count - step % count) % count })
            .find(|number| self.holds(*number, words))
    }
}

/// Whether `text` holds `words`; words without capitals match either.
fn holds(text: &str, words: &str) -> bool {
    if words.chars().any(char::is_uppercase) { text.contains(words) } else { text.to_lowercase().contains(words) }
}

/// A line as it can be shown: colours and other commands to a terminal are taken out, a tab is made spaces, what cannot be seen becomes `·`.
pub fn clean(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '\u{1b}' => match rest.next() {
                // CSI: parameters, then one letter; https://ecma-international.org/publications-and-standards/standards/ecma-48/
                Some('[') => while rest.next().is_some_and(|next| !('\u{40}'..='\u{7e}').contains(&next)) {},
                // OSC: a text, ended by BEL or ST
                Some(']') => while rest.next().is_some_and(|next| next != '\u{7}' && next != '\u{1b}') {},
                _ => {}
            },
            '\t' => {
                let width = 4 - shown.chars().count() % 4;
                shown.extend(std::iter::repeat_n(' ', width));
            }
            '\r' if rest.peek().is_none() => {}
            // marks that turn the direction of what follows would turn the frame too
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => shown.push('·'),
            other if other.is_control() => shown.push('·'),
            other => shown.push(other),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(texts: &[&str]) -> LogBatch {
        LogBatch { lines: texts.iter().map(|text| LogLine { at: None, text: (*text).into() }).collect(), ..LogBatch::default() }
    }

    #[test]
    fn a_line_keeps_its_number_while_older_ones_go() {
        let mut ring = LogRing::bounded(3, 1000);
        ring.take(lines(&["a", "b", "c", "d", "e"]));
        assert_eq!((ring.first(), ring.end()), (2, 5));
        assert_eq!(ring.get(4).map(|line| &*line.text), Some("e"));
        assert_eq!(ring.get(1), None);
    }

    #[test]
    fn search_goes_both_ways_and_round() {
        let mut ring = LogRing::bounded(3, 1000);
        ring.take(lines(&["x Error", "y", "an ERROR", "z", "error"]));
        assert_eq!(ring.find("error", 2, true), Some(4));
        assert_eq!(ring.find("error", 4, true), Some(2));
        assert_eq!(ring.find("error", 2, false), Some(4));
        assert_eq!(ring.find("error", 3, false), Some(2));
        assert_eq!(ring.find("ERROR", 4, true), Some(2), "a capital is meant");
        assert_eq!(ring.find("nothing", 2, true), None);
        assert_eq!(ring.find("error", 0, true), Some(4), "from a line that is gone: from the first there is");
    }

    #[track_caller]
    fn check(line: &str, shown: &str) {
        assert_eq!(clean(line), shown);
    }

    #[test]
    fn commands_to_the_terminal_are_not_shown_and_not_obeyed() {
        check("\u{1b}[1;31mred\u{1b}[0m plain\r", "red plain");
        check("\u{1b}]0;title\u{7}rest", "rest");
        check("a\tb", "a   b");
        check("bell \u{7} back \u{8}", "bell · back ·");
        check("turn \u{202e}me", "turn ·me");
        check("cut \u{1b}[", "cut ");
        check("שלום 世界", "שלום 世界");
    }

    proptest! {
        #[test]
        fn never_more_than_its_bounds_and_every_line_is_counted(texts in proptest::collection::vec("[a-z]{0,40}", 0..200), most in 1_usize..50, bytes in 1_usize..400) {
            let mut ring = LogRing::bounded(most, bytes);
            for chunk in texts.chunks(7) {
                ring.take(lines(&chunk.iter().map(String::as_str).collect::<Vec<_>>()));
            }
            prop_assert!(ring.lines.len() <= most);
            prop_assert!(ring.bytes <= bytes || ring.lines.len() == 1);
            prop_assert_eq!(ring.end(), texts.len() as u64);
            prop_assert_eq!(ring.bytes, ring.lines.iter().map(|line| line.text.len()).sum::<usize>());
        }

        #[test]
        fn nothing_shown_is_a_control_character(line in ".{0,200}") {
            prop_assert!(!clean(&line).chars().any(char::is_control));
        }
    }
}
