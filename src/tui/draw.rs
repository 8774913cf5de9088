//! The whole picture: line 1, the screen in front, what is said, the key bar, and what lies over them.

use super::drill::{is_drill, name_of, stage};
use super::keymap::{Action, Row};
use super::model::{Model, Overlay, SMALLEST};
use super::run::{RunView, clock};
use super::screens::{Help, SCREENS, ScreenId};
use super::text::{bytes, clip, width, wrap};
use super::theme::Meaning;
use super::update::{rows_now, works};
use super::widgets::draw_question;
use crate::model::look::Query;
use crate::model::run::{At, CancelReason, Standing, Verb, brief_time};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

/// Draws everything.
pub fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.shared.theme;
    buffer.set_style(area, theme.style(Meaning::Text));
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!("{}x{} is too small: labctl needs {}x{}. q leaves.", area.width, area.height, SMALLEST.0, SMALLEST.1);
        for (row, line) in area.rows().zip(wrap(&text, usize::from(area.width))) {
            buffer.set_line(row.x, row.y, &theme.span(Meaning::Strong, line).into(), row.width);
        }
        return;
    }
    let said = u16::from(model.flash.is_some());
    let [top, main, message, bottom] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(said), Constraint::Length(1)]).areas(area);
    line_one(model, top, buffer);
    if let Some(screen) = model.screen(model.front()) {
        screen.draw(main, buffer, &model.shared);
    }
    if let Some(flash) = &model.flash {
        let meaning = if flash.bad { Meaning::Bad } else { Meaning::Strong };
        let text = clip(&flash.text, usize::from(message.width).saturating_sub(4)).into_owned();
        let mark = if flash.bad { " ✗ " } else { " · " };
        buffer.set_line(message.x, message.y, &Line::from(vec![theme.span(meaning, mark), theme.span(meaning, text)]), message.width);
    }
    match &model.overlay {
        Some(Overlay::Filter) => filter_line(model, bottom, buffer),
        Some(Overlay::Note(text)) => note_line(model, text, bottom, buffer),
        _ => key_bar(model, bottom, buffer),
    }
    match &model.overlay {
        Some(Overlay::Help(scroll)) => Help::draw(model, *scroll, main, buffer),
        Some(Overlay::Palette(palette)) => palette.draw(model, main, buffer),
        Some(Overlay::Ask(question, yes)) => draw_question(question, *yes, main, theme, buffer),
        Some(Overlay::Filter | Overlay::Note(_)) | None => {}
    }
}

/// Lab, state, run, clock.
fn line_one(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.shared.theme;
    let mut spans = vec![theme.span(Meaning::Title, " labctl  ")];
    if model.shared.read_only {
        spans.push(theme.span(Meaning::Warning, "read-only  "));
    }
    let clock = format!("{}Z ", clock(model.shared.now));
    let clock_columns = u16::try_from(clock.len()).unwrap_or(0).min(area.width);
    let columns = |spans: &[Span<'_>]| spans.iter().map(|span| width(&span.content)).sum::<usize>();
    let run = model.screen(model.front()).and_then(|screen| screen.run(&model.shared)).filter(|(run, _)| run.state.started.is_some());
    // how a run ended is not how the lab is
    let run = run.filter(|(run, _)| run.state.summary.is_none() || matches!(model.front(), ScreenId::Run | ScreenId::Replay));
    if let Some((run, now)) = run {
        let words = if is_drill(&run.state) { drill_words(model, run, now) } else { run_words(model, run, now) };
        for part in words {
            if columns(&spans) + columns(&part) <= usize::from(area.width - clock_columns) {
                spans.extend(part);
            }
        }
    } else {
        spans.push(theme.span(Meaning::Strong, format!("{} ", model.shared.lab)));
        spans.extend(lab_words(model));
        spans.push(Span::raw(" "));
        let room = usize::from(area.width - clock_columns).saturating_sub(columns(&spans));
        spans.push(theme.span(Meaning::Dim, clip(&model.shared.host, room)));
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width - clock_columns);
    buffer.set_line(area.right() - clock_columns, area.y, &theme.span(Meaning::Dim, clock).into(), clock_columns);
}

/// How the lab is, as far as that is known now.
fn lab_words(model: &Model) -> Vec<Span<'static>> {
    let theme = model.shared.theme;
    let health = &model.shared.looks.health;
    let Some(status) = health.answer().filter(|_| health.stale(model.shared.now, Query::Health.period()).is_none()) else {
        return Vec::new();
    };
    let ready = status.components.iter().filter(|one| one.ready).count();
    let all = status.components.len();
    let [glyph, letter] = super::look::health_mark(Some(ready == all), theme);
    let meaning = if ready == all { Meaning::Good } else { Meaning::Bad };
    vec![glyph, letter, theme.span(meaning, format!(" {ready} of {all} components ready "))]
}

/// The parts of line 1 about a drill, the most important first.
fn drill_words(model: &Model, run: &RunView, now: At) -> Vec<Vec<Span<'static>>> {
    let theme = model.shared.theme;
    let (standing, word) = stage(run, now);
    let [glyph, letter] = theme.mark(standing);
    let meaning = super::theme::meaning_of(standing);
    let mut parts = vec![
        vec![theme.span(Meaning::Strong, format!("{} ", run.state.lab)), glyph, letter, theme.span(meaning, format!(" {word}  "))],
        vec![theme.span(Meaning::Text, format!("drill {}  ", name_of(&run.state)))],
    ];
    if works(model, Action::Halt)
        && let Some(key) = model.shared.keymap.all().iter().find(|row| row.binding.action == Action::Halt).and_then(Row::key)
    {
        parts.insert(1, vec![theme.span(Meaning::Key, key.to_string()), theme.span(Meaning::Warning, " = halt and undo  ")]);
    }
    let open = run.drill.open();
    if open > 0 {
        parts.push(vec![theme.span(Meaning::Warning, format!("{open} to undo  "))]);
    }
    parts.push(vec![theme.span(Meaning::Dim, brief_time(run.state.elapsed_ms(now)))]);
    parts
}

/// The parts of line 1 about a run, the most important first: what finds no room is left out.
fn run_words(model: &Model, run: &RunView, now: At) -> Vec<Vec<Span<'static>>> {
    let theme = model.shared.theme;
    let state = &run.state;
    let counts = state.counts();
    let verb = match state.verb {
        Some(Verb::Up) => "coming up",
        Some(Verb::Down) => "going down",
        Some(Verb::Test) => "being tested",
        Some(Verb::Scenario) => "being broken on purpose",
        Some(Verb::Load) => "under load",
        Some(Verb::Recover) => "being made whole",
        Some(Verb::Runbook) => "being put right",
        Some(Verb::Gameday) => "on a game day",
        Some(Verb::Status) | None => "being looked at",
    };
    let (standing, word) = match (&state.summary, state.cancelling) {
        (Some(summary), _) if summary.ok => (Standing::Ready, "ready".to_owned()),
        (Some(summary), _) if summary.cancelled => (Standing::Cancelled, "ended early".to_owned()),
        (Some(_), _) => (Standing::Failed, "failed".to_owned()),
        (None, Some(CancelReason::Requested)) => (Standing::Cancelled, "ending".to_owned()),
        (None, Some(_)) => (Standing::Cancelled, "stopping".to_owned()),
        (None, None) if state.paused => (Standing::Pending, "paused".to_owned()),
        (None, None) => (Standing::Working, verb.to_owned()),
    };
    let [glyph, letter] = theme.mark(standing);
    let mut parts = vec![
        vec![
            theme.span(Meaning::Strong, format!("{} ", state.lab)),
            glyph,
            letter,
            theme.span(super::theme::meaning_of(standing), format!(" {word} ")),
        ],
        vec![theme.span(Meaning::Text, format!("{}  ", brief_time(state.elapsed_ms(now))))],
        vec![theme.span(Meaning::Text, format!("{} of {} ready  ", counts.ready, counts.total()))],
    ];
    if counts.failed > 0 {
        parts.push(vec![theme.span(Meaning::Bad, format!("✗ {} failed  ", counts.failed))]);
    }
    if state.summary.is_none() {
        let left = state.remaining_ms(now);
        if left > 0 && state.cancelling.is_none() && !state.paused {
            parts.push(vec![theme.span(Meaning::Text, format!("ETA {}  ", brief_time(left)))]);
        }
        if let Some(rate) = run.rate(now) {
            parts.push(vec![theme.span(Meaning::Working, format!("pulling {}/s  ", bytes(rate)))]);
        }
    }
    if counts.skipped > 0 {
        parts.push(vec![theme.span(Meaning::Warning, format!("– {} left out  ", counts.skipped))]);
    }
    parts
}

/// Keys that work here and now; those of this screen first, help and quit always.
fn key_bar(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.shared.theme;
    let always = |row: &Row| matches!(row.binding.action, Action::Halt | Action::Palette | Action::Help | Action::Quit);
    let rows: Vec<&Row> = rows_now(model).filter(|row| !row.binding.word.is_empty() && !row.keys.is_empty()).collect();
    let text = |row: &Row| (row.key().map(super::key::Key::brief).unwrap_or_default(), row.binding.word);
    let columns = |row: &&Row| {
        let (key, word) = text(row);
        width(&key) + 1 + width(word) + 2
    };
    let mut left = usize::from(area.width).saturating_sub(1 + rows.iter().filter(|row| always(row)).map(columns).sum::<usize>());
    let mut shown: Vec<&Row> = Vec::new();
    for row in rows.iter().filter(|row| !always(row)) {
        if columns(row) > left {
            break;
        }
        left -= columns(row);
        shown.push(row);
    }
    shown.extend(rows.iter().filter(|row| always(row)));
    // what makes an end of a drill is what is looked for first
    shown.sort_by_key(|row| row.binding.action != Action::Halt);
    let mut spans = vec![theme.span(Meaning::Text, " ")];
    for row in shown {
        let (key, word) = text(row);
        spans.push(theme.span(Meaning::Key, key));
        spans.push(theme.span(Meaning::Dim, format!(" {word}  ")));
    }
    // what room is left says which screens there are
    for entry in SCREENS.iter().filter(|entry| entry.make.is_some() && !entry.key.is_empty() && entry.id != model.front()) {
        let wide = entry.key.len() + 1 + entry.name.len() + 2;
        if wide > left {
            break;
        }
        left -= wide;
        spans.push(theme.span(Meaning::Key, entry.key));
        spans.push(theme.span(Meaning::Dim, format!(" {}  ", entry.name)));
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}

fn filter_line(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.shared.theme;
    let line = Line::from(vec![
        theme.span(Meaning::Key, " /"),
        theme.span(Meaning::Strong, model.typed()),
        theme.span(Meaning::Dim, "▏   Enter keeps it, Esc clears it"),
    ]);
    buffer.set_line(area.x, area.y, &line, area.width);
}

fn note_line(model: &Model, text: &str, area: Rect, buffer: &mut Buffer) {
    let theme = model.shared.theme;
    // the end of a long note is what is being typed
    let room = usize::from(area.width).saturating_sub(40);
    let shown: String = text.chars().skip(text.chars().count().saturating_sub(room)).collect();
    let line = Line::from(vec![
        theme.span(Meaning::Key, " note: "),
        theme.span(Meaning::Strong, shown),
        theme.span(Meaning::Dim, "▏   Enter writes it, Esc leaves it"),
    ]);
    buffer.set_line(area.x, area.y, &line, area.width);
}
