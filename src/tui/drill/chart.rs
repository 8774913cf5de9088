//! A check over time: its numbers as a line against what they are held against, or how each look went where there are no numbers. What was broken
//! meanwhile is shaded.

use super::fold::Track;
use crate::model::run::{At, Health, brief_time};
use crate::tui::text::{clip, right, width};
use crate::tui::theme::{Meaning, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Looks that are further apart were not made one after the other.
const GAP_MS: u64 = 10_000;
/// Columns of what stands before a chart.
const LABELS: u16 = 7;

/// What is drawn of time: from, to, and what was broken from when to when.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The left edge.
    pub from: At,
    /// The right edge.
    pub to: At,
    /// What is shaded, without an end while it goes on.
    pub window: Option<(At, Option<At>)>,
    /// What that is.
    pub shaded: &'static str,
}

impl Times {
    fn millis(&self) -> u64 {
        self.to.millis_since(self.from).max(1)
    }

    /// The column of a moment among so many.
    fn column(&self, at: At, columns: u16) -> u16 {
        let last = columns.saturating_sub(1);
        let column = u128::from(at.millis_since(self.from)) * u128::from(columns) / u128::from(self.millis());
        u16::try_from(column).unwrap_or(last).min(last)
    }
}

/// `0.25`, `4.2`, `641`: three digits that mean something.
pub fn figure(value: f64) -> String {
    let text = match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Draws it; with an axis of times below if `axis`.
pub fn draw(track: &Track, times: Times, axis: bool, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let below = u16::from(axis && area.height > 2);
    if area.width < LABELS + 8 || area.height < 1 + below {
        return;
    }
    let plot = Rect { x: area.x + LABELS, width: area.width - LABELS, height: area.height - below, ..area };
    let names = Rect { width: LABELS, height: plot.height, ..area };
    if track.has_numbers() {
        line(track, times, plot, names, theme, buffer);
    } else {
        looks(track, times, plot, names, theme, buffer);
    }
    shade(times, plot, theme, buffer);
    if below > 0 {
        let row = Rect { x: plot.x, y: plot.bottom(), width: plot.width, height: 1 };
        let end = brief_time(times.millis());
        buffer.set_line(row.x, row.y, &theme.span(Meaning::Dim, "0s").into(), row.width);
        let wide = u16::try_from(width(&end)).unwrap_or(0).min(row.width);
        buffer.set_line(row.right() - wide, row.y, &theme.span(Meaning::Dim, end).into(), wide);
        if let Some((from, _)) = times.window {
            let at = times.column(from, row.width);
            let text = clip(&format!("░ {}", times.shaded), usize::from(row.width.saturating_sub(at + wide + 1))).into_owned();
            if at > 3 {
                buffer.set_line(row.x + at, row.y, &theme.span(Meaning::Warning, text).into(), row.width - at);
            }
        }
    }
}

/// The numbers as a line, and what they are held against.
fn line(track: &Track, times: Times, plot: Rect, names: Rect, theme: Theme, buffer: &mut Buffer) {
    let (low, high) = bounds(track);
    let last = plot.height.saturating_sub(1);
    // the row whose value is nearest
    let row_of = |value: f64| {
        let from_top = (high - value.clamp(low, high)) / (high - low) * f64::from(last);
        plot.y + (0..last).find(|row| f64::from(*row) + 0.5 > from_top).unwrap_or(last)
    };
    let label = |value: f64, meaning: Meaning, buffer: &mut Buffer| {
        let text = right(&figure(value), usize::from(names.width) - 1) + "┤";
        buffer.set_line(names.x, row_of(value), &theme.span(meaning, text).into(), names.width);
    };
    let mut before: Option<(u16, u16, At)> = None;
    for look in &track.looks {
        // what had no number leaves a gap, and so does a time in which nobody looked
        let Some(value) = look.value else {
            before = None;
            continue;
        };
        let (column, row) = (times.column(look.at, plot.width), row_of(value));
        let joined = before.filter(|(.., at)| look.at.millis_since(*at) <= GAP_MS);
        let (from, level) = joined.map_or((column, row), |(column, row, _)| (column, row));
        for x in from + 1..column {
            put(plot.x + x, level, "─", Meaning::Working, theme, buffer);
        }
        step(plot.x + column, level, row, theme, buffer);
        before = Some((column, row, look.at));
    }
    if plot.height >= 3 {
        label(high, Meaning::Dim, buffer);
        label(low, Meaning::Dim, buffer);
    }
    if let Some(limit) = track.limit {
        label(limit.value, Meaning::Warning, buffer);
        for x in plot.left()..plot.right() {
            put(x, row_of(limit.value), "╌", Meaning::Warning, theme, buffer);
        }
    }
}

/// The line goes from one row to another within a column. What an earlier look has drawn there gives way.
fn step(x: u16, from: u16, to: u16, theme: Theme, buffer: &mut Buffer) {
    let mut draw = |y: u16, glyph: &str| {
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_symbol(glyph).set_style(theme.style(Meaning::Working));
        }
    };
    match from.cmp(&to) {
        std::cmp::Ordering::Equal => draw(to, "─"),
        std::cmp::Ordering::Less => {
            draw(from, "╮");
            (from + 1..to).for_each(|y| draw(y, "│"));
            draw(to, "╰");
        }
        std::cmp::Ordering::Greater => {
            draw(from, "╯");
            (to + 1..from).for_each(|y| draw(y, "│"));
            draw(to, "╭");
        }
    }
}

/// The lowest and highest value that are drawn. One that is far beyond what it is held against is drawn at the edge, so that the others can be seen.
fn bounds(track: &Track) -> (f64, f64) {
    let limit = track.limit.map(|limit| limit.value);
    let most = limit.filter(|limit| *limit > 0.0).map_or(f64::MAX, |limit| limit * 4.0);
    let values = track.looks.iter().filter_map(|look| look.value).chain(limit);
    let (low, high) = values.fold((0.0_f64, f64::MIN), |(low, high), value| (low.min(value), high.max(value.min(most))));
    (low, if (high - low).abs() < f64::EPSILON || high < low { low + 1.0 } else { high })
}

/// How each look went, where there are no numbers.
fn looks(track: &Track, times: Times, plot: Rect, names: Rect, theme: Theme, buffer: &mut Buffer) {
    let rows = [(Health::Pass, "pass", Meaning::Good), (Health::Fail, "fail", Meaning::Bad), (Health::NoData, "none", Meaning::Warning)];
    let top = plot.y + plot.height.saturating_sub(3) / 2;
    for ((health, name, meaning), row) in rows.into_iter().zip(top..plot.bottom()) {
        buffer.set_line(names.x, row, &theme.span(Meaning::Dim, right(name, usize::from(LABELS) - 1) + "┤").into(), names.width);
        for look in track.looks.iter().filter(|look| look.health == Some(health)) {
            put(plot.x + times.column(look.at, plot.width), row, "■", meaning, theme, buffer);
        }
    }
}

/// Where nothing else stands, what was broken is shaded.
fn shade(times: Times, plot: Rect, theme: Theme, buffer: &mut Buffer) {
    let Some((from, until)) = times.window else { return };
    let (first, last) = (times.column(from, plot.width), times.column(until.unwrap_or(times.to), plot.width));
    for y in plot.top()..plot.bottom() {
        for x in first..=last {
            put(plot.x + x, y, "░", Meaning::Border, theme, buffer);
        }
    }
}

/// Puts a glyph where nothing stands.
fn put(x: u16, y: u16, glyph: &str, meaning: Meaning, theme: Theme, buffer: &mut Buffer) {
    if let Some(cell) = buffer.cell_mut((x, y))
        && cell.symbol() == " "
    {
        cell.set_symbol(glyph).set_style(theme.style(meaning));
    }
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn a_figure_has_the_digits_that_mean_something() {
        assert_eq!([0.0, 0.25, 4.2, 30.0, 99.96, 641.4, -1.5].map(figure), ["0", "0.25", "4.2", "30", "100", "641", "-1.5"]);
    }
}
