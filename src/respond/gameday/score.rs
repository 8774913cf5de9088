//! What a game day comes to. Times are folded from the events of its journal and from nothing else; what no event tells stays unknown.

use crate::model::gameday::{Act, ActResult, AnyOrPass, Drawn, GoalRow, Stamp, Stamps};
use crate::model::run::{Event, EventKind, Moment, RunId, StepEvent, brief_time};
use crate::model::runbook::{Outcome, RunbookResult};
use crate::model::scenario::{DrillResult, Rollback, Verdict};
use crate::model::units::HumanDuration;

/// The moments of an act, the run of its drill, and that of the runbook. The first event of a kind counts.
pub fn moments(act: &str, events: &[Event]) -> (Stamps, Option<RunId>, Option<RunId>) {
    let (mut stamps, mut drill, mut runbook) = (Stamps::default(), None, None);
    for event in events {
        let EventKind::Step { says: StepEvent::Moment { act: of, moment, source, by }, .. } = &event.event else { continue };
        if of != act {
            continue;
        }
        stamps.of(*moment).get_or_insert_with(|| Stamp { at: event.at, seq: event.seq, source: source.clone() });
        match moment {
            Moment::Begun => drill = drill.or_else(|| by.clone()),
            Moment::Acknowledged | Moment::Mitigated if *by != drill => runbook = runbook.or_else(|| by.clone()),
            _ => {}
        }
    }
    (stamps, drill, runbook)
}

/// The result of an act.
pub fn score(
    act: &Act,
    drawn: &Drawn,
    events: &[Event],
    drill_of: impl Fn(&RunId) -> Option<DrillResult>,
    runbook_of: impl Fn(&RunId) -> Option<RunbookResult>,
) -> ActResult {
    let (times, drill, runbook) = moments(&act.name, events);
    let drilled = drill.as_ref().and_then(drill_of);
    let carried = runbook.as_ref().and_then(runbook_of);
    let (fault, rang) = (times.injected.as_ref(), times.detected.as_ref());
    let detecting = Stamps::between(fault, rang);
    let acknowledging = Stamps::between(rang, times.acknowledged.as_ref());
    let mitigating = Stamps::between(fault, times.mitigated.as_ref());
    let resolving = Stamps::between(fault, times.resolved.as_ref());
    let mut goals = Vec::new();
    let mut goal = |goal: String, met: Option<bool>, seen: String| goals.push(GoalRow { goal, met, seen });
    let expect = &act.expect;
    if expect.verdict == AnyOrPass::Pass {
        let seen = drilled.as_ref().map_or_else(unknown, |drill| format!("{}: {}", drill.verdict, drill.why));
        goal("the drill's claims hold".to_owned(), drilled.as_ref().map(|drill| drill.verdict == Verdict::Pass), seen);
    }
    if let Some(by) = &expect.detected_by {
        let (met, seen) = soon(detecting, by.within);
        goal(format!("{} rings within {}", by.alerts.join(" or "), by.within), met, seen);
    }
    if let Some(within) = expect.acknowledged_within {
        let (met, seen) = soon(acknowledging, within);
        goal(format!("taken within {within}"), met, seen);
    }
    if let Some(within) = expect.mitigated_within {
        let (met, seen) = soon(mitigating, within);
        let by = times.mitigated.as_ref().map(|stamp| format!(" ({})", stamp.source)).unwrap_or_default();
        // what the drill took back itself nobody has put right
        let own = times.mitigated.as_ref().is_some_and(|stamp| stamp.source.starts_with("the drill"));
        goal(format!("put right within {within}"), met.map(|met| met && !own), format!("{seen}{by}"));
    }
    if let Some(wanted) = &expect.runbook {
        let met = carried.as_ref().map(|ran| ran.runbook == wanted.name && (!wanted.verify_passes || ran.result == Outcome::Resolved));
        let seen = carried
            .as_ref()
            .map_or_else(|| "no runbook was carried out to its end".to_owned(), |ran| format!("{}: {}", ran.runbook, ran.result));
        let ends = if wanted.verify_passes { ", and its Verify holds" } else { "" };
        goal(format!("runbook {} is carried out{ends}", wanted.name), met.or(Some(false)), seen);
    }
    let clean = drilled.as_ref().map(|drill| matches!(drill.rollback, Rollback::Clean | Rollback::NotNeeded));
    goal("all is taken back".to_owned(), clean, drilled.as_ref().map_or_else(unknown, |drill| format!("rollback {}", drill.rollback)));
    let exit_code = graded(act, drilled.as_ref(), goals.iter().all(|goal| goal.met == Some(true)));
    ActResult {
        name: act.name.clone(),
        scenario: drawn.scenario.clone(),
        drill,
        runbook,
        verdict: drilled.as_ref().map(|drill| drill.verdict),
        rollback: drilled.as_ref().map(|drill| drill.rollback),
        ttd_ms: detecting,
        tta_ms: acknowledging,
        ttm_ms: mitigating,
        ttr_ms: resolving,
        times,
        goals,
        exit_code,
    }
}

fn unknown() -> String {
    "unknown: the drill did not come to its end".to_owned()
}

fn soon(took: Option<u64>, within: HumanDuration) -> (Option<bool>, String) {
    match took {
        Some(took) => (Some(u128::from(took) <= within.get().as_millis()), brief_time(took)),
        None => (None, "unknown: it was not seen".to_owned()),
    }
}

/// That of the drill, unless its claims were not the point; at least 10 where something expected did not come.
fn graded(act: &Act, drilled: Option<&DrillResult>, all_met: bool) -> u8 {
    let own = match drilled {
        None => 15,
        Some(drill) if drill.verdict == Verdict::Fail && drill.exit_code == 10 && act.expect.verdict == AnyOrPass::Any => 0,
        Some(drill) => drill.exit_code,
    };
    if all_met { own } else { own.max(10) }
}

/// The worst act's; codes of drills rise with how bad it is.
pub fn exit_code(acts: &[ActResult]) -> u8 {
    acts.iter().map(|act| act.exit_code).max().unwrap_or(15)
}
