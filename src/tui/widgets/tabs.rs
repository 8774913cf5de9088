//! Tabs in the title of a panel: the one in front stands in brackets.

use crate::tui::text::clip;
use crate::tui::theme::{Meaning, Theme};
use ratatui::text::Line;

/// ` name ─ [now] steps  log `.
pub fn tabs(name: &str, names: &[&str], front: usize, columns: usize, theme: Theme) -> Line<'static> {
    let taken: usize = names.iter().map(|name| name.len() + 2).sum::<usize>() + 4;
    let name = clip(name, columns.saturating_sub(taken).max(6)).into_owned();
    let mut spans = vec![theme.span(Meaning::Title, format!(" {name} ")), theme.span(Meaning::Border, "─")];
    for (at, name) in names.iter().enumerate() {
        spans.push(if at == front {
            theme.span(Meaning::Strong, format!("[{name}]"))
        } else {
            theme.span(Meaning::Dim, format!(" {name} "))
        });
    }
    Line::from(spans)
}
