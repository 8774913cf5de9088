//! The run in progress: what each step does, what it waits for and why; retry, skip, cancel.

use super::screen::Screen;
use crate::model::run::{CancelReason, Control, Standing, StepState};
use crate::tui::drill::{halt, is_drill};
use crate::tui::keymap::{Action, Binding, danger, own};
use crate::tui::message::{Effect, News, Question, Trouble};
use crate::tui::model::{AtWork, Shared};
use crate::tui::run::{Pane, RunView, Tab};
use crate::tui::text::wrap;
use crate::tui::theme::Meaning;
use crate::tui::widgets::panel;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Keys of its own.
pub const KEYS: &[Binding] = &[
    danger("retry", "r", "retry", "run the chosen step again"),
    danger("skip", "s", "skip", "leave the chosen step out, and what needs it"),
    danger("cancel", "c", "cancel", "end the run; asked again, stop what is at work"),
    danger("pause", "p", "pause", "begin nothing new, or go on"),
    own("detach", "d", "detach", "leave a run of another process, which goes on"),
    own("explain", "e", "explain", "why the chosen step does not come up"),
    own("log", "l", "log", "the output of the chosen step"),
    own("whole-log", "L", "", "the output of all steps, or of the chosen one"),
    own("timeline", "t", "timeline", "the whole run over time"),
    own("follow", "f", "follow", "choose by itself what matters most"),
    own("view", "v", "view", "a drill as a drill, or its steps as those of any run"),
];

/// What is done before the first event, or why there is none.
#[derive(Debug, Clone, Default)]
enum Before {
    #[default]
    Nothing,
    Preparing {
        verb: String,
        what: String,
    },
    Refused(Trouble),
    Done(Vec<String>),
}

/// The screen.
#[derive(Debug, Default)]
pub struct Run {
    pane: Pane,
    before: Before,
}

/// Keys that only change what is shown of a run; a recorded run has them too.
pub fn look(pane: &mut Pane, name: &str) {
    // those are about steps
    pane.plain = match name {
        "view" => !pane.plain,
        "explain" | "log" | "whole-log" | "timeline" => true,
        _ => pane.plain,
    };
    match name {
        "explain" => pane.show(Tab::Cause),
        "log" => {
            pane.whole_log = false;
            pane.show(Tab::Log);
        }
        "whole-log" => {
            pane.whole_log = pane.tab != Tab::Log || !pane.whole_log;
            pane.show(Tab::Log);
        }
        "timeline" => pane.show(Tab::Timeline),
        "follow" => pane.choose(None),
        _ => {}
    }
}

/// What `y` copies of a run: the cause and the way out of the step that is shown, else the line that its list has.
pub fn copied(pane: &Pane, view: &RunView, now: crate::model::run::At) -> Option<String> {
    if pane.shows_drill(view) {
        return pane.drill.track(view).map(|track| format!("{}: {}", track.name, track.seen));
    }
    let step = pane.step(view, &view.state.forecast(now))?;
    let mut lines: Vec<String> = step.causes.iter().map(|cause| format!("{} {} {}", cause.id, cause.sentence, cause.fix)).collect();
    lines.extend(step.failure().map(|(error, code)| format!("{code} {error}")));
    if lines.is_empty() {
        lines.push(format!("{}: {}", step.plan.id, crate::tui::run::doing(&view.state, view, step, now)));
    }
    Some(lines.join("\n"))
}

impl Run {
    fn step<'a>(&self, shared: &'a Shared) -> Option<&'a StepState> {
        let view = shared.run.as_ref()?;
        self.pane.step(view, &view.state.forecast(shared.now))
    }

    fn live(shared: &Shared) -> Option<&RunView> {
        shared.run.as_ref().filter(|view| shared.at_work != AtWork::Nothing && view.state.summary.is_none())
    }

    fn cancel(view: &RunView) -> Vec<Effect> {
        let (why, what, more, yes) = if view.state.cancelling.is_none() && is_drill(&view.state) {
            return vec![Effect::Ask(Box::new(halt(view)))];
        } else if view.state.cancelling.is_none() {
            let more = "Steps at work may finish and nothing new is begun. What is done is kept; `labctl up` goes on from there.";
            (CancelReason::Requested, format!("End the run of lab {}?", view.state.lab), more, "end it")
        } else {
            let more = "Programs that were started are ended and nothing is waited for any more.";
            (CancelReason::Now, "Stop what is still at work?".to_owned(), more, "stop it")
        };
        let question =
            Question { what, more: vec![more.to_owned()], yes: yes.to_owned(), then: vec![Effect::Control(Control::Cancel { why })] };
        vec![Effect::Ask(Box::new(question))]
    }

    fn steer(&self, name: &str, view: &RunView, shared: &Shared) -> Vec<Effect> {
        let Some(step) = self.step(shared) else { return Vec::new() };
        let id = step.plan.id.clone();
        match name {
            "retry" => vec![Effect::Control(Control::Retry { step: id }), Effect::Say(format!("{} is to run again", step.plan.title))],
            "skip" => {
                let needing: Vec<&str> = view
                    .state
                    .steps
                    .iter()
                    .filter(|other| other.plan.id != id && !other.standing.is_end() && view.state.leads_to(&id, &other.plan.id))
                    .map(|other| other.plan.title.as_str())
                    .collect();
                let more = if needing.is_empty() {
                    "Nothing else needs it.".to_owned()
                } else {
                    format!("What needs it is left out too: {}.", needing.join(", "))
                };
                let question = Question {
                    what: format!("Leave out {}?", step.plan.title),
                    more: vec![more],
                    yes: "leave it out".to_owned(),
                    then: vec![Effect::Control(Control::Skip { step: id })],
                };
                vec![Effect::Ask(Box::new(question))]
            }
            "cancel" => Self::cancel(view),
            "pause" => vec![Effect::Control(if view.state.paused { Control::Resume } else { Control::Pause })],
            _ => Vec::new(),
        }
    }
}

impl Screen for Run {
    fn path(&self, shared: &Shared) -> String {
        self.step(shared).map(|step| step.plan.title.clone()).unwrap_or_default()
    }

    fn can(&self, action: Action, shared: &Shared) -> bool {
        let Some(view) = &shared.run else { return action == Action::Own("cancel") && shared.at_work == AtWork::Ours };
        let live = Self::live(shared).is_some();
        let drill = is_drill(&view.state);
        let standing = self.step(shared).map(|step| step.standing);
        match action {
            Action::Own("retry") => live && !drill && standing == Some(Standing::Failed) && view.state.cancelling.is_none(),
            Action::Own("skip") => {
                live && !drill && matches!(standing, Some(Standing::Pending | Standing::Working)) && view.state.cancelling.is_none()
            }
            Action::Own("cancel") => live && view.state.cancelling < Some(CancelReason::Now),
            // a drill that is paused would not be taken back
            Action::Own("pause") => live && !drill && view.state.cancelling.is_none(),
            Action::Own("detach") => live && shared.at_work == AtWork::Theirs,
            Action::Own("follow") => self.pane.chosen.is_some(),
            Action::Own("view") => drill,
            Action::Own(_) | Action::Copy => true,
            Action::Back => self.pane.wide,
            other => self.pane.can(other, view),
        }
    }

    fn act(&mut self, action: Action, shared: &Shared) -> Vec<Effect> {
        let Some(view) = &shared.run else { return vec![Effect::Control(Control::Cancel { why: CancelReason::Requested })] };
        match action {
            Action::Own("detach") => return vec![Effect::Quit],
            Action::Own(name) => {
                look(&mut self.pane, name);
                return self.steer(name, view, shared);
            }
            Action::Copy => return copied(&self.pane, view, shared.now).map(Effect::Copy).into_iter().collect(),
            Action::Back => self.pane.wide = false,
            other => self.pane.act(other, view, shared.now, usize::from(shared.size.1) / 2),
        }
        Vec::new()
    }

    fn hear(&mut self, news: &News, _shared: &Shared) -> Vec<Effect> {
        match news {
            News::Preparing { verb, what } => {
                self.pane = Pane::default();
                self.before = Before::Preparing { verb: verb.clone(), what: what.clone() };
            }
            News::Done(lines) => self.before = Before::Done(lines.clone()),
            News::Refused(trouble) => self.before = Before::Refused(trouble.clone()),
            _ => {}
        }
        Vec::new()
    }

    fn is_moving(&self, shared: &Shared) -> bool {
        Self::live(shared).is_some()
    }

    fn filter(&mut self, text: &str, _shared: &Shared) {
        text.clone_into(&mut self.pane.filter);
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, shared: &Shared) {
        let theme = shared.theme;
        if let Some(view) = &shared.run {
            return self.pane.draw(view, shared.now, area, theme, buffer);
        }
        let inner = panel(area, "run", theme, buffer);
        let columns = usize::from(inner.width);
        let lines = match &self.before {
            Before::Nothing => vec![(Meaning::Dim, "No run is at work, and none was since labctl was opened.".to_owned())],
            Before::Preparing { verb, what } => vec![(Meaning::Working, format!("▸ {verb}: {what}"))],
            Before::Done(lines) => lines.iter().map(|line| (Meaning::Text, line.clone())).collect(),
            Before::Refused(trouble) => {
                let mut lines = vec![(Meaning::Bad, format!("✗ {} [{}]", trouble.what, trouble.id))];
                if !trouble.fix.is_empty() {
                    lines.push((Meaning::Text, String::new()));
                    lines.push((Meaning::Text, format!("mend: {}", trouble.fix)));
                }
                lines
            }
        };
        let wrapped = lines.iter().flat_map(|(meaning, text)| wrap(text, columns).into_iter().map(move |line| (*meaning, line)));
        for (row, (meaning, line)) in inner.rows().zip(wrapped) {
            buffer.set_line(row.x, row.y, &theme.span(meaning, line).into(), row.width);
        }
    }
}
