//! A run that the terminal app has started: made ready, carried out, and told to the app; in lines, should the app be gone.

use crate::app::attach::Viewing;
use crate::app::context::Context;
use crate::app::exit::Failure;
use crate::app::signals::LastSignal;
use crate::app::{runs, up};
use crate::cli::UpArgs;
use crate::model::run::{Control, Event, RunId, RunState};
use crate::report::{Choice, FrontEnd, Mode};
use crate::tui::News;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Room between the engine and the app.
const EVENTS: usize = 1024;

/// How a run ended; an error if it never began.
pub type Ended = Result<RunState, Failure>;

/// One that is at work.
pub struct Live {
    /// The way to steer it.
    pub control: mpsc::Sender<Control>,
    /// Ends with it.
    pub task: JoinHandle<Ended>,
    /// Another process is doing it; none for one of this process.
    pub theirs: Option<RunId>,
}

/// The ways to the app.
#[derive(Clone)]
pub struct ToApp {
    /// Answers.
    pub say: mpsc::Sender<News>,
    /// Events of runs.
    pub events: mpsc::Sender<Arc<Event>>,
    /// How lines look once the app has gone.
    pub color: bool,
}

/// Begins `up`.
pub fn up(context: Arc<Context>, args: UpArgs, app: ToApp, last: LastSignal) -> Live {
    let (control, mut steered) = crate::app::signals::controls();
    let steer = control.clone();
    let task = tokio::spawn(async move {
        let say = app.say.clone();
        let preparing = move |what: &str| {
            // a hint for those who look: an app that is too busy for it does without
            let _full = say.try_send(News::Preparing { verb: "up".to_owned(), what: what.to_owned() });
        };
        let ready = tokio::select! {
            ready = up::prepare(&context, &args, &preparing) => ready,
            () = asked_to_end(&mut steered) => Err(Failure::new("LAB-CANCELLED", "the run was ended before it began")),
        };
        let ended = match ready {
            Ok(mut ready) => {
                ready.serve(&context, steer).await;
                let (events, from) = mpsc::channel(EVENTS);
                let relay = tokio::spawn(relay(from, app.clone()));
                let ended = ready.carry_out(&context, events, steered, last).await;
                let _gone = relay.await;
                ended
            }
            Err(failure) => Err(failure),
        };
        let news = match &ended {
            Ok(_) => News::RunEnded,
            Err(failure) => News::Refused(super::effects::trouble(failure)),
        };
        let _closed = app.say.send(news).await;
        ended
    });
    Live { control, task, theirs: None }
}

/// Shows a run that another process is doing.
pub fn attached(viewing: Viewing, app: ToApp) -> Live {
    let (control, steered) = crate::app::signals::controls();
    let theirs = Some(viewing.head.run.clone());
    let task = tokio::spawn(async move {
        let refused = |text| {
            // a hint for those who look: an app that is too busy for it does without
            let _full = app.say.try_send(News::Said(text));
        };
        let ended = viewing.carry_out(app.events.clone(), steered, refused).await;
        if let Err(failure) = &ended {
            let _closed = app.say.send(News::Failed(super::effects::trouble(failure))).await;
        }
        let _closed = app.say.send(News::RunEnded).await;
        ended
    });
    Live { control, task, theirs }
}

/// Until somebody wants an end.
async fn asked_to_end(steered: &mut mpsc::Receiver<Control>) {
    loop {
        match steered.recv().await {
            Some(Control::Cancel { .. }) => return,
            Some(_) => {}
            None => std::future::pending().await,
        }
    }
}

/// Hands events to the app; once it has gone, to lines on stderr, so that a run never works unseen.
async fn relay(mut from: mpsc::Receiver<Arc<Event>>, app: ToApp) {
    let mut lines: Option<Box<dyn FrontEnd>> = None;
    while let Some(event) = from.recv().await {
        if lines.is_none() && app.events.send(Arc::clone(&event)).await.is_ok() {
            continue;
        }
        let lines = lines.get_or_insert_with(|| runs::front_end(Choice { mode: Mode::Lines, color: app.color }));
        // nobody can see it any more; the run goes on without
        let _gone = lines.handle(&event);
    }
}
