//! What is known of the chosen pod or workload, in tabs: itself, its events, its log, why it is not well.

use super::aged::{age, at_the_foot, mark, trouble_lines};
use super::log::LogPane;
use super::rows::Rows;
use crate::model::look::{CauseRow, LogOf, Looks, PodRow, Query, WorkloadRow};
use crate::model::run::{At, Object};
use crate::model::units::{Bytes, MilliCpu};
use crate::tui::text::{clip, fit, right, width, wrap};
use crate::tui::theme::{Meaning, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::cell::Cell;

/// Which tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    #[default]
    About,
    Events,
    Log,
    Cause,
}

impl Tab {
    /// Their names, in order.
    pub const NAMES: [&'static str; 4] = ["about", "events", "log", "cause"];
    const ALL: [Self; 4] = [Self::About, Self::Events, Self::Log, Self::Cause];

    /// The one so many further on, round the end.
    #[must_use]
    pub fn turn(self, by: usize) -> Self {
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

/// The pane.
#[derive(Debug, Default)]
pub struct Detail {
    /// The tab in front.
    pub tab: Tab,
    /// How the log is looked at.
    pub log: LogPane,
    /// The container whose log it is, by its place after the most telling one.
    container: usize,
    /// The log of the run before the present one.
    previous: bool,
    /// Lines of events or causes that are scrolled away.
    scrolled: usize,
    /// The most that could be, as it was last drawn: how long a text is depends on the room it gets.
    most: Cell<usize>,
    /// What it is of.
    of: Option<Object>,
}

impl Detail {
    /// Shows another object from its beginning; the same one as it was.
    pub fn show(&mut self, of: Option<&Object>) {
        if self.of.as_ref() != of {
            *self = Self { tab: self.tab, log: self.log.anew(), of: of.cloned(), ..Self::default() };
        }
    }

    /// Brings a tab to the front, at its beginning.
    pub fn turn_to(&mut self, tab: Tab) {
        self.tab = tab;
        self.scrolled = 0;
    }

    /// The log of another container.
    pub fn next_container(&mut self) {
        self.container += 1;
        self.previous = false;
        self.log = self.log.anew();
    }

    /// The log of the run before, or of the present one again.
    pub fn turn_previous(&mut self) {
        self.previous = !self.previous;
        self.log = self.log.anew();
    }

    /// Scrolls what is shown by so many lines.
    pub fn go(&mut self, by: i64, looks: &Looks) {
        if let (Tab::Log, Some(log)) = (self.tab, &looks.log) {
            self.log.go(by, &log.ring);
        } else {
            let most = self.most.get();
            self.scrolled = self.scrolled.min(most).saturating_add_signed(isize::try_from(by).unwrap_or(0)).min(most);
        }
    }

    /// The log that is meant.
    pub fn log_of(&self, rows: &Rows, looks: &Looks) -> Option<LogOf> {
        let pods = rows.chosen_pods(looks);
        // of a workload's pods the one that is worst off
        let pod = pods.into_iter().min_by_key(|pod| (pod.condition, std::cmp::Reverse(pod.restarts)))?;
        let telling = pod.telling_container()?;
        let first = pod.containers.iter().position(|container| container.name == telling.name).unwrap_or(0);
        let container = pod.containers.get((first + self.container) % pod.containers.len())?;
        let previous = self.previous && container.has_previous;
        Some(LogOf { namespace: pod.namespace.clone(), pod: pod.name.clone(), container: container.name.clone(), previous })
    }

    /// Whether the container whose log is shown ran before, and whether there are others.
    pub fn log_choices(&self, rows: &Rows, looks: &Looks) -> (bool, bool) {
        let Some(of) = self.log_of(rows, looks) else { return (false, false) };
        let pods = rows.chosen_pods(looks);
        let pod = pods.iter().find(|pod| pod.name == of.pod);
        let containers = pod.map_or(&[][..], |pod| pod.containers.as_slice());
        let ran = containers.iter().any(|container| container.name == of.container && container.has_previous);
        (ran, containers.len() > 1)
    }

    /// What it wants to know, besides what the list shows.
    pub fn wants(&self, rows: &Rows, looks: &Looks) -> Option<Query> {
        match self.tab {
            Tab::About => None,
            Tab::Events => Some(Query::Events),
            Tab::Log => self.log_of(rows, looks).map(Query::Log),
            Tab::Cause => rows.object().cloned().map(Query::Causes),
        }
    }

    /// Draws the tab in front.
    pub fn draw(&self, rows: &Rows, looks: &Looks, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let columns = usize::from(area.width);
        let (lines, foot) = match self.tab {
            Tab::Log => match (self.log_of(rows, looks), &looks.log) {
                (Some(of), Some(log)) if log.of == of => return self.log.draw(log, now, area, theme, buffer),
                (Some(_), _) => (vec![dim("its log is being opened", theme)], Vec::new()),
                (None, _) => (vec![dim("there is no pod whose log could be read", theme)], Vec::new()),
            },
            Tab::About => (about(rows, looks, now, columns, theme), Vec::new()),
            Tab::Events => {
                let foot = trouble_lines(&looks.events, now, Query::Events.period(), columns, theme);
                (events(rows, looks, now, columns, theme), foot)
            }
            Tab::Cause => {
                let known = looks.causes.as_ref().filter(|(of, _)| Some(of) == rows.object()).map(|(_, known)| known);
                let foot = looks
                    .causes
                    .as_ref()
                    .zip(known)
                    .map(|((of, _), known)| trouble_lines(known, now, Query::Causes(of.clone()).period(), columns, theme))
                    .unwrap_or_default();
                (causes(known.and_then(|known| known.answer()).map(Vec::as_slice), rows.pod(looks), columns, theme), foot)
            }
        };
        let area = at_the_foot(&foot, area, buffer);
        let height = usize::from(area.height);
        self.most.set(lines.len().saturating_sub(height));
        let first = self.scrolled.min(self.most.get());
        for (row, line) in area.rows().zip(lines.iter().skip(first)) {
            buffer.set_line(row.x, row.y, line, row.width);
        }
    }
}

fn dim(text: &str, theme: Theme) -> Line<'static> {
    theme.span(Meaning::Dim, text).into()
}

/// A label and what it says, in as many lines as it takes.
fn fact(label: &str, says: &str, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    const LABEL: usize = 10;
    wrap(says, columns.saturating_sub(LABEL))
        .into_iter()
        .enumerate()
        .map(|(at, text)| {
            let label = fit(if at == 0 { label } else { "" }, LABEL);
            Line::from(vec![theme.span(Meaning::Dim, label), theme.span(Meaning::Text, text)])
        })
        .collect()
}

fn about(rows: &Rows, looks: &Looks, now: At, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    match (rows.pod(looks), rows.workload(looks)) {
        (Some(pod), _) => about_pod(pod, looks, now, columns, theme),
        (None, Some(one)) => about_workload(one, rows, looks, now, columns, theme),
        (None, None) => vec![dim("nothing is chosen", theme)],
    }
}

fn about_pod(pod: &PodRow, looks: &Looks, now: At, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let [glyph, letter] = mark(pod.condition, theme);
    let title = format!(" {}/{}", pod.namespace, pod.name);
    let mut lines = vec![Line::from(vec![glyph, letter, theme.span(Meaning::Strong, clip(&title, columns.saturating_sub(2)))])];
    let mut say = |label: &str, says: String| lines.extend(fact(label, &says, columns, theme));
    say("status", format!("{}, {} of {} containers ready, {} old", pod.status, pod.ready.0, pod.ready.1, age(pod.made, now)));
    let last = pod.last_restart.map(|at| format!(", the last {} ago", age(Some(at), now))).unwrap_or_default();
    say("restarts", format!("{}{last}", pod.restarts));
    say("component", if pod.component.is_empty() { "none of this lab's".to_owned() } else { pod.component.clone() });
    say("run by", pod.workload.as_ref().map_or("nothing but itself".to_owned(), |of| format!("{} {}", of.kind, of.name)));
    say("node", if pod.node.is_empty() { "none yet".to_owned() } else { pod.node.clone() });
    let used = looks.usage.answer().and_then(|usage| usage.of(&pod.namespace, &pod.name));
    say("uses", used.map_or("not measured".to_owned(), |used| format!("cpu {}, memory {}", MilliCpu(used.millicores), Bytes(used.bytes))));
    if let Some(cause) = &pod.cause {
        lines.push(Line::default());
        lines.extend(cause_lines(cause, columns, theme));
    }
    lines.push(Line::default());
    let name = pod.containers.iter().map(|container| width(&container.name)).max().unwrap_or(0).clamp(9, 28);
    lines.push(dim(&format!("{} {} state", fit("container", name), right("restarts", 8)), theme));
    for container in &pod.containers {
        let init = if container.init { "init, " } else { "" };
        let meaning = if container.ready || container.state.starts_with("ended with 0") { Meaning::Text } else { Meaning::Warning };
        lines.push(Line::from(vec![
            theme.span(Meaning::Text, format!("{} {} ", fit(&container.name, name), right(&container.restarts.to_string(), 8))),
            theme.span(meaning, format!("{init}{}{}", container.state, if container.ready { ", ready" } else { "" })),
        ]));
    }
    lines
}

fn about_workload(one: &WorkloadRow, rows: &Rows, looks: &Looks, now: At, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let [glyph, letter] = mark(one.condition, theme);
    let title = format!(" {} {}/{}", one.kind.name(), one.namespace, one.name);
    let mut lines = vec![Line::from(vec![glyph, letter, theme.span(Meaning::Strong, clip(&title, columns.saturating_sub(2)))])];
    let mut say = |label: &str, says: String| lines.extend(fact(label, &says, columns, theme));
    say("pods", format!("{} of {} ready, {} old", one.ready, one.wanted, age(one.made, now)));
    match one.manifest {
        Some(manifest) if manifest != one.wanted => {
            say("manifest", format!("says {manifest}: it was scaled by hand, and the next labctl up sets it back"));
        }
        Some(manifest) => say("manifest", format!("says {manifest}")),
        None => {}
    }
    say("component", if one.component.is_empty() { "none of this lab's".to_owned() } else { one.component.clone() });
    if !one.lacks.is_empty() {
        say("lacks", one.lacks.clone());
    }
    let pods = rows.chosen_pods(looks);
    let used = pods.iter().filter_map(|pod| looks.usage.answer()?.of(&pod.namespace, &pod.name));
    let (cpu, bytes) = used.fold((0_u64, 0_u64), |sum, one| (sum.0.saturating_add(one.millicores), sum.1.saturating_add(one.bytes)));
    if bytes > 0 {
        say("uses", format!("cpu {}, memory {}", MilliCpu(cpu), Bytes(bytes)));
    }
    for cause in pods.iter().filter_map(|pod| pod.cause.as_ref()).take(1) {
        lines.push(Line::default());
        lines.extend(cause_lines(cause, columns, theme));
    }
    lines
}

fn events(rows: &Rows, looks: &Looks, now: At, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let Some(all) = looks.events.answer() else { return vec![dim("not known yet", theme)] };
    let Some(of) = rows.object() else { return Vec::new() };
    let pods = rows.chosen_pods(looks);
    let about = |about: &Object| {
        about == of || pods.iter().any(|pod| about.kind == "Pod" && about.name == pod.name && about.namespace == pod.namespace)
    };
    let mut lines = Vec::new();
    // the newest first, since that is what one comes for
    for event in all.iter().rev().filter(|event| about(&event.about)) {
        let meaning = if event.warning { Meaning::Warning } else { Meaning::Text };
        let times = if event.count > 1 { format!(" ×{}", event.count) } else { String::new() };
        let sign = if event.warning { "!" } else { "·" };
        let mut head = vec![
            theme.span(Meaning::Dim, format!("{} ", right(&age(event.last, now), 6))),
            theme.span(meaning, format!("{sign} {}{times}", event.reason)),
        ];
        if event.about.kind != of.kind {
            head.push(theme.span(Meaning::Dim, format!("  {} {}", event.about.kind, event.about.name)));
        }
        lines.push(Line::from(head));
        let text = wrap(&event.message, columns.saturating_sub(9));
        lines.extend(text.into_iter().take(4).map(|line| theme.span(Meaning::Text, format!("         {line}")).into()));
    }
    if lines.is_empty() {
        lines.push(dim("Kubernetes said nothing about it in the last hour", theme));
    }
    lines
}

fn causes(found: Option<&[CauseRow]>, pod: Option<&PodRow>, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    match found {
        None => {
            let mut lines = vec![dim("pods, events, claims and logs are being joined", theme)];
            lines.extend(pod.and_then(|pod| pod.cause.as_ref()).map(|cause| cause_lines(cause, columns, theme)).unwrap_or_default());
            lines
        }
        Some([]) => vec![dim("no cause is found: as far as Kubernetes tells, nothing is wrong with it", theme)],
        Some(found) => found.iter().flat_map(|cause| [cause_lines(cause, columns, theme), vec![Line::default()]]).flatten().collect(),
    }
}

fn cause_lines(cause: &CauseRow, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> =
        wrap(&cause.sentence, columns).into_iter().map(|line| theme.span(Meaning::Bad, line).into()).collect();
    lines.extend(wrap(&format!("mend: {}", cause.fix), columns).into_iter().map(|line| theme.span(Meaning::Text, line).into()));
    lines.push(dim(&cause.id, theme));
    lines
}
