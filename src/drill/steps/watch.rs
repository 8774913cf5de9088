//! Step: what is looked at again and again from the end of the baseline until the lab is whole again: hypotheses of continuous modes, abort conditions,
//! the safety lever, the longest time.

use crate::checks::CheckResult;
use crate::drill::ground::{Drill, INTERVAL, Stopped, row};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::check::Check;
use crate::model::run::Health;
use crate::model::scenario::{CheckRow, Claim, Mode};
use crate::model::units::Percent;
use crate::support::progress::Sink;
use async_trait::async_trait;
use std::sync::Arc;
use tokio::time::Instant;

/// Looks again and again.
pub struct Watch(pub Arc<Drill>);

/// A hypothesis of a continuous mode, and what its looks came to.
struct Sampled<'s> {
    check: &'s Check,
    mode: Mode,
    tolerate: Percent,
    row: Option<CheckRow>,
    /// The last look that was no pass.
    bad: Option<(Health, String)>,
}

#[async_trait]
impl Step for Watch {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let drill = &self.0;
        let mut sampled: Vec<Sampled<'_>> = drill
            .scenario
            .hypotheses
            .iter()
            .filter_map(|hypothesis| match &hypothesis.claim {
                Claim::Check { check, mode, tolerate } if mode.sampled() => {
                    Some(Sampled { check, mode: *mode, tolerate: *tolerate, row: None, bad: None })
                }
                _ => None,
            })
            .collect();
        let mut holding: Vec<Option<Instant>> = vec![None; drill.scenario.abort.len()];
        let mut broken_since = None;
        while !cx.cancel.is_cancelled() {
            self.look(&mut sampled, &mut holding, &mut broken_since, cx).await;
            tokio::select! {
                biased;
                () = cx.cancel.cancelled() => {}
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
        conclude(drill, sampled)
    }

    fn acts(&self) -> bool {
        false
    }
}

impl Watch {
    async fn look(&self, sampled: &mut [Sampled<'_>], holding: &mut [Option<Instant>], broken_since: &mut Option<Instant>, cx: &Cx) {
        let drill = &self.0;
        let (chaos, lasting) = {
            let outcome = drill.outcome();
            (outcome.chaos, (outcome.injected.is_some() || outcome.loading) && outcome.rolled_back.is_none())
        };
        if drill.ground.halt.exists() && lasting {
            drill.stop(Stopped::Halt(drill.halted()));
        }
        if lasting {
            let since = *broken_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= drill.scenario.max_duration.get() {
                drill.stop(Stopped::Abort(format!("the faults have lasted for maxDuration ({})", drill.scenario.max_duration)));
            }
        }
        let due: Vec<usize> =
            (0..sampled.len()).filter(|at| chaos || sampled.get(*at).is_some_and(|one| one.mode == Mode::Continuous)).collect();
        let claims: Vec<&Check> = due.iter().filter_map(|at| sampled.get(*at)).map(|one| one.check).collect();
        let aborts: Vec<&Check> = drill.scenario.abort.iter().filter(|_| lasting).map(|abort| &abort.check).collect();
        // an abort condition that does not hold is how it should be: nothing to tell
        let quiet = Sink::silent();
        let (of_claims, of_aborts) = tokio::join!(drill.glance(&claims, &cx.sink, &cx.cancel), drill.glance(&aborts, &quiet, &cx.cancel));
        // a look that was cut off by the end, or during which the fault went, says nothing of the fault
        if cx.cancel.is_cancelled() {
            return;
        }
        let still = drill.outcome().chaos;
        for (at, result) in due.iter().zip(&of_claims) {
            if let Some(one) = sampled.get_mut(*at)
                && (still || one.mode == Mode::Continuous)
            {
                one.take(result);
            }
        }
        for ((abort, since), result) in drill.scenario.abort.iter().zip(holding).zip(&of_aborts) {
            match result.health {
                Health::Pass => {
                    let since = *since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= abort.lasts.get() {
                        drill.stop(Stopped::Abort(format!("abort condition {}: {}", abort.check.name, result.seen)));
                    }
                }
                Health::Fail => *since = None,
                Health::NoData => {}
            }
        }
    }
}

impl Sampled<'_> {
    fn take(&mut self, result: &CheckResult) {
        let new = row("hypothesis", Some(self.mode), self.check, result);
        if result.health != Health::Pass {
            self.bad = Some((result.health, result.seen.clone()));
        }
        self.row = Some(match self.row.take() {
            None => new,
            Some(before) => {
                CheckRow { looks: before.looks + 1, failed: before.failed + new.failed, no_data: before.no_data + new.no_data, ..new }
            }
        });
    }

    /// All looks together. No data is never a pass: a claim that was not looked at, or mostly without an answer, is not known to hold.
    fn judged(self) -> CheckRow {
        let Some(mut row) = self.row else {
            return CheckRow {
                name: self.check.name.clone(),
                part: "hypothesis".to_owned(),
                mode: Some(self.mode),
                health: Health::NoData,
                value: None,
                seen: "it was never looked at while a fault lasted".to_owned(),
                query: String::new(),
                source: self.check.what.kind().to_owned(),
                at: crate::model::run::At(time::OffsetDateTime::UNIX_EPOCH),
                looks: 0,
                failed: 0,
                no_data: 0,
            };
        };
        let count = |part: u32| usize::try_from(part).unwrap_or(usize::MAX);
        let looks = count(row.looks);
        row.health = if self.tolerate.is_passed_by(count(row.failed), looks) {
            Health::Fail
        } else if self.tolerate.is_passed_by(count(row.no_data), looks) || row.failed + row.no_data == row.looks {
            Health::NoData
        } else {
            Health::Pass
        };
        let counts = format!("{} of {} looks failed, {} found no data", row.failed, row.looks, row.no_data);
        row.seen = match self.bad.filter(|_| row.health != Health::Pass) {
            Some((_, seen)) => format!("{counts}; {seen}"),
            None => format!("{counts}; last: {}", row.seen),
        };
        row
    }
}

fn conclude(drill: &Drill, sampled: Vec<Sampled<'_>>) -> Result<String, StepError> {
    let count = sampled.len();
    let nothing_landed = drill.outcome().landed.iter().all(|(_, landed)| !landed);
    let rows: Vec<CheckRow> = sampled.into_iter().map(Sampled::judged).map(|row| stamped(row, drill)).collect();
    let bad = rows.iter().find(|row| row.health == Health::Fail).or_else(|| rows.iter().find(|row| row.health == Health::NoData)).cloned();
    drill.outcome().checks.extend(rows);
    match bad {
        // the step that made the fault has said why already
        Some(row) if row.looks == 0 && nothing_landed => Ok("no fault landed, so nothing could be watched".to_owned()),
        Some(row) if row.health == Health::Fail => {
            Err(StepError::new("LAB-DRILL-007", format!("hypothesis {} does not hold: {}", row.name, row.seen)))
        }
        Some(row) => Err(StepError::new("LAB-DRILL-008", format!("hypothesis {} cannot be judged: {}", row.name, row.seen))),
        None if count == 0 => Ok("no claim is watched all the time".to_owned()),
        None => Ok(format!("{count} held all the time")),
    }
}

fn stamped(mut row: CheckRow, drill: &Drill) -> CheckRow {
    if row.looks == 0 {
        row.at = drill.now();
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::At;
    use proptest::prelude::*;
    use std::time::Duration;

    fn judged(looks: &[Health], tolerate: &str) -> CheckRow {
        let check: Check = serde_json::from_str(r#"{"name": "c", "prom": {"query": "q", "op": ">", "value": 0}}"#).unwrap();
        let mut one = Sampled { check: &check, mode: Mode::OnChaos, tolerate: tolerate.parse().unwrap(), row: None, bad: None };
        for health in looks {
            one.take(&CheckResult {
                name: "c".to_owned(),
                health: *health,
                value: None,
                seen: format!("{health:?}"),
                query: "q".to_owned(),
                at: At(time::OffsetDateTime::UNIX_EPOCH),
                took: Duration::ZERO,
            });
        }
        one.judged()
    }

    #[test]
    fn no_data_is_never_a_pass() {
        use Health::{Fail, NoData, Pass};
        assert_eq!(judged(&[], "100%").health, NoData);
        assert_eq!(judged(&[NoData, NoData], "100%").health, NoData);
        assert_eq!(judged(&[Pass, NoData], "0%").health, NoData);
        assert_eq!(judged(&[Pass, Pass, NoData], "50%").health, Pass);
        assert_eq!(judged(&[Pass, Fail], "0%").health, Fail);
        assert_eq!(judged(&[Pass, Fail, NoData], "0%").health, Fail, "what was seen to fail failed");
        assert_eq!(judged(&[Pass, Pass, Fail], "50%").health, Pass);
        assert_eq!(judged(&[Fail, NoData], "50%").health, NoData, "not one look passed");
    }

    proptest! {
        #[test]
        fn a_pass_needs_a_look_that_passed(looks in proptest::collection::vec(0..3u8, 0..20), tolerate in 0..=100u8) {
            let looks: Vec<Health> = looks.into_iter().map(|n| [Health::Pass, Health::Fail, Health::NoData][usize::from(n)]).collect();
            let row = judged(&looks, &format!("{tolerate}%"));
            prop_assert!(row.health != Health::Pass || looks.contains(&Health::Pass));
            prop_assert_eq!(usize::try_from(row.looks).unwrap(), looks.len());
        }
    }
}
