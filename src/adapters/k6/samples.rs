//! What k6 says while it works: one JSON line for each sample, as `--out json=-` prints them.
//! <https://grafana.com/docs/k6/latest/results-output/real-time/json/>

use crate::model::run::StepEvent;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// Samples by metric; those of a submetric under its whole name, `http_req_duration{status:200}`.
pub type Counts = BTreeMap<String, u64>;

/// Name and tags.
type Submetric = (String, BTreeMap<String, String>);

/// Sums samples up. Figures of a stretch of time are taken out; counts stay.
#[derive(Debug, Default)]
pub struct Meter {
    counts: Counts,
    /// By metric, the submetrics that something is claimed of.
    parts: BTreeMap<String, Vec<Submetric>>,
    requests: u64,
    judged: u64,
    failed: u64,
    took_ms: Vec<f64>,
    vus: u32,
}

#[derive(Deserialize)]
struct Head<'l> {
    #[serde(borrow)]
    metric: Cow<'l, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'l, str>,
}

#[derive(Deserialize)]
struct Line<D> {
    data: D,
}

#[derive(Deserialize)]
struct Point<'l> {
    value: f64,
    #[serde(borrow, default)]
    tags: Option<BTreeMap<Cow<'l, str>, Cow<'l, str>>>,
}

#[derive(Deserialize)]
struct Metric {
    #[serde(default)]
    submetrics: Option<Vec<Part>>,
}

#[derive(Deserialize)]
struct Part {
    name: String,
    #[serde(default)]
    tags: Option<BTreeMap<String, String>>,
}

impl Meter {
    /// Takes in a line; false when it is no sample, but something k6 or its script says.
    pub fn hear(&mut self, line: &str) -> bool {
        // k6 writes the keys in this order; what a script prints is not read as JSON at all
        if !line.starts_with("{\"metric\":") && !line.starts_with("{\"type\":\"Metric\",") {
            return false;
        }
        let Ok(head) = serde_json::from_str::<Head<'_>>(line) else { return false };
        match head.kind.as_ref() {
            "Metric" => {
                let parts = serde_json::from_str::<Line<Metric>>(line).ok().and_then(|line| line.data.submetrics).unwrap_or_default();
                let parts = parts.into_iter().map(|part| (part.name, part.tags.unwrap_or_default())).collect();
                self.parts.insert(head.metric.into_owned(), parts);
                true
            }
            "Point" => match serde_json::from_str::<Line<Point<'_>>>(line) {
                Ok(line) => {
                    self.point(&head.metric, &line.data);
                    true
                }
                Err(_) => false,
            },
            _ => false,
        }
    }

    fn point(&mut self, metric: &str, point: &Point<'_>) {
        count(&mut self.counts, metric);
        for (name, wanted) in self.parts.get(metric).into_iter().flatten() {
            let has = |name: &String, value: &String| {
                point.tags.as_ref().and_then(|tags| tags.get(name.as_str())).is_some_and(|there| there == value.as_str())
            };
            if wanted.iter().all(|(name, value)| has(name, value)) {
                count(&mut self.counts, name);
            }
        }
        match metric {
            "http_reqs" => self.requests += 1,
            "http_req_failed" => {
                self.judged += 1;
                self.failed += u64::from(point.value > 0.0);
            }
            "http_req_duration" => self.took_ms.push(point.value),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
            "vus" => self.vus = point.value.max(0.0) as u32,
            _ => {}
        }
    }

    /// How many samples there were so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Figures of the time since they were last taken, as the event stream has them.
    pub fn take(&mut self, time: Duration) -> StepEvent {
        let seconds = time.as_secs_f64().max(0.001);
        let figures = StepEvent::Load {
            requests_per_s: tenth(self.requests as f64 / seconds),
            failed_share: (self.judged > 0).then(|| self.failed as f64 / self.judged as f64),
            p95_ms: percentile(&mut self.took_ms, 0.95).map(tenth),
            vus: self.vus,
        };
        (self.requests, self.judged, self.failed) = (0, 0, 0);
        self.took_ms.clear();
        figures
    }
}

fn count(counts: &mut Counts, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

/// More digits than that are noise.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// As k6 does it: between the two values next to the rank, in proportion.
fn percentile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = share * (values.len().checked_sub(1)? as f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index within the list")]
    let below = rank.floor() as usize;
    let low = *values.get(below)?;
    let high = values.get(below + 1).copied().unwrap_or(low);
    Some(low + (high - low) * rank.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRIC: &str = r#"{"type":"Metric","data":{"name":"http_req_duration","type":"trend","contains":"time","thresholds":["p(95)<300"],"submetrics":[{"name":"http_req_duration{status:200}","suffix":"status:200","tags":{"status":"200"}}]},"metric":"http_req_duration"}"#;

    fn point(metric: &str, value: f64, status: &str) -> String {
        format!(
            r#"{{"metric":"{metric}","type":"Point","data":{{"time":"2026-11-22T04:00:00.1+00:00","value":{value},"tags":{{"status":"{status}","method":"GET"}}}}}}"#
        )
    }

    #[test]
    fn samples_are_summed_up_and_taken_out_a_stretch_at_a_time() {
        let mut meter = Meter::default();
        assert!(meter.hear(METRIC));
        for (took, status, failed) in [(10.0, "200", 0.0), (20.0, "200", 0.0), (110.0, "500", 1.0)] {
            assert!(meter.hear(&point("http_reqs", 1.0, status)));
            assert!(meter.hear(&point("http_req_duration", took, status)));
            assert!(meter.hear(&point("http_req_failed", failed, status)));
        }
        assert!(meter.hear(r#"{"metric":"vus","type":"Point","data":{"time":"t","value":4,"tags":null}}"#));
        let StepEvent::Load { requests_per_s, failed_share, p95_ms, vus } = meter.take(Duration::from_secs(2)) else { panic!() };
        assert_eq!((requests_per_s, failed_share.map(|share| (share * 3.0).round()), p95_ms, vus), (1.5, Some(1.0), Some(101.0), 4));
        let empty = StepEvent::Load { requests_per_s: 0.0, failed_share: None, p95_ms: None, vus: 4 };
        assert_eq!(meter.take(Duration::from_secs(1)), empty, "nothing is no nought: no share and no time of no requests");
        assert_eq!(meter.counts().get("http_req_duration"), Some(&3));
        assert_eq!(meter.counts().get("http_req_duration{status:200}"), Some(&2));
    }

    #[test]
    fn what_a_script_says_is_no_sample() {
        let mut meter = Meter::default();
        for line in ["", "checks..: 100%", "{\"metric\":", "{\"metric\":\"m\",\"type\":\"Other\"}", "[]"] {
            assert!(!meter.hear(line), "{line}");
        }
        assert!(meter.counts().is_empty());
    }
}
