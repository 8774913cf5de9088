//! The drills there are: what each does, what it needs, how it went last; what it would do now, and its start.

use super::screen::Screen;
use crate::model::run::brief_time;
use crate::model::scenario::{Conclusion, DrillPlan};
use crate::tui::drill::standing_of;
use crate::tui::drilling::{DrillInfo, DrillKind, Drills, LastDrill};
use crate::tui::keymap::{Action, Binding, danger, own};
use crate::tui::look::age;
use crate::tui::message::{Effect, News, Question, Trouble};
use crate::tui::model::{AtWork, Shared};
use crate::tui::text::{clip, fit, right, wrap};
use crate::tui::theme::{Meaning, Theme, meaning_of};
use crate::tui::widgets::{first_shown, panel};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

/// Keys of its own; Enter shows what the chosen one would do, as the grammar has it.
pub const KEYS: &[Binding] = &[
    danger("run", "r", "run", "carry the chosen drill out; all it changes is taken back"),
    own("plan", "p", "plan", "what the chosen drill would do to the lab now"),
    own("last", "l", "last run", "the chosen drill's last run, played again"),
    own("look-again", "R", "", "read the list again"),
];

/// What is known of what the chosen one would do.
#[derive(Debug, Clone, PartialEq)]
enum Preview {
    Asked,
    Known(DrillPlan),
    Refused(Trouble),
}

/// The screen: all drills, or those of one kind.
#[derive(Debug, Default)]
pub struct Scenarios {
    only: Option<DrillKind>,
    known: Option<Drills>,
    at: usize,
    filter: String,
    /// The drill whose plan is shown.
    preview: Option<(String, Preview)>,
    scrolled: usize,
}

impl Scenarios {
    /// Only those of one kind.
    pub fn of(kind: DrillKind) -> Self {
        Self { only: Some(kind), ..Self::default() }
    }

    fn rows(&self) -> Vec<&DrillInfo> {
        let words = self.filter.to_lowercase();
        let fits = |drill: &&DrillInfo| {
            self.only.is_none_or(|kind| drill.kind == kind)
                && (words.is_empty()
                    || drill.name.contains(&words)
                    || drill.title.to_lowercase().contains(&words)
                    || drill.tags.iter().any(|tag| tag.contains(&words)))
        };
        self.known.iter().flat_map(|known| &known.all).filter(fits).collect()
    }

    fn chosen(&self) -> Option<&DrillInfo> {
        let rows = self.rows();
        rows.get(self.at.min(rows.len().saturating_sub(1))).copied()
    }

    /// What is shown of what the chosen one would do.
    fn shown(&self) -> Option<&Preview> {
        let chosen = self.chosen()?;
        self.preview.as_ref().filter(|(which, _)| *which == chosen.name).map(|(_, preview)| preview)
    }

    fn ask_plan(&mut self) -> Vec<Effect> {
        let Some(name) = self.chosen().map(|drill| drill.name.clone()) else { return Vec::new() };
        self.preview = Some((name.clone(), Preview::Asked));
        self.scrolled = 0;
        vec![Effect::PlanDrill(name)]
    }

    fn ask_run(&self, shared: &Shared) -> Vec<Effect> {
        let Some(drill) = self.chosen() else { return Vec::new() };
        let mut more: Vec<String> = drill.faults.iter().map(|fault| format!("Fault: {fault}.")).collect();
        if let Some(Preview::Known(plan)) = self.shown()
            && !plan.faults.is_empty()
        {
            more = plan.faults.iter().flat_map(|fault| &fault.changes).map(|change| format!("Now: {}.", change.what)).collect();
        }
        more.extend(drill.load.iter().map(|load| format!("Load: {load}.")));
        more.push(format!("It may touch {}.", drill.blast));
        more.push("All it changes is taken back at the end, whatever happens. It goes on when this app is left.".to_owned());
        let question = Question {
            what: match drill.kind {
                DrillKind::Chaos => format!("Break lab {} on purpose: {}?", shared.lab, drill.name),
                DrillKind::Load => format!("Put load on lab {}: {}?", shared.lab, drill.name),
            },
            more,
            yes: "run it".to_owned(),
            then: vec![Effect::RunDrill(drill.name.clone())],
        };
        vec![Effect::Ask(Box::new(question))]
    }
}

impl Screen for Scenarios {
    fn path(&self, _shared: &Shared) -> String {
        self.chosen().map(|drill| drill.name.clone()).unwrap_or_default()
    }

    fn enter(&mut self, _shared: &Shared) -> Vec<Effect> {
        vec![Effect::Drills]
    }

    fn leave(&mut self) {
        self.preview = None;
    }

    fn can(&self, action: Action, shared: &Shared) -> bool {
        let drill = self.chosen();
        let right = drill.is_some_and(|drill| drill.trouble.is_none());
        match action {
            Action::Own("run") => {
                let met = drill.is_some_and(|drill| drill.lacks().next().is_none());
                let halted = self.known.as_ref().is_some_and(|known| known.halted.is_some());
                right && met && !halted && shared.at_work == AtWork::Nothing && !matches!(self.shown(), Some(Preview::Refused(_)))
            }
            Action::Own("plan") | Action::Enter => right,
            Action::Own("last") => drill.is_some_and(|drill| drill.last.is_some()),
            Action::Own(_) | Action::Filter => true,
            Action::Copy => drill.is_some(),
            Action::Back => self.shown().is_some(),
            _ => action.moves() && drill.is_some(),
        }
    }

    fn act(&mut self, action: Action, shared: &Shared) -> Vec<Effect> {
        let page = usize::from(shared.size.1) / 2;
        let rows = self.rows().len();
        if self.shown().is_some() && matches!(action, Action::PageUp | Action::PageDown) {
            self.scrolled = if action == Action::PageUp { self.scrolled.saturating_sub(page) } else { self.scrolled.saturating_add(page) };
            return Vec::new();
        }
        if let Some(to) = action.moved(self.at.min(rows.saturating_sub(1)), page, rows) {
            self.at = to;
            self.scrolled = 0;
        }
        match action {
            // what was planned before would be of an earlier moment
            Action::Own("run") => return self.ask_run(shared),
            Action::Own("plan") | Action::Enter => return self.ask_plan(),
            Action::Own("last") => {
                let last = self.chosen().and_then(|drill| drill.last.as_ref());
                return last.map(|last| Effect::Play(last.journal.clone())).into_iter().collect();
            }
            Action::Own(_) => return vec![Effect::Drills],
            Action::Copy => {
                let command = self.chosen().map(|drill| format!("labctl --lab {} scenario run {}", shared.lab, drill.name));
                return command.map(Effect::Copy).into_iter().collect();
            }
            Action::Back => self.preview = None,
            _ => {}
        }
        Vec::new()
    }

    fn hear(&mut self, news: &News, _shared: &Shared) -> Vec<Effect> {
        match news {
            News::Drills(drills) => {
                let chosen = self.chosen().map(|drill| drill.name.clone());
                self.known = Some(Drills::clone(drills));
                self.at = self.rows().iter().position(|drill| Some(&drill.name) == chosen.as_ref()).unwrap_or(0);
            }
            News::DrillPlanned { which, plan } => {
                if let Some((asked, preview)) = &mut self.preview
                    && asked == which
                {
                    *preview = match plan.as_ref() {
                        Ok(plan) => Preview::Known(plan.clone()),
                        Err(trouble) => Preview::Refused(trouble.clone()),
                    };
                }
            }
            // one that has just ended has a new verdict; one list for all screens of drills
            News::RunEnded if self.only.is_none() && self.known.is_some() => return vec![Effect::Drills],
            _ => {}
        }
        Vec::new()
    }

    fn filter(&mut self, text: &str, _shared: &Shared) {
        text.clone_into(&mut self.filter);
        self.at = 0;
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let share = if area.width >= 160 { 50 } else { 55 };
        let (list, detail) = if area.width >= 100 {
            let [list, detail] = Layout::horizontal([Constraint::Percentage(share), Constraint::Min(0)]).areas(area);
            (list, detail)
        } else {
            let rows = u16::try_from(self.rows().len()).unwrap_or(u16::MAX).saturating_add(3).clamp(4, area.height / 2);
            let [list, detail] = Layout::vertical([Constraint::Length(rows), Constraint::Min(0)]).areas(area);
            (list, detail)
        };
        self.draw_list(list, buffer, shared);
        self.draw_detail(detail, buffer, shared);
    }
}

impl Scenarios {
    fn draw_list(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let theme = shared.theme;
        let title = match self.only {
            None => "drills",
            Some(DrillKind::Chaos) => "drills · chaos",
            Some(DrillKind::Load) => "drills · load",
        };
        let title = if self.filter.is_empty() { title.to_owned() } else { format!("{title} · /{}", self.filter) };
        let inner = panel(area, &title, theme, buffer);
        let mut lines = self.standing(usize::from(inner.width), theme);
        let rows = self.rows();
        if rows.is_empty() {
            let text = match (&self.known, self.filter.is_empty(), self.only) {
                (None, ..) => "the files are read",
                (Some(_), false, _) => "no drill has this in its name, title or tags",
                (Some(_), true, _) => "no drill is shipped",
            };
            lines.push(theme.span(Meaning::Dim, text).into());
        } else {
            let columns = usize::from(inner.width);
            let name = name_columns(columns);
            let head = format!("   {} {} {} {}", fit("kind", 5), fit("name", name), fit("needs", 6), right("last", 18));
            lines.push(theme.span(Meaning::Dim, clip(&head, columns)).into());
        }
        let height = usize::from(inner.height).saturating_sub(lines.len()).max(1);
        let mut places = inner.rows();
        for (row, line) in places.by_ref().zip(&lines) {
            buffer.set_line(row.x, row.y, line, row.width);
        }
        let places = inner.rows().skip(lines.len());
        let at = self.at.min(rows.len().saturating_sub(1));
        let first = first_shown(at, rows.len(), height);
        for (row, (number, drill)) in places.zip(rows.iter().enumerate().skip(first)) {
            buffer.set_line(row.x, row.y, &drill_line(drill, usize::from(row.width), shared), row.width);
            if number == at {
                buffer.set_style(row, theme.style(Meaning::Selected));
            }
        }
    }

    /// What keeps all drills back.
    fn standing(&self, columns: usize, theme: Theme) -> Vec<Line<'static>> {
        let Some(known) = &self.known else { return Vec::new() };
        let mut said = Vec::new();
        if let Some(why) = &known.halted {
            let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
            said.push((Meaning::Warning, format!("! labctl halt is on{why}: no drill is run before labctl halt off")));
        }
        if !known.left.is_empty() {
            let text = format!(
                "✗ killed before its end, not all taken back: {}; the next drill, or labctl scenario recover, does it",
                known.left.join(", ")
            );
            said.push((Meaning::Bad, text));
        }
        let wrapped = |(meaning, text): (Meaning, String)| {
            wrap(&text, columns).into_iter().map(move |line| Line::from(theme.span(meaning, line))).collect::<Vec<_>>()
        };
        said.into_iter().flat_map(wrapped).collect()
    }

    fn draw_detail(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let theme = shared.theme;
        let Some(drill) = self.chosen() else {
            panel(area, "–", theme, buffer);
            return;
        };
        let title = if self.shown().is_some() { format!("{} › what it would do now", drill.name) } else { drill.name.clone() };
        let inner = panel(area, &title, theme, buffer);
        let mut page = Page { columns: usize::from(inner.width), theme, lines: Vec::new() };
        match self.shown() {
            Some(preview) => plan_page(&mut page, preview, &drill.name),
            None => about_page(&mut page, drill, shared),
        }
        let most = page.lines.len().saturating_sub(usize::from(inner.height));
        for (row, line) in inner.rows().zip(page.lines.iter().skip(self.scrolled.min(most))) {
            buffer.set_line(row.x, row.y, line, row.width);
        }
    }
}

fn name_columns(columns: usize) -> usize {
    columns.saturating_sub(3 + 6 + 1 + 6 + 1 + 18)
}

fn drill_line(drill: &DrillInfo, columns: usize, shared: &Shared) -> Line<'static> {
    let theme = shared.theme;
    let name = name_columns(columns);
    let (needs, meaning) = match (drill.lacks().next(), drill.needs.iter().any(|(_, there)| there.is_none())) {
        _ if drill.trouble.is_some() => ("✗F", Meaning::Bad),
        (Some(_), _) => ("✗ no", Meaning::Bad),
        (None, true) => ("?", Meaning::Dim),
        (None, false) => ("✓ met", Meaning::Good),
    };
    let mut spans = match &drill.last {
        Some(last) => theme.mark(standing_of(&conclusion(last))).to_vec(),
        None => vec![theme.span(Meaning::Dim, "  ")],
    };
    let (verdict, word) = match &drill.last {
        Some(last) => (format!("{} {}", last.verdict, age(Some(last.at), shared.now)), meaning_of(standing_of(&conclusion(last)))),
        None => ("never run".to_owned(), Meaning::Dim),
    };
    spans.extend([
        theme.span(Meaning::Dim, format!(" {} ", fit(drill.kind.name(), 5))),
        theme.span(Meaning::Text, fit(&drill.name, name)),
        theme.span(meaning, format!(" {} ", fit(needs, 6))),
        theme.span(word, right(&verdict, 18)),
    ]);
    Line::from(spans)
}

fn conclusion(last: &LastDrill) -> Conclusion {
    Conclusion { verdict: last.verdict, rollback: last.rollback, landed: None, why: String::new() }
}

/// Labels and texts, one below the other.
struct Page {
    columns: usize,
    theme: Theme,
    lines: Vec<Line<'static>>,
}

impl Page {
    fn say(&mut self, label: &str, meaning: Meaning, text: &str) {
        const LABEL: usize = 14;
        for (at, line) in wrap(text, self.columns.saturating_sub(LABEL)).into_iter().enumerate() {
            let label = fit(if at == 0 { label } else { "" }, LABEL);
            self.lines.push(Line::from(vec![self.theme.span(Meaning::Dim, label), self.theme.span(meaning, line)]));
        }
    }

    fn list(&mut self, label: &str, texts: &[String]) {
        for (at, text) in texts.iter().enumerate() {
            self.say(if at == 0 { label } else { "" }, Meaning::Text, text);
        }
    }

    fn gap(&mut self) {
        self.lines.push(Line::default());
    }
}

fn about_page(page: &mut Page, drill: &DrillInfo, shared: &Shared) {
    for line in wrap(&drill.title, page.columns) {
        page.lines.push(page.theme.span(Meaning::Strong, line).into());
    }
    if let Some(trouble) = &drill.trouble {
        page.say("cannot run", Meaning::Bad, &format!("{} [{}]", trouble.what, trouble.id));
        return;
    }
    page.gap();
    page.list("does", &drill.faults);
    if let Some(load) = &drill.load {
        page.say("load", Meaning::Text, load);
    }
    page.say("may touch", Meaning::Text, &drill.blast);
    for (at, (name, there)) in drill.needs.iter().enumerate() {
        let (meaning, text) = match there {
            Some(true) => (Meaning::Good, format!("✓ {name}")),
            Some(false) => (Meaning::Bad, format!("✗ {name}: this lab has nothing that is or provides it")),
            None => (Meaning::Dim, format!("? {name}: it is not known what this lab has")),
        };
        page.say(if at == 0 { "needs" } else { "" }, meaning, &text);
    }
    page.list("steady state", &drill.steady);
    page.list("claims", &drill.claims);
    page.list("aborts when", &drill.aborts);
    if drill.broken_ms > 0 {
        page.say("broken for", Meaning::Text, &brief_time(drill.broken_ms));
    }
    page.gap();
    match &drill.last {
        Some(last) => {
            let text = format!("{}, rollback {}, {} ago", last.verdict, last.rollback, age(Some(last.at), shared.now));
            page.say("last", meaning_of(standing_of(&conclusion(last))), &text);
            page.say("", Meaning::Dim, &last.why);
            page.say("", Meaning::Dim, &last.run);
        }
        None => page.say("last", Meaning::Dim, "never run in this lab"),
    }
    page.gap();
    page.say("file", Meaning::Dim, &drill.file);
}

fn plan_page(page: &mut Page, preview: &Preview, name: &str) {
    match preview {
        Preview::Asked => page.say("", Meaning::Working, "the lab is asked whom it would touch"),
        Preview::Refused(trouble) => {
            for line in wrap(&format!("✗ {} [{}]", trouble.what, trouble.id), page.columns) {
                page.lines.push(page.theme.span(Meaning::Bad, line).into());
            }
            page.gap();
            if !trouble.fix.is_empty() {
                page.say("mend", Meaning::Text, &trouble.fix);
            }
        }
        Preview::Known(plan) => {
            for line in wrap(&plan.title, page.columns) {
                page.lines.push(page.theme.span(Meaning::Strong, line).into());
            }
            for fault in &plan.faults {
                page.gap();
                page.say("fault", Meaning::Title, &fault.name);
                for change in &fault.changes {
                    page.say("changes", Meaning::Text, &change.what);
                    page.say("undone by", Meaning::Dim, &change.undo);
                }
            }
            page.gap();
            if let Some(load) = &plan.load {
                page.say("load", Meaning::Text, load);
            }
            page.say("steady state", Meaning::Text, &plan.steady_state.join(", "));
            page.say("claims", Meaning::Text, &plan.hypotheses.join(", "));
            if !plan.abort.is_empty() {
                page.say("aborts when", Meaning::Text, &plan.abort.join(", "));
            }
            page.say("steps", Meaning::Dim, &plan.steps.join(", "));
            page.gap();
            page.say("", Meaning::Dim, &format!("Nothing was done. The same headless: labctl scenario plan {name}"));
        }
    }
}
