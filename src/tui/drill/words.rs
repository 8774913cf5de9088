//! Where a drill stands, in words: for line 1 and for titles.

use crate::model::run::{At, CancelReason, Control, RunState, Standing, StepState, Verb, brief_time};
use crate::model::scenario::{Conclusion, Rollback, Verdict};
use crate::tui::message::{Effect, Question};
use crate::tui::run::RunView;

/// Whether a run does something to a lab that has to be taken back.
pub fn is_drill(state: &RunState) -> bool {
    matches!(state.verb, Some(Verb::Scenario | Verb::Load))
}

/// Whether a run breaks a lab on purpose, so that it can be halted.
pub fn breaks(state: &RunState) -> bool {
    is_drill(state) || state.verb == Some(Verb::Gameday)
}

/// What the drill is called: the middle of `20261122T043501Z-worker-slow-config-03fa`.
pub fn name_of(state: &RunState) -> &str {
    let run = state.run.as_ref().map_or("", |run| run.0.as_str());
    run.split_once('-').and_then(|(_, rest)| rest.rsplit_once('-')).map_or(run, |(name, _)| name)
}

/// What is done now; `INJECTING` and the like stand out because something is broken while they are said.
pub fn stage(view: &RunView, now: At) -> (Standing, String) {
    let state = &view.state;
    if let Some(conclusion) = state.summary.as_ref().and_then(|summary| summary.drill.as_ref()) {
        return (standing_of(conclusion), format!("{}, rollback {}", conclusion.verdict, conclusion.rollback));
    }
    if let Some(summary) = &state.summary {
        let standing = if summary.ok { Standing::Ready } else { Standing::Failed };
        return (standing, format!("ended with exit code {}", summary.exit_code));
    }
    let working = |name: &str| state.steps.iter().find(|step| step.standing == Standing::Working && starts(step, name));
    for (name, word) in [
        ("evidence", "keeping evidence"),
        ("verify", "verifying"),
        ("recover", "waiting for the steady state"),
        ("rollback", "taking back"),
    ] {
        if working(name).is_some() {
            return (Standing::Working, word.to_owned());
        }
    }
    if state.cancelling.is_some() {
        return (Standing::Cancelled, if view.drill.open() > 0 { "ending: to be taken back".to_owned() } else { "ending".to_owned() });
    }
    if let Some(step) = working("observe") {
        let of = step.progress.as_ref().and_then(|progress| progress.total).unwrap_or(0);
        let spent = step.took_ms(now).unwrap_or(0);
        return (Standing::Working, format!("INJECTING {} of {}", brief_time(spent), brief_time(of * 1000)));
    }
    for (name, word) in
        [("inject", "INJECTING"), ("baseline", "measuring the baseline"), ("preflight", "preflight"), ("load", "UNDER LOAD")]
    {
        if working(name).is_some() {
            return (Standing::Working, word.to_owned());
        }
    }
    (Standing::Working, "at work".to_owned())
}

fn starts(step: &StepState, name: &str) -> bool {
    step.plan.id.0.split('/').next() == Some(name)
}

/// What is asked before a drill is ended.
pub fn halt(view: &RunView) -> Question {
    let open = view.drill.open();
    let back = match open {
        0 if !is_drill(&view.state) => "What its acts have changed is taken back at once.".to_owned(),
        0 => "Nothing is broken now.".to_owned(),
        1 => "The 1 change it has made is taken back at once.".to_owned(),
        open => format!("The {open} changes it has made are taken back at once, the last first."),
    };
    Question {
        what: format!(
            "Halt {} {} of lab {}?",
            if is_drill(&view.state) { "drill" } else { "game day" },
            name_of(&view.state),
            view.state.lab
        ),
        more: vec![
            back,
            "Nothing new is begun, and the drill ends once the steady state was seen again. Its verdict is `aborted`.".to_owned(),
            "Drills may be run again afterwards; labctl halt on would refuse them too.".to_owned(),
        ],
        yes: "halt and undo".to_owned(),
        then: vec![Effect::Control(Control::Cancel { why: CancelReason::Requested })],
    }
}

/// The glyph of a verdict.
pub fn standing_of(conclusion: &Conclusion) -> Standing {
    if matches!(conclusion.rollback, Rollback::Failed | Rollback::Unverified) {
        return Standing::Failed;
    }
    match conclusion.verdict {
        Verdict::Pass => Standing::Ready,
        Verdict::Fail | Verdict::Error => Standing::Failed,
        Verdict::Aborted | Verdict::Inconclusive => Standing::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::{Event, EventKind, RunId, RunPlan};

    #[test]
    fn a_drill_is_called_what_its_run_is_called() {
        let named = |run: &str| {
            let event = EventKind::RunStarted { verb: Verb::Scenario, lab: String::new(), plan: RunPlan::default() };
            let at = At(time::OffsetDateTime::UNIX_EPOCH);
            name_of(&RunState::fold([&Event { v: 1, seq: 1, at, run: RunId(run.to_owned()), event }])).to_owned()
        };
        assert_eq!(named("20261122T043501Z-worker-slow-config-03fa"), "worker-slow-config");
        assert_eq!(named("strange"), "strange");
    }
}
