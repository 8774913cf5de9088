//! What must be asked for before it is forgotten: series behind the checks, and the events of the namespace.

use crate::adapters::prometheus::Prometheus;
use crate::drill::ground::Drill;
use crate::model::check::{PromCheck, What};
use crate::model::run::At;
use crate::support::files;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// At most so many points of a series.
const POINTS: i64 = 600;

/// Asks for the series of each query of the scenario over the padded window: `metrics/<check>.json`. Gives how many were kept, and a sentence for each that
/// was not.
pub async fn collect(drill: &Drill) -> (usize, Vec<String>) {
    let mut queries: BTreeMap<&str, (&str, Option<&str>)> = BTreeMap::new();
    for check in drill.scenario.checks() {
        if let What::Prom(PromCheck::Query { query, unit, .. }) = &check.what {
            queries.entry(query).or_insert((&check.name, unit.as_deref()));
        }
    }
    if queries.is_empty() {
        return (0, Vec::new());
    }
    let prober = &drill.ground.prober;
    let way = match &prober.lookup().backends.metrics {
        Some(endpoint) => prober.way(endpoint).await,
        None => Err("this lab has no component that provides metrics".to_owned()),
    };
    let way = match way {
        Ok(way) => way,
        Err(why) => return (0, queries.values().map(|(name, _)| format!("metrics of {name}: {why}")).collect()),
    };
    let prometheus = Prometheus::new(prober.http().clone(), &way.base);
    let to = drill.now();
    let from = drill.outcome().injected.unwrap_or(to).0 - drill.scenario.evidence.pad_before.get();
    let step = ((to.0 - from).whole_seconds() / POINTS).max(1);
    let (mut kept, mut missed) = (0, Vec::new());
    for (query, (name, unit)) in queries {
        let path = drill.folder.join("metrics").join(format!("{name}.json"));
        let told = match prometheus.query_range(query, At(from), to, step).await {
            Ok(data) => {
                let whole = json!({"check": name, "query": query, "unit": unit, "from": At(from), "to": to, "step_s": step, "data": data});
                files::write_json(&path, &whole).map_err(|error| error.to_string())
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

/// What Kubernetes said of the target's namespace since shortly before the first fault: `events.json`.
pub async fn events(drill: &Drill) -> Result<(), String> {
    let failed = |error: String| format!("events: {error}");
    let namespace = &drill.scenario.target.namespace;
    let all = drill.ground.cluster.list("v1", "Event", namespace, std::iter::empty()).await.map_err(|error| failed(error.to_string()))?;
    let from = drill.outcome().injected.map_or(drill.now().0, |injected| injected.0) - drill.scenario.evidence.pad_before.get();
    let parsed = |text: &str| time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok();
    let at = |event: &Value| ["lastTimestamp", "eventTime", "firstTimestamp"].iter().find_map(|key| parsed(event[*key].as_str()?));
    let mut kept: Vec<(time::OffsetDateTime, Value)> = all
        .iter()
        .filter_map(|event| Some((at(event)?, event)))
        .filter(|(at, _)| *at >= from)
        .map(|(at, event)| {
            let object = &event["involvedObject"];
            let line = json!({"at": At(at), "type": event["type"], "reason": event["reason"], "kind": object["kind"], "name": object["name"],
                "message": event["message"], "count": event["count"]});
            (at, line)
        })
        .collect();
    kept.sort_by_key(|(at, _)| *at);
    let lines: Vec<Value> = kept.into_iter().map(|(_, line)| line).collect();
    files::write_json(&drill.folder.join("events.json"), &lines).map_err(|error| failed(error.to_string()))
}
