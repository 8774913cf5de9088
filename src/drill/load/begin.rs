//! Starts a load: script and options in the folder of the run, the undo on disk, the intent in the journal, and only then the process.

use super::tool::Address;
use crate::adapters::k6::{self, Job};
use crate::adapters::process::alive;
use crate::cluster::ObjectRef;
use crate::drill::change::Change;
use crate::drill::ground::Drill;
use crate::drill::records::{Record, Records};
use crate::engine::step::Cx;
use crate::model::scenario::{ChangeRow, K6Load};
use crate::model::units::HumanDuration;
use crate::support::files;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Beyond the load itself: start, setup, the last requests, the summary.
const SLACK: Duration = Duration::from_mins(1);

/// One load to be started.
pub struct Begin<'b> {
    /// `load`, or the fault that it is.
    pub name: &'b str,
    /// The step that starts it, for the record.
    pub step: &'b str,
    /// What is asked.
    pub load: &'b K6Load,
    /// For how long.
    pub lasts: HumanDuration,
    /// Where its files go, within the folder of the run.
    pub folder: &'b str,
}

/// Where a load goes, or why it cannot or may not.
pub fn reachable<'d>(drill: &'d Drill, load: &K6Load) -> Result<&'d Address, String> {
    let tool = drill.ground.load.as_ref().ok_or("no load can be made here")?;
    let endpoint = &load.endpoint;
    let address = tool.addresses.get(endpoint).ok_or_else(|| {
        let known = tool.addresses.keys().cloned().collect::<Vec<_>>().join(", ");
        format!("the gateway of this lab leads to no endpoint {endpoint}; it leads to {known}")
    })?;
    if drill.ground.platform.contains(&address.namespace) {
        return Err(format!("{endpoint} is in namespace {}, which belongs to the platform: no load is put on it", address.namespace));
    }
    if let Some(script) = &load.script {
        let path = script_path(drill, script);
        if !path.is_file() {
            return Err(format!("there is no script {}", path.display()));
        }
    }
    Ok(address)
}

fn script_path(drill: &Drill, script: &str) -> PathBuf {
    drill.base.join(script)
}

/// What a load does, in words.
pub fn words(load: &K6Load, lasts: HumanDuration) -> String {
    format!("Process k6: {load} for at most {lasts}")
}

/// The process that a load of this name is, before it is there.
pub fn planned(drill: &Drill, name: &str) -> (ObjectRef, Change) {
    let object = ObjectRef { api_version: "labctl.dev/v1".to_owned(), kind: "Process".to_owned(), namespace: None, name: "k6".to_owned() };
    (object, Change::Process { marker: format!("LABCTL_DRILL={}/{name}", drill.run), process: None })
}

/// Starts it; what comes back in case of an error is a sentence.
pub async fn begin(drill: &Drill, what: &Begin<'_>, cx: &Cx) -> Result<(), String> {
    let address = reachable(drill, what.load)?.clone();
    let tool = drill.ground.load.as_ref().ok_or("no load can be made here")?;
    let (object, change) = planned(drill, what.name);
    let Change::Process { marker, .. } = &change else { return Err("a load is a process".to_owned()) };
    let marker = marker.clone();
    let job = prepare(drill, what, &address, &marker).await?;
    let records = drill.records();
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let words = words(what.load, what.lasts);
    let mut record = Record {
        v: 1,
        number: records.last().map_err(|error| said(&error))? + 1,
        run: drill.run.clone(),
        step: what.step.to_owned(),
        backend: "k6".to_owned(),
        // a process of this host is ended also when the cluster is gone
        cluster: String::new(),
        object,
        uid: String::new(),
        resource_version: String::new(),
        at: drill.now(),
        what: words.clone(),
        change,
    };
    records.write(&record).map_err(|error| said(&error))?;
    drill.outcome().changes.push(ChangeRow {
        what: words.clone(),
        record: Records::name(record.number),
        undo: String::new(),
        undone: false,
    });
    cx.sink.intent(&words).await.map_err(|error| said(&error))?;
    let running = tool.k6.start(&job).map_err(|error| said(&error))?;
    // the marker alone finds it; number and start are for people, and for where an environment cannot be read
    record.change = Change::Process { marker, process: alive(running.pid) };
    records.write(&record).map_err(|error| said(&error))?;
    cx.sink.applied(&words);
    drill.loads.add(what.name, Arc::new(running));
    Ok(())
}

async fn prepare(drill: &Drill, what: &Begin<'_>, address: &Address, marker: &str) -> Result<Job, String> {
    let folder = drill.folder.join(what.folder);
    let put = |name: &str, text: &[u8]| -> Result<PathBuf, String> {
        let path = folder.join(name);
        files::write(&path, text, 0o600).map_err(|error| error.to_string())?;
        Ok(path)
    };
    let script = match &what.load.script {
        // run where it is, so that it finds what it imports; the copy is for whoever reads the evidence
        Some(script) => {
            let path = script_path(drill, script);
            let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            put("script.js", &text)?;
            path
        }
        None => put("script.js", k6::built_in(what.load, what.lasts).as_bytes())?,
    };
    let config = put("config.json", k6::config(&address.host, &drill.run.0).as_bytes())?;
    let mut env: Vec<(String, String)> = what.load.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    env.push(("BASE_URL".to_owned(), format!("http://{}:{}", address.host, address.port)));
    let (name, value) = marker.split_once('=').unwrap_or(("LABCTL_DRILL", marker));
    env.push((name.to_owned(), value.to_owned()));
    let remote_write = match &drill.ground.prober.lookup().backends.metrics {
        Some(endpoint) => match drill.ground.prober.way(endpoint).await {
            Ok(way) => Some(format!("{}/api/v1/write", way.base)),
            Err(why) => {
                drill.outcome().not_kept.push(format!("k6's figures in Prometheus: {why}"));
                None
            }
        },
        None => None,
    };
    let at = |name: &str| -> PathBuf { Path::new(&folder).join(name) };
    let deadline = what.lasts.get() + SLACK;
    Ok(Job { script, config, summary: at("summary.json"), log: at("output.txt"), env, remote_write, deadline })
}
