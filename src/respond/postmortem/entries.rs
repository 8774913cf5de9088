//! The timeline: what journals, alerts, Kubernetes, runbooks and people have told, merged by time, each with the reference to where it stands.

use super::facts::Facts;
use super::reference::moment;
use crate::engine::journal::Journal;
use crate::model::run::{At, Event, EventKind, FinishedAs, RunId, StepEvent, Verb};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it happened.
    pub at: At,
    /// `labctl`, `drill`, `runbook`, `alert`, `kubernetes`, `note`.
    pub source: &'static str,
    /// What happened.
    pub text: String,
    /// Where it stands.
    pub reference: String,
}

/// All lines in the order of time, each thing once.
pub fn entries(facts: &Facts) -> Vec<Entry> {
    let mut all = Vec::new();
    for run in &facts.all {
        let folder = facts.runs.join(&run.0);
        if let Ok(journal) = Journal::read(&folder.join("events.jsonl")) {
            let verb = journal.events.iter().find_map(|event| match &event.event {
                EventKind::RunStarted { verb, .. } => Some(*verb),
                _ => None,
            });
            all.extend(journal.events.iter().filter_map(|event| told(event, run, verb?)));
        }
        // those of drills within a game day are the same
        if *run == facts.run {
            all.extend(alerts(&folder, run));
        }
        all.extend(kubernetes(&folder, run, facts.started.0));
    }
    // of the same moment in the order they were told
    all.sort_by_key(|entry| entry.at);
    let mut seen = BTreeSet::new();
    all.into_iter().filter(|entry| seen.insert((entry.source, entry.at, entry.text.clone()))).collect()
}

/// What of a journal is worth a line.
fn told(event: &Event, run: &RunId, verb: Verb) -> Option<Entry> {
    let source = match verb {
        Verb::Runbook => "runbook",
        Verb::Scenario => "drill",
        _ => "labctl",
    };
    let (source, text) = match (&event.event, verb) {
        (EventKind::Note { text }, _) => ("note", text.clone()),
        (EventKind::Step { says: StepEvent::Moment { act, moment, source: by, .. }, .. }, _) => {
            (source, format!("act {act}: {moment}: {by}"))
        }
        (EventKind::Step { says: StepEvent::Applied { what }, .. }, _) => (source, format!("done: {what}")),
        (EventKind::Step { says: StepEvent::Undone { what }, .. }, _) => (source, format!("taken back: {what}")),
        (EventKind::StepFinished { step, result: FinishedAs::Changed { note } }, Verb::Runbook) => (source, format!("{step}: {note}")),
        (EventKind::StepFinished { step, result: FinishedAs::Changed { note } }, Verb::Scenario)
            if matches!(step.0.as_str(), "baseline" | "recover") =>
        {
            (source, format!("{step}: {note}"))
        }
        (EventKind::StepFinished { step, result: FinishedAs::Failed { error, .. } }, _) => (source, format!("{step} failed: {error}")),
        (EventKind::RunCancelling { .. }, _) => (source, "a person or a signal ended the run".to_owned()),
        _ => return None,
    };
    Some(Entry { at: event.at, source, text, reference: format!("{run}/events.jsonl#{}", event.seq) })
}

fn json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// When each alert began to fire and when it was seen to fire last: samples of Prometheus, or the stretches that a drill has made of them.
fn alerts(folder: &Path, run: &RunId) -> Vec<Entry> {
    let mut found = Vec::new();
    let Some(kept) = json(&folder.join("alerts.json")) else { return found };
    for (index, alert) in kept["alerts"].as_array().into_iter().flatten().enumerate().filter(|(_, alert)| alert["state"] == "firing") {
        let name = alert["alert"].as_str().unwrap_or_default();
        let about = alert["labels"]["service"].as_str().map(|service| format!(" ({service})")).unwrap_or_default();
        for (stretch, times) in alert["times"].as_array().into_iter().flatten().enumerate() {
            for (key, word) in [("from", "fires"), ("to", "was seen to fire last")] {
                if let Some(at) = moment(&times[key]) {
                    let reference = format!("{run}/alerts.json#/alerts/{index}/times/{stretch}/{key}");
                    found.push(Entry { at, source: "alert", text: format!("{name}{about} {word}"), reference });
                }
            }
        }
    }
    for (index, series) in kept["data"]["result"].as_array().into_iter().flatten().enumerate() {
        let name = series["metric"]["alertname"].as_str().unwrap_or_default();
        let about = series["metric"]["service"].as_str().map(|service| format!(" ({service})")).unwrap_or_default();
        if series["metric"]["alertstate"] != "firing" {
            continue;
        }
        let samples = series["values"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (at, word) in [(0, "fires"), (samples.len().saturating_sub(1), "was seen to fire last")] {
            if let Some(at_sample) = samples.get(at).and_then(moment) {
                let reference = format!("{run}/alerts.json#/data/result/{index}/values/{at}");
                found.push(Entry { at: at_sample, source: "alert", text: format!("{name}{about} {word}"), reference });
            }
        }
    }
    found
}

/// Warnings of Kubernetes about the drill's namespace.
fn kubernetes(folder: &Path, run: &RunId, from: At) -> Vec<Entry> {
    let kept = json(&folder.join("events.json"));
    let lines = kept.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let warnings = lines.iter().enumerate().filter(|(_, line)| line["type"] == "Warning").filter_map(|(index, line)| {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let at = moment(line).filter(|at| *at >= from)?;
        let said = format!("{} {}: {}: {}", text("kind"), text("name"), text("reason"), crate::support::http::short(&text("message")));
        Some(Entry { at, source: "kubernetes", text: said, reference: format!("{run}/events.json#/{index}") })
    });
    warnings.collect()
}
