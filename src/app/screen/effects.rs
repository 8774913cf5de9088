//! What the terminal app asks for, carried out.

use super::lab::Looks;
use super::live::{self, Ended, Live, ToApp};
use super::{look, past};
use crate::app::attach::Viewing;
use crate::app::context::Context;
use crate::app::exit::{Failure, code};
use crate::app::reach;
use crate::app::signals::LastSignal;
use crate::cli::{OutputMode, UpArgs, WaitArgs};
use crate::model::finding::SafeFix;
use crate::model::run::{Control, RunId};
use crate::tui::{Effect, News, Trouble};
use std::sync::Arc;
use std::time::Duration;

/// How long a fix may take: it sets one value of the kernel, or loads one module.
const FIX: Duration = Duration::from_secs(10);

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
}

impl Hands {
    /// Nothing is being done yet.
    pub fn new(context: Arc<Context>, app: ToApp, last: LastSignal) -> Self {
        let looks = Looks::new(Arc::clone(&context), app.say.clone());
        Self { context, app, host: look::Host::default(), live: None, ended: None, last, looks, leaving: false }
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
            Effect::Up { order, force } => self.up(UpArgs {
                which: look::which(&order),
                headless: false,
                output: OutputMode::Screen,
                detach: false,
                in_background: false,
                force,
                wait: WaitArgs { wait_lock: None },
            }),
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
        if self.live.is_none() {
            self.live = Some(live::up(Arc::clone(&self.context), args, self.app.clone(), self.last.clone()));
        }
    }

    /// Shows a run that another process is doing.
    pub fn attach(&mut self, viewing: Viewing) {
        self.live = Some(live::attached(viewing, self.app.clone()));
    }

    /// The run of another process that is still shown.
    pub fn theirs(&self) -> Option<&RunId> {
        self.live.as_ref()?.theirs.as_ref()
    }

    /// A signal came: a run of this process is told, and left when it has ended; without one the app closes.
    pub fn told_to_end(&mut self, signal: Control) {
        self.leaving = true;
        match &self.live {
            Some(live) if live.theirs.is_none() => drop(live.control.try_send(signal)),
            _ => self.does(async { vec![News::Leave] }),
        }
    }

    /// Ends with the run that is at work; never, if none is.
    pub async fn run_ended(&mut self) {
        let Some(live) = &mut self.live else { return std::future::pending().await };
        let ended = (&mut live.task).await;
        self.live = None;
        self.ended = Some(ended.unwrap_or_else(|broke| Err(Failure::new("LAB-BUG", format!("the run broke: {broke}")))));
        if self.leaving {
            self.does(async { vec![News::Leave] });
        }
    }

    /// True while a run of this process is at work.
    pub fn is_busy(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.theirs.is_none())
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
