//! Broken workloads as they are seen: the right cause, in one sentence, and no other.

use labctl::cluster::ObjectRef;
use labctl::cluster::causes::{Scene, find};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is seen of one workload, and what must be said.
struct Seen {
    name: String,
    scene: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readiness/scenes")
}

fn scenes() -> Vec<Seen> {
    let written: Vec<Value> = serde_saphyr::from_str(&std::fs::read_to_string(folder().join("written.yaml")).unwrap()).unwrap();
    let mut all: Vec<Seen> =
        written.iter().enumerate().map(|(at, short)| Seen { name: format!("written {at}"), scene: whole(short) }).collect();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    all.extend(files.iter().map(|file| Seen {
        name: file.file_stem().unwrap().to_string_lossy().into_owned(),
        scene: serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap(),
    }));
    all
}

/// A scene in its short form, with what goes without saying.
fn whole(short: &Value) -> Value {
    let spec = if short["spec"].is_null() { json!({"nodeName": "a", "containers": [{"name": "c"}]}) } else { short["spec"].clone() };
    let pod =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "d-1", "namespace": "n"}, "spec": spec, "status": short["status"]});
    let other = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "other", "namespace": "o"}, "spec": {"nodeName": "a",
        "containers": [{"name": "c", "resources": {"requests": {"cpu": "500m"}}}]}, "status": {"phase": "Running"}});
    let events = short["events"].as_array().into_iter().flatten().enumerate().map(|(at, event)| {
        json!({"involvedObject": {"kind": event[0], "name": event[1]}, "reason": event[2], "message": event[3],
            "lastTimestamp": format!("2026-01-01T00:00:{:02}Z", 59 - at)})
    });
    json!({"id": short["id"], "words": short["words"], "pods": [pod], "others": [other], "events": events.collect::<Vec<_>>(),
        "nodes": [{"metadata": {"name": "a"}, "status": {"allocatable": {"cpu": "4", "memory": "8Gi"}}}],
        "object": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "n", "generation": 1}, "status": {}},
        "logs": {"d-1": {"c": short["log"].as_str().unwrap_or_default()}}})
}

#[test]
fn each_broken_workload_gets_the_right_cause_and_no_other() {
    let mut kinds = std::collections::BTreeSet::new();
    for Seen { name, scene } in scenes() {
        let list = |name: &str| -> Vec<Value> { scene[name].as_array().cloned().unwrap_or_default() };
        let stamped = |mut pod: Value| {
            pod["apiVersion"] = json!("v1");
            pod["kind"] = json!("Pod");
            pod
        };
        let claim = |mut claim: Value| {
            claim["apiVersion"] = json!("v1");
            claim["kind"] = json!("PersistentVolumeClaim");
            claim
        };
        let pods: Vec<Value> = list("pods").into_iter().map(stamped).collect();
        let claims: Vec<Value> = list("claims").into_iter().map(claim).collect();
        let (events, nodes, others) = (list("events"), list("nodes"), list("others"));
        let placed: Vec<&Value> = pods.iter().chain(&others).filter(|pod| pod["spec"]["nodeName"].is_string()).collect();
        let mut logs = BTreeMap::new();
        for (pod, containers) in scene["logs"].as_object().into_iter().flatten() {
            for (container, text) in containers.as_object().into_iter().flatten() {
                logs.insert((pod.clone(), container.clone()), text.as_str().unwrap_or_default().to_owned());
            }
        }
        let reference = ObjectRef::of(&scene["object"]).unwrap();
        let found = find(&Scene {
            object: &reference,
            live: &scene["object"],
            pods: &pods.iter().collect::<Vec<_>>(),
            events: &events.iter().collect::<Vec<_>>(),
            claims: &claims.iter().collect::<Vec<_>>(),
            nodes: &nodes.iter().collect::<Vec<_>>(),
            placed: &placed,
            logs: &logs,
        });
        let id = scene["id"].as_str().unwrap();
        let first = found.first().unwrap_or_else(|| panic!("{name}: {id} is not found"));
        assert_eq!(first.id, id, "{name}: {}", first.sentence);
        for word in scene["words"].as_array().unwrap() {
            assert!(first.sentence.contains(word.as_str().unwrap()), "{name}: {word} is not in: {}", first.sentence);
        }
        assert!(!first.sentence.contains('{') && !first.fix.contains('{'), "{name}: a gap is left: {} / {}", first.sentence, first.fix);
        assert!(!first.fix.is_empty(), "{name}: no way out");
        // the same fault may be told from two sides: a Job failed and so did its container, a claim gets no volume and its pod no node,
        // a quota refuses the pods until the time is up
        let sides: &[&str] = match id {
            "LAB-JOB-001" => &["LAB-CRASH-001"],
            "LAB-VOLUME-001" => &["LAB-SCHEDULE-001"],
            "LAB-QUOTA-001" => &["LAB-ROLLOUT-001"],
            _ => &[],
        };
        let other: Vec<&str> = found.iter().map(|cause| cause.id).filter(|other| *other != id && !sides.contains(other)).collect();
        assert!(other.is_empty(), "{name}: also {other:?}");
        kinds.insert(id.to_owned());
    }
    assert!(kinds.len() >= 12, "{kinds:?}");
}
