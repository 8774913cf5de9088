//! Colours, which never carry a meaning alone: the glyph or word is always there too.

use crate::model::run::Standing;

/// Puts colour round text, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paint {
    /// Whether there is colour at all.
    pub on: bool,
}

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Names and headings.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// What went wrong.
    pub fn bad(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// What may be wrong.
    pub fn warn(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// `text` in the colour of a state.
    pub fn standing(self, standing: Standing, text: &str) -> String {
        match standing {
            Standing::Ready => self.wrap("32", text),
            Standing::Failed => self.bad(text),
            Standing::Working => self.wrap("36", text),
            Standing::Cancelled => self.warn(text),
            Standing::Pending | Standing::Skipped => self.dim(text),
        }
    }
}
