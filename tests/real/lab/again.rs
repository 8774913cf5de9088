//! A second `up` finds all in place and writes nothing; the oracle is the API server's audit log.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use super::bed::{Bed, bed, docker, events};
use serde_json::Value;
use std::time::Instant;

/// Entries of the audit log by labctl since `since` (RFC 3339), as verb and URI: reads and writes.
fn audited(bed: &Bed, since: &str) -> (Vec<String>, Vec<String>) {
    let log = docker(&["exec", &bed.plane(), "cat", "/var/log/kubernetes/audit.log"]);
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    // the last line may be only half written
    for entry in log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let field = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        if !field("/userAgent").starts_with("labctl/") || field("/requestReceivedTimestamp").as_str() < since {
            continue;
        }
        let (verb, uri) = (field("/verb"), field("/requestURI"));
        let forward = field("/objectRef/resource") == "pods" && field("/objectRef/subresource") == "portforward";
        let harmless = forward || field("/objectRef/resource") == "leases" || uri.contains("dryRun=All");
        match verb.as_str() {
            "create" | "update" | "patch" | "delete" | "deletecollection" if !harmless => writes.push(format!("{verb} {uri}")),
            "get" | "list" | "watch" => reads.push(format!("{verb} {uri}")),
            _ => {}
        }
    }
    (reads, writes)
}

fn now() -> String {
    time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap()
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn up_again_changes_nothing_and_writes_nothing() {
    let Some(bed) = bed() else { return };
    let before = bed.objects();
    let (marker, started) = (now(), Instant::now());
    let output = bed.labctl(&["up", "--headless", "--output", "json"]);
    let took = started.elapsed();
    assert_eq!(output.status.code(), Some(0), "{}", super::bed::told(&output));
    let events = events(&String::from_utf8(output.stdout).unwrap());
    let steps: Vec<&Value> = events.iter().map(|event| &event["event"]).filter(|event| event["kind"] == "step_finished").collect();
    let other: Vec<&&Value> = steps.iter().filter(|step| step["result"]["as"] != "unchanged").collect();
    assert!(other.is_empty(), "steps that were not unchanged: {other:#?}");
    let summary = &events.last().unwrap()["event"]["summary"];
    assert_eq!(summary["changed"], 0, "{summary}");
    assert_eq!(summary["unchanged"], steps.len(), "{summary}");
    let (reads, writes) = audited(bed, &marker);
    assert!(!reads.is_empty(), "the audit log shows nothing of labctl at all, so it cannot show that it wrote nothing");
    assert_eq!(writes, Vec::<String>::new(), "labctl wrote to the API server");
    assert!(!audited(bed, "").1.is_empty(), "the log does not even show the writes of the first up");
    assert_eq!(bed.objects(), before);
    println!("up again: {} steps unchanged, {} reads, 0 writes, {:.2} s", steps.len(), reads.len(), took.as_secs_f64());
}
