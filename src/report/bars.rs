//! Progress bars on stderr: a head line for the run, a line for each step at work; what has ended scrolls away above as plain lines.

use super::front_end::FrontEnd;
use super::lines::Lines;
use super::paint::Paint;
use crate::model::run::{At, Event, EventKind, RunState, Standing, StepEvent, StepId, StepState, brief_time};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::io::{self, Write};

/// Bars at once; what works beyond that is counted in the head line.
const BARS: usize = 12;

/// Shows bars as long as the target can draw. Where it cannot, it swallows what is printed above the bars without a word
/// (<https://github.com/console-rs/indicatif/issues/341>), so everything is then shown as lines instead.
pub struct Bars {
    all: MultiProgress,
    head: ProgressBar,
    plain: ProgressStyle,
    counted: ProgressStyle,
    steps: HashMap<StepId, ProgressBar>,
    state: RunState,
    paint: Paint,
    /// Lines above the bars, and all there is when the target is hidden.
    lines: Lines<Above>,
}

impl Bars {
    /// Draws on stderr.
    pub fn stderr(paint: Paint) -> Self {
        Self::new(ProgressDrawTarget::stderr(), paint, Box::new(io::stderr()))
    }

    /// Draws on `target`; `fallback` gets lines when the target is hidden.
    pub fn new(target: ProgressDrawTarget, paint: Paint, fallback: Box<dyn Write + Send>) -> Self {
        let all = MultiProgress::with_draw_target(target);
        let plain = style("{msg}");
        let head = ProgressBar::new_spinner().with_style(plain.clone());
        let head = if all.is_hidden() { head } else { all.add(head) };
        let lines = Lines::new(Above { all: all.clone(), fallback, held: Vec::new() }, paint);
        let counted = style("{prefix} {bar:16} {msg}");
        Self { all, head, plain, counted, steps: HashMap::new(), state: RunState::default(), paint, lines }
    }

    fn show_head(&self, now: At) {
        let counts = self.state.counts();
        let lab = self.paint.bold(&self.state.lab);
        let mut head = format!("{lab}  {} of {} ready  {}", counts.ready, counts.total(), brief_time(self.state.elapsed_ms(now)));
        let left = self.state.remaining_ms(now);
        if left > 0 && self.state.cancelling.is_none() {
            head.push_str("  ETA ");
            head.push_str(&brief_time(left));
        }
        if counts.failed > 0 {
            head.push_str("  ");
            head.push_str(&self.paint.bad(&format!("{} failed", counts.failed)));
        }
        let hidden = (counts.working as usize).saturating_sub(self.steps.len());
        if hidden > 0 {
            head.push_str("  ");
            head.push_str(&hidden.to_string());
            head.push_str(" more at work");
        }
        if self.state.paused {
            head.push_str("  paused");
        }
        if self.state.cancelling.is_some() {
            head.push_str("  ending");
        }
        self.head.set_message(head);
    }

    fn show_step(&mut self, id: &StepId, now: At) {
        let Some(step) = self.state.step(id) else { return };
        if step.standing != Standing::Working {
            if let Some(bar) = self.steps.remove(id) {
                bar.finish_and_clear();
                self.all.remove(&bar);
            }
            return;
        }
        if !self.steps.contains_key(id) {
            if self.steps.len() == BARS {
                return;
            }
            self.steps.insert(id.clone(), self.all.add(ProgressBar::new_spinner().with_style(self.plain.clone())));
        }
        let Some(bar) = self.steps.get(id) else { return };
        let name = self.paint.standing(Standing::Working, &format!("  {} {}", step.standing.glyph(), step.plan.title));
        let took = brief_time(step.took_ms(now).unwrap_or(0));
        if let Some((progress, total)) = step.progress.as_ref().and_then(|progress| Some((progress, progress.total?))) {
            bar.set_style(self.counted.clone());
            bar.set_length(total);
            bar.set_position(progress.done);
            bar.set_prefix(name);
            bar.set_message(format!("{} of {total} {}  {}  {took}", progress.done, progress.unit, doing(step)));
        } else {
            bar.set_style(self.plain.clone());
            bar.set_message(format!("{name}  {}  {took}", doing(step)));
        }
    }
}

/// What a step does or waits on, in one line.
fn doing(step: &StepState) -> String {
    match &step.waiting {
        Some(waiting) if waiting.last_reason.is_empty() => format!("waits: {}", waiting.on),
        Some(waiting) => format!("waits: {}: {}", waiting.on, waiting.last_reason),
        None => step.doing.clone(),
    }
}

/// A template is checked only when it is used; a wrong one shows the message alone.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl FrontEnd for Bars {
    fn handle(&mut self, event: &Event) -> io::Result<()> {
        self.state.apply(event);
        if self.all.is_hidden() {
            return self.lines.handle(event);
        }
        // A bar already says that a step began and what it waits on.
        let on_bar = matches!(
            &event.event,
            EventKind::StepStarted { .. }
                | EventKind::Step { says: StepEvent::Waiting { .. } | StepEvent::Probe { .. } | StepEvent::Load { .. }, .. }
        );
        self.lines.hear(event, !on_bar)?;
        match &event.event {
            EventKind::StepStarted { step } | EventKind::Step { step, .. } | EventKind::StepFinished { step, .. } => {
                self.show_step(step, event.at);
            }
            _ => {}
        }
        self.show_head(event.at);
        Ok(())
    }

    fn tick(&mut self, now: At) -> io::Result<()> {
        if self.all.is_hidden() {
            return self.lines.tick(now);
        }
        let working = self.state.steps.iter().filter(|step| step.standing == Standing::Working);
        let working: Vec<StepId> = working.map(|step| step.plan.id.clone()).collect();
        for step in working {
            self.show_step(&step, now);
        }
        self.show_head(now);
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        for (_, bar) in self.steps.drain() {
            bar.finish_and_clear();
        }
        self.head.finish_and_clear();
        self.all.clear()?;
        self.lines.close()
    }
}

/// Writes whole lines above the bars, or to the fallback when there are no bars.
struct Above {
    all: MultiProgress,
    fallback: Box<dyn Write + Send>,
    held: Vec<u8>,
}

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.all.is_hidden() {
            return self.fallback.write(bytes);
        }
        self.held.extend_from_slice(bytes);
        while let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.held.drain(..=end).collect();
            self.all.println(String::from_utf8_lossy(line.trim_ascii_end()))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.all.is_hidden() { self.fallback.flush() } else { Ok(()) }
    }
}
