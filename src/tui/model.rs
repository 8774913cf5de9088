//! All that the app knows. Changed by `update` alone, and drawn from a shared reference.

use super::keymap::Keymap;
use super::message::Question;
use super::run::RunView;
use super::screens::{Palette, Screen, ScreenId, entry, make_all};
use super::theme::Theme;
use crate::model::look::{Looks, Query};
use crate::model::run::At;

/// Below this, nothing useful can be shown: columns and rows.
pub const SMALLEST: (u16, u16) = (60, 14);

/// What every screen can see.
#[derive(Debug)]
pub struct Shared {
    /// The lab that is meant.
    pub lab: String,
    /// The present moment, as last told.
    pub now: At,
    /// Nothing may be changed.
    pub read_only: bool,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The colours.
    pub theme: Theme,
    /// The key table in use.
    pub keymap: Keymap,
    /// The run that is on, or was on last.
    pub run: Option<RunView>,
    /// Whether that run is at work, and whose it is.
    pub at_work: AtWork,
    /// This host in a few words, for line 1; empty until it is known.
    pub host: String,
    /// What is known of the lab as it is.
    pub looks: Looks,
}

impl Shared {
    /// What is known of a lab when the app opens: nothing yet.
    pub fn new(lab: String, now: At, theme: Theme) -> Self {
        Self {
            lab,
            now,
            read_only: false,
            size: (0, 0),
            theme,
            keymap: Keymap::default(),
            run: None,
            at_work: AtWork::Nothing,
            host: String::new(),
            looks: Looks::default(),
        }
    }
}

/// Whether a run is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtWork {
    /// None is.
    #[default]
    Nothing,
    /// One of this process: leaving ends it.
    Ours,
    /// One of another process: leaving leaves it alone.
    Theirs,
}

/// What lies over the screen.
#[derive(Debug)]
pub enum Overlay {
    /// All keys; scrolled by so many lines.
    Help(usize),
    /// Everything that can be done.
    Palette(Palette),
    /// A question; true while Yes is chosen.
    Ask(Box<Question>, bool),
    /// A filter is being typed.
    Filter,
    /// A note for the run at work is being typed.
    Note(String),
}

/// A line that is shown for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// What it says.
    pub text: String,
    /// It is bad news, and stays until a key is pressed.
    pub bad: bool,
    /// Since when.
    pub since: At,
}

/// How long a line that is no bad news stays.
pub const FLASH_MS: u64 = 6000;

/// Everything.
pub struct Model {
    /// What every screen can see.
    pub shared: Shared,
    /// One of each.
    pub screens: Vec<(ScreenId, Box<dyn Screen>)>,
    /// The screens that were gone through; the last is in front.
    pub path: Vec<ScreenId>,
    /// What lies over it.
    pub overlay: Option<Overlay>,
    /// What is asked of the lab for the screen in front.
    pub looking: Vec<Query>,
    /// What each screen is filtered by, and with true what is searched for in it.
    pub filters: Vec<((ScreenId, bool), String)>,
    /// What is said in the last line but one.
    pub flash: Option<Flash>,
    /// How often the run was told to end by Ctrl-C.
    pub interrupts: u8,
    /// Leave as soon as the run has let go.
    pub leaving: bool,
    /// A key was pressed since the app opened.
    pub touched: bool,
}

impl Model {
    /// A model that shows `first`.
    pub fn new(shared: Shared, first: ScreenId) -> Self {
        Self {
            shared,
            screens: make_all(),
            path: vec![first],
            overlay: None,
            looking: Vec::new(),
            filters: Vec::new(),
            flash: None,
            interrupts: 0,
            leaving: false,
            touched: false,
        }
    }

    /// The screen in front.
    pub fn front(&self) -> ScreenId {
        self.path.last().copied().unwrap_or(ScreenId::Run)
    }

    /// The screen of that id, if its room has landed.
    pub fn screen(&self, id: ScreenId) -> Option<&dyn Screen> {
        self.screens.iter().find(|(known, _)| *known == id).map(|(_, screen)| screen.as_ref())
    }

    /// What the screen is filtered by; empty for everything.
    pub fn filter_of(&self, id: ScreenId) -> &str {
        self.kept((id, false))
    }

    /// What was typed for `/` as it is meant on the screen in front, now.
    pub fn typed(&self) -> &str {
        self.kept(self.typing())
    }

    /// The screen in front, and whether `/` searches in it now.
    pub(super) fn typing(&self) -> (ScreenId, bool) {
        (self.front(), self.screen(self.front()).is_some_and(Screen::searches))
    }

    fn kept(&self, place: (ScreenId, bool)) -> &str {
        self.filters.iter().find(|(known, _)| *known == place).map_or("", |(_, text)| text)
    }

    /// Name and place: `run › argocd`.
    pub fn title(&self) -> String {
        let id = self.front();
        let inner = self.screen(id).map(|screen| screen.path(&self.shared)).unwrap_or_default();
        if inner.is_empty() { entry(id).name.to_owned() } else { format!("{} › {inner}", entry(id).name) }
    }

    /// True when the time must be told ten times a second.
    pub fn is_moving(&self) -> bool {
        self.screen(self.front()).is_some_and(|screen| screen.is_moving(&self.shared))
    }

    /// True when the terminal is too small for anything.
    pub fn is_too_small(&self) -> bool {
        self.shared.size.0 < SMALLEST.0 || self.shared.size.1 < SMALLEST.1
    }
}
