//! The loop: keys before everything, one picture a batch, and nothing drawn that did not change.

use super::key::Key;
use super::message::{Effect, Msg, News};
use super::model::Model;
use super::terminal::{THREAD, Terminal};
use super::update::update;
use crate::model::run::{At, Event};
use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use futures::{FutureExt, StreamExt};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// Events taken in one go.
const BATCH: usize = 4096;
/// Events alone make a picture at most this often: a person sees no more.
const FRAME: Duration = Duration::from_millis(33);
/// How often the time is told while something moves, and else.
const MOVING: Duration = Duration::from_millis(100);
const STILL: Duration = Duration::from_secs(1);
/// The number of SIGTSTP, which tokio has no name for: 20 on Linux, 18 elsewhere.
const TSTP: i32 = if cfg!(target_os = "linux") { 20 } else { 18 };

/// What joins the app to those who act.
#[derive(Debug)]
pub struct Wires {
    /// Events of live runs.
    pub events: mpsc::Receiver<Arc<Event>>,
    /// Answers, and what nobody asked for.
    pub news: mpsc::Receiver<News>,
    /// What is to be done.
    pub effects: mpsc::UnboundedSender<Effect>,
}

/// Opens the app on a thread of its own, so that no work elsewhere holds up a key. What comes back is told when it has closed: `Ok` when it was
/// left, an error when the terminal went away, nothing at all when it broke.
pub fn open(model: Model, wires: Wires, now: fn() -> At) -> io::Result<oneshot::Receiver<io::Result<()>>> {
    let (say, closed) = oneshot::channel();
    std::thread::Builder::new().name(THREAD.to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let ended = runtime.and_then(|runtime| runtime.block_on(lead(model, wires, now)));
        let _gone = say.send(ended);
    })?;
    Ok(closed)
}

/// What must be done after a message.
#[derive(Default)]
struct Next {
    quit: bool,
    redraw: bool,
    suspend: bool,
    copy: Option<String>,
}

async fn lead(mut model: Model, mut wires: Wires, now: fn() -> At) -> io::Result<()> {
    let mut stop = signal(SignalKind::from_raw(TSTP))?;
    let mut terminal = Terminal::take()?;
    let mut keys = EventStream::new();
    model.shared.size = terminal.size();
    model.shared.now = now();
    terminal.draw(&model)?;
    let mut drawn = Instant::now();
    let mut told = drawn;
    let (mut dirty, mut events_open, mut news_open) = (false, true, true);
    let mut batch = Vec::with_capacity(BATCH);
    take(&mut model, Msg::Opened, &wires, &mut Next::default());
    loop {
        let tick = told + if model.is_moving() { MOVING } else { STILL };
        let mut next = Next::default();
        let mut at_once = false;
        tokio::select! {
            biased;
            input = keys.next() => {
                let Some(input) = input.transpose()? else { return Err(io::ErrorKind::UnexpectedEof.into()) };
                take_input(&mut model, &input, &wires, &mut next);
                // keys that are there already share one picture
                while let Some(Some(input)) = keys.next().now_or_never() {
                    take_input(&mut model, &input?, &wires, &mut next);
                }
                at_once = true;
            }
            _ = stop.recv() => next.suspend = true,
            () = sleep_until(drawn + FRAME), if dirty => at_once = true,
            () = sleep_until(tick) => {
                told = Instant::now();
                take(&mut model, Msg::Tick(now()), &wires, &mut next);
                dirty = true;
            }
            news = wires.news.recv(), if news_open => match news {
                Some(news) => {
                    model.shared.now = now();
                    take(&mut model, Msg::News(news), &wires, &mut next);
                    at_once = true;
                }
                None => news_open = false,
            },
            taken = wires.events.recv_many(&mut batch, BATCH), if events_open => {
                if taken == 0 {
                    events_open = false;
                } else {
                    model.shared.now = now();
                    take(&mut model, Msg::Events(std::mem::take(&mut batch)), &wires, &mut next);
                    batch.reserve(BATCH);
                    dirty = true;
                }
            }
        }
        if next.quit {
            return Ok(());
        }
        if next.suspend {
            terminal.suspend()?;
            at_once = true;
        }
        if let Some(text) = &next.copy {
            terminal.copy(text)?;
        }
        if next.redraw {
            terminal.forget()?;
        }
        if at_once || (dirty && drawn.elapsed() >= FRAME) {
            terminal.draw(&model)?;
            drawn = Instant::now();
            dirty = false;
        }
    }
}

fn take_input(model: &mut Model, input: &Input, wires: &Wires, next: &mut Next) {
    #[cfg(feature = "failpoints")]
    fail_on_purpose(input);
    let msg = match input {
        Input::Key(key) if key.kind != KeyEventKind::Release => Msg::Key(Key::from(*key)),
        Input::Paste(text) => Msg::Paste(text.clone()),
        Input::Resize(columns, rows) => Msg::Resize(*columns, *rows),
        _ => return,
    };
    take(model, msg, wires, next);
}

/// Breaks on Ctrl-], for the test of a terminal that is given back after a panic.
#[cfg(feature = "failpoints")]
#[expect(clippy::panic, reason = "that is what it is for")]
fn fail_on_purpose(input: &Input) {
    use crossterm::event::{KeyCode, KeyModifiers};
    if let Input::Key(key) = input
        && key.modifiers.contains(KeyModifiers::CONTROL)
        && matches!(key.code, KeyCode::Char(']' | '5'))
    {
        panic!("broken on purpose");
    }
}

/// Tells the model, and does or passes on what it asks for.
fn take(model: &mut Model, msg: Msg, wires: &Wires, next: &mut Next) {
    for effect in update(model, msg) {
        match effect {
            Effect::Quit => next.quit = true,
            Effect::Redraw => next.redraw = true,
            Effect::Suspend => next.suspend = true,
            Effect::Copy(text) => {
                let said = update(
                    model,
                    Msg::News(News::Said(format!("sent to the terminal's clipboard: {}", text.lines().next().unwrap_or_default()))),
                );
                debug_assert!(said.is_empty());
                next.copy = Some(text);
            }
            Effect::CopySecret(text) => {
                drop(update(model, Msg::News(News::Said("the password was sent to the terminal's clipboard".to_owned()))));
                next.copy = Some(text.reveal().to_owned());
            }
            // nobody is left to do it only while the process ends
            other => drop(wires.effects.send(other)),
        }
    }
}
