//! The run over time: a row for each step, and the chain that decides how long it takes in one line.

use super::phases::Phase;
use super::view::RunView;
use crate::model::run::{At, Forecast, Span, Standing, StepState, brief_time};
use crate::tui::text::{clip, fit, right, width};
use crate::tui::theme::{Meaning, Theme, meaning_of};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::time::Duration;

/// A row for each step, from the start of the run to its end, which is an estimate as long as it goes on.
pub fn draw(view: &RunView, order: &[usize], forecast: &Forecast, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let names = order.iter().filter_map(|at| view.state.steps.get(*at)).map(|step| width(&step.plan.title)).max().unwrap_or(0).min(18);
    let columns = usize::from(area.width).saturating_sub(names + 4 + 7);
    if columns == 0 || area.height < 3 {
        return;
    }
    let mut rows: Vec<(&StepState, Option<Span>)> =
        order.iter().filter_map(|at| Some((view.state.steps.get(*at)?, forecast.spans.get(*at).copied().flatten()))).collect();
    rows.sort_by_key(|(_, span)| span.map_or((2, 0), |span| (u8::from(!span.begun), span.start)));
    let height = usize::from(area.height) - 2;
    // what is at work should be seen, so the rows scroll with it
    let at_work = rows.iter().position(|(step, _)| !step.standing.is_end()).unwrap_or(rows.len());
    let first = at_work.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    let mut lines = area.rows();
    for ((step, span), row) in rows.iter().skip(first).take(height).zip(lines.by_ref()) {
        let critical = forecast.critical.contains(&step.plan.id);
        let [glyph, letter] = theme.mark(step.standing);
        let mut spans = vec![
            glyph,
            letter,
            theme.span(Meaning::Text, " "),
            theme.span(if critical { Meaning::Critical } else { Meaning::Text }, fit(&step.plan.title, names) + " "),
        ];
        spans.extend(strip(view, step, *span, forecast.end, columns, theme));
        let took = match span {
            Some(span) if span.begun => brief_time(span.end - span.start),
            Some(span) => format!("~{}", brief_time(span.end - span.start)),
            None => String::new(),
        };
        spans.push(theme.span(Meaning::Dim, right(&took, 6)));
        spans.push(theme.span(Meaning::Critical, if critical { "┃" } else { " " }));
        buffer.set_line(row.x, row.y, &Line::from(spans), row.width);
    }
    let bottom = area.bottom() - 2;
    axis(
        view,
        forecast,
        now,
        Rect { x: area.x + u16::try_from(names + 4).unwrap_or(0), y: bottom, width: u16::try_from(columns).unwrap_or(0), height: 1 },
        theme,
        buffer,
    );
    let mut legend = vec![theme.span(Meaning::Critical, "┃ critical path  ")];
    for phase in Phase::ALL {
        legend.push(theme.span(Meaning::Working, phase.glyph().to_string()));
        legend.push(theme.span(Meaning::Dim, format!(" {}  ", phase.name())));
    }
    legend.push(theme.span(Meaning::Dim, "┈ expected"));
    buffer.set_line(area.x, bottom + 1, &Line::from(legend), area.width);
}

/// Which part of `end` a moment is, in columns.
fn column(ms: u64, end: u64, columns: usize) -> usize {
    if end == 0 { 0 } else { usize::try_from(u128::from(ms) * columns as u128 / u128::from(end)).unwrap_or(columns).min(columns) }
}

/// The bar of one step: each column shows what the step was busy with then.
fn strip(
    view: &RunView,
    step: &StepState,
    span: Option<Span>,
    end: u64,
    columns: usize,
    theme: Theme,
) -> Vec<ratatui::text::Span<'static>> {
    let Some(span) = span else { return vec![theme.span(Meaning::Dim, " ".repeat(columns))] };
    let from = column(span.start, end, columns).min(columns.saturating_sub(1));
    let to = column(span.end, end, columns).max(from + 1);
    let mut text = String::new();
    let started = view.state.started.filter(|_| span.begun);
    let present = step.ended.or(view.state.last).zip(view.state.started).map_or(0, |(until, start)| until.millis_since(start));
    for at in from..to {
        let ms = if columns == 0 { 0 } else { (at as u64).saturating_mul(end) / columns as u64 };
        let glyph = match started {
            Some(started) if ms <= present || at == from => {
                view.phases.at(&step.plan.id, At(started.0 + Duration::from_millis(ms))).glyph()
            }
            _ => '┈',
        };
        text.push(glyph);
    }
    let meaning = if span.begun { meaning_of(step.standing) } else { Meaning::Dim };
    vec![
        theme.span(Meaning::Text, " ".repeat(from)),
        theme.span(if step.standing == Standing::Pending { Meaning::Dim } else { meaning }, text),
        theme.span(Meaning::Text, " ".repeat(columns.saturating_sub(to))),
    ]
}

/// Times below the bars, and where the present is.
fn axis(view: &RunView, forecast: &Forecast, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let columns = usize::from(area.width);
    let mut text: Vec<char> = vec![' '; columns];
    for part in 0..=4_u8 {
        let label = brief_time(forecast.end.saturating_mul(part.into()) / 4);
        let at = (columns * usize::from(part) / 4).min(columns.saturating_sub(label.len()));
        for (offset, letter) in label.chars().enumerate() {
            if let Some(slot) = text.get_mut(at + offset) {
                *slot = letter;
            }
        }
    }
    buffer.set_line(area.x, area.y, &theme.span(Meaning::Dim, text.into_iter().collect::<String>()).into(), area.width);
    if view.state.is_unfinished() {
        let at = column(view.state.elapsed_ms(now), forecast.end, columns);
        let x = area.x + u16::try_from(at).unwrap_or(0).min(area.width.saturating_sub(1));
        buffer.set_line(x, area.y, &theme.span(Meaning::Strong, "▲").into(), 1);
    }
}

/// The chain in one line: each step as wide as its share of the time, its name beside its bar.
pub fn draw_path(view: &RunView, forecast: &Forecast, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let total: u64 = forecast.end.max(1);
    let columns = usize::from(area.width);
    if area.height == 0 || columns == 0 {
        return;
    }
    let parts: Vec<(&StepState, Span)> = forecast
        .critical
        .iter()
        .filter_map(|id| {
            let at = view.state.steps.iter().position(|step| step.plan.id == *id)?;
            Some((view.state.steps.get(at)?, forecast.spans.get(at).copied().flatten()?))
        })
        .collect();
    let mut spans = Vec::new();
    let mut left = columns;
    for (step, span) in parts {
        let share = column(span.end.saturating_sub(span.start), total, columns).max(2).min(left);
        let present = span.start + step.took_ms(now).unwrap_or(0);
        let name = clip(&step.plan.title, share.saturating_sub(2)).into_owned();
        // a name that would be cut to nothing gives its room to the bar
        let name = if share < 6 { String::new() } else { name };
        let bar_columns = share.saturating_sub(width(&name) + 1 + usize::from(!name.is_empty()));
        let done = if step.standing.is_end() {
            bar_columns
        } else {
            column(present.saturating_sub(span.start), span.end.saturating_sub(span.start), bar_columns)
        };
        let bar: String = (0..bar_columns).map(|at| if at < done && span.begun { '█' } else { '┈' }).collect();
        if !name.is_empty() {
            spans.push(theme.span(Meaning::Text, format!("{name} ")));
        }
        spans.push(theme.span(meaning_of(step.standing), bar));
        spans.push(theme.span(Meaning::Text, " "));
        left = left.saturating_sub(share);
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}
