//! A run of the past, at any speed: the panes of a live run over a fold that can be moved to any moment.

use super::run::{copied, look};
use super::screen::Screen;
use crate::model::run::{At, Event, brief_time};
use crate::tui::drill::is_drill;
use crate::tui::keymap::{Action, Binding, own};
use crate::tui::message::{Effect, News};
use crate::tui::model::Shared;
use crate::tui::run::{Pane, RunView};
use crate::tui::text::{bar_line, width};
use crate::tui::theme::Meaning;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use std::sync::Arc;
use std::time::Duration;

/// Keys of its own; left and right are the grammar's.
pub const KEYS: &[Binding] = &[
    own("play", "space", "play/pause", "play or pause"),
    own("faster", "+ =", "faster", "twice as fast"),
    own("slower", "-", "slower", "half as fast"),
    own("restart", "0", "", "back to the first moment"),
    own("explain", "e", "explain", "why the chosen step did not come up"),
    own("log", "l", "log", "the output of the chosen step"),
    own("whole-log", "L", "", "the output of all steps, or of the chosen one"),
    own("timeline", "t", "timeline", "the whole run over time"),
    own("follow", "f", "follow", "choose by itself what matters most"),
    own("view", "v", "view", "a drill as a drill, or its steps as those of any run"),
];

/// Times as fast as it was.
const SPEEDS: [f64; 9] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0];
/// A press of left or right moves by this part of the run.
const STEPS: u64 = 50;
/// What a frozen process missed is not played in one go.
const LONGEST_TICK: Duration = Duration::from_millis(500);

/// The screen.
#[derive(Default)]
pub struct Replay {
    pane: Pane,
    events: Arc<Vec<Arc<Event>>>,
    next: usize,
    view: RunView,
    /// The present moment of the recording.
    at: Option<At>,
    speed: f64,
    playing: bool,
    told: Option<At>,
}

impl Replay {
    fn bounds(&self) -> Option<(At, At)> {
        Some((self.events.first()?.at, self.events.last()?.at))
    }

    /// Takes in what happened up to `at`.
    fn play_to(&mut self, at: At) {
        while let Some(event) = self.events.get(self.next).filter(|event| event.at <= at) {
            self.view.apply(event);
            self.next += 1;
        }
        self.at = Some(at);
    }

    /// To any moment: forwards by going on, backwards from the beginning.
    fn seek(&mut self, to_ms: u64) {
        let Some((first, last)) = self.bounds() else { return };
        let at = At(first.0 + Duration::from_millis(to_ms.min(last.millis_since(first))));
        if self.at.is_some_and(|now| at < now) {
            self.view = RunView::default();
            self.next = 0;
        }
        self.play_to(at);
    }

    fn position_ms(&self) -> u64 {
        self.bounds().zip(self.at).map_or(0, |((first, _), at)| at.millis_since(first))
    }

    fn length_ms(&self) -> u64 {
        self.bounds().map_or(0, |(first, last)| last.millis_since(first))
    }

    fn at_end(&self) -> bool {
        self.next >= self.events.len()
    }

    fn change_speed(&mut self, faster: bool) {
        let next =
            if faster { SPEEDS.iter().find(|speed| **speed > self.speed) } else { SPEEDS.iter().rev().find(|speed| **speed < self.speed) };
        self.speed = next.copied().unwrap_or(self.speed);
    }

    fn load(&mut self, events: &Arc<Vec<Arc<Event>>>, speed: Option<f64>) {
        *self = Self { events: Arc::clone(events), speed: speed.unwrap_or(10.0), ..Self::default() };
        match speed {
            Some(_) => self.seek(0),
            None => self.seek(u64::MAX),
        }
        self.playing = speed.is_some();
    }

    fn now(&self, shared: &Shared) -> At {
        self.at.unwrap_or(shared.now)
    }
}

impl Screen for Replay {
    fn path(&self, _shared: &Shared) -> String {
        self.view.state.run.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    fn can(&self, action: Action, _shared: &Shared) -> bool {
        if self.events.is_empty() {
            return false;
        }
        match action {
            Action::Own("follow") => self.pane.chosen.is_some(),
            Action::Own("view") => is_drill(&self.view.state),
            Action::Own(_) | Action::Copy | Action::Left | Action::Right => true,
            Action::Back => self.pane.wide,
            other => self.pane.can(other, &self.view),
        }
    }

    fn act(&mut self, action: Action, shared: &Shared) -> Vec<Effect> {
        let now = self.now(shared);
        match action {
            Action::Own("play") => {
                if self.at_end() && !self.playing {
                    self.seek(0);
                }
                self.playing = !self.playing;
                self.told = None;
            }
            Action::Own("faster") => self.change_speed(true),
            Action::Own("slower") => self.change_speed(false),
            Action::Own("restart") => self.seek(0),
            Action::Own(name) => look(&mut self.pane, name),
            Action::Left => self.seek(self.position_ms().saturating_sub((self.length_ms() / STEPS).max(1))),
            Action::Right => self.seek(self.position_ms().saturating_add((self.length_ms() / STEPS).max(1))),
            Action::Copy => return copied(&self.pane, &self.view, now).map(Effect::Copy).into_iter().collect(),
            Action::Back => self.pane.wide = false,
            other => self.pane.act(other, &self.view, now, usize::from(shared.size.1) / 2),
        }
        Vec::new()
    }

    fn hear(&mut self, news: &News, _shared: &Shared) -> Vec<Effect> {
        if let News::Recording { events, speed } = news {
            self.load(events, *speed);
        }
        Vec::new()
    }

    fn tick(&mut self, shared: &Shared) -> Vec<Effect> {
        if self.playing {
            if let (Some(told), Some(at)) = (self.told, self.at) {
                let passed = Duration::from_millis(shared.now.millis_since(told)).min(LONGEST_TICK);
                self.play_to(At(at.0 + passed.mul_f64(self.speed)));
            }
            if self.at_end() {
                self.playing = false;
                self.at = self.bounds().map(|(_, last)| last);
            }
        }
        self.told = Some(shared.now);
        Vec::new()
    }

    fn is_moving(&self, _shared: &Shared) -> bool {
        self.playing
    }

    fn filter(&mut self, text: &str, _shared: &Shared) {
        text.clone_into(&mut self.pane.filter);
    }

    fn run<'a>(&'a self, shared: &'a Shared) -> Option<(&'a RunView, At)> {
        Some((&self.view, self.now(shared)))
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let theme = shared.theme;
        let [main, scrubber] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(area);
        self.pane.draw(&self.view, self.now(shared), main, theme, buffer);
        let (glyph, word) = if self.playing { ("▸", "playing") } else { ("‖", "paused") };
        let head = format!(" {glyph} {word} ×{}  {} ", self.speed, brief_time(self.position_ms()));
        let tail = format!(" {} ", brief_time(self.length_ms()));
        let room = usize::from(scrubber.width).saturating_sub(width(&head) + width(&tail));
        let line = Line::from(vec![
            theme.span(Meaning::Strong, head),
            theme.span(Meaning::Working, bar_line(self.position_ms(), self.length_ms(), room)),
            theme.span(Meaning::Dim, tail),
        ]);
        buffer.set_line(scrubber.x, scrubber.y, &line, scrubber.width);
    }
}
