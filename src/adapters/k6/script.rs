//! labctl's own script, and the options that go with any.

use crate::model::scenario::{K6Load, Rate};
use crate::model::units::HumanDuration;
use serde_json::{Value, json};

const SCRIPT: &str = include_str!("script.js");

/// Beyond that a lab measures the machine it shares with k6, not the app.
const MOST_VUS: u32 = 500;

/// The script for a load without one of its own: the requests, rates and thresholds as one line before the fixed part.
pub fn built_in(load: &K6Load, lasts: HumanDuration) -> String {
    let requests: Vec<Value> = load
        .requests
        .iter()
        .map(|request| {
            json!({"method": request.method.as_str(), "path": request.path, "json": request.json, "status": request.status, "capture": request.capture})
        })
        .collect();
    let whole = json!({"executor": executor(load, lasts), "thresholds": load.thresholds, "requests": requests});
    format!("const load = {whole};\n\n{SCRIPT}")
}

fn millis(time: HumanDuration) -> String {
    format!("{}ms", time.get().as_millis())
}

fn executor(load: &K6Load, lasts: HumanDuration) -> Value {
    let a_minute = |rate: Rate| u64::from(rate.count) * 60 / u64::from(rate.seconds.max(1));
    let most = load.stages.iter().map(|stage| stage.rate).chain(load.rate).map(a_minute).max();
    let Some(most) = most else {
        return json!({"executor": "constant-vus", "vus": load.vus.unwrap_or(1), "duration": millis(lasts), "gracefulStop": "5s"});
    };
    // enough for answers that take two seconds
    let guessed = u32::try_from(most / 30).unwrap_or(MOST_VUS).clamp(4, MOST_VUS);
    let vus = load.vus.unwrap_or(guessed);
    let first = vus.min(guessed.div_ceil(4).max(2));
    let (name, rest) = if let Some(rate) = load.rate {
        let unit = format!("{}s", rate.seconds);
        ("constant-arrival-rate", json!({"rate": rate.count, "timeUnit": unit, "duration": millis(lasts)}))
    } else {
        let stages: Vec<Value> =
            load.stages.iter().map(|stage| json!({"target": a_minute(stage.rate), "duration": millis(stage.duration)})).collect();
        ("ramping-arrival-rate", json!({"startRate": 0, "timeUnit": "1m", "stages": stages}))
    };
    let mut whole = json!({"executor": name, "preAllocatedVUs": first, "maxVUs": vus, "gracefulStop": "5s"});
    if let (Some(whole), Value::Object(rest)) = (whole.as_object_mut(), rest) {
        whole.extend(rest);
    }
    whole
}

/// Options for any script, which its own win over: `host` resolves to this machine, samples carry the run's id, percentiles are there for comparing.
pub fn config(host: &str, run: &str) -> String {
    json!({
        "hosts": {host: "127.0.0.1"},
        "tags": {"testid": run},
        "summaryTrendStats": ["avg", "min", "med", "max", "p(90)", "p(95)", "p(99)"],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Value {
        let load: K6Load = serde_saphyr::from_str(text).unwrap();
        let script = built_in(&load, HumanDuration::from_secs(30));
        let line = script.lines().next().unwrap();
        serde_json::from_str(line.strip_prefix("const load = ").unwrap().strip_suffix(';').unwrap()).unwrap()
    }

    #[test]
    fn how_much_is_asked_becomes_an_executor_of_k6() {
        let constant = of("{endpoint: a/http, rate: 90/m, vus: 3, requests: [{path: /a}]}");
        let want = json!({"executor": "constant-arrival-rate", "rate": 90, "timeUnit": "60s", "duration": "30000ms", "preAllocatedVUs": 2, "maxVUs": 3, "gracefulStop": "5s"});
        assert_eq!(constant["executor"], want);
        let stages = of("{endpoint: a/http, stages: [{rate: 10/s, duration: 5s}, {rate: 60/m, duration: 1m}], requests: [{path: /a}]}");
        assert_eq!(stages["executor"]["stages"], json!([{"target": 600, "duration": "5000ms"}, {"target": 60, "duration": "60000ms"}]));
        assert_eq!((&stages["executor"]["timeUnit"], &stages["executor"]["maxVUs"]), (&json!("1m"), &json!(20)));
        let users = of("{endpoint: a/http, vus: 7, requests: [{path: /a}]}");
        assert_eq!(users["executor"], json!({"executor": "constant-vus", "vus": 7, "duration": "30000ms", "gracefulStop": "5s"}));
    }

    #[test]
    fn texts_of_a_scenario_stay_texts_in_the_script() {
        let load = of(
            r#"{endpoint: a/http, rate: 1/s, requests: [{method: POST, path: "/a\"; evil(); \"", json: {a: "@{nonce}"}, status: 202, capture: {id: /id}}]}"#,
        );
        let want =
            json!([{"method": "POST", "path": "/a\"; evil(); \"", "json": {"a": "@{nonce}"}, "status": 202, "capture": {"id": "/id"}}]);
        assert_eq!(load["requests"], want);
    }
}
