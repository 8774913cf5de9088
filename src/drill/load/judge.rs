//! What a load that has ended comes to. Pure: how k6 ended, what it counted, what it wrote.

use crate::adapters::k6::{Counts, Ended, Exit, Summary};
use crate::drill::verdict::Because;
use crate::model::run::{At, Health};
use crate::model::scenario::{CheckRow, LoadRow};

/// What a load comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Its figures.
    pub row: LoadRow,
    /// Each threshold as a claim.
    pub claims: Vec<CheckRow>,
    /// Why nothing more can be said than this, where that is so.
    pub because: Option<(Because, String)>,
}

/// Judges it. `name` is `load`, or the fault that it was; a fault is ended on purpose. `Err` in `summary` says why there is none.
pub fn judge(name: &str, fault: bool, ended: &Ended, summary: Result<&Summary, &str>, at: At) -> Judged {
    let row = row(name, ended, summary.ok());
    let claims: Vec<CheckRow> = match summary {
        Ok(summary) => thresholds(name, summary, &ended.counts, at),
        Err(_) => Vec::new(),
    };
    let with_tail = |why: &str| if ended.tail.is_empty() { why.to_owned() } else { format!("{why}: {}", ended.tail) };
    let because = match &ended.exit {
        _ if ended.late => Some((Because::NotCarriedOut, "k6 did not end in time and was ended".to_owned())),
        Exit::Interrupted(_) if ended.told => None,
        Exit::Broken(_) if ended.told && fault => None,
        // each threshold says so itself; a test that the script marked as failed has only this
        Exit::Failed(why) if claims.iter().all(|claim| claim.health == Health::Pass) => Some((Because::HypothesisFailed, with_tail(why))),
        Exit::Done | Exit::Failed(_) => None,
        Exit::Invalid(why) => Some((Because::Unusable, with_tail(why))),
        Exit::Interrupted(why) => Some((Because::Person, why.clone())),
        Exit::Aborted(why) => Some((Because::Abort, with_tail(why))),
        Exit::Broken(why) => Some((Because::NotCarriedOut, with_tail(why))),
    };
    let because = because.or_else(|| match summary {
        Err(why) if !fault => Some((Because::NoData, format!("k6 left no summary: {why}"))),
        Ok(_) if row.requests == 0 && !fault && ended.counts.get("iterations").copied().unwrap_or(0) == 0 => {
            Some((Because::NoData, "k6 came to its end without one finished round".to_owned()))
        }
        _ => None,
    });
    Judged { row, claims, because }
}

fn row(name: &str, ended: &Ended, summary: Option<&Summary>) -> LoadRow {
    let value = |metric: &str, key: &str| summary?.value(metric, key);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
    let count = |metric: &str, key: &str| value(metric, key).map(|count| count.max(0.0) as u64);
    let requests = count("http_reqs", "count").unwrap_or_else(|| ended.counts.get("http_reqs").copied().unwrap_or(0));
    // k6 writes noughts for what has no samples
    let time = |key: &str| value("http_req_duration", key).filter(|_| requests > 0);
    LoadRow {
        name: name.to_owned(),
        tool: String::new(),
        exit_code: ended.code,
        requests,
        requests_per_s: value("http_reqs", "rate").unwrap_or(0.0),
        failed_share: value("http_req_failed", "rate").filter(|_| requests > 0),
        median_ms: time("med"),
        p95_ms: time("p(95)"),
        p99_ms: time("p(99)"),
        max_ms: time("max"),
        rounds: count("iterations", "count").unwrap_or(0),
        dropped_rounds: count("dropped_iterations", "count").unwrap_or(0),
        most_vus: count("vus_max", "max").or_else(|| count("vus", "max")).unwrap_or(0),
    }
}

fn thresholds(load: &str, summary: &Summary, counts: &Counts, at: At) -> Vec<CheckRow> {
    let found = summary.thresholds();
    let rows = found.into_iter().map(|threshold| {
        let samples = counts.get(&threshold.metric).copied().unwrap_or(0);
        let value = threshold.value.map_or_else(String::new, |value| format!("{} ", rounded(value)));
        // k6 lets a threshold without a sample pass; that is no pass here
        let (health, seen) = match (samples, threshold.crossed) {
            (0, _) => (Health::NoData, "not one sample".to_owned()),
            (_, true) => (Health::Fail, format!("{value}crosses {}, {samples} samples", threshold.claim)),
            (_, false) => (Health::Pass, format!("{value}of {samples} samples")),
        };
        CheckRow {
            name: format!("{load}: {} {}", threshold.metric, threshold.claim),
            part: "hypothesis".to_owned(),
            mode: None,
            health,
            value: threshold.value.filter(|_| samples > 0),
            seen,
            query: format!("{} {}", threshold.metric, threshold.claim),
            source: "k6".to_owned(),
            at,
            looks: 1,
            failed: u32::from(health == Health::Fail),
            no_data: u32::from(health == Health::NoData),
        }
    });
    rows.collect()
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(exit: Exit, requests: u64) -> Ended {
        let counts = Counts::from([
            ("http_reqs".to_owned(), requests),
            ("http_req_duration".to_owned(), requests),
            ("iterations".to_owned(), requests),
        ]);
        Ended { exit, code: None, told: false, late: false, counts, tail: "boom".to_owned() }
    }

    fn summary(crossed: bool) -> Summary {
        let text = format!(
            r#"{{"metrics": {{"http_reqs": {{"count": 10, "rate": 2}}, "http_req_duration": {{"med": 5, "p(95)": 80, "max": 90, "thresholds": {{"p(95)<50": {crossed}}}}},
            "http_req_failed": {{"passes": 1, "fails": 9, "value": 0.1}}, "errors": {{"count": 0, "rate": 0, "thresholds": {{"count<1": false}}}}}}}}"#
        );
        Summary::read(text.as_bytes()).unwrap()
    }

    fn at() -> At {
        At(time::OffsetDateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_threshold_is_a_claim_with_its_number_and_without_samples_it_is_no_pass() {
        let judged = judge("load", false, &ended(Exit::Failed(String::new()), 10), Ok(&summary(true)), at());
        let said: Vec<_> = judged.claims.iter().map(|row| (row.query.as_str(), row.health, row.value)).collect();
        assert_eq!(said, [("errors count<1", Health::NoData, None), ("http_req_duration p(95)<50", Health::Fail, Some(80.0))]);
        assert_eq!(judged.because, None, "the threshold says it");
        assert_eq!((judged.row.requests, judged.row.failed_share, judged.row.p95_ms), (10, Some(0.1), Some(80.0)));
        let none = judge("load", false, &ended(Exit::Done, 0), Ok(&summary(false)), at());
        assert!(none.claims.iter().all(|row| row.health == Health::NoData), "{:?}", none.claims);
    }

    #[test]
    fn how_k6_ended_decides_where_no_threshold_does() {
        let because = |exit: Exit, fault: bool, told: bool| {
            let ended = Ended { told, ..ended(exit, 10) };
            judge("load", fault, &ended, Ok(&summary(false)), at()).because.map(|(because, _)| because)
        };
        let why = String::new;
        assert_eq!(because(Exit::Done, false, false), None);
        assert_eq!(because(Exit::Invalid(why()), false, false), Some(Because::Unusable));
        assert_eq!(because(Exit::Interrupted(why()), false, false), Some(Because::Person));
        assert_eq!(because(Exit::Interrupted(why()), false, true), None, "we ended it");
        assert_eq!(because(Exit::Aborted(why()), false, false), Some(Because::Abort));
        assert_eq!(because(Exit::Broken(why()), false, false), Some(Because::NotCarriedOut));
        assert_eq!(because(Exit::Broken(why()), true, true), None, "a surge that was killed is over");
        let late = Ended { late: true, told: true, ..ended(Exit::Interrupted(why()), 10) };
        assert_eq!(
            judge("load", false, &late, Ok(&summary(false)), at()).because.map(|(because, _)| because),
            Some(Because::NotCarriedOut)
        );
        let lost = judge("load", false, &ended(Exit::Done, 10), Err("no such file"), at());
        assert_eq!(lost.because.map(|(because, _)| because), Some(Because::NoData));
    }

    #[test]
    fn a_test_that_its_script_marked_as_failed_failed_though_every_threshold_held() {
        let held = Summary::read(br#"{"metrics": {"http_req_duration": {"p(95)": 8, "thresholds": {"p(95)<50": false}}}}"#).unwrap();
        let judged = judge("load", false, &ended(Exit::of(Some(110), None), 10), Ok(&held), at());
        assert_eq!(judged.because.map(|(because, _)| because), Some(Because::HypothesisFailed));
    }
}
