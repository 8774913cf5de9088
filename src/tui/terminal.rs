//! The person's terminal: taken over once, given back exactly once, however the app ends.

use super::draw::draw;
use super::model::Model;
use base64::Engine as _;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io::{self, BufWriter, Stdout, Write, stdout};
use std::mem::ManuallyDrop;
use std::sync::Mutex;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// The name of the thread that draws; a panic on it ends the app, one elsewhere is the engine's to handle.
pub const THREAD: &str = "screen";

/// True while the terminal is ours. The one who turns it off gives the terminal back.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// What other threads' panics said while the terminal was ours.
static HELD: Mutex<Vec<String>> = Mutex::new(Vec::new());
static HOOK: Once = Once::new();

/// Room for a whole picture, so that it reaches the terminal in one piece.
const PICTURE: usize = 64 * 1024;
/// What a terminal takes for its clipboard; more is cut by many, in silence.
const CLIPBOARD: usize = 64 * 1024;

/// The terminal while it is ours.
pub struct Terminal {
    /// Never dropped: it would show the cursor, which is done here already, and panic where it can neither do that nor say so.
    inner: ManuallyDrop<ratatui::Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
}

/// Where the terminal has gone away, puts a pipe that never says anything in the place of standard input. crossterm reads a terminal that is gone
/// again and again and never comes back (crossterm#793), so somebody else has to look, now and then.
pub fn let_go() {
    let stdin = rustix::stdio::stdin();
    let mut asked = [PollFd::new(&stdin, PollFlags::empty())];
    let gone = poll(&mut asked, Some(&Timespec::default())).is_ok() && asked[0].revents().intersects(PollFlags::HUP | PollFlags::ERR);
    if gone && let Ok((silent, open)) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC) {
        let _best_effort = rustix::stdio::dup2_stdin(&silent);
        // its other end stays open to the end of the process: a pipe that is closed can be read for ever, too
        std::mem::forget(open);
    }
}

impl Terminal {
    /// Takes it over: raw mode, its other screen, no cursor.
    pub fn take() -> io::Result<Self> {
        HOOK.call_once(hook_panics);
        enter()?;
        let backend = CrosstermBackend::new(BufWriter::with_capacity(PICTURE, stdout()));
        match ratatui::Terminal::new(backend) {
            Ok(inner) => Ok(Self { inner: ManuallyDrop::new(inner) }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        self.inner.size().map_or((80, 24), |size| (size.width, size.height))
    }

    /// Draws the model; only cells that changed are sent.
    pub fn draw(&mut self, model: &Model) -> io::Result<()> {
        queue!(self.inner.backend_mut(), BeginSynchronizedUpdate)?;
        self.inner.draw(|frame| draw(model, frame.area(), frame.buffer_mut()))?;
        execute!(self.inner.backend_mut(), EndSynchronizedUpdate)
    }

    /// Forgets what the terminal shows, so that the next picture is sent whole.
    pub fn forget(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    /// Puts text into the clipboard of the terminal (OSC 52), which works through ssh too.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut end = text.len().min(CLIPBOARD);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let encoded = base64::engine::general_purpose::STANDARD.encode(text.get(..end).unwrap_or_default());
        let backend = self.inner.backend_mut();
        write!(backend, "\x1b]52;c;{encoded}\x07")?;
        Write::flush(backend)
    }

    /// Gives the terminal back, stops the process as Ctrl-Z does elsewhere, and takes the terminal again once it goes on.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        // the whole group, as the terminal itself would; SIGTSTP is caught by us, so the signal is the one that cannot be
        let stopped = rustix::process::kill_current_process_group(rustix::process::Signal::STOP);
        enter()?;
        self.inner.clear()?;
        stopped.map_err(io::Error::from)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let entered = execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide);
    if entered.is_err() {
        give_back();
    }
    entered
}

/// Gives the terminal back if it is still ours. What a terminal that is gone answers is of no use to anybody.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _gone = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _gone = disable_raw_mode();
    }
}

/// A panic of the drawing thread gives the terminal back before it is told. One of another thread must not write over the picture: the engine makes
/// a failed step of it, and what it said is kept for later.
fn hook_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() == Some(THREAD) {
            give_back();
        } else if TAKEN.load(Ordering::SeqCst) {
            if let Ok(mut held) = HELD.lock() {
                held.push(info.to_string());
            }
            return;
        }
        before(info);
    }));
}

/// What was said by panics of other threads while the terminal was ours.
pub fn held() -> Vec<String> {
    HELD.lock().map(|mut held| std::mem::take(&mut *held)).unwrap_or_default()
}
