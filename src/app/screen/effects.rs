//! What the terminal app asks for, carried out.

use crate::app::exit::Failure;
use crate::app::reach;
use crate::engine::journal::Journal;
use crate::model::run::Control;
use crate::tui::{Effect, News, Trouble};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Everything that acts for the app.
pub struct Hands {
    say: mpsc::Sender<News>,
}

impl Hands {
    /// Nothing is being done yet.
    pub fn new(say: mpsc::Sender<News>) -> Self {
        Self { say }
    }

    /// Begins what is asked for; the answer comes as news.
    pub fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Open(url) => self.answer(async move { Some(open(&url)) }),
            Effect::Play(path) => self.answer(async move { Some(recording(path).await) }),
            // the app does these itself
            Effect::Control(_)
            | Effect::Quit
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Copy(_)
            | Effect::Go(_)
            | Effect::Back
            | Effect::Ask(_)
            | Effect::Say(_) => {}
        }
    }

    /// A signal came: a run is told, else the app closes.
    pub fn told_to_end(&mut self, _signal: Control) {
        self.answer(async { Some(News::Leave) });
    }

    fn answer(&self, work: impl Future<Output = Option<News>> + Send + 'static) {
        let say = self.say.clone();
        tokio::spawn(async move {
            if let Some(news) = work.await {
                // an app that has closed wants no answers
                let _closed = say.send(news).await;
            }
        });
    }
}

/// What a failure looks like on a screen.
pub fn trouble(failure: &Failure) -> Trouble {
    Trouble { id: failure.id.clone(), what: failure.message.clone(), fix: failure.fix().unwrap_or_default().to_owned() }
}

fn open(url: &str) -> News {
    match reach::browse(url) {
        Ok(()) => News::Said(format!("opened {url}")),
        Err(failure) => News::Failed(trouble(&failure)),
    }
}

async fn recording(path: PathBuf) -> News {
    let read = tokio::task::spawn_blocking(move || Journal::read(&path)).await;
    match read {
        Ok(Ok(journal)) => News::Recording { events: Arc::new(journal.events.into_iter().map(Arc::new).collect()), speed: Some(10.0) },
        Ok(Err(error)) => News::Failed(trouble(&Failure::new("LAB-FILE-001", error.to_string()))),
        Err(error) => News::Failed(trouble(&Failure::new("LAB-BUG", error.to_string()))),
    }
}
