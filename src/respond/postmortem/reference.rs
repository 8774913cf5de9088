//! References into evidence: `RUN/result.json#/acts/1/ttd_ms` is a value of a JSON file, `RUN/events.jsonl#17` the event of that number,
//! `RUN/events.jsonl#17/at` a value of it, `RUN/manifest.sha256` a whole file.

use crate::engine::journal::Journal;
use crate::model::run::At;
use crate::support::digest::sha256_file;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files of evidence, each read once.
pub struct Evidence {
    runs: PathBuf,
    files: BTreeMap<String, Value>,
    journals: BTreeMap<String, BTreeMap<u64, Value>>,
}

impl Evidence {
    /// That of the runs below this folder.
    pub fn below(runs: &Path) -> Self {
        Self { runs: runs.to_owned(), files: BTreeMap::new(), journals: BTreeMap::new() }
    }

    /// What a reference leads to; the sentence says why it leads nowhere.
    pub fn resolve(&mut self, reference: &str) -> Result<Value, String> {
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        if file.starts_with('/') || file.split('/').any(|part| part == "..") {
            return Err(format!("{reference} leads out of the evidence"));
        }
        if file.ends_with("events.jsonl") {
            return self.event(reference, file, pointer);
        }
        if pointer.is_empty() {
            let sum = sha256_file(&self.runs.join(file)).map_err(|error| format!("{file} cannot be read: {error}"))?;
            return Ok(Value::String(sum));
        }
        if !self.files.contains_key(file) {
            let text = std::fs::read(self.runs.join(file)).map_err(|error| format!("{file} cannot be read: {error}"))?;
            let value = serde_json::from_slice(&text).map_err(|error| format!("{file} is no JSON: {error}"))?;
            self.files.insert(file.to_owned(), value);
        }
        let found = self.files.get(file).and_then(|value| value.pointer(pointer)).cloned();
        found.ok_or_else(|| format!("{file} has nothing at {pointer}"))
    }

    fn event(&mut self, reference: &str, file: &str, pointer: &str) -> Result<Value, String> {
        if !self.journals.contains_key(file) {
            let journal = Journal::read(&self.runs.join(file)).map_err(|error| error.to_string())?;
            let events = journal.events.iter().filter_map(|event| Some((event.seq, serde_json::to_value(event).ok()?))).collect();
            self.journals.insert(file.to_owned(), events);
        }
        let (seq, within) = pointer.find('/').map_or((pointer, ""), |at| pointer.split_at(at));
        let seq: u64 = seq.parse().map_err(|_| format!("{reference} names no event"))?;
        let event = self.journals.get(file).and_then(|events| events.get(&seq)).ok_or_else(|| format!("{file} has no event {seq}"))?;
        event.pointer(within).cloned().ok_or_else(|| format!("event {seq} of {file} has nothing at {within}"))
    }
}

/// The moment that a value is, or has: an event's, a sample's (`[seconds, "1"]`), a Kubernetes event's.
pub fn moment(value: &Value) -> Option<At> {
    let parsed = |text: &str| serde_json::from_value(Value::String(text.to_owned())).ok();
    match value {
        Value::String(text) => parsed(text),
        Value::Array(sample) => {
            let nanos = (sample.first()?.as_f64()? * 1e9).round();
            #[expect(clippy::cast_possible_truncation, reason = "seconds of this century, in nanoseconds")]
            let nanos = nanos as i128;
            time::OffsetDateTime::from_unix_timestamp_nanos(nanos).ok().map(|at| At(at).whole_millis())
        }
        Value::Object(map) => map.get("at").or_else(|| map.get("started")).and_then(Value::as_str).and_then(parsed),
        _ => None,
    }
}
