//! Colours, which never carry a meaning alone: the glyph or word is always there too.

use crate::model::run::Standing;

/// Puts colour round text, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paint {
    pub on: bool,
}

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        if self.on {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    pub fn bad(self, text: &str) -> String {
        self.wrap("31", text)
    }

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
