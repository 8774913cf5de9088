//! The chosen step: what it does now, and why it does not come up.

use super::steps::{colour, doing, progress, waits_for};
use super::view::RunView;
use crate::model::run::{At, FinishedAs, Health, Standing, StepState, Waiting, brief_time};
use crate::tui::text::wrap;
use crate::tui::theme::{Meaning, Theme};
use crate::tui::widgets::bar;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Lines that are written one below the other, wrapped.
struct Page {
    theme: Theme,
    columns: usize,
    lines: Vec<Line<'static>>,
}

impl Page {
    fn new(area: Rect, theme: Theme) -> Self {
        Self { theme, columns: usize::from(area.width).max(1), lines: Vec::new() }
    }

    /// A label and a text that goes on below itself.
    fn say(&mut self, label: &str, meaning: Meaning, text: &str) {
        let indent = label.len();
        for (at, line) in wrap(text, self.columns.saturating_sub(indent)).into_iter().enumerate() {
            let label = if at == 0 { label.to_owned() } else { " ".repeat(indent) };
            self.lines.push(Line::from(vec![self.theme.span(Meaning::Dim, label), self.theme.span(meaning, line)]));
        }
    }

    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.spans.is_empty()) {
            self.lines.push(Line::default());
        }
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer) {
        for (row, line) in area.rows().zip(&self.lines) {
            buffer.set_line(row.x, row.y, line, row.width);
        }
    }
}

/// What it does now.
pub fn draw_now(view: &RunView, step: &StepState, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let mut page = Page::new(area, theme);
    standing(&mut page, view, step, now);
    let share = step.progress.as_ref().and_then(|progress| Some((progress.done, progress.total?)));
    if let Some(share) = share.filter(|(done, total)| done < total) {
        let columns = page.columns.saturating_sub(8).min(40);
        let text = format!("{} {}", bar(share.0, share.1, columns), progress(view, step, now).unwrap_or_default());
        page.say("", Meaning::Working, &text);
    }
    if let Some(waiting) = &step.waiting {
        let reason = if waiting.last_reason.is_empty() { String::new() } else { format!(" → {}", waiting.last_reason) };
        page.say("waits for  ", Meaning::Text, &format!("{}{reason}, for {}", waiting.on, brief_time(now.millis_since(waiting.since))));
        if let Some(cause) = &waiting.cause {
            page.say("mend       ", Meaning::Warning, &format!("{} [{}]", cause.fix, cause.id));
        }
    } else if !step.doing.is_empty() {
        page.say("does       ", Meaning::Text, &step.doing);
    }
    if let Some(probe) = &step.probe {
        let (meaning, word) = match probe.health {
            Health::Pass => (Meaning::Good, "✓ passes"),
            Health::Fail => (Meaning::Bad, "✗ fails"),
            Health::NoData => (Meaning::Warning, "? no data"),
        };
        let age = brief_time(now.millis_since(probe.at));
        page.say("check      ", meaning, &format!("{}: {word}, {age} ago: {}", probe.target, probe.seen));
    }
    if step.retries > 0 {
        page.say("tried again", Meaning::Warning, &format!(" {} times: {}", step.retries, step.last_retry.clone().unwrap_or_default()));
    }
    if step.objects > 0 {
        page.say("objects    ", Meaning::Text, &format!("{} written or removed", step.objects));
    }
    for cause in &step.causes {
        page.gap();
        page.say("cause      ", Meaning::Bad, &format!("{} [{}]", cause.sentence, cause.id));
        if !cause.fix.is_empty() {
            page.say("mend       ", Meaning::Text, &cause.fix);
        }
    }
    page.gap();
    neighbours(&mut page, view, step);
    let story: Vec<_> = view.beats(&step.plan.id).rev().take(usize::from(area.height)).collect();
    let room = usize::from(area.height).saturating_sub(page.lines.len() + 2);
    if room > 0 && !story.is_empty() {
        page.gap();
        let shown: Vec<_> = story.into_iter().take(room).collect();
        for beat in shown.into_iter().rev() {
            let age = format!("{:>6} ago  ", brief_time(now.millis_since(beat.at)));
            let text = crate::tui::text::clip(&beat.text, page.columns.saturating_sub(age.len())).into_owned();
            page.say(&age, if beat.bad { Meaning::Warning } else { Meaning::Dim }, &text);
        }
    }
    page.draw(area, buffer);
}

/// One line: where it stands, for how long, against the estimate.
fn standing(page: &mut Page, view: &RunView, step: &StepState, now: At) {
    let took = step.took_ms(now).map(brief_time).unwrap_or_default();
    let usual = brief_time(step.plan.estimate_ms);
    let text = match step.standing {
        Standing::Pending => match waits_for(&view.state, step) {
            Some(names) => format!("to come, after {names}; takes about {usual}"),
            None => format!("to come; takes about {usual}"),
        },
        Standing::Working => format!("at work for {took}; takes about {usual}"),
        Standing::Ready => format!("ready after {took}: {}", doing(&view.state, view, step, now)),
        Standing::Failed => format!("failed after {took}"),
        Standing::Skipped => format!("left out: {}", doing(&view.state, view, step, now)),
        Standing::Cancelled => "cancelled".to_owned(),
    };
    page.say(&format!("{} ", step.standing.glyph()), colour(step), &text);
    if let Some((error, code)) = step.failure() {
        page.say("error      ", Meaning::Bad, &format!("{error} [{code}]"));
    }
}

/// What it needs, and what waits for it.
fn neighbours(page: &mut Page, view: &RunView, step: &StepState) {
    let named = |step: &StepState| format!("{} {}{}", step.plan.title, step.standing.glyph(), step.standing.letter());
    let needs: Vec<String> = step.plan.needs.iter().chain(&step.plan.after).filter_map(|id| view.state.step(id)).map(named).collect();
    if !needs.is_empty() {
        page.say("needs      ", Meaning::Text, &needs.join(", "));
    }
    let then = |other: &&StepState| other.plan.needs.contains(&step.plan.id) || other.plan.after.contains(&step.plan.id);
    let then: Vec<String> = view.state.steps.iter().filter(then).map(named).collect();
    if !then.is_empty() {
        page.say("then       ", Meaning::Text, &then.join(", "));
    }
}

/// Why it does not come up, with the way out; of a step that was left out, what it was left out for.
pub fn draw_cause(view: &RunView, step: &StepState, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let mut page = Page::new(area, theme);
    causes(&mut page, step);
    if let Some(FinishedAs::Skipped { why }) = &step.result {
        page.say("", Meaning::Warning, &format!("It was left out: {why}"));
        let failed = view
            .state
            .steps
            .iter()
            .filter(|other| other.standing == Standing::Failed && view.state.leads_to(&other.plan.id, &step.plan.id));
        for other in failed {
            page.gap();
            page.say("", Meaning::Strong, &other.plan.title);
            causes(&mut page, other);
        }
    }
    if let Some((error, code)) = &step.undo_failed {
        page.gap();
        page.say("", Meaning::Bad, &format!("It could not be taken back: {error} [{code}]"));
    }
    if page.lines.is_empty() {
        let text = match step.standing {
            Standing::Working => "Nothing is known to be wrong with it.",
            Standing::Ready => "It came up.",
            _ => "It has not begun.",
        };
        page.say("", Meaning::Dim, text);
        let others: Vec<&StepState> =
            view.state.steps.iter().filter(|other| !other.causes.is_empty() || other.failure().is_some()).collect();
        for other in others {
            page.gap();
            page.say("", Meaning::Strong, &other.plan.title);
            causes(&mut page, other);
        }
    }
    page.draw(area, buffer);
}

fn causes(page: &mut Page, step: &StepState) {
    // what it still waits for may yet come right
    if let (Standing::Working, Some(Waiting { last_reason, cause: Some(cause), .. })) = (step.standing, &step.waiting)
        && !step.causes.iter().any(|known| known.id == cause.id)
    {
        page.gap();
        page.say("", Meaning::Warning, &format!("{last_reason} {}", cause.id));
        if !cause.fix.is_empty() {
            page.say("mend: ", Meaning::Text, &cause.fix);
        }
    }
    for cause in &step.causes {
        page.gap();
        page.say("", Meaning::Bad, &format!("{} {}", cause.sentence, cause.id));
        if !cause.fix.is_empty() {
            page.say("mend: ", Meaning::Text, &cause.fix);
        }
    }
    if let Some((error, code)) = step.failure()
        && !step.causes.iter().any(|cause| cause.id == code)
    {
        page.gap();
        page.say("", Meaning::Bad, &format!("{error} {code}"));
    }
}
