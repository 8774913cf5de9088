//! All keys that work on the screen in front, from the key table.

use crate::tui::keymap::{Action, Row};
use crate::tui::model::Model;
use crate::tui::screens::entry;
use crate::tui::text::{fit, width};
use crate::tui::theme::Meaning;
use crate::tui::update::rows_now;
use crate::tui::widgets::popup;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// The list of keys.
#[derive(Debug, Clone, Copy)]
pub struct Help;

impl Help {
    /// Its lines: what the screen can do, then what works everywhere, then the screens.
    pub fn lines(model: &Model) -> Vec<Line<'static>> {
        let theme = model.shared.theme;
        let rows: Vec<&Row> = rows_now(model).collect();
        let heading = |text: &str| Line::from(theme.span(Meaning::Title, text));
        let line = |row: &&Row| {
            let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
            let keys = fit(&keys.join(" "), 14);
            let what =
                if row.binding.danger { format!("{} (not under --read-only)", row.binding.what) } else { row.binding.what.to_owned() };
            Line::from(vec![theme.span(Meaning::Key, keys), theme.span(Meaning::Text, what)])
        };
        let goes = |row: &&&Row| matches!(row.binding.action, Action::Go(_));
        let mut lines = vec![heading(entry(model.front()).name)];
        lines.extend(rows.iter().filter(|row| row.screen.is_some()).map(line));
        lines.push(Line::default());
        lines.push(heading("everywhere"));
        lines.extend(rows.iter().filter(|row| row.screen.is_none()).filter(|row| !goes(row)).map(line));
        lines.push(Line::default());
        lines.push(heading("screens"));
        lines.extend(rows.iter().filter(goes).map(line));
        lines.push(Line::default());
        lines.push(Line::from(theme.span(Meaning::Dim, "your own keys: keys.yaml in labctl's config folder (docs/tui.md)")));
        lines
    }

    /// Draws it over the screen.
    pub fn draw(model: &Model, scroll: usize, area: Rect, buffer: &mut Buffer) {
        let lines = Self::lines(model);
        let wide = lines.iter().map(|line| line.spans.iter().map(|span| width(&span.content)).sum::<usize>()).max().unwrap_or(0);
        let inner = popup(area, (wide, lines.len()), "keys that work here  ·  Esc closes", model.shared.theme, buffer);
        for (row, line) in inner.rows().zip(lines.iter().skip(scroll)) {
            buffer.set_line(row.x, row.y, line, row.width);
        }
    }
}
