//! Opens the terminal app, stays with it until it closes, and says how it ended.

use super::effects::Hands;
use super::live::ToApp;
use crate::app::attach::{self, Viewing};
use crate::app::context::Context;
use crate::app::exit::{Failure, code};
use crate::app::{runs, show, signals, up};
use crate::cli::{self, UpArgs};
use crate::model::run::Event;
use crate::report::Choice;
use crate::tui::{self, Keymap, Model, Msg, News, ScreenId, Shared, Theme, Trouble, Wires};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Room between the engine and the app; a slow terminal loses lines of output, nothing else.
const EVENTS: usize = 1024;
/// Answers that wait for the app.
const NEWS: usize = 64;

/// How often is looked whether the terminal is still there.
const LOOK: Duration = Duration::from_secs(1);

/// What the app opens with.
pub enum First {
    /// The screen that fits how the lab is.
    Front,
    /// A run of `up`.
    Up(Box<UpArgs>),
    /// A run that another process is doing.
    Attached(Box<Viewing>),
    /// A recorded run.
    Recording {
        /// In order.
        events: Arc<Vec<Arc<Event>>>,
        /// Times as fast as it was; none for its last moment.
        speed: Option<f64>,
    },
}

/// Opens it; ends when it is closed. The exit code is that of the last run that was started in it.
pub async fn open(context: &Arc<Context>, choice: Choice, first: First) -> Result<u8, Failure> {
    let hold = show::Hold::begin();
    let (events, from_runs) = mpsc::channel(EVENTS);
    let (say, news) = mpsc::channel::<News>(NEWS);
    let (ask, mut asked) = mpsc::unbounded_channel();
    let model = model(context, choice, &first);
    let bug = |error: std::io::Error| Failure::new("LAB-BUG", error.to_string());
    let (steer, mut control) = signals::controls();
    let last = signals::watch(steer, false).map_err(bug)?;
    let mut hands = Hands::new(Arc::clone(context), ToApp { say, events, color: choice.color }, last);
    match first {
        First::Up(args) => hands.up(*args),
        First::Attached(viewing) => hands.attach(*viewing),
        First::Front => hands.look_where_to_begin(),
        First::Recording { .. } => {}
    }
    let mut closed = tui::open(model, Wires { events: from_runs, news, effects: ask }, runs::now).map_err(bug)?;
    let mut look = tokio::time::interval(LOOK);
    let (found, mut drills) = mpsc::channel(1);
    let closed = loop {
        tokio::select! {
            biased;
            ended = &mut closed => break ended,
            _ = look.tick() => {
                tui::let_go();
                hands.look_for_drills(&found);
            }
            Some(viewing) = drills.recv() => hands.notice(viewing),
            Some(effect) = asked.recv() => hands.carry_out(effect),
            Some(signal) = control.recv() => hands.told_to_end(signal),
            () = hands.run_ended() => {}
        }
    };
    for text in tui::held() {
        show::err(&format!("{text}\n"));
    }
    if let Ok(Err(error)) = &closed {
        show::err(&format!("the terminal app lost its terminal: {error}\n"));
    }
    drop(hold);
    // a run goes on although nobody looks through the app any more: its lines are written, and signals still end it
    while hands.is_busy() {
        tokio::select! {
            biased;
            Some(signal) = control.recv() => hands.told_to_end(signal),
            () = hands.run_ended() => {}
        }
    }
    if let Some(run) = hands.theirs() {
        show::err(&attach::left(context, run));
    }
    let left = hands.left();
    match (closed, hands.last_run()) {
        (Err(_broke), _) => Ok(code::BUG),
        (_, Some(ended)) => {
            let state = ended?;
            up::conclude(&state, choice);
            Ok(state.summary.as_ref().map_or(code::BUG, |summary| summary.exit_code))
        }
        (Ok(Err(_)), None) => Ok(code::HANGUP),
        (Ok(Ok(())), None) => Ok(left),
    }
}

/// What the app knows when it opens.
fn model(context: &Context, choice: Choice, first: &First) -> Model {
    let mut keymap = Keymap::default();
    let wrong = own_keys(context, &mut keymap);
    let opening = Shared::new(context.global.lab.clone(), runs::now(), theme(context, choice));
    let shared = Shared { read_only: context.global.read_only, keymap, ..opening };
    let front = match first {
        First::Front => ScreenId::Start,
        First::Up(_) | First::Attached(_) => ScreenId::Run,
        First::Recording { .. } => ScreenId::Replay,
    };
    let mut model = Model::new(shared, front);
    let mut tell = |news| drop(tui::update(&mut model, Msg::News(news)));
    match first {
        First::Recording { events, speed } => tell(News::Recording { events: Arc::clone(events), speed: *speed }),
        First::Attached(_) => tell(News::Attached),
        First::Front | First::Up(_) => {}
    }
    if let Some(wrong) = wrong {
        tell(News::Failed(wrong));
    }
    model
}

fn theme(context: &Context, choice: Choice) -> Theme {
    if !choice.color {
        return Theme::Monochrome;
    }
    match context.global.theme {
        cli::Theme::Dark => Theme::Dark,
        cli::Theme::Light => Theme::Light,
        cli::Theme::HighContrast => Theme::HighContrast,
        cli::Theme::Monochrome => Theme::Monochrome,
    }
}

/// Lays the user's keys over the table. Everything that is wrong with them is written once the app has closed; the first is shown in it.
fn own_keys(context: &Context, keymap: &mut Keymap) -> Option<Trouble> {
    let path = context.paths.config.join("keys.yaml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            return Some(Trouble { id: "LAB-FILE-001".to_owned(), what: format!("{}: {error}", path.display()), fix: String::new() });
        }
    };
    let errors = tui::patch(keymap, &text);
    for error in &errors {
        show::err(&format!("warning: {}: {error}\n", path.display()));
    }
    let first = errors.first()?;
    let more = if errors.len() > 1 { format!(" (and {} more)", errors.len() - 1) } else { String::new() };
    Some(Trouble { id: "LAB-USAGE-001".to_owned(), what: format!("{first}{more}"), fix: String::new() })
}
