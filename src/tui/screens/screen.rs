//! What every screen is.

use crate::model::look::Query;
use crate::model::run::At;
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, News};
use crate::tui::model::Shared;
use crate::tui::run::RunView;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Which screen; `table.rs` has the rest of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table says what each is")]
pub enum ScreenId {
    Start,
    Run,
    Lab,
    Workloads,
    History,
    Scenarios,
    Chaos,
    Load,
    Apps,
    Cloud,
    GameDay,
    Runbooks,
    Slo,
    Replay,
}

/// One screen: what it keeps for itself, what keys and news do to it, and how it looks. Nothing here waits, reads or writes: what has to be done is
/// asked for by effects, and the answer comes back as news.
///
/// All screens hear all news, whether they are in front or not; only the one in front gets keys and is drawn.
pub trait Screen: Send {
    /// What stands behind the screen's name in line 2 of help and in the title: where in it we are.
    fn path(&self, _shared: &Shared) -> String {
        String::new()
    }

    /// What it wants to be told of the lab while it is in front, each for as long as it is in this list; the answers are in `shared.looks`.
    fn wants(&self, _shared: &Shared) -> Vec<Query> {
        Vec::new()
    }

    /// It comes to the front.
    fn enter(&mut self, _shared: &Shared) -> Vec<Effect> {
        Vec::new()
    }

    /// Another one comes to the front.
    fn leave(&mut self) {}

    /// Whether the key of `action` would do anything now: what would not is neither in the key bar nor in help nor in the palette.
    fn can(&self, action: Action, shared: &Shared) -> bool;

    /// A key was pressed, one that it can.
    fn act(&mut self, action: Action, shared: &Shared) -> Vec<Effect>;

    /// Something was told.
    fn hear(&mut self, _news: &News, _shared: &Shared) -> Vec<Effect> {
        Vec::new()
    }

    /// Time went on.
    fn tick(&mut self, _shared: &Shared) -> Vec<Effect> {
        Vec::new()
    }

    /// It wants to be told the time ten times a second rather than once.
    fn is_moving(&self, _shared: &Shared) -> bool {
        false
    }

    /// Shows only what has this text in it; empty for everything. Called with each letter.
    fn filter(&mut self, _text: &str, _shared: &Shared) {}

    /// Whether `/` searches in what is shown now, rather than filtering it. What is typed for the one and for the other is kept apart.
    fn searches(&self) -> bool {
        false
    }

    /// Looks for this text; empty for nothing. Called with each letter.
    fn search(&mut self, _text: &str, _shared: &Shared) {}

    /// The run that line 1 speaks of while this screen is in front, and its present moment.
    fn run<'a>(&'a self, shared: &'a Shared) -> Option<(&'a RunView, At)> {
        shared.run.as_ref().map(|run| (run, shared.now))
    }

    /// Draws it.
    fn draw(&self, area: Rect, buffer: &mut Buffer, shared: &Shared);
}
