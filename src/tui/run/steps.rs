//! The list of steps: state, name, what each does now, how long it took.

use super::view::RunView;
use crate::model::run::{At, FinishedAs, Forecast, RunState, Standing, StepState, brief_time};
use crate::tui::text::{bytes, clip, fit, right, width};
use crate::tui::theme::{Meaning, Theme, meaning_of};
use crate::tui::widgets::first_shown;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Draws the rows around the chosen one.
#[expect(clippy::too_many_arguments, reason = "a drawing knows what it draws, where, and how")]
pub fn draw(view: &RunView, order: &[usize], chosen: usize, forecast: &Forecast, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let steps = &view.state.steps;
    let height = usize::from(area.height);
    let first = first_shown(chosen, order.len(), height);
    let longest = order.iter().filter_map(|at| steps.get(*at)).map(|step| width(&step.plan.title)).max().unwrap_or(0);
    for (row, (at, index)) in area.rows().zip(order.iter().enumerate().skip(first)) {
        let Some(step) = steps.get(*index) else { continue };
        let critical = !step.standing.is_end() && forecast.critical.contains(&step.plan.id);
        draw_row(view, step, critical, longest, now, row, theme, buffer);
        if at == chosen {
            buffer.set_style(row, theme.style(Meaning::Selected));
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "a drawing knows what it draws, where, and how")]
fn draw_row(view: &RunView, step: &StepState, critical: bool, longest: usize, now: At, row: Rect, theme: Theme, buffer: &mut Buffer) {
    let columns = usize::from(row.width);
    // a detail of a few letters says nothing: its room is better spent on the name
    let all = columns.saturating_sub(3 + 7);
    let name_columns = if all < longest + 9 { all } else { longest };
    let took = if step.standing == Standing::Pending { String::new() } else { step.took_ms(now).map(brief_time).unwrap_or_default() };
    let detail_columns = all.saturating_sub(name_columns + 1);
    let meaning = if step.standing == Standing::Working || step.standing == Standing::Failed { Meaning::Text } else { Meaning::Dim };
    let [glyph, letter] = theme.mark(step.standing);
    let name = if step.standing == Standing::Pending { Meaning::Dim } else { Meaning::Text };
    let line = Line::from(vec![
        glyph,
        letter,
        theme.span(Meaning::Text, " "),
        theme.span(name, fit(&step.plan.title, name_columns)),
        theme.span(
            meaning,
            if detail_columns == 0 { String::new() } else { format!(" {}", fit(&doing(&view.state, view, step, now), detail_columns)) },
        ),
        theme.span(Meaning::Dim, right(&took, 6)),
        theme.span(Meaning::Critical, if critical { "┃" } else { " " }),
    ]);
    buffer.set_line(row.x, row.y, &line, row.width);
}

/// What a step does, waits for or came to, in a few words.
pub fn doing(state: &RunState, view: &RunView, step: &StepState, now: At) -> String {
    match step.standing {
        Standing::Pending => waits_for(state, step).map(|names| format!("after {names}")).unwrap_or_default(),
        Standing::Working => {
            if let Some(cause) = step.causes.first() {
                return cause.sentence.clone();
            }
            if let Some(text) = progress(view, step, now) {
                return text;
            }
            match &step.waiting {
                Some(waiting) if waiting.last_reason.is_empty() => waiting.on.clone(),
                Some(waiting) => format!("{}: {}", waiting.on, waiting.last_reason),
                None => step.doing.clone(),
            }
        }
        Standing::Failed => match (step.causes.first(), step.failure()) {
            (Some(cause), _) => cause.sentence.clone(),
            (None, Some((error, _))) => error.to_owned(),
            (None, None) => String::new(),
        },
        Standing::Ready | Standing::Skipped | Standing::Cancelled => match &step.result {
            Some(FinishedAs::Changed { note } | FinishedAs::Unchanged { note }) => note.clone(),
            Some(FinishedAs::Skipped { why }) => why.clone(),
            _ => String::new(),
        },
    }
}

/// How far along, with the rate of what is pulled.
pub fn progress(view: &RunView, step: &StepState, now: At) -> Option<String> {
    let progress = step.progress.as_ref()?;
    // what is complete is no longer what it is busy with
    if progress.total.is_some_and(|total| progress.done >= total) {
        return None;
    }
    if progress.unit != "B" {
        return Some(match progress.total {
            Some(total) => format!("{} of {total} {}", progress.done, progress.unit),
            None => format!("{} {}", progress.done, progress.unit),
        });
    }
    let rate = view.rate_of(&step.plan.id, now).map(|rate| format!(" {}/s", bytes(rate))).unwrap_or_default();
    Some(match progress.total {
        Some(total) => format!("{} of {}{rate}", bytes(progress.done), bytes(total)),
        None => format!("{}{rate}", bytes(progress.done)),
    })
}

/// Titles of the steps that must end before this one may start.
pub fn waits_for(state: &RunState, step: &StepState) -> Option<String> {
    let before = step.plan.needs.iter().chain(&step.plan.after).filter_map(|id| state.step(id));
    let open: Vec<&str> = before.filter(|before| !before.standing.is_end()).map(|before| before.plan.title.as_str()).collect();
    match open.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [one, rest @ ..] => Some(format!("{} and {} more", clip(one, 20), rest.len())),
    }
}

/// Colour of a state, for texts about a step.
pub fn colour(step: &StepState) -> Meaning {
    meaning_of(step.standing)
}
