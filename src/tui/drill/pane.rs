//! The panes of a drill: its phases, its checks, the chosen ones over time, what is to be undone, and in the end its verdict.

use super::chart::{self, Times};
use super::checks;
use super::fold::Track;
use super::words::standing_of;
use crate::model::run::{At, Standing, brief_time};
use crate::tui::keymap::Action;
use crate::tui::run::{RunView, doing};
use crate::tui::text::{clip, fit, right, width, wrap};
use crate::tui::theme::{Meaning, Theme, meaning_of};
use crate::tui::widgets::{first_shown, panel};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

/// Rows of a chart that still says something, its frame included.
const CHART: u16 = 7;

/// Which check is chosen.
#[derive(Debug, Clone, Default)]
pub struct DrillPane {
    /// The row in the list of checks; none to follow what matters most.
    chosen: Option<usize>,
}

impl DrillPane {
    /// Whether the grammar's action does anything in these panes.
    pub fn can(action: Action) -> bool {
        action.moves()
    }

    /// Does what the grammar asks for; `rows` is how many make a page.
    pub fn act(&mut self, action: Action, view: &RunView, rows: usize) {
        if let Some(to) = action.moved(self.at(view), rows.max(1), view.drill.tracks.len()) {
            self.chosen = Some(to);
        }
    }

    /// The check that is chosen, else a claim with numbers, else a claim, else the first.
    fn at(&self, view: &RunView) -> usize {
        let tracks = &view.drill.tracks;
        let last = tracks.len().saturating_sub(1);
        let claim = |track: &Track| track.part == super::fold::Part::Meanwhile;
        let best = || {
            tracks
                .iter()
                .position(|track| claim(track) && track.has_numbers())
                .or_else(|| tracks.iter().position(Track::has_numbers))
                .or_else(|| tracks.iter().position(claim))
        };
        self.chosen.or_else(best).unwrap_or(0).min(last)
    }

    /// The check that is chosen.
    pub fn track<'a>(&self, view: &'a RunView) -> Option<&'a Track> {
        view.drill.tracks.get(self.at(view))
    }

    /// Draws all of it.
    pub fn draw(&self, view: &RunView, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let ended = view.state.summary.is_some();
        let undo = u16::try_from(view.drill.changes.len()).unwrap_or(u16::MAX).clamp(1, (area.height / 5).max(1)) + 2;
        let verdict = if ended { 4 } else { 0 };
        let [main, verdict, undo] =
            Layout::vertical([Constraint::Min(0), Constraint::Length(verdict), Constraint::Length(undo)]).areas(area);
        if area.width >= 100 {
            let side = (area.width / 3).clamp(34, 60);
            let [phases, charts, checks] =
                Layout::horizontal([Constraint::Length(30.min(area.width / 4)), Constraint::Min(0), Constraint::Length(side)]).areas(main);
            draw_phases(view, now, phases, theme, buffer);
            self.draw_charts(view, now, charts, theme, buffer);
            self.draw_checks(view, checks, theme, buffer);
        } else {
            let steps = u16::try_from(view.state.steps.len()).unwrap_or(u16::MAX).saturating_add(2);
            let checks = u16::try_from(view.drill.tracks.len()).unwrap_or(u16::MAX).saturating_add(5);
            let top = steps.max(checks.min(11)).min(main.height.saturating_sub(CHART)).max(4);
            let [above, charts] = Layout::vertical([Constraint::Length(top), Constraint::Min(0)]).areas(main);
            let [phases, checks] = Layout::horizontal([Constraint::Length(28), Constraint::Min(0)]).areas(above);
            draw_phases(view, now, phases, theme, buffer);
            self.draw_checks(view, checks, theme, buffer);
            self.draw_charts(view, now, charts, theme, buffer);
        }
        if ended {
            draw_verdict(view, verdict, theme, buffer);
        }
        draw_undo(view, now, undo, theme, buffer);
    }

    fn draw_checks(&self, view: &RunView, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let inner = panel(area, "checks", theme, buffer);
        checks::draw(&view.drill, self.at(view), inner, theme, buffer);
    }

    /// The chosen check, and as many of the others as there is room for: those with numbers first.
    fn draw_charts(&self, view: &RunView, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let tracks = &view.drill.tracks;
        let chosen = self.at(view);
        let mut order: Vec<usize> =
            (0..tracks.len()).filter(|at| *at == chosen || tracks.get(*at).is_some_and(|track| track.count > 1)).collect();
        order.sort_by_key(|at| (*at != chosen, tracks.get(*at).is_some_and(|track| !track.has_numbers()), *at));
        let count = usize::from((area.height / CHART).max(1)).min(order.len().max(1));
        let to = if view.state.summary.is_some() { view.state.last.unwrap_or(now) } else { now };
        let shaded = if view.drill.breaks() { "broken on purpose" } else { "under load" };
        let times = Times { from: view.state.started.unwrap_or(now), to, window: view.drill.window(), shaded };
        let rows = Layout::vertical(vec![Constraint::Fill(1); count]).split(area);
        if order.is_empty() {
            let inner = panel(area, "over time", theme, buffer);
            buffer.set_line(inner.x, inner.y, &theme.span(Meaning::Dim, "no check was looked at yet").into(), inner.width);
        }
        for (number, (area, track)) in rows.iter().zip(order.iter().filter_map(|at| tracks.get(*at))).enumerate() {
            let inner = panel(*area, &heading(track), theme, buffer);
            chart::draw(track, times, number + 1 == count, inner, theme, buffer);
        }
    }
}

/// `worker-polls, s · now 4.2 · wants < 30`.
fn heading(track: &Track) -> String {
    let mut text = track.name.clone();
    let value = checks::value(track);
    if !value.is_empty() {
        text.push_str(&format!(" · {value}"));
    }
    let limit = checks::limit(track);
    if !limit.is_empty() {
        text.push_str(&format!(" · wants {limit}"));
    }
    text
}

fn draw_phases(view: &RunView, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let inner = panel(area, "phases", theme, buffer);
    let columns = usize::from(inner.width);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut at_work = 0;
    let room = usize::from(inner.height).saturating_sub(view.state.steps.len());
    let busy = view.state.steps.iter().filter(|step| matches!(step.standing, Standing::Working | Standing::Failed)).count();
    let each = room.checked_div(busy).unwrap_or(0);
    for step in &view.state.steps {
        if step.standing.is_end() || step.standing == Standing::Working {
            at_work = lines.len();
        }
        let [glyph, letter] = theme.mark(step.standing);
        let took = if step.standing == Standing::Pending { String::new() } else { step.took_ms(now).map(brief_time).unwrap_or_default() };
        let meaning = if step.standing == Standing::Pending { Meaning::Dim } else { Meaning::Text };
        lines.push(Line::from(vec![
            glyph,
            letter,
            theme.span(meaning, format!(" {}", fit(&step.plan.title, columns.saturating_sub(3 + 6)))),
            theme.span(Meaning::Dim, right(&took, 6)),
        ]));
        if matches!(step.standing, Standing::Working | Standing::Failed) {
            let text = doing(&view.state, view, step, now);
            let told = wrap(&text, columns.saturating_sub(3)).into_iter().take(each.min(4));
            let meaning = if step.standing == Standing::Failed { Meaning::Bad } else { Meaning::Dim };
            lines.extend(told.filter(|line| !line.is_empty()).map(|line| theme.span(meaning, format!("   {line}")).into()));
        }
    }
    let first = first_shown(at_work, lines.len(), usize::from(inner.height));
    for (row, line) in inner.rows().zip(lines.iter().skip(first)) {
        buffer.set_line(row.x, row.y, line, row.width);
    }
}

/// What was found out, and whether all is as it was.
fn draw_verdict(view: &RunView, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let inner = panel(area, "verdict", theme, buffer);
    let Some(summary) = &view.state.summary else { return };
    let Some(conclusion) = &summary.drill else {
        let text = format!("this run says no verdict; its exit code was {}", summary.exit_code);
        buffer.set_line(inner.x, inner.y, &theme.span(Meaning::Dim, text).into(), inner.width);
        return;
    };
    let standing = standing_of(conclusion);
    let [glyph, letter] = theme.mark(standing);
    let landed = match conclusion.landed {
        Some(true) => "every fault landed",
        Some(false) => "not every fault landed",
        None => "nothing was broken",
    };
    let head = Line::from(vec![
        glyph,
        letter,
        theme.span(meaning_of(standing), format!(" {}", conclusion.verdict)),
        theme.span(Meaning::Text, format!("   rollback {}   {landed}   exit code {}", conclusion.rollback, summary.exit_code)),
    ]);
    buffer.set_line(inner.x, inner.y, &head, inner.width);
    if inner.height > 1 {
        let why = clip(&conclusion.why, usize::from(inner.width).saturating_sub(3)).into_owned();
        buffer.set_line(inner.x, inner.y + 1, &theme.span(Meaning::Text, format!("   {why}")).into(), inner.width);
    }
}

/// What was changed: what is still there first to last, and what was taken back.
fn draw_undo(view: &RunView, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let open = view.drill.open();
    let title = match (open, view.drill.changes.len()) {
        (_, 0) => "to undo: nothing".to_owned(),
        (0, _) => "to undo: nothing, all is taken back".to_owned(),
        (open, _) => format!("to undo: {open}"),
    };
    let inner = panel(area, &title, theme, buffer);
    if view.drill.changes.is_empty() {
        let text = "nothing was changed; each change and its undo stand here before it is made";
        buffer.set_line(inner.x, inner.y, &theme.span(Meaning::Dim, clip(text, usize::from(inner.width))).into(), inner.width);
    }
    let numbered = view.drill.changes.iter().enumerate();
    let (left, gone): (Vec<_>, Vec<_>) = numbered.partition(|(_, change)| change.undone.is_none());
    for (row, (number, change)) in inner.rows().zip(left.into_iter().chain(gone)) {
        let ago = |at: At| brief_time(now.millis_since(at));
        let (standing, state) = match (change.made, change.undone) {
            (_, Some(undone)) => (Standing::Ready, format!("taken back after {}", brief_time(undone.millis_since(change.intended)))),
            (Some(made), None) => (Standing::Working, format!("made {} ago", ago(made))),
            (None, None) => (Standing::Pending, format!("written down {} ago", ago(change.intended))),
        };
        let [glyph, letter] = theme.mark(standing);
        let room = usize::from(row.width).saturating_sub(6 + width(&state) + 1);
        let line = Line::from(vec![
            glyph,
            letter,
            theme.span(Meaning::Dim, format!(" {:<2} ", number + 1)),
            theme.span(Meaning::Text, fit(&change.what, room)),
            theme.span(Meaning::Dim, format!(" {state}")),
        ]);
        buffer.set_line(row.x, row.y, &line, row.width);
    }
}
