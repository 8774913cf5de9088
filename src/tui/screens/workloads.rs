//! Pods under what runs them, with their events, logs and causes; restart, scale, end a pod.

use super::screen::Screen;
use crate::model::look::{Act, LogRing, PodRow, Query, Target, Workload, WorkloadRow};
use crate::tui::keymap::{Action, Binding, danger, own};
use crate::tui::look::{Detail, Order, Rows, Tab, at_the_foot, draw_list, trouble_lines};
use crate::tui::message::{Effect, News, Question};
use crate::tui::model::Shared;
use crate::tui::theme::Meaning;
use crate::tui::widgets::{panel, tabs, titled};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};

/// Keys of its own.
pub const KEYS: &[Binding] = &[
    own("log", "l", "log", "the log of the chosen pod, as it grows"),
    own("follow", "f", "pause", "stand still in the log, or go on with its newest line"),
    own("next-match", "n", "", "the next line below that holds what is searched for"),
    own("match-before", "N", "", "the next line above that holds what is searched for"),
    own("previous", "p", "run before", "the log of the container's run before the present one, and back"),
    own("container", "c", "container", "the log of the pod's next container"),
    own("times", "t", "", "times before the lines of a log"),
    own("wrap", "w", "", "long lines of a log in several rows"),
    own("explain", "e", "explain", "why the chosen one is not well"),
    own("events", "v", "events", "what Kubernetes said about the chosen one"),
    danger("restart", "r", "restart", "replace the pods of the chosen workload"),
    danger("end-pod", "x", "end pod", "end the chosen pod; what runs it makes another"),
    danger("more", "+", "scale", "one pod more; Enter does it"),
    danger("fewer", "-", "", "one pod fewer; Enter does it"),
    own("sort", "s", "sort", "sort by place, trouble, restarts, cpu, memory, age"),
    own("trouble", "!", "trouble", "only what is not well, or everything"),
];

/// The screen.
#[derive(Debug, Default)]
pub struct Workloads {
    rows: Rows,
    detail: Detail,
    filter: String,
    order: Order,
    only_trouble: bool,
    /// The detail has the whole screen, and keys move in it.
    wide: bool,
    /// A number of pods that is being chosen, for what is chosen.
    scale: Option<u32>,
}

impl Workloads {
    fn renew(&mut self, shared: &Shared) {
        self.rows.make(&shared.looks, &self.filter, self.order, self.only_trouble);
        self.detail.show(self.rows.object());
    }

    fn go(&mut self, by: i64, shared: &Shared) {
        if self.wide {
            return self.detail.go(by, &shared.looks);
        }
        self.scale = None;
        self.rows.go(isize::try_from(by).unwrap_or(0), &shared.looks);
        self.detail.show(self.rows.object());
    }

    fn pod<'a>(&self, shared: &'a Shared) -> Option<&'a PodRow> {
        self.rows.pod(&shared.looks)
    }

    fn workload<'a>(&self, shared: &'a Shared) -> Option<&'a WorkloadRow> {
        self.rows.workload(&shared.looks)
    }

    fn target(one: &WorkloadRow) -> Target {
        Target { kind: one.kind, namespace: one.namespace.clone(), name: one.name.clone() }
    }

    fn scaling(&mut self, more: bool, shared: &Shared) {
        let Some(one) = self.workload(shared) else { return };
        let from = self.scale.unwrap_or(one.wanted);
        let to = if more { from.saturating_add(1).min(99) } else { from.saturating_sub(1) };
        self.scale = (to != one.wanted).then_some(to);
    }

    fn own(&mut self, name: &str, shared: &Shared) -> Vec<Effect> {
        let log = shared.looks.log.as_ref();
        match name {
            "log" => self.detail.turn_to(Tab::Log),
            "explain" => self.detail.turn_to(Tab::Cause),
            "events" => self.detail.turn_to(Tab::Events),
            "follow" => log.into_iter().for_each(|log| self.detail.log.pause(&log.ring)),
            "next-match" => log.into_iter().for_each(|log| self.detail.log.next(true, &log.ring)),
            "match-before" => log.into_iter().for_each(|log| self.detail.log.next(false, &log.ring)),
            "times" => self.detail.log.times = !self.detail.log.times,
            "wrap" => self.detail.log.wraps = !self.detail.log.wraps,
            "previous" => self.detail.turn_previous(),
            "container" => self.detail.next_container(),
            "sort" => {
                self.order = self.order.next();
                self.renew(shared);
            }
            "trouble" => {
                self.only_trouble = !self.only_trouble;
                self.renew(shared);
            }
            "more" => self.scaling(true, shared),
            "fewer" => self.scaling(false, shared),
            "restart" => {
                let asked = self.workload(shared).map(|one| Act::Restart { target: Self::target(one), pods: one.wanted });
                return ask(asked, "restart it");
            }
            "end-pod" => {
                let asked = self.pod(shared).map(|pod| Act::DeletePod {
                    namespace: pod.namespace.clone(),
                    name: pod.name.clone(),
                    by: pod.workload.clone(),
                });
                return ask(asked, "end it");
            }
            _ => {}
        }
        Vec::new()
    }

    fn in_log(&self) -> bool {
        self.detail.tab == Tab::Log
    }
}

/// Asks in words first; everything here changes the lab, so everything is asked.
fn ask(act: Option<Act>, yes: &str) -> Vec<Effect> {
    let Some(act) = act else { return Vec::new() };
    let sentence = act.sentence();
    // the first sentence is the question, the rest what there is to know
    let (what, more) = sentence.split_once(". ").map_or((sentence.as_str(), None), |(what, more)| (what, Some(more)));
    let question = Question {
        what: format!("{}.", what.trim_end_matches('.')),
        more: more.map(str::to_owned).into_iter().collect(),
        yes: yes.to_owned(),
        then: vec![Effect::Act(act.clone())],
    };
    vec![Effect::Ask(Box::new(question))]
}

impl Screen for Workloads {
    fn path(&self, _shared: &Shared) -> String {
        self.rows.object().map(|object| format!("{}/{}", object.namespace, object.name)).unwrap_or_default()
    }

    fn wants(&self, shared: &Shared) -> Vec<Query> {
        let mut all = vec![Query::Pods, Query::Workloads, Query::Usage];
        all.extend(self.detail.wants(&self.rows, &shared.looks));
        all
    }

    fn enter(&mut self, shared: &Shared) -> Vec<Effect> {
        self.renew(shared);
        Vec::new()
    }

    fn can(&self, action: Action, shared: &Shared) -> bool {
        let looks = &shared.looks;
        let scales = || self.workload(shared).is_some_and(|one| one.kind != Workload::DaemonSet);
        let lines = || self.in_log() && looks.log.is_some();
        match action {
            Action::Own("restart") => self.workload(shared).is_some(),
            Action::Own("more" | "fewer") => scales(),
            Action::Own("end-pod") => self.pod(shared).is_some(),
            Action::Own("log") => !self.in_log() && self.detail.log_of(&self.rows, looks).is_some(),
            Action::Own("explain") => self.detail.tab != Tab::Cause && self.rows.object().is_some(),
            Action::Own("events") => self.detail.tab != Tab::Events && self.rows.object().is_some(),
            Action::Own("follow" | "times" | "wrap") => lines(),
            Action::Own("next-match" | "match-before") => lines() && self.detail.log.searches(),
            Action::Own("previous") => self.in_log() && self.detail.log_choices(&self.rows, looks).0,
            Action::Own("container") => self.in_log() && self.detail.log_choices(&self.rows, looks).1,
            Action::Own(_) | Action::Filter => true,
            Action::NextTab | Action::PreviousTab | Action::Copy => self.rows.object().is_some(),
            Action::Enter => self.rows.object().is_some() && (self.scale.is_some() || !self.wide),
            Action::Back => self.wide || self.scale.is_some(),
            _ => action.moves() && self.rows.object().is_some(),
        }
    }

    fn act(&mut self, action: Action, shared: &Shared) -> Vec<Effect> {
        let page = i64::from(shared.size.1 / 2);
        // in a log, up is back in time, and so is the top
        match action {
            Action::Own(name) => return self.own(name, shared),
            Action::Up => self.go(-1, shared),
            Action::Down => self.go(1, shared),
            Action::PageUp => self.go(-page, shared),
            Action::PageDown => self.go(page, shared),
            Action::Top => self.go(i64::from(i32::MIN), shared),
            Action::Bottom => self.go(i64::from(i32::MAX), shared),
            Action::NextTab => self.detail.turn_to(self.detail.tab.turn(1)),
            Action::PreviousTab => self.detail.turn_to(self.detail.tab.turn(Tab::NAMES.len() - 1)),
            Action::Enter => match (self.scale.take(), self.workload(shared)) {
                (Some(to), Some(one)) => {
                    let act = Act::Scale { target: Self::target(one), from: one.wanted, to, manifest: one.manifest };
                    return ask(Some(act), "scale it");
                }
                _ => self.wide = true,
            },
            Action::Back if self.scale.is_some() => self.scale = None,
            Action::Back => self.wide = false,
            Action::Copy => {
                let text = match (self.detail.tab, &shared.looks.log, &shared.looks.causes) {
                    (Tab::Log, Some(log), _) => self.detail.log.text(&log.ring, u64::from(shared.size.1)),
                    (Tab::Cause, _, Some((_, known))) if known.answer().is_some_and(|found| !found.is_empty()) => {
                        let lines =
                            known.answer().into_iter().flatten().map(|cause| format!("{} {} {}", cause.id, cause.sentence, cause.fix));
                        lines.collect::<Vec<_>>().join("\n")
                    }
                    _ => self.path(shared),
                };
                return vec![Effect::Copy(text)];
            }
            _ => {}
        }
        Vec::new()
    }

    fn hear(&mut self, news: &News, shared: &Shared) -> Vec<Effect> {
        if matches!(news, News::Seen(snapshot) if matches!(snapshot.query, Query::Pods | Query::Workloads | Query::Usage)) {
            self.renew(shared);
        }
        Vec::new()
    }

    fn filter(&mut self, text: &str, shared: &Shared) {
        text.clone_into(&mut self.filter);
        self.renew(shared);
    }

    fn searches(&self) -> bool {
        self.in_log()
    }

    fn search(&mut self, text: &str, shared: &Shared) {
        let none = LogRing::default();
        let ring = shared.looks.log.as_ref().map_or(&none, |log| &log.ring);
        self.detail.log.search(text, ring);
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let theme = shared.theme;
        let (list, detail) = if self.wide {
            (None, area)
        } else if area.width >= 100 {
            let [list, detail] = Layout::horizontal([Constraint::Percentage(56), Constraint::Fill(1)]).areas(area);
            (Some(list), detail)
        } else {
            let [list, detail] = Layout::vertical([Constraint::Percentage(52), Constraint::Fill(1)]).areas(area);
            (Some(list), detail)
        };
        if let Some(list) = list {
            self.draw_list(list, buffer, shared);
        }
        let name = self.rows.object().map_or("–", |object| object.name.as_str());
        let title = tabs(name, &Tab::NAMES, self.detail.tab as usize, usize::from(detail.width).saturating_sub(4), theme);
        let inner = titled(detail, title, theme, buffer);
        self.detail.draw(&self.rows, &shared.looks, shared.now, inner, theme, buffer);
    }
}

impl Workloads {
    fn draw_list(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let (theme, now, looks) = (shared.theme, shared.now, &shared.looks);
        let (shown, all) = self.rows.pods;
        let mut title = if shown == all { format!("workloads · {all} pods") } else { format!("workloads · {shown} of {all} pods") };
        if !self.filter.is_empty() {
            title.push_str(&format!(" · /{}", self.filter));
        }
        if self.only_trouble {
            title.push_str(" · only trouble");
        }
        if !self.order.word().is_empty() {
            title.push_str(&format!(" · {}", self.order.word()));
        }
        let inner = panel(area, &title, theme, buffer);
        let columns = usize::from(inner.width);
        let mut foot = trouble_lines(&looks.pods, now, Query::Pods.period(), columns, theme);
        if foot.is_empty() {
            foot = trouble_lines(&looks.workloads, now, Query::Workloads.period(), columns, theme);
        }
        if let (Some(to), Some(one)) = (self.scale, self.workload(shared)) {
            let text = format!("scale {} {}: {} → {to}   Enter asks, Esc leaves it", one.kind.name(), one.name, one.wanted);
            foot.push(theme.span(Meaning::Key, text).into());
        }
        let inner = at_the_foot(&foot, inner, buffer);
        if self.rows.shown.is_empty() && !inner.is_empty() {
            let text = match looks.pods.answer() {
                None if looks.pods.trouble().is_some() => "nothing is known yet",
                None => "the API server is asked for its pods",
                Some(_) if all == 0 => "there are no pods in this cluster yet",
                Some(_) if self.only_trouble => "everything is well",
                Some(_) => "nothing has this text in it; Esc shows everything",
            };
            buffer.set_line(inner.x, inner.y, &theme.span(Meaning::Dim, text).into(), inner.width);
            return;
        }
        draw_list(&self.rows, looks, now, inner, theme, buffer);
    }
}
