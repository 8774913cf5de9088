//! Plain lines, one for each change that means something: for CI, for logs, for a terminal that cannot draw.
//!
//! `   12s  ready    loki          applied 12 objects (3.2s)`: time into the run, what happened, to whom, in what words.

use super::front_end::FrontEnd;
use super::left_out::{left_out, why};
use super::paint::Paint;
use crate::model::run::{At, Event, EventKind, FinishedAs, Health, RunState, Standing, StepEvent, StepId, brief_time};
use std::collections::HashMap;
use std::io::{self, Write};

/// A step that waits says so again after this long, if it still waits or waits on something else by then.
const WAITING_MS: u64 = 10_000;

/// Names longer than this break the alignment rather than push all others to the right.
const NAME: usize = 28;

/// What was last said of a waiting step, and when.
struct Said {
    at: At,
    text: String,
}

/// Writes lines to `W`: stderr, usually.
pub struct Lines<W> {
    to: W,
    paint: Paint,
    state: RunState,
    width: usize,
    waits: HashMap<StepId, Said>,
    /// When the figures of each load were last said.
    loads: HashMap<StepId, At>,
    /// Steps just left out, and not told yet: the failure before them usually leaves out many at once.
    left_out: Vec<(At, StepId)>,
}

impl<W: Write> Lines<W> {
    /// Writes to `to`: stderr, usually.
    pub fn new(to: W, paint: Paint) -> Self {
        Self { to, paint, state: RunState::default(), width: 0, waits: HashMap::new(), loads: HashMap::new(), left_out: Vec::new() }
    }

    fn line(&mut self, at: At, standing: Standing, word: &str, name: &str, text: &str) -> io::Result<()> {
        let elapsed = brief_time(self.state.started.map_or(0, |started| at.millis_since(started)) / 1000 * 1000);
        let word = self.paint.standing(standing, &format!("{word:<9}"));
        let line = format!("{elapsed:>6}  {word} {name:<width$}  {text}", width = self.width);
        writeln!(self.to, "{}", line.trim_end())
    }

    fn step_line(&mut self, at: At, step: &StepId, standing: Standing, word: &str, text: &str) -> io::Result<()> {
        let name = self.state.step(step).map_or_else(|| step.to_string(), |step| step.plan.title.clone());
        self.line(at, standing, word, &name, text)
    }

    fn finished(&mut self, at: At, step: &StepId, result: &FinishedAs) -> io::Result<()> {
        self.waits.remove(step);
        self.loads.remove(step);
        let took =
            self.state.step(step).and_then(|step| step.took_ms(at)).map_or_else(String::new, |took| format!("({})", brief_time(took)));
        let said = |note: &str| if note.is_empty() { took.clone() } else { format!("{note} {took}") };
        match result {
            FinishedAs::Changed { note } => self.step_line(at, step, Standing::Ready, "ready", &said(note)),
            FinishedAs::Unchanged { note } => self.step_line(at, step, Standing::Ready, "same", &said(note)),
            FinishedAs::Skipped { .. } => {
                self.left_out.push((at, step.clone()));
                Ok(())
            }
            FinishedAs::Failed { error, code } => {
                self.step_line(at, step, Standing::Failed, "FAILED", &format!("{error} [{code}] {took}"))?;
                let causes = self.state.step(step).map(|step| step.causes.clone()).unwrap_or_default();
                for cause in causes {
                    self.line(at, Standing::Failed, "", "", &format!("cause: {} [{}]", cause.sentence, cause.id))?;
                    if !cause.fix.is_empty() {
                        self.line(at, Standing::Failed, "", "", &format!("fix:   {}", cause.fix))?;
                    }
                }
                Ok(())
            }
            FinishedAs::Cancelled => self.step_line(at, step, Standing::Cancelled, "cancelled", &took),
        }
    }

    fn says(&mut self, at: At, step: &StepId, says: &StepEvent) -> io::Result<()> {
        match says {
            StepEvent::Waiting { .. } => self.waiting(at, step),
            // sixteen objects refused together would say the same sixteen times over
            StepEvent::Retry { error, .. } => self.wait_said(at, step, format!("tries again: {error}")),
            StepEvent::Cause { sentence, fix, id } => {
                let fix = if fix.is_empty() { String::new() } else { format!(" Fix: {fix}") };
                self.step_line(at, step, Standing::Cancelled, "trouble", &format!("{sentence}{fix} [{id}]"))
            }
            StepEvent::Probe { target, health, seen, .. } => match health {
                Health::Pass => Ok(()),
                Health::Fail | Health::NoData => {
                    let seen = if *health == Health::NoData { "no data" } else { seen };
                    self.wait_said(at, step, format!("{target}: {seen}"))
                }
            },
            StepEvent::Load { .. } => self.load(at, step, says),
            StepEvent::Intent { what } => self.step_line(at, step, Standing::Working, "intends", what),
            StepEvent::Undone { what } => self.step_line(at, step, Standing::Ready, "undone", what),
            // Lines of children and counters belong to the journal and the terminal app; here they would bury the rest.
            StepEvent::Moment { moment, source, .. } => self.step_line(at, step, Standing::Working, &moment.to_string(), source),
            StepEvent::Progress { .. }
            | StepEvent::Output { .. }
            | StepEvent::ObjectChanged { .. }
            | StepEvent::Applied { .. }
            | StepEvent::Unknown => Ok(()),
        }
    }

    fn waiting(&mut self, at: At, step: &StepId) -> io::Result<()> {
        let Some(waiting) = self.state.step(step).and_then(|step| step.waiting.as_ref()) else {
            return Ok(());
        };
        let text = match waiting.last_reason.as_str() {
            "" => waiting.on.clone(),
            reason => format!("{}: {reason}", waiting.on),
        };
        self.wait_said(at, step, text)
    }

    /// Says what a step waits on, at most once in ten seconds for each step and only when it is news.
    fn wait_said(&mut self, at: At, step: &StepId, text: String) -> io::Result<()> {
        if self.waits.get(step).is_some_and(|said| said.text == text || at.millis_since(said.at) < WAITING_MS) {
            return Ok(());
        }
        self.step_line(at, step, Standing::Working, "waits", &text)?;
        self.waits.insert(step.clone(), Said { at, text });
        Ok(())
    }

    /// Figures of a load, at most once in ten seconds for each step.
    fn load(&mut self, at: At, step: &StepId, says: &StepEvent) -> io::Result<()> {
        if self.loads.get(step).is_some_and(|said| at.millis_since(*said) < WAITING_MS) {
            return Ok(());
        }
        self.loads.insert(step.clone(), at);
        self.step_line(at, step, Standing::Working, "load", &says.load_line().unwrap_or_default())
    }

    /// Tells the steps that were left out since the last other event.
    fn say_left_out(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.left_out);
        let Some(at) = held.first().map(|(at, _)| *at) else { return Ok(()) };
        let said: Vec<(Option<StepId>, String)> = left_out(&self.state, held.iter().filter_map(|(_, id)| self.state.step(id)))
            .iter()
            .map(|group| match group.single() {
                Some(step) => (Some(step.plan.id.clone()), why(step).unwrap_or_default().to_owned()),
                None => (None, group.sentence()),
            })
            .collect();
        for (step, text) in said {
            match step {
                Some(step) => self.step_line(at, &step, Standing::Skipped, "left out", &text)?,
                None => self.line(at, Standing::Skipped, "left out", "", text.strip_prefix("left out ").unwrap_or(&text))?,
            }
        }
        Ok(())
    }

    /// Takes in an event, and says it only if asked to.
    pub(super) fn hear(&mut self, event: &Event, say: bool) -> io::Result<()> {
        if !self.left_out.is_empty() && !matches!(&event.event, EventKind::StepFinished { result: FinishedAs::Skipped { .. }, .. }) {
            self.say_left_out()?;
        }
        self.state.apply(event);
        if !say {
            return Ok(());
        }
        let at = event.at;
        match &event.event {
            EventKind::RunStarted { plan, lab, .. } => {
                self.width = plan.steps.iter().map(|step| step.title.chars().count()).max().unwrap_or(0).min(NAME);
                self.line(at, Standing::Working, "run", lab, &format!("{} steps, {}", plan.steps.len(), event.run))
            }
            EventKind::StepStarted { step } => self.step_line(at, step, Standing::Working, "started", ""),
            EventKind::Step { step, says } => self.says(at, step, says),
            EventKind::StepFinished { step, result } => self.finished(at, step, result),
            EventKind::StepRearmed { step } => self.step_line(at, step, Standing::Pending, "again", ""),
            EventKind::StepTakenBack { step } => self.step_line(at, step, Standing::Ready, "undone", ""),
            EventKind::StepNotTakenBack { step, error, code } => {
                self.step_line(at, step, Standing::Failed, "NOT UNDONE", &format!("{error} [{code}]"))
            }
            EventKind::Note { text } => self.line(at, Standing::Pending, "note", "", text),
            EventKind::RunPaused => self.line(at, Standing::Pending, "paused", "", "nothing new is started"),
            EventKind::RunResumed => self.line(at, Standing::Pending, "resumed", "", ""),
            EventKind::RunCancelling { why } => {
                use crate::model::run::CancelReason::{Abandon, Now, Requested};
                let text = match why {
                    Requested => "nothing new is started, running steps end; once more ends them now",
                    Now => "running steps are ended; once more leaves at once",
                    Abandon => "leaving at once",
                };
                self.line(at, Standing::Cancelled, "cancel", "", text)
            }
            // The summary says it better; it is the caller's to print, on the stream that it chooses.
            EventKind::RunFinished { .. } | EventKind::Unknown => Ok(()),
        }
    }
}

impl<W: Write + Send> FrontEnd for Lines<W> {
    fn handle(&mut self, event: &Event) -> io::Result<()> {
        self.hear(event, true)
    }

    /// A step that fell silent while it waits says once more what it waits on, as news held back by the rate are due.
    fn tick(&mut self, now: At) -> io::Result<()> {
        self.say_left_out()?;
        let due = |said: &Said| now.millis_since(said.at) >= WAITING_MS;
        let due: Vec<StepId> = self.waits.iter().filter(|(_, said)| due(said)).map(|(step, _)| step.clone()).collect();
        for step in due {
            self.waiting(now, &step)?;
        }
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        self.say_left_out()?;
        self.to.flush()
    }
}
