//! Which key does what, where. One table: key bar, help, palette, docs/tui.md and the user's own keys are all made from it.

use super::key::Key;
use super::screens::{SCREENS, ScreenId};

/// What a key asks for. The grammar is the same on every screen; what only one screen can do is its `Own`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table below says what each does")]
pub enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Left,
    Right,
    Enter,
    Back,
    NextTab,
    PreviousTab,
    Filter,
    Palette,
    Help,
    Copy,
    Open,
    Mark,
    Theme,
    Redraw,
    Suspend,
    Interrupt,
    Quit,
    Halt,
    Note,
    /// Shows a screen.
    Go(ScreenId),
    /// Something that only the screen in front can do, by its name in the screen's own table.
    Own(&'static str),
}

impl Action {
    /// Whether it moves along a list.
    pub fn moves(self) -> bool {
        matches!(self, Self::Up | Self::Down | Self::PageUp | Self::PageDown | Self::Top | Self::Bottom)
    }

    /// The row it moves to, from row `at` of so many; none where it does not move along a list.
    pub fn moved(self, at: usize, page: usize, rows: usize) -> Option<usize> {
        let last = rows.saturating_sub(1);
        let to = match self {
            Self::Up => at.saturating_sub(1),
            Self::Down => at.saturating_add(1),
            Self::PageUp => at.saturating_sub(page),
            Self::PageDown => at.saturating_add(page),
            Self::Top => 0,
            Self::Bottom => last,
            _ => return None,
        };
        Some(to.min(last))
    }
}

/// One row of the table as the code has it.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// What it asks for.
    pub action: Action,
    /// What a user's file calls it.
    pub name: &'static str,
    /// Its keys, as [`Key`] reads them, apart by blanks.
    pub keys: &'static str,
    /// For the key bar; empty for what the bar leaves out.
    pub word: &'static str,
    /// For help and palette: a sentence without its stop.
    pub what: &'static str,
    /// It changes or takes away something: asked for in words first, and not there at all under `--read-only`.
    pub danger: bool,
}

/// A row that changes nothing.
pub const fn row(action: Action, name: &'static str, keys: &'static str, word: &'static str, what: &'static str) -> Binding {
    Binding { action, name, keys, word, what, danger: false }
}

/// A row that only one screen has.
pub const fn own(name: &'static str, keys: &'static str, word: &'static str, what: &'static str) -> Binding {
    row(Action::Own(name), name, keys, word, what)
}

/// A row that only one screen has and that changes things.
pub const fn danger(name: &'static str, keys: &'static str, word: &'static str, what: &'static str) -> Binding {
    Binding { danger: true, ..own(name, keys, word, what) }
}

/// What works everywhere. A screen says of those that are not for everywhere (`can`) whether they work there.
pub const EVERYWHERE: &[Binding] = &[
    row(Action::Up, "up", "up k", "", "one row up"),
    row(Action::Down, "down", "down j", "", "one row down"),
    row(Action::PageUp, "page-up", "pgup ctrl-b", "", "one page up"),
    row(Action::PageDown, "page-down", "pgdn ctrl-f", "", "one page down"),
    row(Action::Top, "top", "home g", "", "to the first row"),
    row(Action::Bottom, "bottom", "end G", "", "to the last row"),
    row(Action::Left, "left", "left h", "", "to the left"),
    row(Action::Right, "right", "right", "", "to the right"),
    row(Action::Enter, "enter", "enter", "go in", "into what is selected"),
    row(Action::NextTab, "next-tab", "] tab", "next tab", "the next tab"),
    row(Action::PreviousTab, "previous-tab", "[ backtab", "", "the tab before"),
    row(Action::Mark, "mark", "space", "mark", "mark or unmark what is selected"),
    row(Action::Open, "open", "o", "open", "open it in the browser"),
    row(Action::Copy, "copy", "y", "copy", "copy it to the clipboard"),
    row(Action::Filter, "filter", "/", "filter", "show only what has a text in it"),
    row(Action::Back, "back", "esc", "back", "back, or away with what is open"),
    row(Action::Palette, "palette", ":", "palette", "everything that can be done here, by name"),
    row(Action::Theme, "theme", "T", "", "the next set of colours"),
    row(Action::Redraw, "redraw", "ctrl-l", "", "draw everything anew"),
    row(Action::Suspend, "suspend", "ctrl-z", "", "back to the shell for now; `fg` comes back"),
    row(Action::Interrupt, "interrupt", "ctrl-c", "", "end the run in progress, else leave; again: harder"),
    Binding { danger: true, ..row(Action::Halt, "halt", "H", "halt and undo", "end the drill at work: what it changed is taken back") },
    Binding { danger: true, ..row(Action::Note, "note", "n", "note", "write a note, with the time, into the run at work") },
    row(Action::Help, "help", "?", "help", "all keys that work here"),
    row(Action::Quit, "quit", "q", "quit", "leave"),
];

/// One row of the table as it is in use, the user's own keys laid over it.
#[derive(Debug, Clone)]
pub struct Row {
    /// The screen it is of; none for everywhere.
    pub screen: Option<ScreenId>,
    /// The row as the code has it.
    pub binding: Binding,
    /// The keys that are in use; may be none.
    pub keys: Vec<Key>,
}

impl Row {
    /// The first key, for the key bar.
    pub fn key(&self) -> Option<Key> {
        self.keys.first().copied()
    }
}

/// The whole table in use.
#[derive(Debug, Clone)]
pub struct Keymap {
    rows: Vec<Row>,
}

impl Default for Keymap {
    fn default() -> Self {
        let table = |screen: Option<ScreenId>, bindings: &'static [Binding]| {
            bindings.iter().map(move |binding| Row { screen, binding: *binding, keys: keys_of(binding.keys) })
        };
        let mut rows: Vec<Row> = SCREENS.iter().flat_map(|entry| table(Some(entry.id), entry.keys)).collect();
        rows.extend(table(None, EVERYWHERE));
        rows.extend(SCREENS.iter().filter(|entry| !entry.key.is_empty()).map(|entry| Row {
            screen: None,
            binding: row(Action::Go(entry.id), entry.name, entry.key, "", entry.what),
            keys: keys_of(entry.key),
        }));
        Self { rows }
    }
}

fn keys_of(text: &str) -> Vec<Key> {
    text.split_whitespace().filter_map(|key| key.parse().ok()).collect()
}

impl Keymap {
    /// Rows of one screen, then those of everywhere.
    pub fn rows(&self, screen: ScreenId) -> impl Iterator<Item = &Row> {
        let own = self.rows.iter().filter(move |row| row.screen == Some(screen));
        own.chain(self.rows.iter().filter(|row| row.screen.is_none()))
    }

    /// All rows.
    pub fn all(&self) -> &[Row] {
        &self.rows
    }

    /// The rows that a key has on a screen, the screen's own first: one that does not work now leaves the key to the next.
    pub fn find(&self, screen: ScreenId, key: Key) -> impl Iterator<Item = &Row> {
        self.rows(screen).filter(move |row| row.keys.contains(&key))
    }

    /// Gives a row other keys. The place and name are as in a user's file; an error says what there is instead.
    pub fn rebind(&mut self, place: &str, name: &str, keys: Vec<Key>) -> Result<(), String> {
        let screen = match place {
            "everywhere" => None,
            place => Some(SCREENS.iter().find(|entry| entry.name == place).map(|entry| entry.id).ok_or_else(|| {
                let known: Vec<&str> = SCREENS.iter().filter(|entry| !entry.keys.is_empty()).map(|entry| entry.name).collect();
                format!("there is no place `{place}`: write everywhere, or a screen with keys of its own ({})", known.join(", "))
            })?),
        };
        let Some(at) = self.rows.iter().position(|row| row.screen == screen && row.binding.name == name) else {
            let known: Vec<&str> = self.rows.iter().filter(|row| row.screen == screen).map(|row| row.binding.name).collect();
            return Err(format!("`{place}` has nothing called `{name}`: it has {}", known.join(", ")));
        };
        let taken =
            |key: &Key| self.rows.iter().enumerate().find(|(other, row)| *other != at && row.screen == screen && row.keys.contains(key));
        if let Some((key, (_, row))) = keys.iter().find_map(|key| taken(key).map(|row| (key, row))) {
            return Err(format!(
                "`{key}` is already the key of `{}`: give that one another key above this line, or choose another",
                row.binding.name
            ));
        }
        if let Some(row) = self.rows.get_mut(at) {
            row.keys = keys;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_is_a_key() {
        for row in Keymap::default().all() {
            assert_eq!(row.keys.len(), row.binding.keys.split_whitespace().count(), "{}", row.binding.name);
            assert!(!row.binding.what.is_empty() && !row.binding.name.contains(' '), "{}", row.binding.name);
        }
    }

    #[test]
    fn no_place_gives_one_key_or_one_name_twice() {
        let keymap = Keymap::default();
        for (at, one) in keymap.all().iter().enumerate() {
            for other in keymap.all().iter().skip(at + 1).filter(|other| other.screen == one.screen) {
                assert_ne!(one.binding.name, other.binding.name);
                assert!(one.keys.iter().all(|key| !other.keys.contains(key)), "{} and {}", one.binding.name, other.binding.name);
            }
        }
    }
}
