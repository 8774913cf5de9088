//! What k6 leaves at its end: the file of `--summary-export`, which comes beside whatever the script's own `handleSummary` makes.

use serde_json::Value;
use std::collections::BTreeMap;

/// The end-of-test summary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    metrics: BTreeMap<String, Value>,
}

/// One threshold, as k6 judged it.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// `http_req_duration{status:200}`.
    pub metric: String,
    /// `p(95)<300`.
    pub claim: String,
    /// The number that was judged, where the summary has it.
    pub value: Option<f64>,
    /// True when it did not hold.
    pub crossed: bool,
}

impl Summary {
    /// Reads the file's text; the sentence says what is wrong with it.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let mut whole: Value = serde_json::from_slice(text).map_err(|error| format!("k6's summary is no JSON: {error}"))?;
        let Value::Object(metrics) = whole["metrics"].take() else { return Err("k6's summary has no metrics".to_owned()) };
        Ok(Self { metrics: metrics.into_iter().collect() })
    }

    /// A number of a metric: `("http_req_duration", "p(95)")`, `("http_reqs", "count")`, `("http_req_failed", "rate")`.
    pub fn value(&self, metric: &str, key: &str) -> Option<f64> {
        let metric = self.metrics.get(metric)?;
        // the share of a rate is called `value` in this file, `rate` in thresholds; a counter has a `rate` of its own
        let found = if key == "rate" { metric.get("rate").or_else(|| metric.get("value")) } else { metric.get(key) };
        found.and_then(Value::as_f64)
    }

    /// All thresholds, by metric.
    pub fn thresholds(&self) -> Vec<Threshold> {
        let mut found = Vec::new();
        for (name, metric) in &self.metrics {
            for (claim, crossed) in metric.get("thresholds").and_then(Value::as_object).into_iter().flatten() {
                let key = claim.split(['<', '>', '=', '!']).next().unwrap_or_default().trim();
                found.push(Threshold {
                    metric: name.clone(),
                    claim: claim.clone(),
                    value: self.value(name, key),
                    // this file says whether it was crossed; anything else than a plain no is no yes
                    crossed: crossed.as_bool() != Some(false),
                });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As k6 1.8.1 writes it, shortened.
    const FILE: &[u8] = br#"{
    "root_group": {"name": "", "path": "", "id": "d4", "groups": {}, "checks": {}},
    "metrics": {
        "http_reqs": {"count": 60, "rate": 1.99},
        "http_req_failed": {"passes": 3, "fails": 57, "thresholds": {"rate<0.01": true}, "value": 0.05},
        "http_req_duration": {"avg": 21, "min": 4, "med": 12.5, "max": 90, "p(90)": 40, "p(95)": 61.25, "thresholds": {"p(95)<300": false, "med < 10": true}},
        "errors": {"count": 0, "rate": 0, "thresholds": {"count<1": false}}
    }}"#;

    #[test]
    fn thresholds_come_with_the_number_they_judged() {
        let summary = Summary::read(FILE).unwrap();
        let said: Vec<_> =
            summary.thresholds().into_iter().map(|one| format!("{} {} {:?} {}", one.metric, one.claim, one.value, one.crossed)).collect();
        assert_eq!(
            said,
            [
                "errors count<1 Some(0.0) false",
                "http_req_duration p(95)<300 Some(61.25) false",
                "http_req_duration med < 10 Some(12.5) true",
                "http_req_failed rate<0.01 Some(0.05) true"
            ]
        );
        assert_eq!(summary.value("http_reqs", "count"), Some(60.0));
        assert_eq!(summary.value("http_req_duration", "p(99)"), None);
        assert!(Summary::read(b"{}").is_err() && Summary::read(b"").is_err());
    }
}
