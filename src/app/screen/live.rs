//! What the terminal app has at work: a run of this process or of another, or a lab that is taken away. It is told to the app as it goes; a run of
//! this process in lines, should the app be gone.

use super::effects::trouble;
use crate::app::attach::{self, Viewing};
use crate::app::context::Context;
use crate::app::detach::{Starting, Told};
use crate::app::exit::Failure;
use crate::app::signals::{self, LastSignal};
use crate::app::{down, runs, up};
use crate::cli::UpArgs;
use crate::engine::attach::pointer;
use crate::engine::journal::{RunHead, RunStatus};
use crate::model::run::{Control, Event, RunId, RunState, StepEvent, Verb};
use crate::report::{Choice, FrontEnd, Mode};
use crate::support::progress::Sink;
use crate::tui::News;
use std::ffi::OsString;
use std::process::Stdio;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long `down` waits for another labctl that works on the lab.
const DOWN_WAITS: Option<Duration> = Some(Duration::from_secs(10));
/// Room between the engine and the app.
const EVENTS: usize = 1024;

/// How a run ended; an error if it never began.
pub type Ended = Result<RunState, Failure>;

/// One that is at work, or on its way.
pub struct Live {
    /// The way to steer it.
    pub control: mpsc::Sender<Control>,
    /// Ends with it, or with what is seen of it; none for what is no run.
    pub task: JoinHandle<Option<Ended>>,
    /// The run, once another process is doing it; leaving does not end that.
    theirs: Arc<OnceLock<RunId>>,
}

impl Live {
    /// The run, if another process is doing it.
    pub fn theirs(&self) -> Option<&RunId> {
        self.theirs.get()
    }
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

impl ToApp {
    /// A hint for those who look; an app that is too busy for it does without.
    fn hint(&self, news: News) {
        let _full = self.say.try_send(news);
    }

    fn preparing(&self, verb: &str, what: &str) {
        self.hint(News::Preparing { verb: verb.to_owned(), what: what.to_owned() });
    }
}

/// Carries out `up` in this process.
pub fn up(context: Arc<Context>, args: UpArgs, app: ToApp, last: LastSignal) -> Live {
    let (control, mut steered) = signals::controls();
    let steer = control.clone();
    let task = tokio::spawn(async move {
        let preparing = |what: &str| app.preparing("up", what);
        let ready = tokio::select! {
            ready = up::prepare(&context, &args, &preparing) => ready,
            () = asked_to_end(&mut steered) => Err(ended_early()),
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
            Err(failure) => News::Refused(trouble(failure)),
        };
        let _closed = app.say.send(news).await;
        Some(ended)
    });
    Live { control, task, theirs: Arc::default() }
}

/// Starts labctl with these arguments in the background, and shows its run, which outlives the app; `first` says that it has begun.
pub fn in_background(context: Arc<Context>, verb: &'static str, args: Vec<OsString>, first: News, app: ToApp) -> Live {
    let (control, mut steered) = signals::controls();
    let theirs = Arc::new(OnceLock::new());
    let known = Arc::clone(&theirs);
    let task = tokio::spawn(async move {
        Some(match begin(&context, verb, args, &app, &mut steered).await {
            Ok(viewing) => show(viewing, first, &app, steered, &known).await,
            Err(failure) => {
                let _closed = app.say.send(News::Refused(trouble(&failure))).await;
                Err(failure)
            }
        })
    });
    Live { control, task, theirs }
}

/// Shows the run of another process whose id this is.
pub fn joined(context: Arc<Context>, run: String, app: ToApp) -> Live {
    let (control, steered) = signals::controls();
    let theirs = Arc::new(OnceLock::new());
    let known = Arc::clone(&theirs);
    let task = tokio::spawn(async move {
        match join(&context, &run).await {
            Ok(viewing) => Some(show(viewing, News::Attached, &app, steered, &known).await),
            Err(failure) => {
                let _closed = app.say.send(News::Failed(trouble(&failure))).await;
                None
            }
        }
    });
    Live { control, task, theirs }
}

/// Shows a run that another process is doing.
pub fn attached(viewing: Viewing, app: ToApp) -> Live {
    let (control, steered) = signals::controls();
    let theirs = Arc::new(OnceLock::from(viewing.head.run.clone()));
    let known = Arc::clone(&theirs);
    let task = tokio::spawn(async move { Some(show(viewing, News::Attached, &app, steered, &known).await) });
    Live { control, task, theirs }
}

/// Follows a drill of another process that nobody asked to see, so that it can be halted from here; how it ends is not how the app ends.
pub fn noticed(viewing: Viewing, app: ToApp) -> Live {
    let (control, steered) = signals::controls();
    let theirs = Arc::new(OnceLock::from(viewing.head.run.clone()));
    let known = Arc::clone(&theirs);
    let task = tokio::spawn(async move {
        let _ended = show(viewing, News::Noticed, &app, steered, &known).await;
        None
    });
    Live { control, task, theirs }
}

/// A drill or a game day that another process is doing in this lab. The drills within a game day cannot be attached to; that itself can.
pub async fn drill_of_another(context: Arc<Context>) -> Option<Viewing> {
    let of = Arc::clone(&context);
    let find = move || {
        let breaks = |head: &RunHead| head.status == RunStatus::Running && matches!(head.verb, Verb::Scenario | Verb::Load | Verb::Gameday);
        let served = |head: &RunHead| head.journal.parent().is_some_and(|folder| std::fs::read_link(pointer(folder)).is_ok());
        runs::heads(&of).ok()?.into_iter().find(|head| breaks(head) && served(head))
    };
    let head = tokio::task::spawn_blocking(find).await.ok()??;
    Viewing::open(head, context.global.read_only).await.ok()
}

/// Takes the lab away.
pub fn down(context: Arc<Context>, app: ToApp) -> Live {
    let (control, mut steered) = signals::controls();
    let task = tokio::spawn(async move {
        let cancel = CancellationToken::new();
        let sink = Sink::hearing({
            let app = app.clone();
            move |event, _| {
                if let StepEvent::Waiting { on, last_reason, .. } = event {
                    let why = if last_reason.is_empty() { String::new() } else { format!(" ({last_reason})") };
                    app.preparing("down", &format!("waiting for {on}{why}"));
                }
            }
        });
        app.preparing("down", "reading the lab");
        let gone = {
            let mut work = Box::pin(down::carry_out(&context, DOWN_WAITS, false, &sink, &cancel));
            loop {
                tokio::select! {
                    gone = &mut work => break gone,
                    () = asked_to_end(&mut steered) => {
                        // the second time nothing is waited for
                        if cancel.is_cancelled() {
                            break Err(down::stopped());
                        }
                        cancel.cancel();
                    }
                }
            }
        };
        let gone = gone.map_err(|failure| if cancel.is_cancelled() { down::stopped() } else { failure });
        let news = match gone {
            Ok(left) => News::Done(down::lines(&left)),
            Err(failure) => News::Refused(trouble(&failure)),
        };
        let _closed = app.say.send(news).await;
        None
    });
    Live { control, task, theirs: Arc::default() }
}

/// The run that a process in the background has begun.
async fn begin(
    context: &Context,
    verb: &str,
    args: Vec<OsString>,
    app: &ToApp,
    steered: &mut mpsc::Receiver<Control>,
) -> Result<Viewing, Failure> {
    let mut starting = Starting::start(args, Stdio::null(), None)?;
    let mut refused = None;
    loop {
        let told = tokio::select! {
            told = starting.next() => told?,
            () = asked_to_end(steered) => {
                starting.end();
                refused = Some(ended_early());
                continue;
            }
        };
        match told {
            Some(Told::Preparing(what)) => app.preparing(verb, &what),
            Some(Told::Refused { id, message }) => {
                refused.get_or_insert(Failure { id, message });
            }
            Some(Told::Begun(begun)) => return join(context, &begun.run.0).await,
            None => {
                let code = starting.exit_code().await?;
                let silent =
                    || Failure::new("LAB-DETACH-001", format!("the process in the background ended with exit code {code} and no word"));
                return Err(refused.unwrap_or_else(silent));
            }
        }
    }
}

async fn join(context: &Context, run: &str) -> Result<Viewing, Failure> {
    Viewing::open(attach::at_work(context, Some(run))?, context.global.read_only).await
}

/// Shows a run of another process to its end.
async fn show(viewing: Viewing, first: News, app: &ToApp, steered: mpsc::Receiver<Control>, known: &OnceLock<RunId>) -> Ended {
    let _known = known.set(viewing.head.run.clone());
    let _closed = app.say.send(first).await;
    let ended = viewing.carry_out(app.events.clone(), steered, |text| app.hint(News::Said(text))).await;
    if let Err(failure) = &ended {
        let _closed = app.say.send(News::Failed(trouble(failure))).await;
    }
    let _closed = app.say.send(News::RunEnded).await;
    ended
}

fn ended_early() -> Failure {
    Failure::new("LAB-CANCELLED", "the run was ended before it began")
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
