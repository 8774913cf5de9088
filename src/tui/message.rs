//! What comes into the app and what it asks for. `app` carries out the effects; the app itself touches nothing but its terminal.

use super::drilling::Drills;
use super::key::Key;
use super::responding::{GamedayInfo, RunbookInfo};
use super::screens::ScreenId;
use crate::model::budget::Budget;
use crate::model::finding::{Finding, SafeFix};
use crate::model::look::{Act, Credential, Query, SecretText, Snapshot};
use crate::model::run::{At, Control, Event, RunState, Summary, Verb};
use crate::model::scenario::DrillPlan;
use crate::model::stack::{Adjusted, Size};
use std::path::PathBuf;
use std::sync::Arc;

/// What the model is told, one at a time.
#[derive(Debug, Clone)]
pub enum Msg {
    /// The app is open.
    Opened,
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
    /// A run that another process is doing is shown from here on.
    Attached,
    /// The same for a run that nobody asked to see: what is in front stays there.
    Noticed,
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
    /// The stacks there are.
    Stacks(Vec<StackInfo>),
    /// This host in one line, for line 1.
    Host(String),
    /// What the doctor found on this host; an error if it could not look.
    Findings(Result<Vec<Finding>, Trouble>),
    /// Whether this host can carry what was asked about.
    Judged {
        /// What was asked about.
        order: Order,
        /// The answer; an error if there is no such lab.
        judgement: Box<Result<Judgement, Trouble>>,
    },
    /// A plan, in lines.
    Planned(Vec<String>),
    /// The game days there are.
    Gamedays(Vec<GamedayInfo>),
    /// The runbooks there are.
    Runbooks(Vec<RunbookInfo>),
    /// The drills there are.
    Drills(Box<Drills>),
    /// What a drill would do now.
    DrillPlanned {
        /// Its name.
        which: String,
        /// The answer; an error if it would be refused.
        plan: Box<Result<DrillPlan, Trouble>>,
    },
    /// Runs of the past, newest first.
    History(Vec<PastRun>),
    /// Two runs, the earlier first.
    Compared(Arc<RunState>, Arc<RunState>),
    /// What a question about the lab came to.
    Seen(Box<Snapshot>),
    /// What opens the lab's pages, as it was asked for.
    Credentials(Vec<Credential>),
    /// What was at work and is no run has come to its end: what came of it, in lines.
    Done(Vec<String>),
    /// To be asked, now that it is known what it is about.
    Ask(Box<Question>),
    /// A run of another process is at work on the lab; for an app that has just opened.
    AtWork(String),
    /// The lab is up, or partly; for an app that has just opened.
    LabIsThere,
    /// Leave: the process was told to end.
    Leave,
}

/// A lab as it is ticked together: a stack, and what is changed about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// The stack's name, or the path of its file.
    pub stack: String,
    /// What is changed about it.
    pub adjusted: Adjusted,
}

/// A stack that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StackInfo {
    /// Its name, or the path of its file.
    pub name: String,
    /// The size of its parts.
    pub size: Size,
    /// What it is made of.
    pub parts: Vec<PartInfo>,
    /// The lab was last made from it, as `adjusted` says.
    pub current: bool,
    /// What was changed about it then.
    pub adjusted: Adjusted,
    /// Why it cannot be chosen.
    pub trouble: Option<Trouble>,
}

/// A component of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say what they hold")]
pub struct PartInfo {
    pub name: String,
    pub title: String,
    pub group: String,
    pub version: String,
}

/// What a lab would ask of this host.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What it asks for and whether that is there.
    pub budget: Budget,
    /// The size that was counted with.
    pub size: String,
    /// Nothing has to be pulled: a bundle has all images.
    pub from_bundle: bool,
    /// About how long bringing it up takes.
    pub takes_ms: u64,
    /// From so many past runs; 0 for a guess.
    pub past_runs: usize,
    /// Titles of the steps that decide how long it takes.
    pub path: Vec<String>,
    /// The cluster is there already.
    pub cluster_is_there: bool,
}

/// A run in the list of runs.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    /// Its id.
    pub run: String,
    /// Where its events are.
    pub journal: PathBuf,
    /// Which command it was.
    pub verb: Verb,
    /// When it began.
    pub started: At,
    /// How it stands.
    pub status: PastStatus,
}

/// How a run in the list stands.
#[derive(Debug, Clone, PartialEq)]
pub enum PastStatus {
    /// Some process is doing it.
    Running,
    /// It was killed before its end.
    Unfinished,
    /// It came to its end.
    Ended(Box<Summary>),
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
    /// Put a password into the clipboard, without a word of it on the screen.
    CopySecret(SecretText),
    /// Show only what has this text in it, on the screen in front.
    Filter(String),
    /// What is to be told of the lab from now on: all of it, and nothing else.
    Look(Vec<Query>),
    /// Do it to the lab.
    Act(Act),
    /// Tell what opens the lab's pages.
    Credentials,
    /// Read the journal there and show it.
    Play(PathBuf),
    /// Read stacks and host.
    LookAround,
    /// Say whether this host can carry it.
    Judge(Order),
    /// Say what bringing it up would change.
    Plan(Order),
    /// Bring it up.
    Up {
        /// What.
        order: Order,
        /// Also when the host has less than it asks for.
        force: bool,
    },
    /// Read which game days there are.
    Gamedays,
    /// Carry the game day of that name out, in the background.
    RunGameday(String),
    /// Take the pager of the act at work.
    Acknowledge,
    /// Read which runbooks there are.
    Runbooks,
    /// Carry a runbook out, in the background.
    RunRunbook {
        /// Its name.
        which: String,
        /// Only the blocks that look.
        only_look: bool,
    },
    /// Read which drills there are.
    Drills,
    /// Say what the drill of that name would do now.
    PlanDrill(String),
    /// Carry the drill of that name out, in the background.
    RunDrill(String),
    /// Show the run of another process.
    Attach(String),
    /// Find out what taking the lab away would take, and ask.
    AskDown,
    /// Take the lab away.
    Down,
    /// Carry out a fix of the doctor's.
    Fix(SafeFix),
    /// Read the list of runs.
    History,
    /// Read two journals, the earlier first, and show them side by side.
    Compare(PathBuf, PathBuf),
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
