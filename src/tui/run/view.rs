//! What is kept of a run beside its fold: rings of output, what happened in each step, what it was busy with, and how fast bytes come.

use super::phases::Phases;
use crate::model::run::{At, Event, EventKind, FinishedAs, Health, RunState, StepEvent, StepId, Stream, brief_time};
use crate::tui::drill::DrillFold;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Lines of output that are kept of each step; the journal has all.
const LINES: usize = 2000;
/// Lines of output that are kept of the whole run.
const ALL_LINES: usize = 5000;
/// Happenings that are kept of each step.
const BEATS: usize = 300;
/// How far back a rate looks.
const RATE_MS: u64 = 5000;

/// One thing that happened in a step, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// When.
    pub at: At,
    /// What.
    pub text: String,
    /// How often in a row.
    pub times: u32,
    /// It is no good news.
    pub bad: bool,
}

/// A run as it is shown.
#[derive(Debug, Clone, Default)]
pub struct RunView {
    /// The fold that all front ends share.
    pub state: RunState,
    /// What each step was busy with, over time.
    pub phases: Phases,
    /// What is kept of a drill.
    pub drill: DrillFold,
    lines: HashMap<StepId, VecDeque<Arc<Event>>>,
    all: VecDeque<Arc<Event>>,
    beats: HashMap<StepId, VecDeque<Beat>>,
    pulled: HashMap<StepId, VecDeque<(At, u64)>>,
}

impl RunView {
    /// Takes in one event.
    pub fn apply(&mut self, event: &Arc<Event>) {
        self.state.apply(event);
        self.phases.hear(event);
        let at = event.at;
        match &event.event {
            EventKind::Step { step, says } => {
                if self.state.step(step).is_none() {
                    return; // a forged journal must not fill the memory with steps that its plan does not have
                }
                match says {
                    StepEvent::Output { .. } => {
                        push(self.lines.entry(step.clone()).or_default(), Arc::clone(event), LINES);
                        push(&mut self.all, Arc::clone(event), ALL_LINES);
                    }
                    StepEvent::Progress { done, unit, .. } if unit == "B" => {
                        let seen = self.pulled.entry(step.clone()).or_default();
                        seen.push_back((at, *done));
                        while seen.len() > 2 && seen.front().is_some_and(|(first, _)| at.millis_since(*first) > RATE_MS) {
                            seen.pop_front();
                        }
                    }
                    _ => {}
                }
                self.drill.apply(event);
                if let Some((text, bad)) = beat_of(says) {
                    self.beat(step, at, text, bad);
                }
            }
            EventKind::StepStarted { step } => self.beat(step, at, "started".to_owned(), false),
            EventKind::StepRearmed { step } => self.beat(step, at, "is to run again".to_owned(), false),
            EventKind::StepFinished { step, result } => {
                self.pulled.remove(step);
                let (text, bad) = end_of(result);
                self.beat(step, at, text, bad);
            }
            EventKind::StepTakenBack { step } => self.beat(step, at, "taken back".to_owned(), false),
            EventKind::StepNotTakenBack { step, error, .. } => self.beat(step, at, format!("could not be taken back: {error}"), true),
            _ => {}
        }
    }

    fn beat(&mut self, step: &StepId, at: At, text: String, bad: bool) {
        let beats = self.beats.entry(step.clone()).or_default();
        match beats.back_mut() {
            Some(last) if last.text == text => last.times += 1,
            _ => push(beats, Beat { at, text, times: 1, bad }, BEATS),
        }
    }

    /// What happened in a step, oldest first.
    pub fn beats(&self, step: &StepId) -> impl DoubleEndedIterator<Item = &Beat> {
        self.beats.get(step).into_iter().flatten()
    }

    /// Lines of output, oldest first: of one step, or of all. Stream, step and text of each.
    pub fn lines(&self, step: Option<&StepId>) -> impl DoubleEndedIterator<Item = (At, &StepId, Stream, &str)> {
        let ring = match step {
            Some(step) => self.lines.get(step),
            None => Some(&self.all),
        };
        ring.into_iter().flatten().filter_map(|event| match &event.event {
            EventKind::Step { step, says: StepEvent::Output { stream, line } } => Some((event.at, step, *stream, line.as_str())),
            _ => None,
        })
    }

    /// Bytes a second that a step brings, over the last seconds before `now`.
    pub fn rate_of(&self, step: &StepId, now: At) -> Option<u64> {
        let seen = self.pulled.get(step)?;
        let ((from, before), (to, after)) = (seen.front()?, seen.back()?);
        let millis = to.millis_since(*from);
        let fresh = now.millis_since(*to) <= RATE_MS;
        (fresh && millis > 0).then(|| after.saturating_sub(*before).saturating_mul(1000) / millis)
    }

    /// Bytes a second that all steps bring together.
    pub fn rate(&self, now: At) -> Option<u64> {
        let rates: Vec<u64> = self.pulled.keys().filter_map(|step| self.rate_of(step, now)).collect();
        (!rates.is_empty()).then(|| rates.iter().sum())
    }
}

fn push<T>(ring: &mut VecDeque<T>, value: T, most: usize) {
    if ring.len() >= most {
        ring.pop_front();
    }
    ring.push_back(value);
}

/// What a step says of itself, if it is worth a line of its story.
fn beat_of(says: &StepEvent) -> Option<(String, bool)> {
    let with = |what: &str, reason: &str| if reason.is_empty() { what.to_owned() } else { format!("{what}: {reason}") };
    Some(match says {
        StepEvent::Output { stream: Stream::Own, line } => (line.clone(), false),
        StepEvent::Waiting { on, last_reason, .. } => (with(&format!("waits for {on}"), last_reason), false),
        StepEvent::Retry { attempt, after_ms, error } => (format!("try {attempt} in {}: {error}", brief_time(*after_ms)), true),
        StepEvent::Probe { target, health, seen, .. } => {
            let went = match health {
                Health::Pass => "passes",
                Health::Fail => "fails",
                Health::NoData => "has no data",
            };
            (with(&format!("check {target} {went}"), seen), *health != Health::Pass)
        }
        StepEvent::Cause { id, sentence, .. } => (format!("{sentence} [{id}]"), true),
        StepEvent::ObjectChanged { object, change } => {
            let place = if object.namespace.is_empty() { String::new() } else { format!("{}/", object.namespace) };
            (format!("{change} {} {place}{}", object.kind, object.name), false)
        }
        StepEvent::Intent { what } => (format!("is about to: {what}"), false),
        StepEvent::Applied { what } => (format!("did: {what}"), false),
        StepEvent::Undone { what } => (format!("took back: {what}"), false),
        StepEvent::Moment { moment, source, .. } => (format!("{moment}: {source}"), false),
        // one line a second would push all else out
        StepEvent::Output { .. } | StepEvent::Progress { .. } | StepEvent::Load { .. } | StepEvent::Unknown => return None,
    })
}

fn end_of(result: &FinishedAs) -> (String, bool) {
    match result {
        FinishedAs::Changed { note } => (format!("done: {note}"), false),
        FinishedAs::Unchanged { note } => (format!("was in place: {note}"), false),
        FinishedAs::Skipped { why } => (format!("left out: {why}"), true),
        FinishedAs::Failed { error, code } => (format!("failed: {error} [{code}]"), true),
        FinishedAs::Cancelled => ("cancelled".to_owned(), true),
    }
}
