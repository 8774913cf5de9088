//! The lab as it is: every component with its health and the age of its last proof, where it answers, its passwords when asked for, what the
//! cluster uses, what fires, what runs.

use super::screen::{Screen, ScreenId};
use crate::model::look::{Credential, Point, Query};
use crate::model::run::{At, Health, brief_time};
use crate::model::status::{ComponentStatus, LabStatus};
use crate::model::units::{Bytes, MilliCpu};
use crate::tui::keymap::{Action, Binding, danger, own};
use crate::tui::look::{age, at_the_foot, health_mark, trouble_lines};
use crate::tui::message::{Effect, News};
use crate::tui::model::{AtWork, Shared};
use crate::tui::text::{clip, fit, right, width, wrap};
use crate::tui::theme::{Meaning, Theme};
use crate::tui::widgets::{bar, first_shown, panel, sparkline};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

/// Keys of its own.
pub const KEYS: &[Binding] = &[
    own("passwords", "x", "passwords", "show the lab's user names and passwords for a minute, or hide them"),
    own("pods", "p", "", "the pods of the chosen component"),
    danger("down", "ctrl-d", "down", "take the lab away"),
];

/// Passwords are hidden again after this long.
const SHOWN_MS: u64 = 60_000;

/// The screen.
#[derive(Debug, Default)]
pub struct Lab {
    chosen: usize,
    filter: String,
    /// Shown, since when.
    secrets: Option<(At, Vec<Credential>)>,
}

impl Lab {
    fn components<'a>(&self, shared: &'a Shared) -> Vec<&'a ComponentStatus> {
        let all = shared.looks.health.answer().map_or(&[][..], |status| status.components.as_slice());
        let words = self.filter.to_lowercase();
        all.iter().filter(|component| words.is_empty() || component.name.to_lowercase().contains(&words)).collect()
    }

    fn component<'a>(&self, shared: &'a Shared) -> Option<&'a ComponentStatus> {
        let all = self.components(shared);
        all.get(self.chosen.min(all.len().saturating_sub(1))).copied()
    }

    fn url<'a>(&self, shared: &'a Shared) -> Option<&'a str> {
        let name = &self.component(shared)?.name;
        let rows = shared.looks.endpoints.answer()?;
        rows.iter().filter(|row| row.component == *name).find_map(|row| row.url.as_deref())
    }

    fn password<'a>(&'a self, shared: &Shared) -> Option<&'a Credential> {
        let name = &self.component(shared)?.name;
        self.secrets.as_ref()?.1.iter().find(|credential| credential.component == *name)
    }
}

impl Screen for Lab {
    fn path(&self, shared: &Shared) -> String {
        self.component(shared).map(|component| component.name.clone()).unwrap_or_default()
    }

    fn wants(&self, _shared: &Shared) -> Vec<Query> {
        vec![Query::Health, Query::Endpoints, Query::Usage, Query::Alerts]
    }

    fn leave(&mut self) {
        self.secrets = None;
    }

    fn can(&self, action: Action, shared: &Shared) -> bool {
        let some = || self.component(shared).is_some();
        match action {
            Action::Own("passwords") => true,
            Action::Own("down") => shared.at_work == AtWork::Nothing,
            Action::Own("pods") | Action::Filter => some(),
            Action::Open => self.url(shared).is_some(),
            Action::Copy => self.url(shared).is_some() || self.password(shared).is_some(),
            Action::Back => self.secrets.is_some(),
            _ => action.moves() && some(),
        }
    }

    fn act(&mut self, action: Action, shared: &Shared) -> Vec<Effect> {
        let rows = self.components(shared).len();
        let page = usize::from(shared.size.1) / 2;
        if let Some(to) = action.moved(self.chosen.min(rows.saturating_sub(1)), page, rows) {
            self.chosen = to;
        }
        match action {
            Action::Back => self.secrets = None,
            Action::Own("down") => return vec![Effect::AskDown],
            Action::Own("passwords") if self.secrets.is_some() => self.secrets = None,
            Action::Own("passwords") => return vec![Effect::Credentials],
            Action::Own("pods") => {
                let name = self.component(shared).map(|component| component.name.clone());
                return name.map(|name| vec![Effect::Go(ScreenId::Workloads), Effect::Filter(name)]).unwrap_or_default();
            }
            Action::Open => return self.url(shared).map(|url| Effect::Open(url.to_owned())).into_iter().collect(),
            Action::Copy => {
                if let Some(credential) = self.password(shared) {
                    return vec![Effect::CopySecret(credential.password.clone())];
                }
                return self.url(shared).map(|url| Effect::Copy(url.to_owned())).into_iter().collect();
            }
            _ => {}
        }
        Vec::new()
    }

    fn hear(&mut self, news: &News, shared: &Shared) -> Vec<Effect> {
        if let News::Credentials(found) = news {
            self.secrets = Some((shared.now, found.clone()));
        }
        Vec::new()
    }

    fn tick(&mut self, shared: &Shared) -> Vec<Effect> {
        if self.secrets.as_ref().is_some_and(|(since, _)| shared.now.millis_since(*since) >= SHOWN_MS) {
            self.secrets = None;
        }
        Vec::new()
    }

    fn filter(&mut self, text: &str, _shared: &Shared) {
        text.clone_into(&mut self.filter);
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let [left, rest] =
            Layout::horizontal([Constraint::Percentage(if area.width >= 100 { 46 } else { 50 }), Constraint::Fill(1)]).areas(area);
        self.draw_components(left, buffer, shared);
        let uses = u16::try_from(Self::uses(shared, 200).len()).unwrap_or(4).clamp(2, 6) + 2;
        let alerts = u16::try_from(shared.looks.alerts.answer().map_or(1, Vec::len)).unwrap_or(1).clamp(1, 5) + 2;
        let [detail, usage, firing, later] =
            Layout::vertical([Constraint::Fill(1), Constraint::Length(uses), Constraint::Length(alerts), Constraint::Length(4)])
                .areas(rest);
        self.draw_detail(detail, buffer, shared);
        let theme = shared.theme;
        let inner = panel(usage, "uses", theme, buffer);
        lines(&Self::uses(shared, usize::from(inner.width)), inner, buffer);
        let inner = panel(firing, "alerts", theme, buffer);
        lines(&alert_lines(shared, usize::from(inner.width)), inner, buffer);
        let inner = panel(later, "service levels, cost", theme, buffer);
        let text = "Budgets and cost per hour: this part of labctl has not landed yet.";
        let told: Vec<Line<'_>> =
            wrap(text, usize::from(inner.width)).into_iter().map(|line| theme.span(Meaning::Dim, line).into()).collect();
        lines(&told, inner, buffer);
    }
}

fn lines(lines: &[Line<'_>], area: Rect, buffer: &mut Buffer) {
    for (row, line) in area.rows().zip(lines) {
        buffer.set_line(row.x, row.y, line, row.width);
    }
}

impl Lab {
    fn draw_components(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let (theme, now, health) = (shared.theme, shared.now, &shared.looks.health);
        let title = match health.answer() {
            Some(status) => {
                format!("components · {} of {} ready", status.components.iter().filter(|one| one.ready).count(), status.components.len())
            }
            None => "components".to_owned(),
        };
        let title = if self.filter.is_empty() { title } else { format!("{title} · /{}", self.filter) };
        let inner = panel(area, &title, theme, buffer);
        let columns = usize::from(inner.width);
        let mut foot = trouble_lines(health, now, Query::Health.period(), columns, theme);
        foot.push(runs_now(shared));
        if let Some(status) = health.answer() {
            foot.push(cluster_line(status, columns, theme));
        }
        let inner = at_the_foot(&foot, inner, buffer);
        let all = self.components(shared);
        if all.is_empty() && !inner.is_empty() {
            let text = match health.answer() {
                None if health.trouble().is_some() => "nothing is known yet",
                None => "every component is asked how it is",
                Some(_) => "no component has this text in its name",
            };
            buffer.set_line(inner.x, inner.y, &theme.span(Meaning::Dim, text).into(), inner.width);
            return;
        }
        let stale = health.stale(now, Query::Health.period()).is_some();
        let name = all.iter().map(|one| width(&one.name)).max().unwrap_or(0).clamp(8, 20);
        let mut rows = inner.rows();
        if let Some(top) = rows.next() {
            let head = format!("   {} {} {}", fit("name", name), right("checks", 6), right("proved", 8));
            buffer.set_line(top.x, top.y, &theme.span(Meaning::Dim, head).into(), top.width);
        }
        let chosen = self.chosen.min(all.len().saturating_sub(1));
        let first = first_shown(chosen, all.len(), usize::from(inner.height).saturating_sub(1).max(1));
        for (at, (row, one)) in rows.zip(all.iter().skip(first)).enumerate() {
            buffer.set_line(row.x, row.y, &component_line(one, name, columns, stale, now, theme), row.width);
            if first + at == chosen {
                buffer.set_style(row, theme.style(Meaning::Selected));
            }
        }
    }

    fn draw_detail(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let (theme, now) = (shared.theme, shared.now);
        let Some(one) = self.component(shared) else {
            panel(area, "–", theme, buffer);
            return;
        };
        let inner = panel(area, &one.name, theme, buffer);
        let columns = usize::from(inner.width);
        let mut told: Vec<Line<'static>> = Vec::new();
        if let Some((_, all)) = &self.secrets {
            told.extend(secret_lines(all, &one.name, columns, theme));
        }
        for row in shared.looks.endpoints.answer().into_iter().flatten().filter(|row| row.component == one.name) {
            let (meaning, text) = match &row.url {
                Some(url) => (Meaning::Strong, url.clone()),
                None => (Meaning::Dim, format!("{} (inside the cluster)", row.service)),
            };
            told.push(Line::from(vec![
                theme.span(Meaning::Dim, fit(&row.name, 8)),
                theme.span(meaning, clip(&text, columns.saturating_sub(8))),
            ]));
        }
        told.extend(one.lacks.iter().flat_map(|lacks| wrap(lacks, columns)).map(|line| Line::from(theme.span(Meaning::Bad, line))));
        if one.drifted > 0 {
            let text = match one.drifted {
                1 => "1 object is not as the manifests say: labctl up mends it".to_owned(),
                count => format!("{count} objects are not as the manifests say: labctl up mends them"),
            };
            told.extend(wrap(&text, columns).into_iter().map(|line| Line::from(theme.span(Meaning::Warning, line))));
        }
        for check in &one.checks {
            let (glyph, letter, meaning) = match check.health {
                Health::Pass => ("✓", "R", Meaning::Good),
                Health::Fail => ("✗", "F", Meaning::Bad),
                Health::NoData => ("?", "U", Meaning::Warning),
            };
            let seen = wrap(&format!("{}: {}", check.name, check.seen), columns.saturating_sub(3));
            for (at, text) in seen.into_iter().enumerate() {
                let mark =
                    if at == 0 { [theme.span(meaning, glyph), theme.span(Meaning::Dim, letter)] } else { [Span::raw(" "), Span::raw(" ")] };
                let [glyph, letter] = mark;
                told.push(Line::from(vec![glyph, letter, theme.span(Meaning::Text, format!(" {text}"))]));
            }
        }
        let proved = one
            .proven
            .map_or("its round trips were never proved".to_owned(), |at| format!("its round trips passed {} ago", age(Some(at), now)));
        told.push(theme.span(Meaning::Dim, proved).into());
        lines(&told, inner, buffer);
    }

    /// CPU and memory of the cluster and its nodes, with what they were.
    fn uses(shared: &Shared, columns: usize) -> Vec<Line<'static>> {
        let (theme, now, looks) = (shared.theme, shared.now, &shared.looks);
        let mut told = Vec::new();
        if let Some(usage) = looks.usage.answer() {
            let total = usage.total();
            let part = |name: &str, value: String, part: u64, whole: u64, history: Vec<u64>| {
                let head = format!("{} {} ", fit(name, 6), right(&value, 19));
                let room = columns.saturating_sub(width(&head));
                let bars = (room / 3).clamp(4, 20);
                let meaning =
                    if whole > 0 && part.saturating_mul(10) >= whole.saturating_mul(9) { Meaning::Warning } else { Meaning::Good };
                Line::from(vec![
                    theme.span(Meaning::Text, head),
                    theme.span(meaning, bar(part, whole, bars)),
                    theme.span(Meaning::Dim, format!(" {}", sparkline(&history, room.saturating_sub(bars + 1)))),
                ])
            };
            let history = |of: fn(&Point) -> u64| looks.history.of("").map(of).collect::<Vec<u64>>();
            let cpu = format!("{} of {}", MilliCpu(total.millicores), MilliCpu(total.of_millicores));
            told.push(part("cpu", cpu, total.millicores, total.of_millicores, history(|point| point.millicores)));
            let memory = format!("{} of {}", Bytes(total.bytes), Bytes(total.of_bytes));
            told.push(part("memory", memory, total.bytes, total.of_bytes, history(|point| point.bytes)));
            if usage.nodes.len() > 1 {
                for node in &usage.nodes {
                    let share = |part: u64, whole: u64| if whole == 0 { 0 } else { u128::from(part) * 100 / u128::from(whole) };
                    let text = format!(
                        "cpu {:>3} %  memory {:>3} %",
                        share(node.millicores, node.of_millicores),
                        share(node.bytes, node.of_bytes)
                    );
                    told.push(Line::from(vec![
                        theme.span(Meaning::Text, fit(&node.name, columns.saturating_sub(width(&text) + 1))),
                        theme.span(Meaning::Dim, format!(" {text}")),
                    ]));
                }
            }
        } else if looks.usage.trouble().is_none() {
            told.push(theme.span(Meaning::Dim, "not measured yet").into());
        }
        told.extend(trouble_lines(&looks.usage, now, Query::Usage.period(), columns, theme));
        told
    }
}

fn component_line(one: &ComponentStatus, name: usize, columns: usize, stale: bool, now: At, theme: Theme) -> Line<'static> {
    let [glyph, letter] = health_mark(Some(one.ready), theme);
    let passed = one.checks.iter().filter(|check| check.health == Health::Pass).count();
    let proved = one.proven.map_or("–".to_owned(), |at| age(Some(at), now));
    let text = format!(" {} {} {}", fit(&one.name, name), right(&format!("{passed}/{}", one.checks.len()), 6), right(&proved, 8));
    let room = columns.saturating_sub(width(&text) + 4);
    let why = match (&one.lacks, one.checks.iter().find(|check| check.health != Health::Pass), one.drifted) {
        (Some(lacks), ..) => lacks.clone(),
        (None, Some(check), _) => format!("{}: {}", check.name, check.seen),
        (None, None, 0) => String::new(),
        (None, None, 1) => "1 object changed by hand".to_owned(),
        (None, None, count) => format!("{count} objects changed by hand"),
    };
    let plain = if stale { Meaning::Dim } else { Meaning::Text };
    Line::from(vec![glyph, letter, theme.span(plain, text), theme.span(Meaning::Warning, format!("  {}", clip(&why, room)))])
}

fn cluster_line(status: &LabStatus, columns: usize, theme: Theme) -> Line<'static> {
    let text = format!("{}: {}", status.cluster.context, status.cluster.seen);
    theme.span(Meaning::Dim, clip(&text, columns)).into()
}

/// What runs now.
fn runs_now(shared: &Shared) -> Line<'static> {
    let theme = shared.theme;
    let live = shared.run.as_ref().filter(|run| run.state.started.is_some() && run.state.summary.is_none());
    match live {
        Some(run) => {
            let counts = run.state.counts();
            let text = format!(
                "▸ a run is at work for {}: {} of {} steps done",
                brief_time(run.state.elapsed_ms(shared.now)),
                counts.ready,
                counts.total()
            );
            theme.span(Meaning::Working, text).into()
        }
        None => theme.span(Meaning::Dim, "no run is at work").into(),
    }
}

fn secret_lines(all: &[Credential], component: &str, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut own: Vec<&Credential> = all.iter().filter(|one| one.component == component).collect();
    own.extend(all.iter().filter(|one| one.component != component));
    if own.is_empty() {
        return vec![theme.span(Meaning::Dim, "this lab has no passwords").into()];
    }
    let mut told = Vec::new();
    for one in own {
        // a password that is cut off is none, so it never shares its line
        told.push(theme.span(Meaning::Dim, clip(&format!("{} ({}): {}", one.name, one.component, one.user), columns)).into());
        told.extend(
            wrap(one.password.reveal(), columns.saturating_sub(2))
                .into_iter()
                .map(|line| Line::from(theme.span(Meaning::Strong, format!("  {line}")))),
        );
    }
    told.extend(wrap("x hides them, y copies this one", columns).into_iter().map(|line| theme.span(Meaning::Dim, line).into()));
    told
}

fn alert_lines(shared: &Shared, columns: usize) -> Vec<Line<'static>> {
    let (theme, now, alerts) = (shared.theme, shared.now, &shared.looks.alerts);
    let mut told = trouble_lines(alerts, now, Query::Alerts.period(), columns, theme);
    match alerts.answer() {
        Some(rows) if rows.is_empty() => told.push(theme.span(Meaning::Good, "✓ nothing fires").into()),
        Some(rows) => {
            for row in rows {
                let meaning = if row.severity == "critical" || row.severity == "page" { Meaning::Bad } else { Meaning::Warning };
                let since = row.since.map(|since| format!(" for {}", age(Some(since), now))).unwrap_or_default();
                let what = if row.summary.is_empty() { row.labels.join(" ") } else { row.summary.clone() };
                let head = format!("! {} {}{since} ", row.name, row.severity);
                let room = columns.saturating_sub(width(&head));
                told.push(Line::from(vec![theme.span(meaning, clip(&head, columns)), theme.span(Meaning::Text, clip(&what, room))]));
            }
        }
        None if told.is_empty() => told.push(theme.span(Meaning::Dim, "not known yet").into()),
        None => {}
    }
    told
}
