//! The drill as Chaos Toolkit knows it: `chaostoolkit/experiment.json`, which its `chaos run` can carry out again, and `chaostoolkit/journal.json`, as if
//! it had. <https://chaostoolkit.org/reference/api/experiment/>, <https://chaostoolkit.org/reference/api/journal/>
//!
//! What that format cannot say is listed in the experiment's `extensions`, never left out in silence.

use crate::checks::{EndpointRef, Lookup};
use crate::drill::change::Change;
use crate::drill::records::Record;
use crate::model::check::{Check, Expect, HttpCheck, K8sCheck, LokiCheck, PromCheck, What};
use crate::model::run::{At, Health};
use crate::model::scenario::{CheckRow, Claim, DrillResult, Mode, Rollback, Scenario, Verdict};
use serde_json::{Map, Value, json};

/// The experiment and its journal, within the folder of the run.
pub const EXPERIMENT: &str = "chaostoolkit/experiment.json";
/// See [`EXPERIMENT`].
pub const JOURNAL: &str = "chaostoolkit/journal.json";

/// What is gathered while the parts are translated.
struct Export<'l> {
    lookup: &'l Lookup,
    namespace: String,
    configuration: Map<String, Value>,
    changed: Vec<String>,
    dropped: Vec<String>,
}

/// The experiment: what was really changed, as programs that change it and take it back.
pub fn experiment(scenario: &Scenario, records: &[Record], lookup: &Lookup) -> Value {
    let mut export = Export {
        lookup,
        namespace: scenario.target.namespace.clone(),
        configuration: Map::new(),
        changed: Vec::new(),
        dropped: Vec::new(),
    };
    let steady: Vec<Value> = scenario.steady_state.checks.iter().filter_map(|check| export.probe(check)).collect();
    let mut method = Vec::new();
    let mut rollbacks = Vec::new();
    for record in records {
        let Some((make, undo)) = commands(record) else {
            export.dropped.push(format!("change {}: {}: made by labctl itself", record.number, record.what));
            continue;
        };
        method.push(process("action", &format!("change-{}", record.number), &make, None));
        rollbacks.extend(undo.map(|undo| process("action", &format!("take-back-{}", record.number), &undo, None)));
    }
    rollbacks.reverse();
    let lasts: u64 = scenario.inject.iter().map(|inject| inject.duration.get().as_secs()).sum();
    if let Some(last) = method.last_mut() {
        last["pauses"] = json!({"after": lasts});
    }
    for hypothesis in &scenario.hypotheses {
        let name = &hypothesis.name;
        match &hypothesis.claim {
            Claim::Check { check, mode: Mode::OnChaos | Mode::Continuous, .. } => {
                if let Some(probe) = export.probe(check) {
                    method.push(probe);
                    export.changed.push(format!("hypothesis {name}: looked at once, at the end of the fault, not all the time"));
                }
            }
            Claim::Check { mode, .. } => {
                export.dropped.push(format!("hypothesis {name}: mode {mode} looks before the first fault or after taking back"));
            }
            Claim::Baseline(_) => export.dropped.push(format!("hypothesis {name}: loads cannot be compared there")),
            Claim::Recovery(_) => export.changed.push(format!("hypothesis {name}: the steady state is looked at again before taking back")),
        }
    }
    for abort in &scenario.abort {
        export.dropped.push(format!("abort condition {}: the format has none; a control could stand in for it", abort.check.name));
    }
    let title = &scenario.metadata.title;
    json!({
        "version": "1.0.0",
        "title": title,
        "description": format!("Scenario {} of labctl, in namespace {}.", scenario.metadata.name, scenario.target.namespace),
        "tags": scenario.metadata.tags,
        "configuration": export.configuration,
        "steady-state-hypothesis": {"title": title, "probes": steady},
        "method": method,
        "rollbacks": rollbacks,
        "extensions": [{"name": "labctl", "scenario": scenario.metadata.name, "changed": export.changed, "dropped": export.dropped}],
    })
}

impl Export<'_> {
    /// A check as a probe with a tolerance, or a line among what was dropped.
    fn probe(&mut self, check: &Check) -> Option<Value> {
        let probe = match &check.what {
            What::Http(http) => self.http(&check.name, http),
            What::Prom(PromCheck::Query { query, op, value, .. }) => {
                let base = self.base("prometheus", self.lookup.backends.metrics.as_ref())?;
                let asked = encoded(&format!("({query}) {op} {value}"));
                // a comparison keeps the row that holds and drops the others
                let tolerance = json!({"type": "jsonpath", "path": "$.data.result[*]", "count": 1, "target": "body"});
                Some(get(&check.name, &format!("{base}/api/v1/query?query={asked}"), &json!({}), &tolerance))
            }
            What::Loki(LokiCheck::Query { query, .. }) => {
                let base = self.base("loki", self.lookup.backends.logs.as_ref())?;
                let tolerance = json!({"type": "jsonpath", "path": "$.data.result[*]", "target": "body"});
                Some(get(&check.name, &format!("{base}/loki/api/v1/query_range?query={}", encoded(query)), &json!({}), &tolerance))
            }
            What::K8s(k8s) => Some(process("probe", &check.name, &self.kubectl(k8s), Some(0))),
            _ => None,
        };
        if probe.is_none() {
            self.dropped.push(format!("check {}: `{}` has no provider there", check.name, check.what.kind()));
        }
        probe
    }

    /// An address that the environment may replace; as it stands it is the one within the cluster.
    fn base(&mut self, name: &str, endpoint: Option<&EndpointRef>) -> Option<String> {
        let EndpointRef { namespace, service, port, .. } = endpoint?;
        let word = name.replace(['/', '-'], "_");
        let inside = format!("http://{service}.{namespace}.svc:{port}");
        self.configuration.insert(word.clone(), json!({"type": "env", "key": word.to_uppercase(), "default": inside}));
        Some(format!("${{{word}}}"))
    }

    fn http(&mut self, name: &str, http: &HttpCheck) -> Option<Value> {
        let endpoint = self.lookup.endpoint("", &http.endpoint);
        let path = http.path.clone().or_else(|| endpoint?.path.clone()).unwrap_or_default();
        let base = self.base(&http.endpoint, endpoint)?;
        if http.contains.is_some() || !http.wants.is_empty() {
            self.changed.push(format!("check {name}: only the status is looked at"));
        }
        let mut more = json!({"method": http.method.as_str(), "headers": http.headers});
        if let Some(body) = &http.json {
            more["arguments"] = body.clone();
            more["headers"]["content-type"] = json!("application/json");
        }
        Some(get(name, &format!("{base}{path}"), &more, &json!(http.status)))
    }

    fn kubectl(&self, check: &K8sCheck) -> Vec<String> {
        let K8sCheck { kind, name, namespace, expect, .. } = check;
        let namespace = namespace.as_ref().unwrap_or(&self.namespace);
        let object = if name.is_empty() { kind.clone() } else { format!("{kind}/{name}") };
        let state = match expect {
            Expect::Available => Some("condition=Available"),
            Expect::Ready => Some("condition=Ready"),
            Expect::Bound => Some("jsonpath={.status.phase}=Bound"),
            Expect::Exists => None,
        };
        let words = match state {
            Some(state) => vec!["wait".to_owned(), format!("--for={state}"), "--timeout=5s".to_owned(), object],
            None => vec!["get".to_owned(), object],
        };
        [vec!["kubectl".to_owned(), "-n".to_owned(), namespace.clone()], words].concat()
    }
}

fn encoded(query: &str) -> String {
    url::form_urlencoded::byte_serialize(query.as_bytes()).collect()
}

fn get(name: &str, url: &str, more: &Value, tolerance: &Value) -> Value {
    let mut provider = json!({"type": "http", "url": url, "timeout": 10});
    for (key, value) in more.as_object().into_iter().flatten() {
        provider[key] = value.clone();
    }
    json!({"type": "probe", "name": name, "tolerance": tolerance, "provider": provider})
}

fn process(kind: &str, name: &str, command: &[String], tolerance: Option<i64>) -> Value {
    let (path, arguments) = command.split_first().map_or(("", &[][..]), |(path, rest)| (path.as_str(), rest));
    let mut activity =
        json!({"type": kind, "name": name, "provider": {"type": "process", "path": path, "arguments": arguments, "timeout": 60}});
    if let Some(tolerance) = tolerance {
        activity["tolerance"] = json!(tolerance);
    }
    activity
}

/// The programs that make a change and take it back; none to take it back where a controller does it. Nothing where only labctl can.
fn commands(record: &Record) -> Option<(Vec<String>, Option<Vec<String>>)> {
    let object = &record.object;
    let mut kubectl = vec!["kubectl".to_owned()];
    kubectl.extend(object.namespace.iter().flat_map(|namespace| ["-n".to_owned(), namespace.clone()]));
    let with = |words: &[&str]| [kubectl.clone(), words.iter().map(|word| (*word).to_owned()).collect()].concat();
    let target = format!("{}/{}", object.kind.to_lowercase(), object.name);
    Some(match &record.change {
        Change::PodEnded => (with(&["delete", &target, "--wait=false"]), None),
        Change::Made { object } => {
            // kubectl reads an object from standard input only; the text is the shell's first parameter, so that nothing in it is run
            let script = "printf %s \"$1\" | kubectl create -f -";
            let make = ["sh", "-c", script, "sh"].map(str::to_owned).into_iter().chain([object.to_string()]).collect();
            (make, Some(with(&["delete", &target, "--ignore-not-found"])))
        }
        Change::Fields { fields, .. } => {
            // the marks by which labctl finds its own changes mean nothing to others
            let ours = |pointer: &str| pointer.starts_with("/metadata/");
            let patch = |after: bool| {
                let set = fields.iter().filter(|field| field.before != field.after && !ours(&field.pointer));
                let operations: Vec<Value> = set
                    .map(|field| match if after { &field.after } else { &field.before } {
                        Some(value) => json!({"op": "add", "path": field.pointer, "value": value}),
                        None => json!({"op": "remove", "path": field.pointer}),
                    })
                    .collect();
                Value::from(operations).to_string()
            };
            let words = |after: bool| with(&["patch", &target, "--type=json", "-p", &patch(after)]);
            (words(true), Some(words(false)))
        }
        Change::NodePaused => {
            let docker = |verb: &str| vec!["docker".to_owned(), verb.to_owned(), object.name.clone()];
            (docker("pause"), Some(docker("unpause")))
        }
        Change::Process { .. } | Change::NodeStressed(_) | Change::QueueSet(_) | Change::MessageSent(_) => return None,
    })
}

/// What came of it, in the words of a journal. An inconclusive drill is `failed` there: whoever reads it must not take it for a pass.
pub fn journal(experiment: &Value, result: &DrillResult) -> Value {
    let status = match result.verdict {
        Verdict::Pass | Verdict::Fail => "completed",
        Verdict::Aborted => "aborted",
        Verdict::Inconclusive | Verdict::Error => "failed",
    };
    let rollback_bad = matches!(result.rollback, Rollback::Failed | Rollback::Unverified);
    let activities = |key: &str| experiment[key].as_array().cloned().unwrap_or_default();
    let row = |name: &Value, part: &str| result.checks.iter().rev().find(|row| row.part == part && row.name == *name);
    let probes = experiment["steady-state-hypothesis"]["probes"].as_array().cloned().unwrap_or_default();
    let before: Vec<Value> =
        probes.iter().filter_map(|probe| Some(probed(probe, row(&probe["name"], "steady state")?, Some(true)))).collect();
    let method = activities("method").into_iter().filter_map(|activity| {
        if activity["type"] == "action" {
            return Some(done(&activity, result.injected?, true));
        }
        Some(probed(&activity, row(&activity["name"], "hypothesis")?, None))
    });
    let rollbacks = activities("rollbacks").into_iter().map(|activity| {
        let at = result.rolled_back.unwrap_or(result.ended);
        done(&activity, at, result.rollback != Rollback::Failed)
    });
    json!({
        "chaoslib-version": "1.44.0",
        "platform": std::env::consts::OS,
        "node": result.lab,
        "experiment": experiment,
        "start": result.started,
        "end": result.ended,
        "duration": result.ended.millis_since(result.started) as f64 / 1000.0,
        "status": status,
        "deviated": result.verdict == Verdict::Fail || rollback_bad,
        "steady_states": {
            "before": steady(&before, result.injected.is_some()),
            "after": steady(&[], result.recovered.is_some()),
            "during": [],
        },
        "run": method.collect::<Vec<_>>(),
        "rollbacks": rollbacks.collect::<Vec<_>>(),
    })
}

fn steady(probes: &[Value], met: bool) -> Value {
    json!({"steady_state_met": met, "probes": probes})
}

fn done(activity: &Value, at: At, well: bool) -> Value {
    json!({"activity": activity, "start": at, "end": at, "status": if well { "succeeded" } else { "failed" }, "output": null})
}

fn probed(activity: &Value, row: &CheckRow, met: Option<bool>) -> Value {
    let passed = met.unwrap_or(row.health == Health::Pass);
    let mut run = done(activity, row.at, row.health != Health::NoData);
    run["output"] = json!({"seen": row.seen, "value": row.value});
    run["tolerance_met"] = json!(passed);
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::ObjectRef;
    use crate::drill::change::Field;
    use crate::model::run::RunId;

    fn record(change: Change) -> Record {
        Record {
            v: 1,
            number: 1,
            run: RunId("r".into()),
            step: "inject".into(),
            backend: "k8s".into(),
            cluster: String::new(),
            object: ObjectRef {
                api_version: "apps/v1".into(),
                kind: "Deployment".into(),
                namespace: Some("apps".into()),
                name: "api".into(),
            },
            uid: String::new(),
            resource_version: String::new(),
            at: At(time::OffsetDateTime::UNIX_EPOCH),
            what: "it".into(),
            change,
        }
    }

    #[test]
    fn a_change_of_fields_is_a_patch_there_and_back_without_our_marks() {
        let fields = vec![
            Field::guard("/spec/template/spec/containers/0/name", "api"),
            Field::set("/spec/replicas", Some(json!(1)), 0),
            Field::set("/metadata/labels/labctl.dev~1run", None, "r"),
        ];
        let (make, undo) = commands(&record(Change::Fields { fields, owners: Value::Null })).unwrap();
        let head = "kubectl -n apps patch deployment/api --type=json -p";
        assert_eq!(make.join(" "), format!("{head} [{{\"op\":\"add\",\"path\":\"/spec/replicas\",\"value\":0}}]"));
        assert_eq!(undo.unwrap().join(" "), format!("{head} [{{\"op\":\"add\",\"path\":\"/spec/replicas\",\"value\":1}}]"));
    }
}
