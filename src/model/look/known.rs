//! What is known of a running lab as far as its snapshots tell, and how old that is: a pure fold, like that of a run's events.

use super::history::History;
use super::pods::{PodRow, WorkloadRow};
use super::query::{Answer, LogOf, Query, Snapshot};
use super::ring::LogRing;
use super::rows::{AlertRow, CauseRow, EndpointRow, EventRow, Usage};
use crate::model::run::{At, Object};
use crate::model::status::LabStatus;
use std::sync::Arc;
use std::time::Duration;

/// The last answer to one question, and what is wrong since.
#[derive(Debug, Clone, PartialEq)]
pub struct Known<T> {
    answer: Option<(At, T)>,
    trouble: Option<Trouble>,
}

/// Why there is no newer answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// When it was first seen.
    pub since: At,
    /// As it was last said.
    pub words: String,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { answer: None, trouble: None }
    }
}

impl<T> Known<T> {
    /// Takes in what came. A failure leaves the last answer as it is, to grow old.
    pub fn take(&mut self, at: At, answer: Result<T, String>) {
        match answer {
            Ok(answer) => {
                self.answer = Some((at, answer));
                self.trouble = None;
            }
            Err(words) => {
                let since = self.trouble.as_ref().map_or(at, |trouble| trouble.since);
                self.trouble = Some(Trouble { since, words });
            }
        }
    }

    /// The last answer, however old.
    pub fn answer(&self) -> Option<&T> {
        self.answer.as_ref().map(|(_, answer)| answer)
    }

    /// When the last answer was so.
    pub fn at(&self) -> Option<At> {
        self.answer.as_ref().map(|(at, _)| *at)
    }

    /// How old the last answer is, when that is more than it should be.
    pub fn stale(&self, now: At, period: Duration) -> Option<Duration> {
        let age = Duration::from_millis(now.millis_since(self.at()?));
        (age > period || self.trouble.is_some()).then_some(age)
    }

    /// What is wrong, if anything.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }
}

/// Everything that is known of the lab.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "each is the answer to the query of its name")]
pub struct Looks {
    pub health: Known<Box<LabStatus>>,
    pub endpoints: Known<Vec<EndpointRow>>,
    pub usage: Known<Arc<Usage>>,
    /// What the usage was before.
    pub history: History,
    pub alerts: Known<Vec<AlertRow>>,
    pub pods: Known<Arc<Vec<PodRow>>>,
    pub workloads: Known<Arc<Vec<WorkloadRow>>>,
    pub events: Known<Arc<Vec<EventRow>>>,
    /// The one log that is followed.
    pub log: Option<LogKnown>,
    /// The causes of the one object that was asked for.
    pub causes: Option<(Object, Known<Vec<CauseRow>>)>,
}

/// A log as far as it came.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LogKnown {
    pub of: LogOf,
    pub ring: LogRing,
    pub trouble: Option<Trouble>,
}

impl Looks {
    /// Takes in a snapshot. What answers a question that is no longer asked changes nothing.
    pub fn take(&mut self, snapshot: Snapshot) {
        let Snapshot { at, query, answer } = snapshot;
        match answer {
            Ok(Answer::Health(status)) => self.health.take(at, Ok(status)),
            Ok(Answer::Endpoints(rows)) => self.endpoints.take(at, Ok(rows)),
            Ok(Answer::Usage(usage)) => {
                self.history.take(at, &usage);
                self.usage.take(at, Ok(usage));
            }
            Ok(Answer::Alerts(rows)) => self.alerts.take(at, Ok(rows)),
            Ok(Answer::Pods(rows)) => self.pods.take(at, Ok(rows)),
            Ok(Answer::Workloads(rows)) => self.workloads.take(at, Ok(rows)),
            Ok(Answer::Events(rows)) => self.events.take(at, Ok(rows)),
            Ok(Answer::Log(batch)) => {
                if let Some(log) = self.log_of(&query) {
                    log.ring.take(batch);
                    log.trouble = None;
                }
            }
            Ok(Answer::Causes(rows)) => self.explained(&query, at, Ok(rows)),
            Err(words) => self.failed(&query, at, words),
        }
    }

    fn failed(&mut self, query: &Query, at: At, words: String) {
        match query {
            Query::Health => self.health.take(at, Err(words)),
            Query::Endpoints => self.endpoints.take(at, Err(words)),
            Query::Usage => self.usage.take(at, Err(words)),
            Query::Alerts => self.alerts.take(at, Err(words)),
            Query::Pods => self.pods.take(at, Err(words)),
            Query::Workloads => self.workloads.take(at, Err(words)),
            Query::Events => self.events.take(at, Err(words)),
            Query::Log(_) => {
                if let Some(log) = self.log_of(query) {
                    let since = log.trouble.as_ref().map_or(at, |trouble| trouble.since);
                    log.trouble = Some(Trouble { since, words });
                }
            }
            Query::Causes(_) => self.explained(query, at, Err(words)),
        }
    }

    fn log_of(&mut self, query: &Query) -> Option<&mut LogKnown> {
        self.log.as_mut().filter(|log| matches!(query, Query::Log(of) if *of == log.of))
    }

    fn explained(&mut self, query: &Query, at: At, answer: Result<Vec<CauseRow>, String>) {
        if let (Query::Causes(of), Some((known, causes))) = (query, &mut self.causes)
            && of == known
        {
            causes.take(at, answer);
        }
    }

    /// Begins to follow a log; what is known of another one goes.
    pub fn follow(&mut self, of: LogOf) {
        if self.log.as_ref().is_none_or(|log| log.of != of) {
            self.log = Some(LogKnown { of, ring: LogRing::default(), trouble: None });
        }
    }

    /// Begins to ask for the causes of an object; what is known of another one goes.
    pub fn explain(&mut self, object: Object) {
        if self.causes.as_ref().is_none_or(|(known, _)| *known != object) {
            self.causes = Some((object, Known::default()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::query::LogBatch;
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> At {
        At(time::OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second))
    }

    fn alert(name: &str) -> AlertRow {
        AlertRow { name: name.into(), severity: String::new(), summary: String::new(), labels: vec![], since: None }
    }

    #[test]
    fn a_failure_leaves_the_last_answer_to_grow_old_and_says_since_when() {
        let mut looks = Looks::default();
        let mut take = |second, answer| looks.take(Snapshot { at: at(second), query: Query::Alerts, answer });
        take(10, Ok(Answer::Alerts(vec![alert("a")])));
        take(20, Err("refused".into()));
        take(24, Err("still refused".into()));
        let known = &looks.alerts;
        assert_eq!(known.answer().map(Vec::len), Some(1));
        assert_eq!(known.stale(at(24), Duration::from_mins(1)), Some(Duration::from_secs(14)));
        assert_eq!(known.trouble(), Some(&Trouble { since: at(20), words: "still refused".into() }));
        looks.take(Snapshot { at: at(30), query: Query::Alerts, answer: Ok(Answer::Alerts(vec![])) });
        assert_eq!((looks.alerts.trouble(), looks.alerts.stale(at(31), Duration::from_mins(1))), (None, None));
        assert_eq!(looks.alerts.stale(at(100), Duration::from_mins(1)), Some(Duration::from_secs(70)), "nobody has said anything for long");
    }

    #[test]
    fn a_clock_that_goes_back_makes_nothing_old() {
        let mut known = Known::default();
        known.take(at(100), Ok(()));
        assert_eq!(known.stale(at(5), Duration::from_secs(1)), None);
    }

    #[test]
    fn what_answers_a_question_of_before_is_not_mixed_in() {
        let of = |pod: &str| LogOf { namespace: "n".into(), pod: pod.into(), container: "c".into(), previous: false };
        let batch = |lost| Ok(Answer::Log(LogBatch { lost, ..LogBatch::default() }));
        let mut looks = Looks::default();
        looks.follow(of("new"));
        looks.take(Snapshot { at: at(1), query: Query::Log(of("old")), answer: batch(7) });
        looks.take(Snapshot { at: at(1), query: Query::Log(of("old")), answer: Err("gone".into()) });
        looks.take(Snapshot { at: at(2), query: Query::Log(of("new")), answer: batch(2) });
        assert_eq!(looks.log.as_ref().map(|log| (log.ring.lost(), log.trouble.is_none())), Some((2, true)));
    }

    proptest! {
        #[test]
        fn trouble_is_there_exactly_while_the_last_answer_was_a_failure(answers in proptest::collection::vec(any::<bool>(), 1..40)) {
            let mut known = Known::default();
            let moments: Vec<(i64, bool)> = (0_i64..).zip(answers).collect();
            for &(second, good) in &moments {
                known.take(at(second), if good { Ok(second) } else { Err(String::new()) });
            }
            let last_good = moments.iter().rfind(|(_, good)| *good).map(|(second, _)| *second);
            let ends_well = moments.last().is_some_and(|(_, good)| *good);
            prop_assert_eq!(known.trouble().is_none(), ends_well);
            prop_assert_eq!(known.answer().copied(), last_good);
            let since = last_good.map_or(0, |last| last + 1);
            prop_assert_eq!(known.trouble().map(|trouble| trouble.since), (!ends_well).then(|| at(since)));
        }
    }
}
