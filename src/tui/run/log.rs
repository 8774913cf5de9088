//! Output and story of a step, newest below; scrolled back by so many lines.

use super::view::RunView;
use crate::model::run::{At, StepId, StepState, Stream};
use crate::tui::text::{clip, fit};
use crate::tui::theme::{Meaning, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// The newest lines that fit, of one step or of all.
pub fn draw_log(view: &RunView, step: Option<&StepId>, filter: &str, back: usize, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let wanted = filter.to_lowercase();
    let found = view.lines(step).rev().filter(|(.., text)| wanted.is_empty() || text.to_lowercase().contains(&wanted));
    let lines: Vec<Line<'static>> = found
        .skip(back)
        .take(usize::from(area.height))
        .map(|(at, from, stream, text)| {
            let meaning = match stream {
                Stream::Own => Meaning::Strong,
                Stream::Out | Stream::Err => Meaning::Text,
            };
            let clock = clock(at);
            let name = if step.is_none() { fit(from.0.trim_start_matches("component/"), 16) + " " } else { String::new() };
            let room = usize::from(area.width).saturating_sub(clock.len() + 1 + name.len());
            Line::from(vec![
                theme.span(Meaning::Dim, format!("{clock} ")),
                theme.span(Meaning::Title, name),
                theme.span(meaning, clip(text, room)),
            ])
        })
        .collect();
    if lines.is_empty() {
        let text = if filter.is_empty() { "it has not said anything".to_owned() } else { format!("no line has `{filter}` in it") };
        buffer.set_line(area.x, area.y, &theme.span(Meaning::Dim, text).into(), area.width);
    }
    upwards(&lines, back, area, theme, buffer);
}

/// What happened in a step.
pub fn draw_story(view: &RunView, step: &StepState, back: usize, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let lines: Vec<Line<'static>> = view
        .beats(&step.plan.id)
        .rev()
        .skip(back)
        .take(usize::from(area.height))
        .map(|beat| {
            let times = if beat.times > 1 { format!(" (×{})", beat.times) } else { String::new() };
            let room = usize::from(area.width).saturating_sub(9 + times.chars().count());
            let meaning = if beat.bad { Meaning::Warning } else { Meaning::Text };
            Line::from(vec![
                theme.span(Meaning::Dim, format!("{} ", clock(beat.at))),
                theme.span(meaning, clip(&beat.text, room)),
                theme.span(Meaning::Dim, times),
            ])
        })
        .collect();
    if lines.is_empty() {
        buffer.set_line(area.x, area.y, &theme.span(Meaning::Dim, "it has not begun").into(), area.width);
    }
    upwards(&lines, back, area, theme, buffer);
}

/// Draws newest first lines so that the newest is lowest; what is few starts at the top.
fn upwards(lines: &[Line<'static>], back: usize, area: Rect, theme: Theme, buffer: &mut Buffer) {
    for (row, line) in area.rows().zip(lines.iter().rev()) {
        buffer.set_line(row.x, row.y, line, row.width);
    }
    if back > 0 && area.height > 0 {
        let text = format!(" {back} newer ↓ ");
        let columns = u16::try_from(text.chars().count()).unwrap_or(u16::MAX).min(area.width);
        buffer.set_line(area.right() - columns, area.bottom() - 1, &theme.span(Meaning::Warning, text).into(), columns);
    }
}

/// `12:05:22` of a moment, in UTC as journals have it.
pub fn clock(at: At) -> String {
    let at = at.0.to_offset(time::UtcOffset::UTC);
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}
