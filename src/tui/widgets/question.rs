//! A question before something is done; No is the answer that stands.

use super::frame::popup;
use crate::tui::message::Question;
use crate::tui::text::{width, wrap};
use crate::tui::theme::{Meaning, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Draws it over the screen.
pub fn draw_question(question: &Question, yes: bool, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let columns = usize::from(area.width).saturating_sub(8).clamp(20, 76);
    let mut lines: Vec<Line<'static>> = Vec::new();
    lines.extend(wrap(&question.what, columns).into_iter().map(|line| Line::from(theme.span(Meaning::Strong, line))));
    for more in &question.more {
        lines.extend(wrap(more, columns).into_iter().map(|line| Line::from(theme.span(Meaning::Text, line))));
    }
    lines.push(Line::default());
    let button = |text: &str, chosen: bool| theme.span(if chosen { Meaning::Selected } else { Meaning::Dim }, format!("[ {text} ]"));
    lines.push(Line::from(vec![
        button("n  No", !yes),
        theme.span(Meaning::Text, "   "),
        button(&format!("y  Yes, {}", question.yes), yes),
    ]));
    let wide = lines.iter().map(|line| line.spans.iter().map(|span| width(&span.content)).sum::<usize>()).max().unwrap_or(0);
    let inner = popup(area, (wide, lines.len()), "sure?", theme, buffer);
    for (row, line) in inner.rows().zip(&lines) {
        buffer.set_line(row.x, row.y, line, row.width);
    }
}
