//! Frames: the border of a panel with its title, and the panel that lies over everything.

use crate::tui::text::clip;
use crate::tui::theme::{Meaning, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Widget};

/// Draws a border with a title; gives what is inside.
pub fn panel(area: Rect, title: &str, theme: Theme, buffer: &mut Buffer) -> Rect {
    let title = clip(title, usize::from(area.width).saturating_sub(4)).into_owned();
    titled(area, Line::from(theme.span(Meaning::Title, format!(" {title} "))), theme, buffer)
}

/// The same with a title of several colours.
pub fn titled(area: Rect, title: Line<'_>, theme: Theme, buffer: &mut Buffer) -> Rect {
    let block = Block::bordered().border_style(theme.style(Meaning::Border)).title(title);
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// A panel in the middle, over whatever is there, for so many columns and rows if there is room; gives what is inside.
pub fn popup(area: Rect, wanted: (usize, usize), title: &str, theme: Theme, buffer: &mut Buffer) -> Rect {
    let size = |wanted: usize, most: u16| u16::try_from(wanted.saturating_add(4)).unwrap_or(u16::MAX).min(most);
    let (width, height) = (size(wanted.0, area.width), size(wanted.1.saturating_sub(2), area.height));
    let place = Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height);
    Clear.render(place, buffer);
    buffer.set_style(place, theme.style(Meaning::Text));
    let inner = panel(place, title, theme, buffer);
    // a column of air on both sides
    if inner.width > 4 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner }
}
