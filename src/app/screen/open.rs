//! Opens the terminal app, stays with it until it closes, and says how it ended.

use super::effects::Hands;
use crate::app::context::Context;
use crate::app::exit::{Failure, code};
use crate::app::{runs, show, signals};
use crate::cli;
use crate::model::run::Event;
use crate::report::Choice;
use crate::tui::{self, Keymap, Model, News, ScreenId, Shared, Theme, Trouble, Wires};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Room between the engine and the app; a slow terminal loses lines of output, nothing else.
const EVENTS: usize = 1024;
/// Answers that wait for the app.
const NEWS: usize = 64;

/// What the app opens with.
pub enum First {
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
    let (_say_event, events) = mpsc::channel(EVENTS);
    let (say, news) = mpsc::channel::<News>(NEWS);
    let (ask, mut asked) = mpsc::unbounded_channel();
    let mut keymap = Keymap::default();
    let wrong = own_keys(context, &mut keymap);
    let shared = Shared {
        lab: context.global.lab.clone(),
        now: runs::now(),
        read_only: context.global.read_only,
        size: (0, 0),
        theme: theme(context, choice),
        keymap,
        run: None,
        busy: false,
    };
    let front = match &first {
        First::Recording { .. } => ScreenId::Replay,
    };
    let mut model = Model::new(shared, front);
    match first {
        First::Recording { events, speed } => drop(tui::update(&mut model, tui::Msg::News(News::Recording { events, speed }))),
    }
    if let Some(wrong) = wrong {
        drop(tui::update(&mut model, tui::Msg::News(News::Failed(wrong))));
    }
    let bug = |error: std::io::Error| Failure::new("LAB-BUG", error.to_string());
    let (steer, mut control) = signals::controls();
    let _last = signals::watch(steer, false).map_err(bug)?;
    let mut closed = tui::open(model, Wires { events, news, effects: ask }, runs::now).map_err(bug)?;
    let mut hands = Hands::new(say);
    let ended = loop {
        tokio::select! {
            biased;
            ended = &mut closed => break ended,
            Some(effect) = asked.recv() => hands.carry_out(effect),
            Some(signal) = control.recv() => hands.told_to_end(signal),
        }
    };
    for text in tui::held() {
        show::err(&format!("{text}\n"));
    }
    let code = match ended {
        Ok(Ok(())) => code::OK,
        Ok(Err(error)) => {
            show::err(&format!("the terminal app lost its terminal: {error}\n"));
            code::HANGUP
        }
        Err(_broke) => code::BUG,
    };
    drop(hold);
    Ok(code)
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
