//! What the journal promises: written first, cut clean, read by anybody.

use crate::rig::{Act, Ran, Scripted, run_plan, sleeper};
use labctl::engine::journal::{BadLine, Journal, JournalError, JournalWriter, Reader, RunStatus, decode, encode, list_runs};
use labctl::engine::{Estimates, Plan};
use labctl::model::run::{Event, EventKind, RunState, StepEvent, Stream, event_schema};
use std::io::{BufReader, Write};
use std::path::Path;

async fn a_run() -> Ran {
    let said = |event| Act::Say(event);
    let acts = [
        said(StepEvent::Progress { done: 1, total: Some(2), unit: "B".to_owned() }),
        said(StepEvent::Output { stream: Stream::Err, line: "line\nwith \u{1b}[31mcolour".to_owned() }),
        said(StepEvent::Waiting { on: "probe".to_owned(), last_reason: String::new(), cause: None }),
        said(StepEvent::Retry { attempt: 1, after_ms: 5, error: "reset".to_owned() }),
        said(StepEvent::Cause { id: "LAB-IMAGE-002".to_owned(), sentence: "no image".to_owned(), fix: "fetch it".to_owned() }),
        said(StepEvent::Load { requests_per_s: 20.5, failed_share: Some(0.0), p95_ms: None, vus: 3 }),
        said(StepEvent::Probe { target: "t".to_owned(), health: labctl::model::run::Health::NoData, seen: String::new(), figure: None }),
        Act::Intend("fault"),
        said(StepEvent::Applied { what: "fault".to_owned() }),
        said(StepEvent::Undone { what: "fault".to_owned() }),
    ];
    let nodes = vec![
        Scripted::new("a", acts).node(),
        Scripted::new("b", [Act::Fail("broken")]).node().needs(["a"]),
        sleeper("c", 5).needs(["b"]),
        Scripted::new("d", []).done().node(),
    ];
    run_plan(Plan::new(nodes).unwrap().unwinding()).await
}

#[tokio::test(start_paused = true)]
async fn every_event_of_a_run_fits_the_schema() {
    let schema = serde_json::to_value(event_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let ran = a_run().await;
    assert!(ran.journal.events.len() > 15);
    for event in &ran.journal.events {
        let json = serde_json::to_value(event).unwrap();
        let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{json}: {errors:?}");
    }
    let mut wrong = serde_json::to_value(&ran.journal.events[0]).unwrap();
    wrong["seq"] = "one".into();
    assert!(!validator.is_valid(&wrong), "the schema must be able to refuse");
}

#[tokio::test(start_paused = true)]
async fn a_journal_cut_at_any_byte_reads_up_to_the_last_whole_line() {
    let ran = a_run().await;
    let bytes = std::fs::read(&ran.path).unwrap();
    for end in 0..=bytes.len() {
        let mut reader = Reader::new(BufReader::new(&bytes[..end]), Path::new("cut"));
        let events: Vec<Event> = reader.by_ref().map(Result::unwrap).collect();
        let whole = bytes[..end].split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(events, ran.journal.events[..whole]);
        let torn = end > 0 && bytes[end - 1] != b'\n';
        assert_eq!(reader.cut().map(|cut| cut.why), torn.then_some(BadLine::Torn));
        let state = RunState::fold(&events);
        assert_eq!(state.is_unfinished(), whole > 0 && whole < ran.journal.events.len());
    }
}

#[tokio::test(start_paused = true)]
async fn any_changed_byte_ends_what_counts() {
    let ran = a_run().await;
    let bytes = std::fs::read(&ran.path).unwrap();
    let third: usize = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).unwrap().0;
    for at in third + 1..third + 80 {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x04;
        let events = Reader::new(BufReader::new(&bytes[..]), Path::new("changed")).flatten().count();
        assert_eq!(events, 3, "byte {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_torn_tail_is_cut_off_before_more_is_written() {
    let ran = a_run().await;
    let good = std::fs::read(&ran.path).unwrap();
    let last = ran.journal.events.last().unwrap().clone();
    std::fs::OpenOptions::new().append(true).open(&ran.path).unwrap().write_all(&good[..30]).unwrap();
    let (mut writer, seq) = JournalWriter::reopen(&ran.path).unwrap();
    assert_eq!(seq, last.seq);
    let more = Event { seq: seq + 1, event: EventKind::Note { text: "recovered".to_owned() }, ..last };
    writer.append(&more).unwrap();
    writer.commit().unwrap();
    let journal = Journal::read(&ran.path).unwrap();
    assert_eq!((journal.cut, journal.events.last()), (None, Some(&more)));
}

#[tokio::test(start_paused = true)]
async fn kinds_of_a_newer_version_are_skipped() {
    let ran = a_run().await;
    let of_old = &ran.journal.events[1];
    let line = |json: String| format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes())).into_bytes();
    let mut json = serde_json::to_value(of_old).unwrap();
    json["event"] = serde_json::json!({"kind": "teleported", "where": [1, 2]});
    let new_kind = decode(&line(json.to_string())).unwrap();
    assert_eq!((new_kind.event, new_kind.seq), (EventKind::Unknown, of_old.seq));
    json["event"] = serde_json::json!({"kind": "step", "step": "a", "says": {"type": "hummed", "tune": 1}});
    assert!(matches!(decode(&line(json.to_string())).unwrap().event, EventKind::Step { says: StepEvent::Unknown, .. }));
    // A known kind in a form this version cannot read does not end the journal either.
    json["event"] = serde_json::json!({"kind": "step_finished", "step": "a", "result": {"as": "evaporated"}});
    assert_eq!(decode(&line(json.to_string())).unwrap().event, EventKind::Unknown);
    assert_eq!(decode(&line("{\"x\":1}".to_owned())).unwrap_err(), BadLine::NotAnEvent);
}

#[tokio::test(start_paused = true)]
async fn lines_read_back_as_written() {
    for event in a_run().await.journal.events {
        let mut line = Vec::new();
        encode(&event, &mut line).unwrap();
        assert_eq!(line.split(|byte| *byte == b'\n').count(), 2);
        assert_eq!(decode(&line), Ok(event));
    }
}

#[tokio::test(start_paused = true)]
async fn runs_are_listed_as_finished_killed_or_at_work() {
    let ran = a_run().await;
    let runs = ran.folder.path();
    assert!(matches!(&list_runs(runs).unwrap()[0].status, RunStatus::Finished(summary) if summary.failed == 1));
    let bytes = std::fs::read(&ran.path).unwrap();
    std::fs::write(&ran.path, &bytes[..bytes.len() - 7]).unwrap();
    assert_eq!(list_runs(runs).unwrap()[0].status, RunStatus::Unfinished);
    let (writer, _) = JournalWriter::reopen(&ran.path).unwrap();
    assert_eq!(list_runs(runs).unwrap()[0].status, RunStatus::Running);
    assert!(matches!(JournalWriter::reopen(&ran.path), Err(JournalError::InUse { .. })));
    drop(writer);
    std::fs::write(&ran.path, &bytes[..40]).unwrap();
    assert_eq!(list_runs(runs).unwrap(), []);
    assert_eq!(list_runs(&runs.join("nowhere")).unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn estimates_are_medians_of_what_steps_took_when_they_did_something() {
    let mut states = Vec::new();
    for millis in [100, 900, 300] {
        let ran = run_plan(Plan::new(vec![sleeper("a", millis), Scripted::new("b", []).done().node()]).unwrap()).await;
        states.push(Journal::read(&ran.path).unwrap().state());
        let one = Estimates::from_runs(ran.folder.path()).unwrap();
        assert_eq!(one.get(&"a".into()), Some(millis));
    }
    let estimates = Estimates::from_states(states);
    assert_eq!((estimates.get(&"a".into()), estimates.get(&"b".into())), (Some(300), None));
    let plan = Plan::new(vec![sleeper("a", 1)]).unwrap().estimated(&estimates);
    assert_eq!(plan.estimated_ms(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_run_is_synced_at_its_ends_only() {
    // Counted on the writer itself, fed with what such a run writes.
    let ran = run_plan(Plan::new(vec![Scripted::new("a", []).done().node()]).unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut writer = JournalWriter::create(folder.path(), &ran.journal.events[0].run).unwrap();
    for event in &ran.journal.events {
        writer.append(event).unwrap();
        writer.commit().unwrap();
    }
    assert_eq!(writer.syncs().load(std::sync::atomic::Ordering::Relaxed), 2);
}
