//! Everything that can be done here and now, by name.

use crate::tui::keymap::Action;
use crate::tui::model::Model;
use crate::tui::screens::{SCREENS, entry};
use crate::tui::text::{fit, right};
use crate::tui::theme::Meaning;
use crate::tui::update::rows_now;
use crate::tui::widgets::popup;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// What was typed and which row is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Palette {
    /// What was typed so far.
    pub typed: String,
    /// The chosen row of those that fit.
    pub at: usize,
}

/// One thing that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it asks for.
    pub action: Action,
    /// Its name.
    pub name: &'static str,
    /// A sentence.
    pub what: &'static str,
    /// Its key, if it has one.
    pub key: String,
}

impl Palette {
    /// What fits to what was typed: names that start with it, then names that have it, then sentences that have it.
    pub fn rows(&self, model: &Model) -> Vec<Offer> {
        let mut offers: Vec<Offer> = Vec::new();
        for row in rows_now(model) {
            let moves = matches!(row.binding.action, Action::Up | Action::Down | Action::Palette | Action::Back);
            if !moves && !offers.iter().any(|known| known.action == row.binding.action) {
                let key = row.key().map(|key| key.to_string()).unwrap_or_default();
                offers.push(Offer { action: row.binding.action, name: row.binding.name, what: row.binding.what, key });
            }
        }
        // screens that are reached from another one only are no place to start from
        let goes = SCREENS.iter().filter(|entry| !entry.key.is_empty()).map(|entry| Action::Go(entry.id));
        offers.sort_by_key(|offer| goes.clone().any(|go| go == offer.action));
        let typed = self.typed.trim().to_lowercase();
        let rank = |offer: &Offer| {
            if offer.name.starts_with(&typed) {
                Some(0)
            } else if offer.name.contains(&typed) {
                Some(1)
            } else {
                offer.what.contains(&typed).then_some(2)
            }
        };
        let mut ranked: Vec<(u8, Offer)> = offers.into_iter().filter_map(|offer| rank(&offer).map(|rank| (rank, offer))).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, offer)| offer).collect()
    }

    /// Draws it over the screen.
    pub fn draw(&self, model: &Model, area: Rect, buffer: &mut Buffer) {
        let theme = model.shared.theme;
        let offers = self.rows(model);
        let title = format!("{} › what next?", entry(model.front()).name);
        let inner = popup(area, (74, 16), &title, theme, buffer);
        let mut rows = inner.rows();
        if let Some(row) = rows.next() {
            let line =
                Line::from(vec![theme.span(Meaning::Key, ":"), theme.span(Meaning::Strong, &self.typed), theme.span(Meaning::Dim, "▏")]);
            buffer.set_line(row.x, row.y, &line, row.width);
        }
        let height = usize::from(inner.height).saturating_sub(1).max(1);
        let first = self.at.saturating_sub(height / 2).min(offers.len().saturating_sub(height));
        if offers.is_empty()
            && let Some(row) = rows.next()
        {
            buffer.set_line(row.x, row.y, &Line::from(theme.span(Meaning::Dim, "nothing here is called that")), row.width);
        }
        for (row, (at, offer)) in rows.zip(offers.iter().enumerate().skip(first)) {
            let columns = usize::from(row.width);
            let name = fit(offer.name, 14.min(columns));
            let what = fit(offer.what, columns.saturating_sub(14 + 10));
            let line = Line::from(vec![
                theme.span(Meaning::Text, name),
                theme.span(Meaning::Dim, what),
                theme.span(Meaning::Key, right(&offer.key, 10.min(columns))),
            ]);
            buffer.set_line(row.x, row.y, &line, row.width);
            if at == self.at {
                buffer.set_style(row, theme.style(Meaning::Selected));
            }
        }
    }
}
