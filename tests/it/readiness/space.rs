//! Walks the state space of tests/readiness/space.yaml: the base of each kind, every step away from it along one axis, every pair of steps but for
//! those of deletion (which decides alone), then combinations drawn with a fixed seed, up to the kind's cap. The same documents come out every time.

use super::documents::Document;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Draws the combinations beyond pairs; printed by the rig.
pub const SEED: u64 = 0x1abc_71ed;

/// One axis: its name and its ways, the first being the base.
type Axis = (String, Vec<(String, Value)>);

/// Every document of the space.
pub fn walk(text: &str) -> Vec<Document> {
    let spaces: Vec<Value> = serde_saphyr::from_str(text).unwrap();
    spaces.iter().flat_map(walk_kind).collect()
}

fn walk_kind(space: &Value) -> Vec<Document> {
    let (api_version, kind) = space["for"].as_str().unwrap().split_once(' ').unwrap();
    let cap = usize::try_from(space["cap"].as_u64().unwrap()).unwrap();
    let axes = axes(space);
    let mut found: Vec<Document> = Vec::new();
    let mut known = BTreeSet::new();
    let mut random = SEED;
    let mut picks = near(&axes);
    // a space smaller than its cap runs out of new combinations
    for _ in 0..cap * 20 {
        let mut pick: Vec<usize> = axes.iter().map(|(_, ways)| draw(&mut random, ways.len())).collect();
        if draw(&mut random, 8) > 0 {
            pick[axes.len() - 1] = 0;
        }
        picks.push(pick);
    }
    for pick in picks {
        if found.len() == cap {
            break;
        }
        let document = build(api_version, kind, &space["base"], &axes, &pick);
        if known.insert(format!("{} {}", document.object, document.around)) {
            found.push(document);
        }
    }
    found
}

/// The kind's own axes and the two of every kind.
fn axes(space: &Value) -> Vec<Axis> {
    let read = |axes: &Value| -> Vec<Axis> {
        let ways = |ways: &Value| ways.as_object().unwrap().iter().map(|(name, patch)| (name.clone(), patch.clone())).collect();
        axes.as_object().unwrap().iter().map(|(name, all)| (name.clone(), ways(all))).collect()
    };
    let mut all = read(&space["axes"]);
    let observed = |value: Value| json!({"status": {"observedGeneration": value}});
    match space["generation"].as_str() {
        Some("none") => {}
        // its controller writes the generation into each condition only
        Some("own") => all.push(("generation".to_owned(), vec![("own".to_owned(), json!({}))])),
        _ => {
            let ways = [
                ("seen", json!({})),
                ("behind", observed(json!(2))),
                ("text", observed(json!("3"))),
                ("textBehind", observed(json!("2"))),
                ("ahead", observed(json!(4))),
                ("unsaid", observed(Value::Null)),
                ("hash", observed(json!("6b9d4c"))),
            ];
            all.push(("generation".to_owned(), ways.map(|(name, patch)| (name.to_owned(), patch)).into()));
        }
    }
    let gone = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    let held = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.org/keep"]}});
    all.push(("deletion".to_owned(), vec![("no".to_owned(), json!({})), ("asked".to_owned(), gone), ("held".to_owned(), held)]));
    all
}

/// The base, then every single step, then every pair.
fn near(axes: &[Axis]) -> Vec<Vec<usize>> {
    let base = vec![0; axes.len()];
    let step = |from: &[usize], axis: usize, way: usize| {
        let mut pick = from.to_vec();
        pick[axis] = way;
        pick
    };
    let singles: Vec<(usize, Vec<usize>)> = axes
        .iter()
        .enumerate()
        .flat_map(|(axis, (_, ways))| (1..ways.len()).map(move |way| (axis, way)))
        .map(|(axis, way)| (axis, step(&base, axis, way)))
        .collect();
    let mut all = vec![base.clone()];
    all.extend(singles.iter().map(|(_, pick)| pick.clone()));
    for (first, pick) in &singles {
        for (axis, (_, ways)) in axes.iter().enumerate().take(axes.len() - 1).skip(first + 1) {
            all.extend((1..ways.len()).map(|way| step(pick, axis, way)));
        }
    }
    all
}

/// xorshift: small, and the same everywhere.
fn draw(state: &mut u64, below: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state % below as u64).unwrap()
}

fn build(api_version: &str, kind: &str, base: &Value, axes: &[Axis], pick: &[usize]) -> Document {
    let mut object = json!({"apiVersion": api_version, "kind": kind,
        "metadata": {"name": "x", "namespace": "ns", "generation": 3, "creationTimestamp": "2026-01-01T00:00:00Z"}});
    merge(&mut object, base);
    let mut id = format!("{}/{kind}", api_version.split_once('/').map_or("core", |(group, _)| group));
    let mut around = json!({});
    for ((name, ways), way) in axes.iter().zip(pick) {
        let (called, patch) = &ways[*way];
        if *way > 0 {
            id.push_str(&format!(" {name}={called}"));
        }
        let mut patch = patch.clone();
        let map = patch.as_object_mut().unwrap();
        if let Some(more) = map.remove("around") {
            merge(&mut around, &more);
        }
        let conditions = map.remove("conditions+");
        merge(&mut object, &patch);
        for text in conditions.iter().flat_map(|list| list.as_array().unwrap()) {
            add_condition(&mut object, text.as_str().unwrap());
        }
    }
    Document { id, object, around }
}

/// `Type=Status:Reason@generation`.
fn add_condition(object: &mut Value, text: &str) {
    // what took the status away took its conditions too
    if object["status"].is_null() {
        return;
    }
    let (text, generation) = text.split_once('@').map_or((text, None), |(text, generation)| (text, generation.parse::<i64>().ok()));
    let (text, reason) = text.split_once(':').map_or((text, None), |(text, reason)| (text, Some(reason)));
    let (kind, status) = text.split_once('=').unwrap();
    let mut condition = json!({"type": kind, "status": status});
    if let Some(reason) = reason {
        condition["reason"] = json!(reason);
    }
    if let Some(generation) = generation {
        condition["observedGeneration"] = json!(generation);
    }
    match object["status"]["conditions"].as_array_mut() {
        Some(list) => list.push(condition),
        None => object["status"]["conditions"] = json!([condition]),
    }
}

/// JSON merge patch: null takes away.
pub fn merge(into: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    let into = into.as_object_mut().unwrap();
    for (name, value) in patch {
        if value.is_null() {
            into.shift_remove(name);
        } else {
            merge(into.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
