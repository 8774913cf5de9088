//! Colours by meaning. What a colour says is always said by a glyph or a letter too, so a theme can be exchanged, or left out.

use super::text::clean;
use crate::model::run::Standing;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

/// What a piece of text is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// What is read.
    Text,
    /// What can be left unread: labels, what is old.
    Dim,
    /// What is read first.
    Strong,
    /// The title of a frame.
    Title,
    /// The lines of a frame.
    Border,
    /// The row under the cursor.
    Selected,
    /// A key that can be pressed.
    Key,
    /// It works.
    Good,
    /// It is being worked on.
    Working,
    /// A person should know.
    Warning,
    /// It does not work.
    Bad,
    /// What decides how long the run takes.
    Critical,
}

/// A set of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Light text on a dark ground.
    #[default]
    Dark,
    /// Dark text on a light ground.
    Light,
    /// Few colours, all strong.
    HighContrast,
    /// No colour at all: bold, dim and reverse only.
    Monochrome,
}

impl Theme {
    /// All there are, with their names.
    pub const ALL: [(&'static str, Self); 4] =
        [("dark", Self::Dark), ("light", Self::Light), ("high-contrast", Self::HighContrast), ("monochrome", Self::Monochrome)];

    /// The theme of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, theme)| *theme)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, theme)| *theme == self).map_or("dark", |(name, _)| name)
    }

    /// The one after it in the list.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|(_, theme)| *theme == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()].1
    }

    /// How a meaning looks.
    pub fn style(self, meaning: Meaning) -> Style {
        match self {
            Self::Dark => dark(meaning),
            Self::Light => light(meaning),
            Self::HighContrast => high_contrast(meaning),
            Self::Monochrome => monochrome(meaning),
        }
    }

    /// Text with a meaning, made safe to show. The way by which all text gets onto a screen.
    pub fn span(self, meaning: Meaning, text: impl AsRef<str>) -> Span<'static> {
        Span::styled(clean(text.as_ref()).into_owned(), self.style(meaning))
    }

    /// The state of a step: its glyph in its colour, and its letter.
    pub fn mark(self, standing: Standing) -> [Span<'static>; 2] {
        let meaning = meaning_of(standing);
        let letter = if matches!(self, Self::Dark | Self::Light) { Meaning::Dim } else { meaning };
        [Span::styled(standing.glyph().to_string(), self.style(meaning)), Span::styled(standing.letter().to_string(), self.style(letter))]
    }
}

/// What the state of a step means.
pub fn meaning_of(standing: Standing) -> Meaning {
    match standing {
        Standing::Pending | Standing::Skipped => Meaning::Dim,
        Standing::Working => Meaning::Working,
        Standing::Ready => Meaning::Good,
        Standing::Failed => Meaning::Bad,
        Standing::Cancelled => Meaning::Warning,
    }
}

fn dark(meaning: Meaning) -> Style {
    let plain = Style::new();
    match meaning {
        Meaning::Text => plain,
        Meaning::Dim | Meaning::Border => plain.fg(Color::DarkGray),
        Meaning::Strong => plain.add_modifier(Modifier::BOLD),
        Meaning::Title => plain.fg(Color::Cyan),
        Meaning::Selected => plain.bg(Color::Indexed(237)).add_modifier(Modifier::BOLD),
        Meaning::Key => plain.fg(Color::Cyan).add_modifier(Modifier::BOLD),
        Meaning::Good => plain.fg(Color::Green),
        Meaning::Working => plain.fg(Color::LightBlue),
        Meaning::Warning => plain.fg(Color::Yellow),
        Meaning::Bad => plain.fg(Color::LightRed).add_modifier(Modifier::BOLD),
        Meaning::Critical => plain.fg(Color::Magenta),
    }
}

fn light(meaning: Meaning) -> Style {
    let plain = Style::new();
    match meaning {
        Meaning::Text => plain,
        Meaning::Dim | Meaning::Border => plain.fg(Color::Indexed(243)),
        Meaning::Strong => plain.add_modifier(Modifier::BOLD),
        Meaning::Title => plain.fg(Color::Indexed(24)),
        Meaning::Selected => plain.bg(Color::Indexed(254)).add_modifier(Modifier::BOLD),
        Meaning::Key => plain.fg(Color::Indexed(24)).add_modifier(Modifier::BOLD),
        Meaning::Good => plain.fg(Color::Indexed(28)),
        Meaning::Working => plain.fg(Color::Indexed(26)),
        Meaning::Warning => plain.fg(Color::Indexed(130)),
        Meaning::Bad => plain.fg(Color::Indexed(124)).add_modifier(Modifier::BOLD),
        Meaning::Critical => plain.fg(Color::Indexed(90)),
    }
}

fn high_contrast(meaning: Meaning) -> Style {
    let plain = Style::new().fg(Color::White).bg(Color::Black);
    match meaning {
        Meaning::Text | Meaning::Dim | Meaning::Border => plain,
        Meaning::Strong | Meaning::Title => plain.add_modifier(Modifier::BOLD),
        Meaning::Selected => plain.fg(Color::Black).bg(Color::White).add_modifier(Modifier::BOLD),
        Meaning::Key | Meaning::Warning => plain.fg(Color::LightYellow).add_modifier(Modifier::BOLD),
        Meaning::Good => plain.fg(Color::LightGreen).add_modifier(Modifier::BOLD),
        Meaning::Working => plain.fg(Color::LightCyan).add_modifier(Modifier::BOLD),
        Meaning::Bad => plain.fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD),
        Meaning::Critical => plain.fg(Color::LightMagenta).add_modifier(Modifier::BOLD),
    }
}

fn monochrome(meaning: Meaning) -> Style {
    let plain = Style::new();
    match meaning {
        Meaning::Dim | Meaning::Border => plain.add_modifier(Modifier::DIM),
        Meaning::Strong | Meaning::Title | Meaning::Key | Meaning::Bad | Meaning::Critical => plain.add_modifier(Modifier::BOLD),
        Meaning::Selected => plain.add_modifier(Modifier::REVERSED),
        Meaning::Text | Meaning::Good | Meaning::Working | Meaning::Warning => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEANINGS: [Meaning; 12] = [
        Meaning::Text,
        Meaning::Dim,
        Meaning::Strong,
        Meaning::Title,
        Meaning::Border,
        Meaning::Selected,
        Meaning::Key,
        Meaning::Good,
        Meaning::Working,
        Meaning::Warning,
        Meaning::Bad,
        Meaning::Critical,
    ];

    #[test]
    fn monochrome_has_no_colour() {
        for meaning in MEANINGS {
            let style = Theme::Monochrome.style(meaning);
            assert_eq!((style.fg, style.bg), (None, None), "{meaning:?}");
        }
    }

    #[test]
    fn good_working_and_bad_look_different_where_there_is_colour() {
        for theme in [Theme::Dark, Theme::Light, Theme::HighContrast] {
            let looks = [Meaning::Good, Meaning::Working, Meaning::Bad, Meaning::Warning].map(|meaning| theme.style(meaning));
            for (at, look) in looks.iter().enumerate() {
                assert!(looks.iter().skip(at + 1).all(|other| other != look), "{theme:?}");
            }
        }
    }

    #[test]
    fn themes_are_found_by_name_and_go_round() {
        for (name, theme) in Theme::ALL {
            assert_eq!(Theme::named(name), Some(theme));
            assert_eq!(theme.name(), name);
        }
        assert_eq!(Theme::Monochrome.next(), Theme::Dark);
        assert_eq!(Theme::named("plaid"), None);
    }
}
