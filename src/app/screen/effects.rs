//! What the terminal app asks for, carried out.

use super::lab::Looks;
use super::live::{self, Ended, Live, ToApp};
use super::{drills, look, past, respond};
use crate::app::attach::Viewing;
use crate::app::context::Context;
use crate::app::exit::{Failure, code};
use crate::app::signals::LastSignal;
use crate::app::{attach, down, reach};
use crate::cli::UpArgs;
use crate::model::finding::SafeFix;
use crate::model::run::{Control, RunId};
use crate::tui::{Effect, News, Order, Question, Trouble};
use std::ffi::OsString;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long a fix may take: it sets one value of the kernel, or loads one module.
const FIX: Duration = Duration::from_secs(10);

/// How often drills of other processes are looked for.
const DRILLS: Duration = Duration::from_secs(5);

/// Everything that acts for the app.
pub struct Hands {
    context: Arc<Context>,
    app: ToApp,
    host: look::Host,
    live: Option<Live>,
    /// How the last run ended.
    ended: Option<Ended>,
    last: LastSignal,
    looks: Looks,
    /// A signal came: leave once the run has ended.
    leaving: bool,
    /// When drills of other processes were last looked for, and the look that is under way.
    looked: Option<Instant>,
    looking: Option<JoinHandle<()>>,
}

impl Hands {
    /// Nothing is being done yet.
    pub fn new(context: Arc<Context>, app: ToApp, last: LastSignal) -> Self {
        let looks = Looks::new(Arc::clone(&context), app.say.clone());
        Self {
            context,
            app,
            host: look::Host::default(),
            live: None,
            ended: None,
            last,
            looks,
            leaving: false,
            looked: None,
            looking: None,
        }
    }

    /// Begins what is asked for; the answer comes as news.
    pub fn carry_out(&mut self, effect: Effect) {
        let (context, host) = (Arc::clone(&self.context), Arc::clone(&self.host));
        match effect {
            Effect::Open(url) => self.reads(move || open(&url)),
            Effect::Play(path) => self.reads(move || past::recording(&path)),
            Effect::History => self.reads(move || past::list(&context)),
            Effect::Compare(one, other) => self.reads(move || past::compare(&one, &other)),
            Effect::LookAround => {
                let of = Arc::clone(&context);
                self.reads(move || look::stacks(&of));
                self.does(async move { look::findings(&context, &host).await });
            }
            Effect::Judge(order) => self.does(async move { vec![look::judge(&context, &host, order).await] }),
            Effect::Plan(order) => self.does(async move { vec![look::planned(&context, &order).await] }),
            Effect::Fix(action) => self.does(async move {
                let fixed = fix(&action).await;
                let mut news = look::findings(&context, &host).await;
                news.push(fixed);
                news
            }),
            Effect::Up { order, force } => {
                let args = up_args(&context, &order, force);
                self.begin(|app| live::in_background(context, "up", args, News::Attached, app));
            }
            Effect::Gamedays => self.reads(move || respond::gamedays(&context)),
            Effect::Acknowledge => self.reads(move || respond::acknowledge(&context)),
            Effect::RunGameday(which) => {
                let args = respond::gameday_args(&context, &which);
                self.begin(|app| live::in_background(context, "game day", args, News::Noticed, app));
            }
            Effect::Runbooks => self.reads(move || respond::list(&context)),
            Effect::RunRunbook { which, only_look } => {
                let args = respond::args(&context, &which, only_look);
                // a drill is what runbooks are for: it goes on, and is noticed again afterwards
                if let Some(live) = self.live.take_if(|live| live.theirs().is_some()) {
                    live.task.abort();
                }
                self.begin(|app| live::in_background(context, "runbook", args, News::Attached, app));
            }
            Effect::Drills => self.reads(move || drills::list(&context)),
            Effect::PlanDrill(which) => self.does(async move { vec![drills::planned(&context, which).await] }),
            Effect::RunDrill(which) => {
                let args = drills::args(&context, &which);
                self.begin(|app| live::in_background(context, "drill", args, News::Attached, app));
            }
            Effect::Attach(run) => self.begin(|app| live::joined(context, run, app)),
            Effect::AskDown => self.does(async move { vec![ask_down(&context).await] }),
            Effect::Down => self.begin(|app| live::down(context, app)),
            Effect::Look(queries) => self.looks.want(&queries),
            Effect::Act(act) => {
                let done = self.looks.act(act);
                self.does(async move { vec![done.await.map_or_else(|failure| News::Failed(trouble(&failure)), News::Said)] });
            }
            Effect::Credentials => {
                self.reads(move || reach::credentials(&context).map_or_else(|failure| News::Failed(trouble(&failure)), News::Credentials));
            }
            Effect::Control(control) => {
                if let Some(live) = &self.live {
                    // a run that takes nothing any more has ended
                    let _ended = live.control.try_send(control);
                }
            }
            // the app does these itself
            Effect::Quit
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Copy(_)
            | Effect::CopySecret(_)
            | Effect::Filter(_)
            | Effect::Go(_)
            | Effect::Back
            | Effect::Ask(_)
            | Effect::Say(_) => {}
        }
    }

    /// Begins `up`, if nothing else is at work.
    pub fn up(&mut self, args: UpArgs) {
        let (context, last) = (Arc::clone(&self.context), self.last.clone());
        self.begin(|app| live::up(context, args, app, last));
    }

    /// Shows a run that another process is doing.
    pub fn attach(&mut self, viewing: Viewing) {
        self.begin(|app| live::attached(viewing, app));
    }

    /// Tells how the lab stands, for an app that opens on nothing in particular.
    pub fn look_where_to_begin(&self) {
        let context = Arc::clone(&self.context);
        self.does(async move {
            if let Ok(head) = attach::at_work(&context, None) {
                return vec![News::AtWork(head.run.0)];
            }
            let there = match context.setup(None, false) {
                Ok(setup) => setup.is_existing() || setup.nodes().await.is_ok_and(|nodes| !nodes.is_empty()),
                // the screens say themselves what is wrong
                Err(_) => false,
            };
            if there { vec![News::LabIsThere] } else { Vec::new() }
        });
    }

    /// Looks every now and then whether another process does a drill here.
    pub fn look_for_drills(&mut self, found: &mpsc::Sender<Viewing>) {
        let waits = self.looked.is_some_and(|before| before.elapsed() < DRILLS);
        if self.live.is_some() || waits || self.looking.as_ref().is_some_and(|work| !work.is_finished()) {
            return;
        }
        self.looked = Some(Instant::now());
        let (context, found) = (Arc::clone(&self.context), found.clone());
        self.looking = Some(tokio::spawn(async move {
            if let Some(viewing) = live::drill_of_another(context).await {
                let _closed = found.send(viewing).await;
            }
        }));
    }

    /// Shows a drill that was found.
    pub fn notice(&mut self, viewing: Viewing) {
        self.begin(|app| live::noticed(viewing, app));
    }

    /// Begins it, if nothing else is at work.
    fn begin(&mut self, work: impl FnOnce(ToApp) -> Live) {
        if self.live.is_none() {
            self.live = Some(work(self.app.clone()));
        }
    }

    /// The run of another process that is still shown.
    pub fn theirs(&self) -> Option<&RunId> {
        self.live.as_ref()?.theirs()
    }

    /// A signal came: a run of this process is told, and left when it has ended; without one the app closes.
    pub fn told_to_end(&mut self, signal: Control) {
        self.leaving = true;
        match &self.live {
            Some(live) if live.theirs().is_none() => drop(live.control.try_send(signal)),
            _ => self.does(async { vec![News::Leave] }),
        }
    }

    /// Ends with the run that is at work; never, if none is.
    pub async fn run_ended(&mut self) {
        let Some(live) = &mut self.live else { return std::future::pending().await };
        let ended = (&mut live.task).await;
        self.live = None;
        let ended = ended.unwrap_or_else(|broke| Some(Err(Failure::new("LAB-BUG", format!("the run broke: {broke}")))));
        self.ended = ended.or(self.ended.take());
        if self.leaving {
            self.does(async { vec![News::Leave] });
        }
    }

    /// True while a run of this process is at work.
    pub fn is_busy(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.theirs().is_none())
    }

    /// How the last run ended, if there was one.
    pub fn last_run(self) -> Option<Ended> {
        self.ended
    }

    /// The exit code of an app that was left without a run.
    pub fn left(&self) -> u8 {
        if self.leaving { self.last.exit_code() } else { code::OK }
    }

    /// What only reads files, on a thread that may wait for them.
    fn reads(&self, work: impl FnOnce() -> News + Send + 'static) {
        self.does(async move {
            let done = tokio::task::spawn_blocking(work).await;
            vec![done.unwrap_or_else(|broke| News::Failed(trouble(&Failure::new("LAB-BUG", broke.to_string()))))]
        });
    }

    fn does(&self, work: impl Future<Output = Vec<News>> + Send + 'static) {
        let say = self.app.say.clone();
        tokio::spawn(async move {
            for news in work.await {
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

/// What a lab's end is asked with: all that would go.
async fn ask_down(context: &Context) -> News {
    let lab = &context.global.lab;
    match down::planned(context, false).await {
        Ok(planned) if planned.is_empty() => News::Said(format!("there is nothing of lab {lab}")),
        Ok(planned) => News::Ask(Box::new(Question {
            what: format!("Take away lab {lab}?"),
            more: planned
                .into_iter()
                .chain(["What is kept for the next lab stays: labctl down --purge takes that too.".to_owned()])
                .collect(),
            yes: "take it away".to_owned(),
            then: vec![Effect::Down],
        })),
        Err(failure) => News::Failed(trouble(&failure)),
    }
}

/// The command line of a run in the background that brings up what was ticked.
fn up_args(context: &Context, order: &Order, force: bool) -> Vec<OsString> {
    let global = &context.global;
    let mut args: Vec<OsString> = vec!["--lab".into(), global.lab.clone().into()];
    args.extend(global.offline.then(|| "--offline".into()));
    args.extend(global.dir.iter().flat_map(|dir| ["--dir".into(), dir.into()]));
    args.extend(["up".into(), "--in-background".into(), "--stack".into(), order.stack.clone().into()]);
    args.extend(order.adjusted.without.iter().flat_map(|part| ["--without".into(), part.into()]));
    args.extend(order.adjusted.size.into_iter().flat_map(|size| ["--size".into(), size.name().into()]));
    args.extend(force.then(|| "--force".into()));
    args
}

fn open(url: &str) -> News {
    match reach::browse(url) {
        Ok(()) => News::Said(format!("opened {url}")),
        Err(failure) => News::Failed(trouble(&failure)),
    }
}

async fn fix(action: &SafeFix) -> News {
    let (program, argument) = match action {
        SafeFix::Sysctl { key, value } => ("sysctl", ["-w".to_owned(), format!("{key}={value}")]),
        SafeFix::LoadModule { name } => ("modprobe", ["--".to_owned(), name.clone()]),
    };
    let by_hand =
        |what: String| News::Failed(Trouble { id: "LAB-TOOL-001".to_owned(), what, fix: format!("run it yourself: sudo {action}") });
    let mut command = tokio::process::Command::new(program);
    command.args(argument).stdin(std::process::Stdio::null()).kill_on_drop(true);
    match tokio::time::timeout(FIX, command.output()).await {
        Ok(Ok(output)) if output.status.success() => News::Said(format!("done: {action}")),
        Ok(Ok(output)) => by_hand(format!("`{action}` failed: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Ok(Err(error)) => by_hand(format!("`{action}` could not be started: {error}")),
        Err(_) => by_hand(format!("`{action}` took more than {} s", FIX.as_secs())),
    }
}
