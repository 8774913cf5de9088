//! What must be asked for before it is forgotten: series behind the checks, alerts, log lines, traces, and the events of the namespace.

use super::chaostoolkit;
use crate::adapters::loki::Loki;
use crate::adapters::prometheus::Prometheus;
use crate::adapters::traces::{Found, Traces};
use crate::checks::Way;
use crate::drill::ground::Drill;
use crate::model::check::{PromCheck, What};
use crate::model::run::At;
use crate::support::files;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// At most so many points of a series.
const POINTS: i64 = 600;

/// At most so many lines of a service's log.
const LINES: u64 = 500;
/// Of so many traces of a service those that failed and the slowest are chosen.
const SEARCHED: u64 = 200;
/// So many traces of a service are kept.
const TRACES: usize = 5;

/// From when to when things are kept.
struct Window {
    from: At,
    to: At,
}

/// What was kept, and a sentence for each thing that could not be.
#[derive(Default)]
pub struct Collected {
    /// In words, as the step says it.
    pub kept: Vec<String>,
    /// Why the rest was not.
    pub missed: Vec<String>,
}

impl Collected {
    fn note(&mut self, what: &str, told: Result<usize, String>) {
        match told {
            Ok(0) => {}
            Ok(count) => self.kept.push(format!("{count} {what}")),
            Err(why) => self.missed.push(format!("{what}: {why}")),
        }
    }
}

/// Asks for all of it over the padded window. What cannot be had does not keep the rest.
pub async fn collect(drill: &Drill) -> Collected {
    let to = drill.now();
    let from = At(drill.outcome().injected.unwrap_or(to).0 - drill.scenario.evidence.pad_before.get());
    let window = Window { from, to };
    let mut all = Collected::default();
    match prometheus(drill).await {
        Ok(Some((prometheus, way))) => {
            let (kept, missed) = metrics(drill, &prometheus, &way, &window).await;
            all.note("series", Ok(kept));
            all.missed.extend(missed);
            all.note("alerts", alerts(drill, &prometheus, &way, &window).await);
        }
        Ok(None) => {}
        Err(why) => all.missed.push(format!("series and alerts: {why}")),
    }
    for service in drill.scenario.services() {
        all.note(&format!("log lines of {service}"), logs(drill, &service, &window).await);
        all.note(&format!("traces of {service}"), traces(drill, &service, &window).await);
    }
    all.note("events of Kubernetes", events(drill, &window).await);
    all.note("Chaos Toolkit experiment", exported(drill));
    all
}

/// The lab's Prometheus; nothing in a lab without one, unless the scenario asks it something.
async fn prometheus(drill: &Drill) -> Result<Option<(Prometheus, Way)>, String> {
    let prober = &drill.ground.prober;
    let Some(endpoint) = &prober.lookup().backends.metrics else {
        let asked = drill.scenario.checks().any(|check| matches!(check.what, What::Prom(_)));
        return if asked { Err("this lab has no component that provides metrics".to_owned()) } else { Ok(None) };
    };
    let way = prober.way(endpoint).await?;
    Ok(Some((Prometheus::new(prober.http().clone(), &way.base), way)))
}

fn keep(drill: &Drill, name: &str, value: &impl Serialize) -> Result<(), String> {
    files::write_json(&drill.folder.join(name), value).map_err(|error| error.to_string())
}

/// A name that is one part of a path, whatever a service or check is called.
fn file_name(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') { letter } else { '_' }).collect()
}

/// The series of each query of the scenario: `metrics/<check>.json`.
async fn metrics(drill: &Drill, prometheus: &Prometheus, way: &Way, window: &Window) -> (usize, Vec<String>) {
    let mut queries: BTreeMap<&str, (&str, Option<&str>)> = BTreeMap::new();
    for check in drill.scenario.checks() {
        if let What::Prom(PromCheck::Query { query, unit, .. }) = &check.what {
            queries.entry(query).or_insert((&check.name, unit.as_deref()));
        }
    }
    let Window { from, to } = window;
    let step = window.step();
    let (mut kept, mut missed) = (0, Vec::new());
    for (query, (name, unit)) in queries {
        let told = match prometheus.query_range(query, *from, *to, step).await {
            Ok(data) => {
                let whole = json!({"check": name, "query": query, "unit": unit, "from": from, "to": to, "step_s": step, "data": data});
                keep(drill, &format!("metrics/{}.json", file_name(name)), &whole)
            }
            Err(error) => Err(way.why(&error)),
        };
        match told {
            Ok(()) => kept += 1,
            Err(why) => missed.push(format!("metrics of {name}: {why}")),
        }
    }
    (kept, missed)
}

impl Window {
    /// Seconds between two points.
    fn step(&self) -> i64 {
        ((self.to.0 - self.from.0).whole_seconds() / POINTS).max(1)
    }
}

/// Alerts that were pending or firing: `alerts.json`, each with the stretches of time in which it was.
async fn alerts(drill: &Drill, prometheus: &Prometheus, way: &Way, window: &Window) -> Result<usize, String> {
    let step = window.step();
    let data = prometheus.query_range("ALERTS", window.from, window.to, step).await.map_err(|error| way.why(&error))?;
    let alerts: Vec<Value> = data["result"].as_array().into_iter().flatten().map(|series| stretches(series, step)).collect();
    let whole = json!({"query": "ALERTS", "from": window.from, "to": window.to, "step_s": step, "alerts": alerts});
    keep(drill, "alerts.json", &whole)?;
    Ok(alerts.len())
}

/// A series of `ALERTS` is 1 while the alert is in its state, and has no point otherwise.
fn stretches(series: &Value, step: i64) -> Value {
    let mut labels = series["metric"].as_object().cloned().unwrap_or_default();
    labels.remove("__name__");
    let (name, state) = (labels.remove("alertname"), labels.remove("alertstate"));
    let seconds = series["values"].as_array().into_iter().flatten().filter_map(|point| point[0].as_f64());
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970 of whole steps")]
    let seconds = seconds.map(|at| at as i64);
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for at in seconds {
        match stretches.last_mut() {
            Some((_, last)) if at - *last <= step => *last = at,
            _ => stretches.push((at, at)),
        }
    }
    let moment = |seconds: i64| OffsetDateTime::from_unix_timestamp(seconds).ok().map(At);
    let times: Vec<Value> = stretches.into_iter().map(|(from, to)| json!({"from": moment(from), "to": moment(to)})).collect();
    json!({"alert": name, "state": state, "labels": labels, "times": times})
}

/// The newest lines of a service: `logs/<service>.json`, oldest first.
async fn logs(drill: &Drill, service: &str, window: &Window) -> Result<usize, String> {
    let prober = &drill.ground.prober;
    let Some(endpoint) = &prober.lookup().backends.logs else { return Ok(0) };
    let way = prober.way(endpoint).await?;
    let query = format!("{{service_name={}}}", Value::from(service));
    let loki = Loki::new(prober.http().clone(), &way.base);
    let mut found = loki.query_range(&query, window.from, window.to, LINES).await.map_err(|error| way.why(&error))?;
    found.reverse();
    let at = |nanos: i128| OffsetDateTime::from_unix_timestamp_nanos(nanos).ok().map(At);
    let lines: Vec<Value> = found.iter().map(|line| json!({"at": at(line.at), "labels": line.labels, "line": line.text})).collect();
    let count = lines.len();
    let cut = u64::try_from(count).is_ok_and(|count| count >= LINES);
    let whole = json!({"query": query, "from": window.from, "to": window.to, "newest": LINES, "cut": cut, "lines": lines});
    keep(drill, &format!("logs/{}.json", file_name(service)), &whole)?;
    Ok(count)
}

/// Traces of a service that failed, then the slowest: `traces/<service>/<id>.json` as the store has them.
async fn traces(drill: &Drill, service: &str, window: &Window) -> Result<usize, String> {
    let prober = &drill.ground.prober;
    let Some(backend) = &prober.lookup().backends.traces else { return Ok(0) };
    let way = prober.way(&backend.endpoint).await?;
    let store = Traces::new(prober.http().clone(), backend.kind, &way.base);
    let mut found = store.between(service, window.from, window.to, SEARCHED).await.map_err(|error| way.why(&error))?;
    found.sort_by(|a, b| b.failed.cmp(&a.failed).then(b.took_ms.total_cmp(&a.took_ms)));
    found.truncate(TRACES);
    let mut kept = 0;
    for Found { trace, took_ms, failed } in found {
        if let Some(whole) = store.whole(&trace).await.map_err(|error| way.why(&error))? {
            let whole = json!({"trace": trace, "took_ms": took_ms, "failed": failed, "as_stored": whole});
            keep(drill, &format!("traces/{}/{trace}.json", file_name(service)), &whole)?;
            kept += 1;
        }
    }
    Ok(kept)
}

/// The drill as an experiment of Chaos Toolkit; here and not later, because it names addresses of the lab.
fn exported(drill: &Drill) -> Result<usize, String> {
    let records: Vec<_> = drill.records().all().map_err(|error| error.to_string())?.into_iter().map(|(record, _)| record).collect();
    let experiment = chaostoolkit::experiment(&drill.scenario, &records, drill.ground.prober.lookup());
    keep(drill, chaostoolkit::EXPERIMENT, &experiment)?;
    Ok(1)
}

/// What Kubernetes said of the target's namespace since shortly before the first fault: `events.json`.
async fn events(drill: &Drill, window: &Window) -> Result<usize, String> {
    let namespace = &drill.scenario.target.namespace;
    let all = drill.ground.cluster.list("v1", "Event", namespace, std::iter::empty()).await.map_err(|error| error.to_string())?;
    let parsed = |text: &str| time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok();
    let at = |event: &Value| ["lastTimestamp", "eventTime", "firstTimestamp"].iter().find_map(|key| parsed(event[*key].as_str()?));
    let mut kept: Vec<(time::OffsetDateTime, Value)> = all
        .iter()
        .filter_map(|event| Some((at(event)?, event)))
        .filter(|(at, _)| *at >= window.from.0)
        .map(|(at, event)| {
            let object = &event["involvedObject"];
            let line = json!({"at": At(at), "type": event["type"], "reason": event["reason"], "kind": object["kind"], "name": object["name"],
                "message": event["message"], "count": event["count"]});
            (at, line)
        })
        .collect();
    kept.sort_by_key(|(at, _)| *at);
    let lines: Vec<Value> = kept.into_iter().map(|(_, line)| line).collect();
    keep(drill, "events.json", &lines)?;
    Ok(lines.len())
}
