//! `labctl attach`: shows a run that another process is doing; and the socket of the runs that this process does. docs/attach.md.

use super::context::Context;
use super::exit::{Failure, code};
use super::{runs, screen, show, signals, up};
use crate::cli::AttachArgs;
use crate::engine::attach::{self, AttachError, Attached, Limits, Places, Served, Serving, Steering, Told, pointer};
use crate::engine::journal::{JournalWriter, RunHead, RunStatus};
use crate::model::run::{ClientHello, Control, EndReason, Event, RunId, RunState, ServerLine, Verb};
use crate::report::{self, Mode};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Room between the connection and a front end.
const EVENTS: usize = 1024;

/// How long the journal of a run may look as if its process were there after its connection has ended: the kernel takes a process apart piece by piece.
const DYING: Duration = Duration::from_secs(2);

/// Serves `run` to those who attach; a run goes on without, and says why in its journal.
pub async fn serve(context: &Context, run: &RunId, verb: Verb, journal: &JournalWriter, control: mpsc::Sender<Control>) -> Option<Served> {
    let places = Places { runtime: context.paths.runtime.clone(), fallback: context.paths.state.join("attach") };
    let serving = Serving {
        run: run.clone(),
        lab: context.global.lab.clone(),
        verb,
        journal: journal.path().to_owned(),
        commits: journal.commits(),
        control: control.clone(),
        user: Context::holder("", run).user,
        limits: Limits::default(),
    };
    match attach::serve(places, serving).await {
        Ok(served) => Some(served),
        Err(error) => {
            let _full = control.try_send(Control::Note { text: format!("nobody can attach to this run: {error}") });
            None
        }
    }
}

/// The run at work whose id starts or ends with `part`, or the newest.
pub fn at_work(context: &Context, part: Option<&str>) -> Result<RunHead, Failure> {
    let heads = runs::heads(context)?;
    let fits = |head: &&RunHead| part.is_none_or(|part| head.run.0.starts_with(part) || head.run.0.ends_with(part));
    let running = || heads.iter().filter(|head| head.status == RunStatus::Running).filter(fits);
    // runs within a game day have no socket of their own: the game day is who is spoken to
    let reachable = |head: &&RunHead| head.journal.parent().is_some_and(|folder| pointer(folder).is_symlink());
    if let Some(head) = running().find(reachable).or_else(|| running().next()) {
        return Ok(head.clone());
    }
    let lab = &context.global.lab;
    let last = heads.iter().find(fits).map(|head| match head.status {
        RunStatus::Unfinished => format!("{}, was killed before its end", head.run),
        _ => format!("{}, has ended", head.run),
    });
    let message = match (last, part) {
        (Some(last), Some(_)) => format!("run {last}"),
        (Some(last), None) => format!("no run of lab {lab} is at work; the last one, {last}"),
        (None, Some(part)) => format!("no run of lab {lab} starts or ends with `{part}`"),
        (None, None) => format!("no run of lab {lab} is at work, and none ever was"),
    };
    Err(Failure::new("LAB-ATTACH-001", message))
}

/// Attaches to the run.
pub async fn connect(head: &RunHead, hello: &ClientHello) -> Result<(Attached, Steering), Failure> {
    let cannot = |why: String| Failure::new("LAB-ATTACH-002", format!("run {} is at work and cannot be attached to: {why}", head.run));
    let pointer = pointer(head.journal.parent().unwrap_or(Path::new(".")));
    let socket = std::fs::read_link(&pointer).map_err(|error| cannot(format!("it has no socket ({}: {error})", pointer.display())))?;
    let (attached, steering) = attach::connect(&socket, hello).await.map_err(|error| cannot(error.to_string()))?;
    if attached.hello.run != head.run {
        return Err(cannot(format!("{} is the socket of run {}", socket.display(), attached.hello.run)));
    }
    Ok((attached, steering))
}

/// How the run ended, seen from here.
enum Ended {
    /// All of it was seen.
    Finished,
    /// Its process is gone, or its journal is not written any more.
    Died,
    /// It goes on, and does not talk to us any more.
    Cut(String),
}

/// Runs it.
pub async fn run(context: &Arc<Context>, args: &AttachArgs) -> Result<u8, Failure> {
    let head = at_work(context, args.run.as_deref())?;
    let choice = context.front_end(args.output, false);
    // Lines and bars have no keys: what steers a run there is `labctl run cancel` and the like.
    let viewing = Viewing::open(head, context.global.read_only || choice.mode != Mode::Screen).await?;
    if choice.mode == Mode::Screen {
        return screen::open(context, choice, screen::First::Attached(Box::new(viewing))).await;
    }
    let run = viewing.head.run.clone();
    let (say, events) = mpsc::channel::<Arc<Event>>(EVENTS);
    let mut shown = tokio::spawn(async move { report::drive(events, runs::front_end(choice).as_mut(), runs::now).await });
    let (ask, mut asked) = signals::controls();
    let last = signals::watch(ask, false).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    let (_never_used, controls) = signals::controls();
    let ended = tokio::select! {
        ended = viewing.carry_out(say, controls, |_| {}) => Some(ended),
        _ = asked.recv() => None,
        // nobody reads any more: `| head`
        _ = &mut shown => return Ok(code::OK),
    };
    let _shown = shown.await;
    if let Some(ended) = ended {
        let state = ended?;
        up::conclude(&state, choice);
        Ok(state.summary.map_or(code::BUG, |summary| summary.exit_code))
    } else {
        show::err(&left(context, &run));
        Ok(if last.exit_code() == code::INTERRUPTED { code::OK } else { last.exit_code() })
    }
}

/// What is said of a run that goes on without its viewer.
pub fn left(context: &Context, run: &RunId) -> String {
    let (again, end) = (context.typed("attach"), context.typed("run cancel"));
    format!("left run {run}, which goes on; {again} shows it again, {end} ends it\n")
}

/// A run of another process that is shown here.
#[derive(Debug)]
pub struct Viewing {
    /// Which one.
    pub head: RunHead,
    attached: Attached,
    steering: Steering,
}

impl Viewing {
    /// Attaches to it, to look only or to steer it too.
    pub async fn open(head: RunHead, read_only: bool) -> Result<Self, Failure> {
        let (attached, steering) = connect(&head, &ClientHello::new(read_only)).await?;
        Ok(Self { head, attached, steering })
    }

    /// Hands events on and controls to the run until that has ended; then its last state, or why that was not seen. `refused` hears what the run
    /// says to controls that it does not follow.
    pub async fn carry_out(
        self,
        events: mpsc::Sender<Arc<Event>>,
        mut controls: mpsc::Receiver<Control>,
        refused: impl Fn(String),
    ) -> Result<RunState, Failure> {
        let Self { head, mut attached, mut steering } = self;
        let mut state = RunState::default();
        let steer = async {
            while let Some(control) = controls.recv().await {
                if let Err(error) = steering.send(&control).await {
                    refused(error.to_string());
                }
            }
            std::future::pending().await
        };
        let ended = tokio::select! {
            ended = follow(&mut attached, &head, &mut state, events, &refused) => ended?,
            never = steer => never,
        };
        let run = head.run;
        match ended {
            Ended::Finished => Ok(state),
            Ended::Died => {
                let counts = state.counts();
                let message = format!("the process of run {run} ended before the run did: {} of {} ready", counts.ready, counts.total());
                Err(Failure::new("LAB-ATTACH-003", message))
            }
            Ended::Cut(why) => Err(Failure::new("LAB-ATTACH-002", format!("run {run} goes on without this viewer: {why}"))),
        }
    }
}

/// Hands on all events of the run, to its end.
async fn follow(
    attached: &mut Attached,
    head: &RunHead,
    state: &mut RunState,
    say: mpsc::Sender<Arc<Event>>,
    refused: &impl Fn(String),
) -> Result<Ended, Failure> {
    let cut = loop {
        match attached.next().await {
            Ok(Some(Told::Event(event))) => {
                state.apply(&event);
                let _gone = say.send(Arc::from(event)).await;
            }
            Ok(Some(Told::Line(ServerLine::End { why: EndReason::Finished }))) => return Ok(Ended::Finished),
            Ok(Some(Told::Line(ServerLine::End { .. }))) => return Ok(Ended::Died),
            Ok(Some(Told::Line(ServerLine::Refused { text, closes: true, .. }))) => break text,
            Ok(Some(Told::Line(ServerLine::Refused { text, .. }))) => refused(text),
            Ok(Some(Told::Line(_))) => {}
            Ok(None) => break "it closed the connection; labctl attach opens another".to_owned(),
            Err(error @ (AttachError::Broken(_) | AttachError::Strange { .. })) => break error.to_string(),
            Err(error) => return Err(Failure::new("LAB-BUG", error.to_string())),
        }
    };
    // Whoever was too slow for the last words finds them in the journal.
    let until = tokio::time::Instant::now() + DYING;
    loop {
        let journal = runs::read(&head.journal)?;
        for event in journal.events.into_iter().filter(|event| event.seq > state.seq).collect::<Vec<_>>() {
            state.apply(&event);
            let _gone = say.send(Arc::new(event)).await;
        }
        if state.summary.is_some() {
            return Ok(Ended::Finished);
        }
        if !is_written(&head.journal) {
            return Ok(Ended::Died);
        }
        if tokio::time::Instant::now() > until {
            return Ok(Ended::Cut(cut));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether some process holds the journal open for writing.
fn is_written(journal: &Path) -> bool {
    let file = std::fs::File::open(journal);
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)))
}
