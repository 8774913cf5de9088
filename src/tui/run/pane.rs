//! The panes of a run: its steps on the left, the chosen one in tabs on the right, and what decides its length below.

use super::view::RunView;
use super::{log, now, steps, timeline};
use crate::model::run::{At, Forecast, Standing, StepId, StepState};
use crate::tui::drill::{DrillPane, is_drill};
use crate::tui::keymap::Action;
use crate::tui::theme::{Meaning, Theme};
use crate::tui::widgets::{panel, tabs, titled};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};

/// What is shown of the chosen step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// What it does now.
    #[default]
    Now,
    /// What happened in it.
    Steps,
    /// The whole run over time.
    Timeline,
    /// Its output.
    Log,
    /// Why it does not come up.
    Cause,
}

impl Tab {
    const ALL: [(Self, &'static str); 5] =
        [(Self::Now, "now"), (Self::Steps, "steps"), (Self::Timeline, "timeline"), (Self::Log, "log"), (Self::Cause, "cause")];

    fn index(self) -> usize {
        Self::ALL.iter().position(|(tab, _)| *tab == self).unwrap_or(0)
    }

    fn moved(self, by: usize) -> Self {
        Self::ALL[(self.index() + by) % Self::ALL.len()].0
    }
}

/// Which step is chosen and what is shown of it.
#[derive(Debug, Clone, Default)]
pub struct Pane {
    /// The step that was chosen; none to follow what matters most.
    pub chosen: Option<StepId>,
    /// What is shown of it.
    pub tab: Tab,
    /// Lines from the end that a log or story is scrolled back.
    pub back: usize,
    /// The log shows all steps.
    pub whole_log: bool,
    /// The panel on the right takes all the room.
    pub wide: bool,
    /// Only what has this text in it.
    pub filter: String,
    /// The panes of a drill.
    pub drill: DrillPane,
    /// The steps of a drill are shown as those of any run.
    pub plain: bool,
}

impl Pane {
    /// The steps that are shown, as positions in the plan: what is over, then what failed, then what works, then what is to come. A step moves down
    /// this list and never up while its run goes well.
    pub fn order(&self, view: &RunView) -> Vec<usize> {
        let wanted = self.filter.to_lowercase();
        let shown = |step: &StepState| {
            wanted.is_empty()
                || self.tab == Tab::Log
                || step.plan.title.to_lowercase().contains(&wanted)
                || step.plan.id.0.to_lowercase().contains(&wanted)
        };
        let mut order: Vec<usize> = view.state.steps.iter().enumerate().filter(|(_, step)| shown(step)).map(|(at, _)| at).collect();
        order.sort_by_key(|at| {
            let step = view.state.steps.get(*at);
            step.map(|step| match step.standing {
                Standing::Ready => (0, step.ended),
                Standing::Skipped | Standing::Cancelled => (1, step.ended),
                Standing::Failed => (2, step.ended),
                Standing::Working => (3, step.started),
                Standing::Pending => (4, None),
            })
        });
        order
    }

    /// The step that the right side shows: the chosen one, else the first that failed, else the one that holds up the run, else the last.
    pub fn step<'a>(&self, view: &'a RunView, forecast: &Forecast) -> Option<&'a StepState> {
        let steps = &view.state.steps;
        self.chosen
            .as_ref()
            .and_then(|id| view.state.step(id))
            .or_else(|| steps.iter().find(|step| step.standing == Standing::Failed))
            .or_else(|| forecast.critical.iter().filter_map(|id| view.state.step(id)).find(|step| step.standing == Standing::Working))
            .or_else(|| steps.iter().find(|step| step.standing == Standing::Working))
            .or_else(|| steps.iter().filter(|step| step.ended.is_some()).max_by_key(|step| step.ended))
            .or_else(|| steps.first())
    }

    /// Whether the run is shown as a drill.
    pub fn shows_drill(&self, view: &RunView) -> bool {
        is_drill(&view.state) && !self.plain
    }

    /// Whether the grammar's action does anything in these panes.
    pub fn can(&self, action: Action, view: &RunView) -> bool {
        if self.shows_drill(view) {
            return DrillPane::can(action);
        }
        action.moves() || matches!(action, Action::NextTab | Action::PreviousTab | Action::Enter | Action::Filter)
    }

    /// Does what the grammar asks for; `rows` is how many make a page.
    pub fn act(&mut self, action: Action, view: &RunView, now: At, rows: usize) {
        let page = rows.max(1);
        if self.shows_drill(view) {
            return self.drill.act(action, view, rows);
        }
        match action {
            Action::NextTab => self.show(self.tab.moved(1)),
            Action::PreviousTab => self.show(self.tab.moved(Tab::ALL.len() - 1)),
            Action::Enter => self.wide = !self.wide,
            _ if self.wide && self.tab != Tab::Timeline => {
                let most = self.scrollable(view, now).saturating_sub(1);
                self.back = match action {
                    Action::Up => self.back.saturating_add(1),
                    Action::Down => self.back.saturating_sub(1),
                    Action::PageUp => self.back.saturating_add(page),
                    Action::PageDown => self.back.saturating_sub(page),
                    Action::Top => most,
                    _ => 0,
                }
                .min(most);
            }
            _ => {
                let order = self.order(view);
                let current = self.position(view, &order, &view.state.forecast(now));
                let Some(to) = action.moved(current, page, order.len()) else { return };
                self.choose(order.get(to).and_then(|at| view.state.steps.get(*at)).map(|step| step.plan.id.clone()));
            }
        }
    }

    /// Chooses a step; none follows what matters most.
    pub fn choose(&mut self, step: Option<StepId>) {
        self.chosen = step;
        self.back = 0;
    }

    /// Shows a tab.
    pub fn show(&mut self, tab: Tab) {
        self.tab = tab;
        self.back = 0;
    }

    /// How many lines the tab in front could be scrolled through.
    fn scrollable(&self, view: &RunView, now: At) -> usize {
        let forecast = view.state.forecast(now);
        let Some(step) = self.step(view, &forecast) else { return 0 };
        match self.tab {
            Tab::Log => view.lines((!self.whole_log).then_some(&step.plan.id)).count(),
            Tab::Steps => view.beats(&step.plan.id).count(),
            _ => 0,
        }
    }

    fn position(&self, view: &RunView, order: &[usize], forecast: &Forecast) -> usize {
        let shown = self.step(view, forecast).map(|step| &step.plan.id);
        order.iter().position(|at| view.state.steps.get(*at).map(|step| &step.plan.id) == shown).unwrap_or(0)
    }

    /// Draws all of it.
    pub fn draw(&self, view: &RunView, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
        if self.shows_drill(view) {
            return self.drill.draw(view, now, area, theme, buffer);
        }
        let forecast = view.state.forecast(now);
        let path_rows = if area.height >= 18 && !self.wide { 3 } else { 0 };
        let [main, below] = Layout::vertical([Constraint::Min(0), Constraint::Length(path_rows)]).areas(area);
        let left = if self.wide { 0 } else { (area.width * 2 / 5).clamp(30, 84) };
        let [list, detail] = Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(main);
        if left > 0 {
            let order = self.order(view);
            let at = self.position(view, &order, &forecast);
            let title = if self.filter.is_empty() {
                "steps".to_owned()
            } else {
                format!("steps with `{}`: {} of {}", self.filter, order.len(), view.state.steps.len())
            };
            let inner = panel(list, &title, theme, buffer);
            steps::draw(view, &order, at, &forecast, now, inner, theme, buffer);
        }
        let step = self.step(view, &forecast);
        let name = step.map_or("no steps", |step| &step.plan.title);
        let names: Vec<&str> = Tab::ALL.iter().map(|(_, name)| *name).collect();
        let inner = titled(detail, tabs(name, &names, self.tab.index(), usize::from(detail.width), theme), theme, buffer);
        match (step, self.tab) {
            (_, Tab::Timeline) => timeline::draw(view, &self.order(view), &forecast, now, inner, theme, buffer),
            (None, _) => {}
            (Some(step), Tab::Now) => now::draw_now(view, step, now, inner, theme, buffer),
            (Some(step), Tab::Cause) => now::draw_cause(view, step, inner, theme, buffer),
            (Some(step), Tab::Steps) => log::draw_story(view, step, self.back, inner, theme, buffer),
            (Some(step), Tab::Log) => {
                log::draw_log(view, (!self.whole_log).then_some(&step.plan.id), &self.filter, self.back, inner, theme, buffer);
            }
        }
        if path_rows > 0 {
            let inner = panel(below, "what decides how long it takes", theme, buffer);
            timeline::draw_path(view, &forecast, now, inner, theme, buffer);
        }
        if step.is_none() && view.state.started.is_some() {
            buffer.set_line(inner.x, inner.y, &theme.span(Meaning::Dim, "this run has no steps").into(), inner.width);
        }
    }
}
