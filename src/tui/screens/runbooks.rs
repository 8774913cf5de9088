//! Runbooks: what each is for, whether its alert fires, the page itself, and its blocks carried out one by one.

use super::screen::Screen;
use crate::model::look::Query;
use crate::model::runbook::{Does, Outcome, Runbook};
use crate::tui::keymap::{Action, Binding, danger, own};
use crate::tui::look::age;
use crate::tui::message::{Effect, News, Question};
use crate::tui::model::{AtWork, Shared};
use crate::tui::responding::RunbookInfo;
use crate::tui::text::{clip, fit, right, wrap};
use crate::tui::theme::{Meaning, Theme};
use crate::tui::widgets::{first_shown, panel};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

/// Keys of its own; Enter goes into the page, as the grammar has it.
pub const KEYS: &[Binding] = &[
    danger("run", "r", "run", "carry the chosen page out, block by block"),
    own("check", "c", "only look", "carry out only the blocks that look: nothing can change"),
    own("last", "l", "last run", "the chosen page's last run, played again"),
    own("look-again", "R", "", "read the list again"),
];

/// The screen.
#[derive(Debug, Default)]
pub struct Runbooks {
    known: Option<Vec<RunbookInfo>>,
    at: usize,
    filter: String,
    /// The page has the keys.
    inside: bool,
    scrolled: usize,
}

impl Runbooks {
    fn rows(&self) -> Vec<&RunbookInfo> {
        let words = self.filter.to_lowercase();
        let fits = |info: &&RunbookInfo| {
            words.is_empty()
                || info.name.to_lowercase().contains(&words)
                || info.alerts().any(|alert| alert.to_lowercase().contains(&words))
        };
        self.known.iter().flatten().filter(fits).collect()
    }

    fn chosen(&self) -> Option<&RunbookInfo> {
        let rows = self.rows();
        rows.get(self.at.min(rows.len().saturating_sub(1))).copied()
    }

    fn page(&self) -> Option<&Runbook> {
        self.chosen()?.runbook.as_ref().ok()
    }

    fn ask_run(&self, shared: &Shared) -> Vec<Effect> {
        let Some(page) = self.page() else { return Vec::new() };
        let shells = page.blocks().filter(|(_, block)| matches!(block.does, Does::Shell) && (block.mutates || !page.shipped));
        let mut more: Vec<String> = shells
            .map(|(_, block)| {
                let asks = block.confirm.clone().unwrap_or_else(|| "Run its commands?".to_owned());
                let when = if block.only_by_goto { ", only if another block goes to it" } else { "" };
                format!("{}{when}: {asks}", block.name)
            })
            .collect();
        if more.is_empty() {
            more.push("None of its blocks changes anything.".to_owned());
        } else {
            more.insert(0, "Yes answers these questions of its blocks, should their turn come:".to_owned());
        }
        if !page.shipped {
            more.push("This page is not one that labctl ships: its commands can do anything.".to_owned());
        }
        let question = Question {
            what: format!("Carry out runbook {} on lab {}?", page.name, shared.lab),
            more,
            yes: "carry it out".to_owned(),
            then: vec![Effect::RunRunbook { which: page.name.clone(), only_look: false }],
        };
        vec![Effect::Ask(Box::new(question))]
    }
}

/// Which of its alerts fire now.
fn firing<'a>(info: &'a RunbookInfo, shared: &Shared) -> Vec<&'a str> {
    let fires = |name: &str| shared.looks.alerts.answer().into_iter().flatten().any(|alert| alert.name == name);
    info.alerts().filter(|alert| fires(alert)).collect()
}

impl Screen for Runbooks {
    fn path(&self, _shared: &Shared) -> String {
        self.chosen().map(|info| info.name.clone()).unwrap_or_default()
    }

    fn wants(&self, _shared: &Shared) -> Vec<Query> {
        vec![Query::Alerts]
    }

    fn enter(&mut self, _shared: &Shared) -> Vec<Effect> {
        vec![Effect::Runbooks]
    }

    fn can(&self, action: Action, shared: &Shared) -> bool {
        let page = self.page().is_some();
        match action {
            Action::Own("run" | "check") => page && shared.at_work != AtWork::Ours,
            Action::Own("last") => self.chosen().is_some_and(|info| info.last.is_some()),
            Action::Own(_) => true,
            Action::Filter => !self.inside,
            Action::Enter => page && !self.inside,
            Action::Back => self.inside,
            Action::Copy => page,
            _ => action.moves() && self.chosen().is_some(),
        }
    }

    fn act(&mut self, action: Action, shared: &Shared) -> Vec<Effect> {
        let page = usize::from(shared.size.1) / 2;
        if self.inside && action.moves() {
            let last = self.page().map_or(0, |page| page.text.lines().count());
            self.scrolled = action.moved(self.scrolled, page, last.saturating_add(1)).unwrap_or(0);
            return Vec::new();
        }
        let rows = self.rows().len();
        if let Some(to) = action.moved(self.at.min(rows.saturating_sub(1)), page, rows) {
            (self.at, self.scrolled) = (to, 0);
        }
        match action {
            Action::Own("run") => return self.ask_run(shared),
            Action::Own("check") => {
                let name = self.page().map(|page| page.name.clone());
                return name.map(|which| Effect::RunRunbook { which, only_look: true }).into_iter().collect();
            }
            Action::Own("last") => {
                let last = self.chosen().and_then(|info| info.last.as_ref());
                return last.map(|last| Effect::Play(last.journal.clone())).into_iter().collect();
            }
            Action::Own(_) => return vec![Effect::Runbooks],
            Action::Enter => self.inside = true,
            Action::Back => (self.inside, self.scrolled) = (false, 0),
            Action::Copy => {
                let command = self.page().map(|page| format!("labctl --lab {} runbook run {}", shared.lab, page.name));
                return command.map(Effect::Copy).into_iter().collect();
            }
            _ => {}
        }
        Vec::new()
    }

    fn hear(&mut self, news: &News, _shared: &Shared) -> Vec<Effect> {
        match news {
            News::Runbooks(known) => self.known = Some(known.clone()),
            News::RunEnded if self.known.is_some() => return vec![Effect::Runbooks],
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
        let (list, page) = if area.width >= 100 {
            let [list, page] = Layout::horizontal([Constraint::Percentage(44), Constraint::Min(0)]).areas(area);
            (list, page)
        } else {
            let rows = u16::try_from(self.rows().len()).unwrap_or(u16::MAX).saturating_add(3).clamp(4, area.height / 3);
            let rows = if self.inside { 0 } else { rows };
            let [list, page] = Layout::vertical([Constraint::Length(rows), Constraint::Min(0)]).areas(area);
            (list, page)
        };
        self.draw_list(list, buffer, shared);
        let Some(info) = self.chosen() else {
            panel(page, "–", theme, buffer);
            return;
        };
        let inner = panel(page, &info.name, theme, buffer);
        let lines = match &info.runbook {
            Ok(runbook) => {
                let mut lines = head_lines(info, runbook, usize::from(inner.width), shared);
                lines.extend(page_lines(runbook, usize::from(inner.width), theme));
                lines
            }
            Err(trouble) => wrap(&format!("✗ {} [{}]", trouble.what, trouble.id), usize::from(inner.width))
                .into_iter()
                .map(|line| theme.span(Meaning::Bad, line).into())
                .collect(),
        };
        let most = lines.len().saturating_sub(usize::from(inner.height));
        for (row, line) in inner.rows().zip(lines.iter().skip(self.scrolled.min(most))) {
            buffer.set_line(row.x, row.y, line, row.width);
        }
    }
}

impl Runbooks {
    fn draw_list(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let theme = shared.theme;
        if area.is_empty() {
            return;
        }
        let title = if self.filter.is_empty() { "runbooks".to_owned() } else { format!("runbooks · /{}", self.filter) };
        let inner = panel(area, &title, theme, buffer);
        let rows = self.rows();
        let columns = usize::from(inner.width);
        let name = columns.saturating_sub(3 + 8 + 22);
        let head = match (&self.known, rows.is_empty()) {
            (None, _) => "the pages are read".to_owned(),
            (Some(_), true) => "no runbook has this in its name or alerts".to_owned(),
            (Some(_), false) => format!("   {}{}{}", fit("name", name), fit("alert", 8), right("last", 22)),
        };
        buffer.set_line(inner.x, inner.y, &theme.span(Meaning::Dim, clip(&head, columns)).into(), inner.width);
        let at = self.at.min(rows.len().saturating_sub(1));
        let first = first_shown(at, rows.len(), usize::from(inner.height).saturating_sub(1).max(1));
        for (row, (number, info)) in inner.rows().skip(1).zip(rows.iter().enumerate().skip(first)) {
            let fires = !firing(info, shared).is_empty();
            let (alert, meaning) = if fires { ("! fires", Meaning::Bad) } else { ("quiet", Meaning::Dim) };
            let alert = if shared.looks.alerts.answer().is_none() { "?" } else { alert };
            let (last, colour) = match &info.last {
                Some(last) => (format!("{} {}", last.result, age(Some(last.at), shared.now)), of(last.result)),
                None => ("never run".to_owned(), Meaning::Dim),
            };
            let mark = match (&info.runbook, &info.last) {
                (Err(_), _) => theme.span(Meaning::Bad, "✗F "),
                (_, Some(last)) => theme.span(of(last.result), glyph(last.result)),
                (_, None) => theme.span(Meaning::Dim, "   "),
            };
            let line = Line::from(vec![
                mark,
                theme.span(Meaning::Text, fit(&info.name, name)),
                theme.span(meaning, fit(alert, 8)),
                theme.span(colour, right(&last, 22)),
            ]);
            buffer.set_line(row.x, row.y, &line, row.width);
            if number == at {
                buffer.set_style(row, theme.style(Meaning::Selected));
            }
        }
    }
}

fn of(result: Outcome) -> Meaning {
    match result {
        Outcome::Resolved => Meaning::Good,
        Outcome::NotResolved => Meaning::Bad,
        Outcome::Inconclusive => Meaning::Warning,
    }
}

fn glyph(result: Outcome) -> &'static str {
    match result {
        Outcome::Resolved => "✓R ",
        Outcome::NotResolved => "✗F ",
        Outcome::Inconclusive => "?U ",
    }
}

/// What labctl knows of the page, above it.
fn head_lines(info: &RunbookInfo, runbook: &Runbook, columns: usize, shared: &Shared) -> Vec<Line<'static>> {
    let theme = shared.theme;
    let metadata = &runbook.front.metadata;
    let mut lines: Vec<Line<'static>> =
        wrap(&runbook.front.description, columns).into_iter().map(|line| theme.span(Meaning::Strong, line).into()).collect();
    let mut say = |label: &str, meaning: Meaning, text: &str| {
        for (at, line) in wrap(text, columns.saturating_sub(10)).into_iter().enumerate() {
            lines.push(Line::from(vec![theme.span(Meaning::Dim, fit(if at == 0 { label } else { "" }, 10)), theme.span(meaning, line)]));
        }
    };
    let firing = firing(info, shared);
    say("alerts", Meaning::Text, &metadata.alerts.join(", "));
    if !firing.is_empty() {
        say("fires", Meaning::Bad, &format!("! {}", firing.join(", ")));
    }
    if !metadata.scenarios.is_empty() {
        say("practise", Meaning::Text, &format!("{} (6 goes there)", metadata.scenarios.join(", ")));
    }
    let inputs: Vec<String> = metadata.inputs.iter().map(|(name, value)| format!("${name} = {value}")).collect();
    if !inputs.is_empty() {
        say("inputs", Meaning::Dim, &inputs.join(", "));
    }
    if let Some(last) = &info.last {
        say("last", of(last.result), &format!("{}, {} ago: {}", last.result, age(Some(last.at), shared.now), last.why));
    }
    lines
}

/// The page as it is written: headings, prose, and its blocks with what they do.
fn page_lines(runbook: &Runbook, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    for section in &runbook.sections {
        lines.push(Line::default());
        lines.push(theme.span(Meaning::Title, &section.heading).into());
        let mut blocks = section.blocks.iter();
        let mut in_block = false;
        for text in section.text.lines() {
            if let Some(info) = text.trim_start().strip_prefix("```") {
                in_block = !in_block;
                let known = info.split_whitespace().next().and_then(crate::model::runbook::Lang::of).is_some();
                if let Some(block) = (in_block && known).then(|| blocks.next()).flatten() {
                    let does = if block.mutates { "  ! changes something" } else { "" };
                    lines.push(Line::from(vec![
                        theme.span(Meaning::Key, format!("▸ {} ", block.name)),
                        theme.span(Meaning::Dim, block.lang.to_string()),
                        theme.span(Meaning::Warning, does),
                    ]));
                }
                continue;
            }
            if in_block {
                lines.push(theme.span(Meaning::Dim, format!("  {}", clip(text, columns.saturating_sub(2)))).into());
            } else if !text.trim().is_empty() || lines.last().is_some_and(|line| !line.spans.is_empty()) {
                lines.extend(wrap(text, columns).into_iter().map(|line| Line::from(theme.span(Meaning::Text, line))));
            }
        }
    }
    lines
}
