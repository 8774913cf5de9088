//! Runs of the past, of every kind: look at one, play one again, compare two.

use super::screen::{Screen, ScreenId};
use crate::model::run::Standing;
use crate::model::run::{At, FinishedAs, RunState, StepState, Verb, brief_time};
use crate::model::scenario::Rollback;
use crate::tui::drill::standing_of;
use crate::tui::keymap::{Action, Binding, own};
use crate::tui::message::{Effect, News, PastRun, PastStatus};
use crate::tui::model::{AtWork, Shared};
use crate::tui::text::{clip, fit, right, wrap};
use crate::tui::theme::{Meaning, Theme, meaning_of};
use crate::tui::widgets::{first_shown, panel};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use std::sync::Arc;

/// Keys of its own; enter plays the chosen run again, as the grammar has it.
pub const KEYS: &[Binding] = &[
    own("compare", "c", "compare", "the marked run and the chosen one side by side, else the chosen one and the one before it"),
    own("look-again", "r", "look again", "read the list again"),
];

/// Two runs side by side.
#[derive(Debug)]
struct Compared {
    before: Arc<RunState>,
    after: Arc<RunState>,
    at: usize,
}

/// The screen.
#[derive(Debug, Default)]
pub struct History {
    runs: Option<Vec<PastRun>>,
    at: usize,
    marked: Option<String>,
    filter: String,
    compared: Option<Compared>,
}

impl History {
    fn rows(&self) -> Vec<&PastRun> {
        let wanted = self.filter.to_lowercase();
        self.runs.iter().flatten().filter(|run| run.run.to_lowercase().contains(&wanted) || verdict(run).1.contains(&wanted)).collect()
    }

    fn chosen(&self) -> Option<&PastRun> {
        self.rows().get(self.at).copied()
    }

    /// The two runs that would be compared, the older first.
    fn pair(&self) -> Option<(&PastRun, &PastRun)> {
        let chosen = self.chosen()?;
        let other = match &self.marked {
            Some(marked) if *marked != chosen.run => self.runs.as_ref()?.iter().find(|run| run.run == *marked)?,
            // the list is newest first: the one before in time is the next of the same kind
            _ => self.rows().into_iter().skip(self.at + 1).find(|run| run.verb == chosen.verb)?,
        };
        Some(if other.started <= chosen.started { (other, chosen) } else { (chosen, other) })
    }
}

/// Glyph and letter, word and colour of how a run ended.
fn verdict(run: &PastRun) -> (Standing, String, Meaning) {
    match &run.status {
        PastStatus::Running => (Standing::Working, "at work".to_owned(), Meaning::Working),
        PastStatus::Unfinished => (Standing::Failed, "killed before its end".to_owned(), Meaning::Bad),
        PastStatus::Ended(summary) if summary.drill.is_some() => {
            let standing = summary.drill.as_ref().map_or(Standing::Failed, standing_of);
            let word = summary.drill.as_ref().map(|drill| match drill.rollback {
                Rollback::Clean | Rollback::NotNeeded => drill.verdict.to_string(),
                bad => format!("{}, rollback {bad}", drill.verdict),
            });
            (standing, word.unwrap_or_default(), meaning_of(standing))
        }
        PastStatus::Ended(summary) if summary.ok => (Standing::Ready, "ready".to_owned(), Meaning::Good),
        PastStatus::Ended(summary) if summary.cancelled => (Standing::Cancelled, "ended early".to_owned(), Meaning::Warning),
        PastStatus::Ended(summary) => (Standing::Failed, format!("{} failed", summary.failed), Meaning::Bad),
    }
}

/// A run at work is joined, one of the past is played.
fn enter(run: &PastRun, shared: &Shared) -> Effect {
    match run.status {
        PastStatus::Running if shared.at_work == AtWork::Nothing => Effect::Attach(run.run.clone()),
        PastStatus::Running => Effect::Go(ScreenId::Run),
        _ => Effect::Play(run.journal.clone()),
    }
}

impl Screen for History {
    fn path(&self, _shared: &Shared) -> String {
        match &self.compared {
            Some(_) => "two runs side by side".to_owned(),
            None => self.chosen().map(|run| run.run.clone()).unwrap_or_default(),
        }
    }

    fn enter(&mut self, _shared: &Shared) -> Vec<Effect> {
        vec![Effect::History]
    }

    fn can(&self, action: Action, _shared: &Shared) -> bool {
        if self.compared.is_some() {
            return action.moves() || action == Action::Back;
        }
        match action {
            Action::Own("compare") => self.pair().is_some(),
            Action::Own(_) | Action::Filter => true,
            Action::Enter | Action::Mark | Action::Copy => self.chosen().is_some(),
            _ => action.moves() && self.chosen().is_some(),
        }
    }

    fn act(&mut self, action: Action, shared: &Shared) -> Vec<Effect> {
        let page = usize::from(shared.size.1) / 2;
        let rows = self.compared.as_ref().map_or_else(|| self.rows().len(), |compared| steps_of(compared).len());
        let at = self.compared.as_mut().map_or(&mut self.at, |compared| &mut compared.at);
        if let Some(to) = action.moved(*at, page, rows) {
            *at = to;
        }
        match action {
            Action::Back => self.compared = None,
            Action::Mark => {
                let run = self.chosen().map(|run| run.run.clone());
                self.marked = if self.marked == run { None } else { run };
            }
            Action::Enter => return self.chosen().map(|run| enter(run, shared)).into_iter().collect(),
            Action::Copy => return self.chosen().map(|run| Effect::Copy(run.run.clone())).into_iter().collect(),
            Action::Own("compare") => {
                return self.pair().map(|(one, other)| Effect::Compare(one.journal.clone(), other.journal.clone())).into_iter().collect();
            }
            Action::Own(_) => return vec![Effect::History],
            _ => {}
        }
        Vec::new()
    }

    fn hear(&mut self, news: &News, _shared: &Shared) -> Vec<Effect> {
        match news {
            News::History(runs) => {
                let chosen = self.chosen().map(|run| run.run.clone());
                self.runs = Some(runs.clone());
                self.at = self.rows().iter().position(|run| Some(&run.run) == chosen.as_ref()).unwrap_or(0);
            }
            News::Compared(before, after) => self.compared = Some(Compared { before: Arc::clone(before), after: Arc::clone(after), at: 0 }),
            // what has just ended belongs to the list
            News::RunEnded => return vec![Effect::History],
            _ => {}
        }
        Vec::new()
    }

    fn filter(&mut self, text: &str, _shared: &Shared) {
        text.clone_into(&mut self.filter);
        self.at = 0;
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let theme = shared.theme;
        if let Some(compared) = &self.compared {
            return draw_compared(compared, area, theme, buffer);
        }
        let [list, detail] = Layout::horizontal([Constraint::Percentage(58), Constraint::Min(0)]).areas(area);
        let title = if self.filter.is_empty() { "history".to_owned() } else { format!("history with `{}`", self.filter) };
        let inner = panel(list, &title, theme, buffer);
        let rows = self.rows();
        if rows.is_empty() {
            let text = match (&self.runs, self.filter.is_empty()) {
                (None, _) => "reading the journals".to_owned(),
                (Some(_), true) => format!("lab {} has no runs yet: 1 goes to where one begins", shared.lab),
                (Some(_), false) => "no run has that in its name or verdict".to_owned(),
            };
            buffer.set_line(inner.x, inner.y, &theme.span(Meaning::Dim, text).into(), inner.width);
        }
        let first = first_shown(self.at, rows.len(), usize::from(inner.height));
        for (row, (at, run)) in inner.rows().zip(rows.iter().enumerate().skip(first)) {
            self.draw_row(run, row, theme, buffer);
            if at == self.at {
                buffer.set_style(row, theme.style(Meaning::Selected));
            }
        }
        let inner = panel(detail, self.chosen().map_or("no run", |run| &run.run), theme, buffer);
        if let Some(run) = self.chosen() {
            draw_detail(run, inner, theme, buffer);
        }
    }
}

impl History {
    fn draw_row(&self, run: &PastRun, row: Rect, theme: Theme, buffer: &mut Buffer) {
        let (standing, word, meaning) = verdict(run);
        let [glyph, letter] = theme.mark(standing);
        let marked = if self.marked.as_ref() == Some(&run.run) { "*" } else { " " };
        let (took, changed) = match &run.status {
            PastStatus::Ended(summary) => (brief_time(summary.duration_ms), format!("{} changed", summary.changed)),
            _ => (String::new(), String::new()),
        };
        let columns = usize::from(row.width);
        let line = Line::from(vec![
            theme.span(Meaning::Key, marked),
            glyph,
            letter,
            theme.span(Meaning::Text, format!(" {} ", moment(run.started))),
            theme.span(Meaning::Strong, fit(verb(run.verb), 7)),
            theme.span(meaning, fit(&word, columns.saturating_sub(1 + 2 + 18 + 7 + 7 + 12).clamp(8, 22))),
            theme.span(Meaning::Text, right(&took, 7)),
            theme.span(Meaning::Dim, right(&changed, 12)),
        ]);
        buffer.set_line(row.x, row.y, &line, row.width);
    }
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Up => "up",
        Verb::Down => "down",
        Verb::Status => "status",
        Verb::Test => "test",
        Verb::Scenario => "drill",
        Verb::Load => "load",
        Verb::Recover => "recover",
        Verb::Runbook => "runbook",
        Verb::Gameday => "game day",
    }
}

/// `11-21 14:07:52`.
fn moment(at: At) -> String {
    let at = at.to_string();
    format!("{} {}", at.get(5..10).unwrap_or_default(), at.get(11..19).unwrap_or_default())
}

fn draw_detail(run: &PastRun, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let columns = usize::from(area.width);
    let (standing, word, meaning) = verdict(run);
    let mut lines: Vec<(Meaning, String)> = Vec::new();
    let mut say = |meaning: Meaning, label: &str, text: &str| {
        let wrapped = wrap(text, columns.saturating_sub(label.len()));
        lines.extend(
            wrapped
                .into_iter()
                .enumerate()
                .map(|(at, line)| (meaning, format!("{}{line}", if at == 0 { label.to_owned() } else { " ".repeat(label.len()) }))),
        );
    };
    say(meaning, "", &format!("{}{} {word}", standing.glyph(), standing.letter()));
    say(Meaning::Text, "began    ", &format!("{} UTC", run.started.to_string().replace('T', " ").trim_end_matches('Z')));
    if let PastStatus::Ended(summary) = &run.status {
        say(Meaning::Text, "took     ", &brief_time(summary.duration_ms));
        let counts =
            format!("{} changed, {} in place, {} left out, {} failed", summary.changed, summary.unchanged, summary.skipped, summary.failed);
        say(Meaning::Text, "steps    ", &counts);
        if let Some(drill) = &summary.drill {
            say(Meaning::Text, "rollback ", &drill.rollback.to_string());
            say(Meaning::Text, "why      ", &drill.why);
        }
        say(Meaning::Text, "", "");
        let path: Vec<&str> = summary.critical_path.iter().map(|step| step.0.trim_start_matches("component/")).collect();
        say(Meaning::Critical, "path     ", &path.join(" → "));
        for (name, took) in &summary.phases {
            say(Meaning::Dim, "", &format!("{} {}", fit(name, 20), right(&brief_time(*took), 7)));
        }
        if !summary.urls.is_empty() {
            say(Meaning::Text, "", "");
        }
        for (name, url) in &summary.urls {
            say(Meaning::Text, "", &format!("{} {url}", fit(name, 14)));
        }
    }
    for (row, (meaning, line)) in area.rows().zip(lines) {
        buffer.set_line(row.x, row.y, &theme.span(meaning, clip(&line, columns)).into(), row.width);
    }
}

/// Steps of both runs, in the order of the later one; those that only the earlier one has come last.
fn steps_of(compared: &Compared) -> Vec<(Option<&StepState>, Option<&StepState>)> {
    let (before, after) = (&compared.before, &compared.after);
    let mut rows: Vec<_> = after.steps.iter().map(|step| (before.step(&step.plan.id), Some(step))).collect();
    rows.extend(before.steps.iter().filter(|step| after.step(&step.plan.id).is_none()).map(|step| (Some(step), None)));
    rows
}

fn took(step: Option<&StepState>) -> Option<u64> {
    step.and_then(|step| step.took_ms(step.ended?))
}

fn draw_compared(compared: &Compared, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let name = |state: &RunState| state.run.as_ref().map(ToString::to_string).unwrap_or_default();
    let title = format!("{}  →  {}", name(&compared.before), name(&compared.after));
    let inner = panel(area, &title, theme, buffer);
    let columns = usize::from(inner.width);
    let step_columns = (columns / 3).clamp(14, 34);
    let rows = steps_of(compared);
    let mut places = inner.rows();
    if let Some(row) = places.next() {
        let heading =
            format!("   {} {} {} {}  then / now", fit("step", step_columns), right("then", 8), right("now", 8), right("differs", 9));
        buffer.set_line(row.x, row.y, &theme.span(Meaning::Dim, heading).into(), row.width);
    }
    let height = usize::from(inner.height).saturating_sub(2);
    let first = first_shown(compared.at, rows.len(), height.max(1));
    for (row, (at, (before, after))) in places.by_ref().take(height).zip(rows.iter().enumerate().skip(first)) {
        let Some(step) = after.or(*before) else { continue };
        let [glyph, letter] = theme.mark(step.standing);
        let (then, now) = (took(*before), took(*after));
        let shown = |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), brief_time);
        let (differs, meaning) = match (then, now) {
            (Some(then), Some(now)) if now >= then => (
                format!("+{}", brief_time(now - then)),
                if now > then.saturating_mul(3) / 2 && now - then > 1000 { Meaning::Warning } else { Meaning::Dim },
            ),
            (Some(then), Some(now)) => {
                (format!("-{}", brief_time(then - now)), if then - now > 1000 { Meaning::Good } else { Meaning::Dim })
            }
            _ => (String::new(), Meaning::Dim),
        };
        let ends = format!("  {} / {}", ending(*before), ending(*after));
        let line = Line::from(vec![
            glyph,
            letter,
            theme.span(
                Meaning::Text,
                format!(" {} {} {} ", fit(&step.plan.title, step_columns), right(&shown(then), 8), right(&shown(now), 8)),
            ),
            theme.span(meaning, right(&differs, 9)),
            theme.span(
                if ending(*before) == ending(*after) { Meaning::Dim } else { Meaning::Warning },
                clip(&ends, columns.saturating_sub(step_columns + 32)),
            ),
        ]);
        buffer.set_line(row.x, row.y, &line, row.width);
        if at == compared.at {
            buffer.set_style(row, theme.style(Meaning::Selected));
        }
    }
    let whole = |state: &RunState| state.summary.as_ref().map_or_else(|| "no end".to_owned(), |summary| brief_time(summary.duration_ms));
    let total =
        format!("   {} {} {}", fit("whole run", step_columns), right(&whole(&compared.before), 8), right(&whole(&compared.after), 8));
    if inner.height > 1 {
        buffer.set_line(inner.x, inner.bottom() - 1, &theme.span(Meaning::Strong, total).into(), inner.width);
    }
}

fn ending(step: Option<&StepState>) -> String {
    match step.map(|step| &step.result) {
        None => "not in it".to_owned(),
        Some(None) => "no end".to_owned(),
        Some(Some(FinishedAs::Changed { .. })) => "changed".to_owned(),
        Some(Some(FinishedAs::Unchanged { .. })) => "in place".to_owned(),
        Some(Some(FinishedAs::Skipped { .. })) => "left out".to_owned(),
        Some(Some(FinishedAs::Failed { code, .. })) => format!("failed {code}"),
        Some(Some(FinishedAs::Cancelled)) => "cancelled".to_owned(),
    }
}
