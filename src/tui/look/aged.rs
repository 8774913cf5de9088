//! Marks and ages: how something is, since when, and how old what is known of it is.

use crate::model::look::{Condition, Known, Trouble};
use crate::model::run::{At, brief_time};
use crate::tui::text::wrap;
use crate::tui::theme::{Meaning, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::time::Duration;

/// How something is: a glyph in its colour, and its letter.
pub fn mark(condition: Condition, theme: Theme) -> [Span<'static>; 2] {
    let (glyph, letter, meaning) = match condition {
        Condition::Pending => ("·", "P", Meaning::Dim),
        Condition::Working => ("▸", "W", Meaning::Working),
        Condition::Ready => ("✓", "R", Meaning::Good),
        Condition::Degraded => ("!", "D", Meaning::Warning),
        Condition::Failed => ("✗", "F", Meaning::Bad),
        Condition::Done => ("–", "C", Meaning::Dim),
    };
    [theme.span(meaning, glyph), theme.span(letter_meaning(meaning, theme), letter)]
}

/// The same for a component of which nothing (new) is known.
pub fn health_mark(ready: Option<bool>, theme: Theme) -> [Span<'static>; 2] {
    match ready {
        Some(true) => mark(Condition::Ready, theme),
        Some(false) => mark(Condition::Failed, theme),
        None => [theme.span(Meaning::Dim, "?"), theme.span(Meaning::Dim, "U")],
    }
}

fn letter_meaning(meaning: Meaning, theme: Theme) -> Meaning {
    if matches!(theme, Theme::Dark | Theme::Light) { Meaning::Dim } else { meaning }
}

/// `12s`, `3m04`, `5h10`, `3d04h`.
pub fn age(since: Option<At>, now: At) -> String {
    const DAY: u64 = 86_400_000;
    let Some(since) = since else { return "–".to_owned() };
    let millis = now.millis_since(since);
    if millis >= DAY {
        return format!("{}d{:02}h", millis / DAY, millis % DAY / 3_600_000);
    }
    // tenths of a second are noise beside the age of a pod
    brief_time(if millis < 10_000 { millis / 1000 * 1000 } else { millis }).replace(".0s", "s")
}

/// What is wrong with what is shown, and how old it is, a line each; none when it is fresh.
pub fn trouble_lines<T>(known: &Known<T>, now: At, period: Duration, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let stale = known.stale(now, period).map(|age| brief_time(u64::try_from(age.as_millis()).unwrap_or(u64::MAX)));
    let text = match (known.trouble(), stale) {
        (Some(trouble), Some(age)) => format!("! as it was {age} ago: {}", trouble.words),
        (Some(trouble), None) => format!("! {}{}", trouble.words, for_long(trouble, now)),
        (None, Some(age)) => format!("! as it was {age} ago; nothing newer has come"),
        (None, None) => return Vec::new(),
    };
    wrap(&text, columns).into_iter().take(3).map(|line| theme.span(Meaning::Warning, line).into()).collect()
}

fn for_long(trouble: &Trouble, now: At) -> String {
    match now.millis_since(trouble.since) {
        0..2_000 => String::new(),
        millis => format!(" (for {})", brief_time(millis)),
    }
}

/// Draws lines at the foot of an area; gives what is left of it.
pub fn at_the_foot(lines: &[Line<'_>], area: Rect, buffer: &mut Buffer) -> Rect {
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let foot = Rect { y: area.bottom() - height, height, ..area };
    for (row, line) in foot.rows().zip(lines) {
        buffer.set_line(row.x, row.y, line, row.width);
    }
    Rect { height: area.height - height, ..area }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short_and_those_of_the_future_are_none() {
        let at = |seconds: i64| At(time::OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds));
        let of = |seconds| age(Some(at(0)), at(seconds));
        assert_eq!([0, 7, 59, 184, 7500, 90_000].map(of), ["0s", "7s", "59s", "3m04", "2h05", "1d01h"]);
        assert_eq!((age(None, at(0)), age(Some(at(50)), at(0))), ("–".to_owned(), "0s".to_owned()));
    }
}
