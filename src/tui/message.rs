//! What comes into the app and what it asks for. `app` carries out the effects; the app itself touches nothing but its terminal.

use super::key::Key;
use super::screens::ScreenId;
use crate::model::run::{At, Control, Event};
use std::path::PathBuf;
use std::sync::Arc;

/// What the model is told, one at a time.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size: columns and rows.
    Resize(u16, u16),
    /// Events of a live run, in order.
    Events(Vec<Arc<Event>>),
    /// Something that was asked for, or that the world did.
    News(News),
    /// Time went on.
    Tick(At),
}

/// What `app` tells: answers to effects, and what nobody asked for.
#[derive(Debug, Clone)]
pub enum News {
    /// A run is being made ready: what is done before its first event.
    Preparing {
        /// `up`, `down`.
        verb: String,
        /// What is being done now.
        what: String,
    },
    /// The run could not be started.
    Refused(Trouble),
    /// The process behind the run has let go of everything: it may be left now.
    RunEnded,
    /// A recorded run, to be shown.
    Recording {
        /// In order.
        events: Arc<Vec<Arc<Event>>>,
        /// Times as fast as it was; none for its last moment.
        speed: Option<f64>,
    },
    /// One line for a person, shown for a while.
    Said(String),
    /// Something that was asked for did not work.
    Failed(Trouble),
    /// Leave: the process was told to end.
    Leave,
}

/// What went wrong, with the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// `LAB-LOCK-001`.
    pub id: String,
    /// What happened.
    pub what: String,
    /// What to do; may be empty.
    pub fix: String,
}

/// What the app asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Draw every cell anew.
    Redraw,
    /// Give the terminal back for as long as the process is stopped.
    Suspend,
    /// Put it into the clipboard of the person's terminal.
    Copy(String),
    /// Show a screen.
    Go(ScreenId),
    /// Back to the screen before.
    Back,
    /// Ask in words first.
    Ask(Box<Question>),
    /// Say one line, shown for a while.
    Say(String),
    /// Tell the live run.
    Control(Control),
    /// Open a page in the browser.
    Open(String),
    /// Read the journal there and show it.
    Play(PathBuf),
}

/// Something that is asked before it is done; the answer that stands is No.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What will happen, and to what.
    pub what: String,
    /// More of it, a line each.
    pub more: Vec<String>,
    /// What Yes does, as the button says it.
    pub yes: String,
    /// Asked for by Yes.
    pub then: Vec<Effect>,
}
