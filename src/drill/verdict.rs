//! What all that was found out comes to. Pure, and the only place where a verdict is made.

use super::ground::{Drill, Outcome, Stopped};
use crate::model::run::{At, Health};
use crate::model::scenario::{Claim, DrillResult, Rollback, Scenario, Verdict};

/// Why the verdict is what it is; each has an exit code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Because {
    AllHeld,
    HypothesisFailed,
    NoData,
    NotLanded,
    Unsteady,
    Refused,
    Abort,
    Halt,
    Person,
    NotCarriedOut,
    Unusable,
}

impl Because {
    /// The verdict it makes.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::AllHeld => Verdict::Pass,
            Self::HypothesisFailed => Verdict::Fail,
            Self::NoData | Self::NotLanded | Self::Unsteady | Self::Refused => Verdict::Inconclusive,
            Self::Abort | Self::Halt | Self::Person => Verdict::Aborted,
            Self::NotCarriedOut | Self::Unusable => Verdict::Error,
        }
    }
}

/// The reason that counts of all there are, and a sentence. What ended the drill comes before what was seen until then.
fn because(outcome: &Outcome, scenario: &Scenario, cancelled: bool) -> (Because, String) {
    match &outcome.stopped {
        Some(Stopped::Abort(why)) => return (Because::Abort, why.clone()),
        Some(Stopped::Halt(why)) => return (Because::Halt, why.clone()),
        None => {}
    }
    if cancelled {
        return (Because::Person, "a person or a signal ended it".to_owned());
    }
    let told = [(Because::Refused, &outcome.refused), (Because::Unsteady, &outcome.unsteady), (Because::NotCarriedOut, &outcome.broken)];
    if let Some((because, why)) = told.into_iter().find_map(|(because, why)| Some((because, why.clone()?))) {
        return (because, why);
    }
    let of_load = |held: bool| {
        outcome.load_ended.clone().filter(|(because, _)| held == matches!(because, Because::HypothesisFailed | Because::NoData))
    };
    if let Some(ended) = of_load(false) {
        return ended;
    }
    if let Some((name, _)) = outcome.landed.iter().find(|(_, landed)| !landed) {
        return (Because::NotLanded, format!("fault {name} was made and did not land"));
    }
    if outcome.landed.len() < scenario.inject.len() {
        return (Because::NotCarriedOut, "not every fault was made".to_owned());
    }
    let rows = || outcome.checks.iter().filter(|row| row.part == "hypothesis");
    if let Some(row) = rows().find(|row| row.health == Health::Fail) {
        return (Because::HypothesisFailed, format!("{}: {}", row.name, row.seen));
    }
    if let Some(ended) = of_load(true) {
        return ended;
    }
    if let Some(row) = rows().find(|row| row.health == Health::NoData) {
        return (Because::NoData, format!("{}: {}", row.name, row.seen));
    }
    // each claim must have been judged; one that nobody looked at is not known to hold
    let judged = |name: &str| rows().any(|row| row.name == name);
    let missing = scenario.hypotheses.iter().find(|hypothesis| match &hypothesis.claim {
        Claim::Check { mode, .. } if mode.at_start() && mode.at_end() => rows().filter(|row| row.name == hypothesis.name).count() < 2,
        _ => !judged(&hypothesis.name),
    });
    match missing {
        Some(hypothesis) => (Because::NoData, format!("{} was not judged", hypothesis.name)),
        None if scenario.load.is_some() && outcome.loads.is_empty() => (Because::NotCarriedOut, "no load was brought".to_owned()),
        None if rows().next().is_none() => (Because::NoData, "nothing was claimed: the script has no thresholds".to_owned()),
        None if scenario.inject.is_empty() => (Because::AllHeld, "the load came to its end and every claim held".to_owned()),
        None => (Because::AllHeld, "every fault landed and every hypothesis held".to_owned()),
    }
}

fn rollback(outcome: &Outcome) -> Rollback {
    if outcome.changes.is_empty() {
        Rollback::NotNeeded
    } else if !outcome.changes.iter().all(|change| change.undone) {
        Rollback::Failed
    } else if outcome.recovered.is_none() {
        Rollback::Unverified
    } else {
        Rollback::Clean
    }
}

/// The result of a drill that has ended; whoever calls it decides the exit code.
pub fn conclude(drill: &Drill, started: At, cancelled: bool) -> (DrillResult, Because) {
    let outcome = drill.outcome();
    let (because, why) = because(&outcome, &drill.scenario, cancelled);
    let landed = (!outcome.changes.is_empty() && !drill.scenario.inject.is_empty())
        .then(|| outcome.landed.len() == drill.scenario.inject.len() && outcome.landed.iter().all(|(_, landed)| *landed));
    let now = drill.now();
    let result = DrillResult {
        v: 1,
        run: drill.run.clone(),
        scenario: drill.scenario.metadata.name.clone(),
        title: drill.scenario.metadata.title.clone(),
        lab: drill.lab.clone(),
        verdict: because.verdict(),
        rollback: rollback(&outcome),
        landed,
        why,
        started,
        injected: outcome.injected,
        rolled_back: outcome.rolled_back,
        recovered: outcome.recovered,
        ended: now,
        recovery_ms: outcome.recovery_ms,
        checks: outcome.checks.clone(),
        changes: outcome.changes.clone(),
        loads: outcome.loads.clone(),
        clocks: outcome.clocks.clone(),
        not_kept: outcome.not_kept.clone(),
        exit_code: 0,
    };
    (result, because)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario::{ChangeRow, CheckRow};

    fn scenario() -> Scenario {
        let json = serde_json::json!({
            "apiVersion": "labctl.dev/v1", "kind": "Scenario", "metadata": {"name": "s", "title": "t"},
            "target": {"namespace": "apps", "selector": {"a": "b"}, "blast": {"maxPods": 1}},
            "steadyState": {"checks": []},
            "inject": [{"name": "one", "k8s": {"podDelete": {}}}],
            "hypotheses": [{"name": "h", "prom": {"query": "q", "op": ">", "value": 0}}],
        });
        serde_json::from_value(json).unwrap()
    }

    fn at() -> At {
        At(time::OffsetDateTime::UNIX_EPOCH)
    }

    fn hypothesis(health: Health) -> CheckRow {
        CheckRow {
            name: "h".to_owned(),
            part: "hypothesis".to_owned(),
            mode: None,
            health,
            value: None,
            seen: String::new(),
            query: String::new(),
            source: String::new(),
            at: at(),
            looks: 1,
            failed: 0,
            no_data: 0,
        }
    }

    fn good() -> Outcome {
        let change = ChangeRow { what: "w".to_owned(), record: "undo/001.json".to_owned(), undo: String::new(), undone: true };
        Outcome {
            landed: vec![("one".to_owned(), true)],
            checks: vec![hypothesis(Health::Pass)],
            changes: vec![change],
            recovered: Some(at()),
            ..Outcome::default()
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Outcome), cancelled: bool, want: Because) {
        let mut outcome = good();
        change(&mut outcome);
        assert_eq!(because(&outcome, &scenario(), cancelled).0, want);
    }

    #[test]
    fn a_pass_needs_a_fault_that_landed_and_a_claim_that_was_judged() {
        check(|_| (), false, Because::AllHeld);
        check(|outcome| outcome.checks.clear(), false, Because::NoData);
        check(|outcome| outcome.landed.clear(), false, Because::NotCarriedOut);
        check(|outcome| outcome.landed[0].1 = false, false, Because::NotLanded);
        check(|outcome| outcome.checks[0].health = Health::Fail, false, Because::HypothesisFailed);
        check(|outcome| outcome.checks[0].health = Health::NoData, false, Because::NoData);
        check(|outcome| outcome.checks = vec![hypothesis(Health::NoData), hypothesis(Health::Fail)], false, Because::HypothesisFailed);
    }

    #[test]
    fn what_ended_the_drill_comes_before_what_was_seen() {
        let failed = |outcome: &mut Outcome| outcome.checks[0].health = Health::Fail;
        check(failed, true, Because::Person);
        check(|outcome| outcome.stopped = Some(Stopped::Abort(String::new())), true, Because::Abort);
        check(|outcome| outcome.stopped = Some(Stopped::Halt(String::new())), false, Because::Halt);
        check(|outcome| outcome.unsteady = Some(String::new()), false, Because::Unsteady);
        check(|outcome| outcome.refused = Some(String::new()), false, Because::Refused);
        check(|outcome| outcome.broken = Some(String::new()), false, Because::NotCarriedOut);
    }

    #[test]
    fn rollback_is_clean_only_when_all_is_undone_and_the_steady_state_was_seen() {
        let mut outcome = good();
        assert_eq!(rollback(&outcome), Rollback::Clean);
        outcome.recovered = None;
        assert_eq!(rollback(&outcome), Rollback::Unverified);
        outcome.changes[0].undone = false;
        assert_eq!(rollback(&outcome), Rollback::Failed);
        assert_eq!(rollback(&Outcome::default()), Rollback::NotNeeded);
    }
}
