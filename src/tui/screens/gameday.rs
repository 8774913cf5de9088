//! Game days: which there are; and one at work, as who leads it sees it, or as who responds does: with the pager and the lab, and no word of what was done.

use super::screen::Screen;
use crate::model::gameday::{Act, GameDay};
use crate::model::look::Query;
use crate::model::run::{At, Moment, RunState, Standing, StepState, Verb, brief_time};
use crate::tui::drill::name_of;
use crate::tui::keymap::{Action, Binding, danger, own};
use crate::tui::look::age;
use crate::tui::message::{Effect, News, Question};
use crate::tui::model::{AtWork, Shared};
use crate::tui::responding::GamedayInfo;
use crate::tui::run::{RunView, clock, doing};
use crate::tui::text::{clip, fit, right, wrap};
use crate::tui::theme::{Meaning, Theme};
use crate::tui::widgets::{first_shown, panel};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

/// Keys of its own.
pub const KEYS: &[Binding] = &[
    danger("run", "r", "run", "carry the chosen game day out: each act breaks something, and all is taken back"),
    danger("acknowledge", "a", "take the pager", "take the pager of the act at work"),
    own("role", "v", "other role", "who leads sees all, who responds sees nothing of what was done"),
    own("last", "l", "last run", "the chosen game day's last run, played again"),
    own("look-again", "R", "", "read the list again"),
];

/// The screen.
#[derive(Debug, Default)]
pub struct Gameday {
    known: Option<Vec<GamedayInfo>>,
    at: usize,
    /// The list is shown although a game day is at work.
    list: bool,
    /// As who responds sees it.
    responder: bool,
}

/// The game day that is at work, or was last.
fn day_of(shared: &Shared) -> Option<&RunView> {
    shared.run.as_ref().filter(|view| view.state.verb == Some(Verb::Gameday))
}

impl Gameday {
    fn live<'a>(&self, shared: &'a Shared) -> Option<&'a RunView> {
        day_of(shared).filter(|_| !self.list)
    }

    fn chosen(&self) -> Option<&GamedayInfo> {
        let rows = self.known.as_deref().unwrap_or_default();
        rows.get(self.at.min(rows.len().saturating_sub(1)))
    }

    /// The file of the game day at work.
    fn file(&self, state: &RunState) -> Option<&GameDay> {
        let name = name_of(state);
        self.known.iter().flatten().find(|info| info.name == name)?.day.as_ref().ok()
    }

    fn ask_run(&self, shared: &Shared) -> Vec<Effect> {
        let Some((info, day)) = self.chosen().and_then(|info| Some((info, info.day.as_ref().ok()?))) else { return Vec::new() };
        let question = Question {
            what: format!("Begin game day {} on lab {}?", info.name, shared.lab),
            more: vec![
                format!("It breaks the lab on purpose in {} acts; which and when is drawn, and nobody is told.", day.acts.len()),
                format!("It lasts {} at most. The stop word is `{}`; then H.", day.rules.max_duration, day.rules.stop_word),
                "All it changes is taken back, whatever happens. It goes on when this app is left.".to_owned(),
            ],
            yes: "begin".to_owned(),
            then: vec![Effect::RunGameday(info.name.clone())],
        };
        vec![Effect::Ask(Box::new(question))]
    }
}

impl Screen for Gameday {
    fn path(&self, shared: &Shared) -> String {
        match self.live(shared) {
            Some(view) => name_of(&view.state).to_owned(),
            None => self.chosen().map(|info| info.name.clone()).unwrap_or_default(),
        }
    }

    fn wants(&self, shared: &Shared) -> Vec<Query> {
        if self.live(shared).is_some() { vec![Query::Alerts, Query::Health] } else { Vec::new() }
    }

    fn enter(&mut self, _shared: &Shared) -> Vec<Effect> {
        self.list = false;
        vec![Effect::Gamedays]
    }

    fn can(&self, action: Action, shared: &Shared) -> bool {
        let live = self.live(shared);
        let listed = live.is_none();
        match action {
            Action::Own("run") => listed && shared.at_work == AtWork::Nothing && self.chosen().is_some_and(|info| info.day.is_ok()),
            Action::Own("acknowledge") => live.is_some_and(|view| view.state.summary.is_none()),
            Action::Own("role") | Action::Back => live.is_some(),
            Action::Own("last") => listed && self.chosen().is_some_and(|info| info.last.is_some()),
            Action::Own(_) => listed,
            Action::Enter => listed && day_of(shared).is_some(),
            _ => action.moves() && listed && self.chosen().is_some(),
        }
    }

    fn act(&mut self, action: Action, shared: &Shared) -> Vec<Effect> {
        let rows = self.known.as_ref().map_or(0, Vec::len);
        if let Some(to) = action.moved(self.at.min(rows.saturating_sub(1)), usize::from(shared.size.1) / 2, rows) {
            self.at = to;
        }
        match action {
            Action::Own("run") => return self.ask_run(shared),
            Action::Own("acknowledge") => return vec![Effect::Acknowledge],
            Action::Own("role") => self.responder = !self.responder,
            Action::Own("last") => {
                let last = self.chosen().and_then(|info| info.last.as_ref());
                return last.map(|last| Effect::Play(last.journal.clone())).into_iter().collect();
            }
            Action::Own(_) => return vec![Effect::Gamedays],
            Action::Back => self.list = true,
            Action::Enter => self.list = false,
            _ => {}
        }
        Vec::new()
    }

    fn hear(&mut self, news: &News, _shared: &Shared) -> Vec<Effect> {
        match news {
            News::Gamedays(known) => self.known = Some(known.clone()),
            News::Noticed => self.list = false,
            News::RunEnded if self.known.is_some() => return vec![Effect::Gamedays],
            _ => {}
        }
        Vec::new()
    }

    fn is_moving(&self, shared: &Shared) -> bool {
        self.live(shared).is_some_and(|view| view.state.summary.is_none())
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        match self.live(shared) {
            Some(view) if self.responder => self.draw_responder(view, area, buffer, shared),
            Some(view) => self.draw_facilitator(view, area, buffer, shared),
            None => self.draw_list(area, buffer, shared),
        }
    }
}

impl Gameday {
    fn draw_list(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let theme = shared.theme;
        let rows = u16::try_from(self.known.as_ref().map_or(0, Vec::len)).unwrap_or(u16::MAX).saturating_add(3).clamp(4, area.height / 2);
        let [list, detail] = Layout::vertical([Constraint::Length(rows), Constraint::Min(0)]).areas(area);
        let inner = panel(list, "game days", theme, buffer);
        let columns = usize::from(inner.width);
        let name = columns.saturating_sub(6 + 26);
        let all = self.known.as_deref().unwrap_or_default();
        let head = match (&self.known, all.is_empty()) {
            (None, _) => "the files are read".to_owned(),
            (Some(_), true) => "no game day is shipped".to_owned(),
            _ => format!("{}{}{}", fit("name", name), right("acts", 6), right("last", 26)),
        };
        buffer.set_line(inner.x, inner.y, &theme.span(Meaning::Dim, clip(&head, columns)).into(), inner.width);
        let at = self.at.min(all.len().saturating_sub(1));
        let first = first_shown(at, all.len(), usize::from(inner.height).saturating_sub(1).max(1));
        for (row, (number, info)) in inner.rows().skip(1).zip(all.iter().enumerate().skip(first)) {
            let acts = info.day.as_ref().map_or_else(|_| "✗F".to_owned(), |day| day.acts.len().to_string());
            let ended = info
                .last
                .as_ref()
                .map_or("never run".to_owned(), |last| format!("{} of {} goals {}", last.met, last.of, age(Some(last.at), shared.now)));
            let line = Line::from(vec![
                theme.span(Meaning::Text, fit(&info.name, name)),
                theme.span(Meaning::Text, right(&acts, 6)),
                theme.span(Meaning::Dim, right(&ended, 26)),
            ]);
            buffer.set_line(row.x, row.y, &line, row.width);
            if number == at {
                buffer.set_style(row, theme.style(Meaning::Selected));
            }
        }
        let Some(info) = self.chosen() else {
            panel(detail, "–", theme, buffer);
            return;
        };
        let inner = panel(detail, &info.name, theme, buffer);
        let mut page = Page { columns: usize::from(inner.width), theme, lines: Vec::new() };
        match &info.day {
            Err(trouble) => page.say("cannot run", Meaning::Bad, &format!("{} [{}]", trouble.what, trouble.id)),
            Ok(day) => {
                page.say("", Meaning::Strong, &day.metadata.title);
                day.goals.iter().for_each(|goal| page.say("goal", Meaning::Text, goal));
                for (number, act) in day.acts.iter().enumerate() {
                    let hidden = if day.rules.hide_injects { "hidden".to_owned() } else { act.scenario.join(" or ") };
                    page.say("act", Meaning::Text, &format!("{} {}: {hidden}{}", number + 1, act.name, wanted(act)));
                }
                page.say("lasts", Meaning::Text, &format!("{} at most; stop word: {}", day.rules.max_duration, day.rules.stop_word));
                page.say("headless", Meaning::Dim, &format!("labctl gameday run {} --headless", info.name));
            }
        }
        page.draw(inner, buffer);
    }

    /// Who leads: the acts with all their moments, what is done now, the pager, notes.
    fn draw_facilitator(&self, view: &RunView, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let theme = shared.theme;
        let [top, below] = Layout::vertical([Constraint::Min(0), Constraint::Length((area.height / 3).max(5))]).areas(area);
        let [acts, side] = Layout::horizontal([Constraint::Percentage(60), Constraint::Min(0)]).areas(top);
        let [pager, notes] = Layout::horizontal([Constraint::Percentage(50), Constraint::Min(0)]).areas(below);
        let title = format!("{} · who leads · {}", name_of(&view.state), brief_time(view.state.elapsed_ms(shared.now)));
        let inner = panel(acts, &title, theme, buffer);
        let mut page = Page { columns: usize::from(inner.width), theme, lines: Vec::new() };
        let file = self.file(&view.state);
        for step in acts_of(&view.state) {
            let name = step.plan.id.0.trim_start_matches("act/");
            let act = file.and_then(|day| day.acts.iter().find(|act| act.name == name));
            act_lines(&mut page, view, step, name, act, shared.now);
        }
        page.draw(inner, buffer);
        let inner = panel(side, "now", theme, buffer);
        let mut page = Page { columns: usize::from(inner.width), theme, lines: Vec::new() };
        for step in view.state.steps.iter().filter(|step| step.standing == Standing::Working) {
            page.say(&step.plan.title, Meaning::Working, &doing(&view.state, view, step, shared.now));
            let room = usize::from(inner.height).saturating_sub(page.lines.len() + 1);
            let beats: Vec<_> = view.beats(&step.plan.id).rev().take(room / 2).collect();
            for beat in beats.into_iter().rev() {
                page.say(&clock(beat.at), if beat.bad { Meaning::Warning } else { Meaning::Dim }, &beat.text);
            }
        }
        if let Some(summary) = &view.state.summary {
            page.say("ended", Meaning::Strong, &format!("after {}, exit code {}", brief_time(summary.duration_ms), summary.exit_code));
            page.say("then", Meaning::Text, "Esc shows its score in the list; labctl postmortem new --run RUN drafts the postmortem");
        }
        page.draw(inner, buffer);
        draw_pager(pager, buffer, shared);
        draw_notes(view, notes, buffer, shared);
    }

    /// Who responds: the pager, the lab, the runbooks, notes. Nothing here comes from what was done.
    fn draw_responder(&self, view: &RunView, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let theme = shared.theme;
        let [top, below] = Layout::vertical([Constraint::Min(0), Constraint::Length((area.height / 3).max(5))]).areas(area);
        let [pager, lab] = Layout::horizontal([Constraint::Percentage(60), Constraint::Min(0)]).areas(top);
        let [how, notes] = Layout::horizontal([Constraint::Percentage(50), Constraint::Min(0)]).areas(below);
        draw_pager(pager, buffer, shared);
        let inner = panel(lab, "the lab", theme, buffer);
        let mut page = Page { columns: usize::from(inner.width), theme, lines: Vec::new() };
        match shared.looks.health.answer() {
            None => page.say("", Meaning::Dim, "every component is asked how it is"),
            Some(status) => {
                let ready = status.components.iter().filter(|one| one.ready).count();
                page.say("", Meaning::Text, &format!("{ready} of {} components ready", status.components.len()));
                for one in status.components.iter().filter(|one| !one.ready) {
                    page.say(&format!("✗F {}", one.name), Meaning::Bad, one.lacks.as_deref().unwrap_or("not ready"));
                }
            }
        }
        page.draw(inner, buffer);
        let title = format!("{} · who responds · {}", name_of(&view.state), brief_time(view.state.elapsed_ms(shared.now)));
        let inner = panel(how, &title, theme, buffer);
        let mut page = Page { columns: usize::from(inner.width), theme, lines: Vec::new() };
        for (key, text) in [
            ("a", "take the pager, once it rings"),
            ("B", "runbooks: those of alerts that fire are marked"),
            ("3, 4", "the lab, its pods and logs"),
            ("n", "a note, with the time"),
            ("stop word", self.file(&view.state).map_or("real incident", |day| day.rules.stop_word.as_str())),
        ] {
            page.say(key, Meaning::Text, text);
        }
        page.draw(inner, buffer);
        draw_notes(view, notes, buffer, shared);
    }
}

fn acts_of(state: &RunState) -> impl Iterator<Item = &StepState> {
    state.steps.iter().filter(|step| step.plan.id.0.starts_with("act/"))
}

/// What an act asks of those who respond.
fn wanted(act: &Act) -> String {
    let expect = &act.expect;
    let mut words = Vec::new();
    words.extend(expect.detected_by.iter().map(|by| format!("detected within {}", by.within)));
    words.extend(expect.acknowledged_within.map(|within| format!("taken within {within}")));
    words.extend(expect.mitigated_within.map(|within| format!("put right within {within}")));
    words.extend(expect.runbook.iter().map(|runbook| format!("by runbook {}", runbook.name)));
    if words.is_empty() { String::new() } else { format!("; wants {}", words.join(", ")) }
}

/// One act: its state, then each moment with the time since the fault was made, and what was wanted of it.
fn act_lines(page: &mut Page, view: &RunView, step: &StepState, name: &str, act: Option<&Act>, now: At) {
    let theme = page.theme;
    let [glyph, letter] = theme.mark(step.standing);
    let took =
        if step.standing == Standing::Pending { "to come".to_owned() } else { step.took_ms(now).map(brief_time).unwrap_or_default() };
    page.lines.push(Line::from(vec![glyph, letter, theme.span(Meaning::Strong, format!(" {name}  ")), theme.span(Meaning::Dim, took)]));
    let mut moments = view.drill.moments.iter().filter(|seen| seen.act == name).peekable();
    let fault = view.drill.moments.iter().find(|seen| seen.act == name && seen.moment == Moment::Injected).map(|seen| seen.at);
    if moments.peek().is_none() && step.standing == Standing::Pending {
        return;
    }
    for seen in moments {
        let since = fault.filter(|fault| seen.at > *fault).map(|fault| seen.at.millis_since(fault));
        let within = act.and_then(|act| match seen.moment {
            Moment::Detected => act.expect.detected_by.as_ref().map(|by| by.within),
            Moment::Acknowledged => act.expect.acknowledged_within,
            Moment::Mitigated => act.expect.mitigated_within,
            _ => None,
        });
        let (mark, meaning) = match (since, within) {
            (Some(since), Some(within)) if u128::from(since) <= within.get().as_millis() => (format!("  ✓ within {within}"), Meaning::Good),
            (Some(_), Some(within)) => (format!("  ✗ {within} allowed"), Meaning::Bad),
            _ => (String::new(), Meaning::Dim),
        };
        let after = since.map(|since| format!("+{}", brief_time(since))).unwrap_or_default();
        page.lines.push(Line::from(vec![
            theme.span(Meaning::Dim, format!("   {} ", clock(seen.at))),
            theme.span(Meaning::Text, fit(&seen.moment.to_string(), 13)),
            theme.span(Meaning::Strong, right(&after, 7)),
            theme.span(meaning, mark),
            theme.span(Meaning::Dim, format!("  {}", clip(&seen.source, page.columns.saturating_sub(52)))),
        ]));
    }
}

fn draw_pager(area: Rect, buffer: &mut Buffer, shared: &Shared) {
    let theme = shared.theme;
    let inner = panel(area, "pager", theme, buffer);
    let mut page = Page { columns: usize::from(inner.width), theme, lines: Vec::new() };
    match shared.looks.alerts.answer() {
        None => page.say("", Meaning::Dim, "the pager is asked"),
        Some(alerts) if alerts.is_empty() => page.say("", Meaning::Dim, "quiet"),
        Some(alerts) => {
            for alert in alerts {
                let since = alert.since.map_or(String::new(), |since| format!(" for {}", age(Some(since), shared.now)));
                page.say(&format!("! {}", alert.name), Meaning::Bad, &format!("{}{since}", alert.severity));
                page.say("", Meaning::Text, &alert.summary);
            }
        }
    }
    page.draw(inner, buffer);
}

fn draw_notes(view: &RunView, area: Rect, buffer: &mut Buffer, shared: &Shared) {
    let theme = shared.theme;
    let inner = panel(area, "notes · n writes one", theme, buffer);
    let mut page = Page { columns: usize::from(inner.width), theme, lines: Vec::new() };
    let notes = &view.state.notes;
    for (at, text) in notes.iter().skip(notes.len().saturating_sub(usize::from(inner.height))) {
        page.say(&clock(*at), Meaning::Text, text);
    }
    if notes.is_empty() {
        page.say("", Meaning::Dim, "none yet");
    }
    let extra = page.lines.len().saturating_sub(usize::from(inner.height));
    page.lines.drain(..extra);
    page.draw(inner, buffer);
}

/// Labels and texts, one below the other.
struct Page {
    columns: usize,
    theme: Theme,
    lines: Vec<Line<'static>>,
}

impl Page {
    fn say(&mut self, label: &str, meaning: Meaning, text: &str) {
        let indent = if label.is_empty() && self.lines.is_empty() { 0 } else { 11.max(label.chars().count() + 1).min(self.columns / 2) };
        for (at, line) in wrap(text, self.columns.saturating_sub(indent)).into_iter().enumerate() {
            let label = fit(if at == 0 { label } else { "" }, indent);
            self.lines.push(Line::from(vec![self.theme.span(Meaning::Dim, label), self.theme.span(meaning, line)]));
        }
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer) {
        for (row, line) in area.rows().zip(&self.lines) {
            buffer.set_line(row.x, row.y, line, row.width);
        }
    }
}
