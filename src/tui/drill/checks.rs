//! The list of checks: how each went last, its number, and what that is held against; and what the chosen one saw.

use super::chart::figure;
use super::fold::{Part, Track};
use crate::model::run::{Health, brief_time};
use crate::tui::drill::DrillFold;
use crate::tui::text::{fit, right, width, wrap};
use crate::tui::theme::{Meaning, Theme};
use crate::tui::widgets::first_shown;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Glyph, letter and colour of how a look went.
pub fn mark(health: Health, theme: Theme) -> [Span<'static>; 2] {
    let (glyph, letter, meaning) = match health {
        Health::Pass => ("✓", "R", Meaning::Good),
        Health::Fail => ("✗", "F", Meaning::Bad),
        Health::NoData => ("?", "U", Meaning::Warning),
    };
    [theme.span(meaning, glyph), theme.span(Meaning::Dim, letter)]
}

/// `4.2 s`, of the newest look that had a number.
pub fn value(track: &Track) -> String {
    let newest = track.looks.iter().rev().find_map(|look| look.value);
    newest.map(|value| with_unit(&figure(value), &track.unit)).unwrap_or_default()
}

fn with_unit(value: &str, unit: &str) -> String {
    if unit.is_empty() { value.to_owned() } else { format!("{value} {unit}") }
}

/// `< 30 s`.
pub fn limit(track: &Track) -> String {
    track.limit.map(|limit| format!("{} {}", limit.op, with_unit(&figure(limit.value), &track.unit))).unwrap_or_default()
}

/// Draws the rows around the chosen one, and below them what that saw.
pub fn draw(fold: &DrillFold, chosen: usize, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let columns = usize::from(area.width);
    if fold.tracks.is_empty() {
        let text = wrap("nothing was looked at yet", columns);
        for (row, line) in area.rows().zip(text) {
            buffer.set_line(row.x, row.y, &theme.span(Meaning::Dim, line).into(), row.width);
        }
        return;
    }
    let told = fold.tracks.get(chosen).map(|track| story(track, columns, theme)).unwrap_or_default();
    let foot = u16::try_from(told.len()).unwrap_or(0).min(area.height / 2);
    let list = Rect { height: area.height - foot, ..area };
    let first = first_shown(chosen, fold.tracks.len(), usize::from(list.height));
    for (row, (at, track)) in list.rows().zip(fold.tracks.iter().enumerate().skip(first)) {
        buffer.set_line(row.x, row.y, &check_line(track, columns, theme), row.width);
        if at == chosen {
            buffer.set_style(row, theme.style(Meaning::Selected));
        }
    }
    let below = Rect { y: list.bottom(), height: foot, ..area };
    for (row, line) in below.rows().zip(&told) {
        buffer.set_line(row.x, row.y, line, row.width);
    }
}

fn check_line(track: &Track, columns: usize, theme: Theme) -> Line<'static> {
    let [glyph, letter] =
        track.last().and_then(|look| look.health).map_or_else(|| [Span::raw(" "), Span::raw(" ")], |health| mark(health, theme));
    let value = value(track);
    let limit = limit(track);
    let part = track.part.word();
    let rest =
        width(&value) + usize::from(!value.is_empty()) + if columns >= 40 { width(&limit) + usize::from(!limit.is_empty()) } else { 0 };
    let name = columns.saturating_sub(3 + 7 + rest);
    let meaning = if track.part == Part::Steady { Meaning::Dim } else { Meaning::Text };
    let mut spans =
        vec![glyph, letter, theme.span(Meaning::Dim, format!(" {}", fit(part, 7))), theme.span(meaning, fit(&track.name, name))];
    if !value.is_empty() {
        spans.push(theme.span(Meaning::Strong, format!(" {value}")));
    }
    if columns >= 40 && !limit.is_empty() {
        spans.push(theme.span(Meaning::Dim, format!(" {}", right(&limit, width(&limit)))));
    }
    Line::from(spans)
}

/// What the chosen check saw.
fn story(track: &Track, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut told = vec![theme.span(Meaning::Border, "─".repeat(columns)).into()];
    let looks = if track.count == 1 { "1 look".to_owned() } else { format!("{} looks", track.count) };
    let failed = if track.failed == 0 { "none failed".to_owned() } else { format!("{} failed", track.failed) };
    let meaning = if track.failed == 0 { Meaning::Dim } else { Meaning::Warning };
    let judged = track.last().is_some_and(|look| look.health.is_some());
    let mut counts = if judged { format!("{looks}, {failed}") } else { format!("{} figures, which nobody judges", track.count) };
    if let (Some(first), Some(last)) = (track.looks.front(), track.last()) {
        counts.push_str(&format!(", over {}", brief_time(last.at.millis_since(first.at))));
    }
    told.push(theme.span(meaning, counts).into());
    told.extend(wrap(&track.seen, columns).into_iter().map(|line| theme.span(Meaning::Text, line).into()));
    told
}
