//! Where a lab begins: which stack, which of its parts, whether this host can carry it, what stands in the way.

use super::screen::Screen;
use crate::model::budget::{Fit, Measure};
use crate::model::finding::{Finding, Level};
use crate::model::run::brief_time;
use crate::model::stack::{Adjusted, Size};
use crate::tui::keymap::{Action, Binding, danger, own};
use crate::tui::message::{Effect, Judgement, News, Order, Question, StackInfo, Trouble};
use crate::tui::model::{AtWork, Shared};
use crate::tui::text::{bytes, clip, fit, right, width, wrap};
use crate::tui::theme::{Meaning, Theme};
use crate::tui::widgets::{bar, first_shown, panel, titled};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

/// Keys of its own; space ticks, as the grammar has it.
pub const KEYS: &[Binding] = &[
    danger("up", "u", "up", "bring the lab up as it is ticked here"),
    own("plan", "p", "plan", "what bringing it up would change and pull"),
    own("size", "s", "size", "the next size of all parts: small, medium, large"),
    danger("fix", "f", "fix", "carry out the fix of the chosen finding, where that is safe"),
    own("look-again", "r", "look again", "read this host and the stacks again"),
];

/// Which of its panels has the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Focus {
    #[default]
    Stacks,
    Parts,
    Doctor,
}

/// The screen.
#[derive(Debug, Default)]
pub struct Start {
    focus: Focus,
    stacks: Option<Vec<StackInfo>>,
    stack: usize,
    part: usize,
    finding: usize,
    without: Vec<String>,
    size: Option<Size>,
    filter: String,
    findings: Option<Result<Vec<Finding>, Trouble>>,
    /// The newest judgement, and what it is of.
    judged: Option<(Order, Result<Judgement, Trouble>)>,
    /// What is being judged now.
    judging: Option<Order>,
    /// Lines of the plan that was asked for, and how far they are scrolled.
    plan: Option<(Vec<String>, usize)>,
}

impl Start {
    fn chosen(&self) -> Option<&StackInfo> {
        self.stacks.as_ref()?.get(self.stack)
    }

    /// Whether the lab is up, or partly, and was made from it.
    fn is_there(&self, stack: &StackInfo) -> bool {
        stack.current && matches!(&self.judged, Some((_, Ok(judged))) if judged.cluster_is_there)
    }

    fn order(&self) -> Option<Order> {
        let adjusted = Adjusted { without: self.without.clone(), size: self.size };
        Some(Order { stack: self.chosen()?.name.clone(), adjusted })
    }

    /// Asks for a judgement of what is ticked now, unless one is on its way: then the answer to that one asks again.
    fn judge(&mut self) -> Vec<Effect> {
        let Some(order) = self.order() else { return Vec::new() };
        let known = self.judged.as_ref().is_some_and(|(of, _)| *of == order);
        if self.judging.is_some() || known {
            return Vec::new();
        }
        self.judging = Some(order.clone());
        vec![Effect::Judge(order)]
    }

    fn look(&mut self) -> Vec<Effect> {
        self.judged = None;
        vec![Effect::LookAround]
    }

    /// Positions of the parts that the filter leaves.
    fn parts(&self) -> Vec<usize> {
        let wanted = self.filter.to_lowercase();
        let Some(stack) = self.chosen() else { return Vec::new() };
        let shown = |text: &str| text.to_lowercase().contains(&wanted);
        stack
            .parts
            .iter()
            .enumerate()
            .filter(|(_, part)| shown(&part.name) || shown(&part.title) || shown(&part.group))
            .map(|(at, _)| at)
            .collect()
    }

    fn shown_findings(&self) -> Vec<&Finding> {
        let mut found: Vec<&Finding> = self.findings.iter().flatten().flatten().filter(|finding| finding.level != Level::Ok).collect();
        found.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        found
    }

    fn choose_stack(&mut self, at: usize) -> Vec<Effect> {
        if at != self.stack {
            self.stack = at;
            self.part = 0;
            self.without = self.chosen().map(|stack| stack.adjusted.without.clone()).unwrap_or_default();
            self.size = self.chosen().and_then(|stack| stack.adjusted.size);
        }
        self.judge()
    }

    fn tick(&mut self) -> Vec<Effect> {
        let name = self.parts().get(self.part).and_then(|at| self.chosen()?.parts.get(*at)).map(|part| part.name.clone());
        let Some(name) = name else { return Vec::new() };
        if let Some(at) = self.without.iter().position(|known| *known == name) {
            self.without.remove(at);
        } else {
            self.without.push(name);
            self.without.sort();
        }
        self.judge()
    }

    fn next_size(&mut self) -> Vec<Effect> {
        let now = self.size.or_else(|| self.chosen().map(|stack| stack.size)).unwrap_or_default();
        self.size = Some(match now {
            Size::Small => Size::Medium,
            Size::Medium => Size::Large,
            Size::Large => Size::Small,
        });
        self.judge()
    }

    fn up(&self, shared: &Shared) -> Vec<Effect> {
        let Some(order) = self.order() else { return Vec::new() };
        let mut more = Vec::new();
        if !order.adjusted.without.is_empty() {
            more.push(format!("Without {}; what needs none of them is not touched.", order.adjusted.without.join(", ")));
        }
        let judged = self.judged.as_ref().filter(|(of, _)| *of == order).and_then(|(_, judged)| judged.as_ref().ok());
        let mut force = false;
        if let Some(judged) = judged {
            if judged.cluster_is_there {
                more.push("The cluster is there: only what differs is changed.".to_owned());
            } else {
                more.push("A kind cluster and a registry are made on this host.".to_owned());
            }
            more.push(format!("About {}.", brief_time(judged.takes_ms)));
            force = judged.budget.fit == Fit::DoesNotFit && !judged.cluster_is_there;
            if force {
                more.push("This host has less than the lab asks for: it may not come up, or not stay up.".to_owned());
            }
        }
        let question = Question {
            what: format!("Bring lab {} up from stack {}?", shared.lab, order.stack),
            more,
            yes: if force { "bring it up all the same".to_owned() } else { "bring it up".to_owned() },
            then: vec![Effect::Up { order, force }],
        };
        vec![Effect::Ask(Box::new(question))]
    }

    fn fix(&self) -> Vec<Effect> {
        let found = self.shown_findings();
        let Some((finding, action)) = found.get(self.finding).and_then(|finding| Some((finding, finding.action.clone()?))) else {
            return Vec::new();
        };
        let question = Question {
            what: format!("Run `{action}` as root?"),
            more: vec![finding.what.clone(), "It raises a limit of this host until the next boot.".to_owned()],
            yes: "run it".to_owned(),
            then: vec![Effect::Fix(action)],
        };
        vec![Effect::Ask(Box::new(question))]
    }

    fn rows(&self) -> usize {
        match self.focus {
            Focus::Stacks => self.stacks.as_ref().map_or(0, Vec::len),
            Focus::Parts => self.parts().len(),
            Focus::Doctor => self.shown_findings().len(),
        }
    }

    fn moved(&mut self, action: Action, page: usize) -> Vec<Effect> {
        let now = match self.focus {
            Focus::Stacks => self.stack,
            Focus::Parts => self.part,
            Focus::Doctor => self.finding,
        };
        let Some(to) = action.moved(now, page, self.rows()) else { return Vec::new() };
        match self.focus {
            Focus::Stacks => return self.choose_stack(to),
            Focus::Parts => self.part = to,
            Focus::Doctor => self.finding = to,
        }
        Vec::new()
    }
}

impl Screen for Start {
    fn path(&self, _shared: &Shared) -> String {
        self.chosen().map(|stack| stack.name.clone()).unwrap_or_default()
    }

    fn enter(&mut self, _shared: &Shared) -> Vec<Effect> {
        self.look()
    }

    fn can(&self, action: Action, shared: &Shared) -> bool {
        if self.plan.is_some() {
            return action.moves() || action == Action::Back || (action == Action::Own("up") && shared.at_work == AtWork::Nothing);
        }
        match action {
            Action::Own("up") => self.order().is_some() && shared.at_work == AtWork::Nothing,
            Action::Own("plan" | "size") => self.order().is_some(),
            Action::Own("fix") => {
                self.focus == Focus::Doctor && self.shown_findings().get(self.finding).is_some_and(|finding| finding.action.is_some())
            }
            Action::Own(_) | Action::NextTab | Action::PreviousTab | Action::Filter | Action::Left | Action::Right => true,
            Action::Mark => self.focus == Focus::Parts && self.rows() > 0,
            Action::Enter => self.focus == Focus::Stacks && self.rows() > 0,
            Action::Copy => self.focus == Focus::Doctor && self.rows() > 0,
            Action::Back => self.focus != Focus::Stacks,
            _ => action.moves() && self.rows() > 0,
        }
    }

    fn act(&mut self, action: Action, shared: &Shared) -> Vec<Effect> {
        let page = usize::from(shared.size.1) / 2;
        if let Some((lines, at)) = self.plan.as_mut().filter(|_| action != Action::Own("up")) {
            match action.moved(*at, page, lines.len()) {
                Some(to) => *at = to,
                None => self.plan = None,
            }
            return Vec::new();
        }
        match action {
            Action::Own("up") => {
                self.plan = None;
                return self.up(shared);
            }
            Action::Own("plan") => {
                return self.order().map(Effect::Plan).into_iter().chain([Effect::Say("making the plan".to_owned())]).collect();
            }
            Action::Own("size") => return self.next_size(),
            Action::Own("fix") => return self.fix(),
            Action::Own(_) => return self.look(),
            Action::Mark => return self.tick(),
            Action::Enter | Action::NextTab | Action::Right => {
                self.focus = match self.focus {
                    Focus::Stacks => Focus::Parts,
                    Focus::Parts => Focus::Doctor,
                    Focus::Doctor => Focus::Stacks,
                }
            }
            Action::PreviousTab | Action::Left => {
                self.focus = match self.focus {
                    Focus::Stacks => Focus::Doctor,
                    Focus::Parts => Focus::Stacks,
                    Focus::Doctor => Focus::Parts,
                }
            }
            Action::Back => self.focus = Focus::Stacks,
            Action::Copy => {
                return self.shown_findings().get(self.finding).map(|found| Effect::Copy(found.fix.clone())).into_iter().collect();
            }
            other => return self.moved(other, page),
        }
        Vec::new()
    }

    fn hear(&mut self, news: &News, _shared: &Shared) -> Vec<Effect> {
        match news {
            News::Stacks(stacks) => {
                let name = self.chosen().map(|stack| stack.name.clone());
                let first = self.stacks.is_none();
                let at =
                    stacks.iter().position(|stack| if first { stack.current } else { Some(&stack.name) == name.as_ref() }).unwrap_or(0);
                self.stacks = Some(stacks.clone());
                if first {
                    self.stack = usize::MAX;
                    return self.choose_stack(at);
                }
                self.stack = at;
                self.judge()
            }
            News::Findings(findings) => {
                self.findings = Some(findings.clone());
                Vec::new()
            }
            News::Judged { order, judgement } => {
                if self.judging.as_ref() == Some(order) {
                    self.judging = None;
                }
                self.judged = Some((order.clone(), judgement.as_ref().clone()));
                self.judge()
            }
            News::Planned(lines) => {
                self.plan = Some((lines.clone(), 0));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn filter(&mut self, text: &str, _shared: &Shared) {
        text.clone_into(&mut self.filter);
        self.part = 0;
        if !text.is_empty() {
            self.focus = Focus::Parts;
        }
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let theme = shared.theme;
        if let Some((lines, at)) = &self.plan {
            let inner = panel(area, "plan ─ what bringing it up would change and pull", theme, buffer);
            for (row, line) in inner.rows().zip(lines.iter().skip(*at)) {
                buffer.set_line(row.x, row.y, &theme.span(Meaning::Text, clip(line, usize::from(row.width))).into(), row.width);
            }
            return;
        }
        let side = (area.width * 3 / 10).clamp(24, 44);
        let [left, middle, far] = Layout::horizontal([Constraint::Length(side), Constraint::Min(0), Constraint::Length(side)]).areas(area);
        let stacks = u16::try_from(self.stacks.as_ref().map_or(1, Vec::len)).unwrap_or(u16::MAX).saturating_add(3).min(left.height / 2);
        let [top, bottom] = Layout::vertical([Constraint::Length(stacks), Constraint::Min(0)]).areas(left);
        self.draw_stacks(self.headed(top, "stacks", Focus::Stacks, theme, buffer), theme, buffer);
        self.draw_doctor(self.headed(bottom, "doctor", Focus::Doctor, theme, buffer), theme, buffer);
        let count = self.chosen().map_or(0, |stack| stack.parts.len());
        let named = self
            .chosen()
            .map_or("components".to_owned(), |stack| format!("{} ─ {} of {count} components", stack.name, count - self.gone()));
        self.draw_parts(self.headed(middle, &named, Focus::Parts, theme, buffer), theme, buffer);
        self.draw_judgement(panel(far, "fits?", theme, buffer), theme, buffer);
    }
}

impl Start {
    /// Parts of the chosen stack that are not ticked.
    fn gone(&self) -> usize {
        self.chosen().map_or(0, |stack| stack.parts.iter().filter(|part| self.without.contains(&part.name)).count())
    }

    /// A panel whose title says whether it has the cursor.
    fn headed(&self, area: Rect, title: &str, focus: Focus, theme: Theme, buffer: &mut Buffer) -> Rect {
        let title = clip(title, usize::from(area.width).saturating_sub(6)).into_owned();
        let span = if self.focus == focus {
            theme.span(Meaning::Strong, format!("[{title}]"))
        } else {
            theme.span(Meaning::Title, format!(" {title} "))
        };
        titled(area, Line::from(span), theme, buffer)
    }

    fn draw_stacks(&self, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let Some(stacks) = &self.stacks else {
            buffer.set_line(area.x, area.y, &theme.span(Meaning::Dim, "reading the stacks").into(), area.width);
            return;
        };
        let first = first_shown(self.stack, stacks.len(), usize::from(area.height));
        for (row, (at, stack)) in area.rows().zip(stacks.iter().enumerate().skip(first)) {
            let columns = usize::from(row.width);
            let count = match (&stack.trouble, self.is_there(stack)) {
                (Some(_), _) => "✗F broken".to_owned(),
                (None, true) => format!("up · {} parts", stack.parts.len()),
                (None, false) => format!("{} parts", stack.parts.len()),
            };
            let mark = if at == self.stack { "▸ " } else { "  " };
            let line = Line::from(vec![
                theme.span(Meaning::Working, mark),
                theme.span(Meaning::Text, fit(&stack.name, columns.saturating_sub(2 + 1 + width(&count)))),
                theme.span(if stack.trouble.is_some() { Meaning::Bad } else { Meaning::Dim }, format!(" {count}")),
            ]);
            buffer.set_line(row.x, row.y, &line, row.width);
            if at == self.stack {
                buffer.set_style(row, theme.style(Meaning::Selected));
            }
        }
    }

    fn draw_parts(&self, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let Some(stack) = self.chosen() else { return };
        if let Some(trouble) = &stack.trouble {
            for (row, line) in area.rows().zip(wrap(&format!("{} [{}]", trouble.what, trouble.id), usize::from(area.width))) {
                buffer.set_line(row.x, row.y, &theme.span(Meaning::Bad, line).into(), row.width);
            }
            return;
        }
        let shown = self.parts();
        let asks = self.judged.as_ref().and_then(|(_, judged)| judged.as_ref().ok()).map(|judged| &judged.budget.asks);
        let first = first_shown(self.part, shown.len(), usize::from(area.height));
        for (row, (at, index)) in area.rows().zip(shown.iter().enumerate().skip(first)) {
            let Some(part) = stack.parts.get(*index) else { continue };
            let ticked = !self.without.contains(&part.name);
            let of = asks.map(|asks| {
                asks.iter()
                    .filter(|ask| ask.component == part.name)
                    .fold((0, 0), |sum, ask| (sum.0 + ask.requests.millicores, sum.1 + ask.requests.bytes))
            });
            let columns = usize::from(row.width);
            let memory = of.filter(|of| ticked && of.1 > 0).map(|of| bytes(of.1)).unwrap_or_default();
            let cpu = of.filter(|of| ticked && of.0 > 0).map(|of| format!("cpu {:.2}", of.0 as f64 / 1000.0)).unwrap_or_default();
            let name = columns.saturating_sub(4 + 9).min(22);
            let version = if columns >= 44 { format!(" {}", fit(&part.version, 10)) } else { String::new() };
            let cpu = if columns >= 56 { right(&cpu, 9) } else { String::new() };
            let rest = columns.saturating_sub(4 + name + width(&version) + width(&cpu));
            let line = Line::from(vec![
                theme.span(if ticked { Meaning::Good } else { Meaning::Dim }, if ticked { "[x] " } else { "[ ] " }),
                theme.span(if ticked { Meaning::Text } else { Meaning::Dim }, fit(&part.name, name)),
                theme.span(Meaning::Dim, version),
                theme.span(Meaning::Dim, cpu),
                theme.span(Meaning::Text, right(&memory, rest.min(10))),
            ]);
            buffer.set_line(row.x, row.y, &line, row.width);
            if at == self.part && self.focus == Focus::Parts {
                buffer.set_style(row, theme.style(Meaning::Selected));
            }
        }
    }

    fn draw_doctor(&self, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let columns = usize::from(area.width);
        let mut lines: Vec<(usize, Meaning, String)> = Vec::new();
        match &self.findings {
            None => lines.push((usize::MAX, Meaning::Dim, "looking at this host".to_owned())),
            Some(Err(trouble)) => lines.push((usize::MAX, Meaning::Bad, format!("✗F {} [{}]", trouble.what, trouble.id))),
            Some(Ok(all)) => {
                for (at, finding) in self.shown_findings().iter().enumerate() {
                    let (mark, meaning) = match finding.level {
                        Level::Fail => ("✗F", Meaning::Bad),
                        Level::Warn => ("!W", Meaning::Warning),
                        _ => ("?U", Meaning::Dim),
                    };
                    lines.extend(wrap(&format!("{mark} {}", finding.what), columns).into_iter().map(|line| (at, meaning, line)));
                    if at == self.finding && self.focus == Focus::Doctor {
                        let fix = if finding.fix.is_empty() { &finding.why } else { &finding.fix };
                        lines.extend(wrap(&format!("mend: {fix}"), columns).into_iter().map(|line| (at, Meaning::Text, line)));
                    }
                }
                let well = all.iter().filter(|finding| finding.level == Level::Ok).count();
                let what = if well == 1 { "check is" } else { "checks are" };
                lines.push((usize::MAX, Meaning::Good, format!("✓R {well} {what} well")));
            }
        }
        let top = lines.iter().position(|(at, ..)| *at == self.finding).filter(|_| self.focus == Focus::Doctor).unwrap_or(0);
        let first = top.min(lines.len().saturating_sub(usize::from(area.height)));
        for (row, (at, meaning, line)) in area.rows().zip(lines.into_iter().skip(first)) {
            buffer.set_line(row.x, row.y, &theme.span(meaning, line).into(), row.width);
            if at == self.finding && self.focus == Focus::Doctor {
                buffer.set_style(row, theme.style(Meaning::Selected));
            }
        }
    }

    fn draw_judgement(&self, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let columns = usize::from(area.width);
        let fresh = self.judged.as_ref().filter(|(of, _)| Some(of) == self.order().as_ref());
        let mut lines: Vec<(Meaning, String)> = Vec::new();
        let mut say = |meaning: Meaning, text: &str| lines.extend(wrap(text, columns).into_iter().map(|line| (meaning, line)));
        match fresh {
            None => say(Meaning::Dim, "adding up"),
            Some((_, Err(trouble))) => {
                say(Meaning::Bad, &format!("✗F {} [{}]", trouble.what, trouble.id));
                say(Meaning::Text, &format!("mend: {}", trouble.fix));
            }
            Some((_, Ok(judged))) => {
                for measure in &judged.budget.measures {
                    for (meaning, line) in measured(measure, columns) {
                        say(meaning, &line);
                    }
                }
                let cached = match judged.budget.download {
                    _ if judged.from_bundle => "nothing: all in the bundle".to_owned(),
                    Some(download) => bytes(download),
                    None => "not known before it is pulled".to_owned(),
                };
                say(Meaning::Text, &format!("pull    {cached}"));
                let runs = match judged.past_runs {
                    0 => "a guess: no run yet".to_owned(),
                    1 => "1 past run".to_owned(),
                    runs => format!("{runs} past runs"),
                };
                say(Meaning::Text, &format!("about   {} ({runs})", brief_time(judged.takes_ms)));
                say(Meaning::Text, &format!("size    {}", judged.size));
                say(Meaning::Text, "");
                say(Meaning::Critical, &format!("critical path: {}", judged.path.join(" → ")));
                if !judged.budget.suggestions.is_empty() {
                    say(Meaning::Text, "");
                    say(Meaning::Warning, &format!("! {}", judged.budget.suggestions.join("; ")));
                }
                if judged.cluster_is_there {
                    say(Meaning::Text, "");
                    say(Meaning::Dim, "The lab is there: what it uses already is no longer free.");
                }
            }
        }
        for (row, (meaning, line)) in area.rows().zip(lines) {
            buffer.set_line(row.x, row.y, &theme.span(meaning, line).into(), row.width);
        }
    }
}

/// Two lines: what is asked of what is there, and a bar.
fn measured(measure: &Measure, columns: usize) -> Vec<(Meaning, String)> {
    let shown = |value: u64| if measure.of == "cpu" { format!("{:.1}", value as f64 / 1000.0) } else { bytes(value) };
    let (meaning, mark) = match measure.fit {
        Fit::Fits => (Meaning::Good, "✓R"),
        Fit::Tight => (Meaning::Warning, "!D"),
        Fit::DoesNotFit => (Meaning::Bad, "✗F"),
        Fit::Unknown => (Meaning::Dim, "?U"),
    };
    let there = measure.there.map_or_else(|| "?".to_owned(), shown);
    let asked = match (measure.fit, measure.there) {
        (Fit::Unknown, Some(_)) => "?".to_owned(),
        _ => shown(measure.asked),
    };
    let text = format!("{} {asked} of {there}", fit(&measure.of, 7));
    let line = format!("{}{}", fit(&text, columns.saturating_sub(2)), mark);
    vec![(meaning, line), (meaning, bar(measure.asked, measure.there.unwrap_or(0), columns))]
}
