//! Real charts, applied by labctl and by kubectl: what the two API servers then hold must be the same.
//!
//! `tests/torture/charts FOLDER` takes a folder of charts (folders or `.tgz`, `NAME.values.yaml` beside one gives it values). Each chart gets two
//! API servers of its own. Both are given what one run of `helm template --include-crds` printed: the one through the catalogue and the cluster
//! room, the other through `kubectl apply --server-side`. Then everything either server holds is compared.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests say what they expect")]

use super::server::{Fresh, fresh, program};
use labctl::adapters::helm::{Helm, HelmError, Place, Render, Wanted};
use labctl::adapters::kube::client::ListForm;
use labctl::adapters::kube::{ApiError, Kube};
use labctl::catalog::{ChartObjects, apis_of, chart_objects};
use labctl::cluster::{Applied, Cluster, Desired};
use labctl::support::progress::Sink;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const BRING: &str = "tests/torture/charts FOLDER";

/// Group, kind, namespace, name.
type Key = (String, String, String, String);
type Dump = BTreeMap<Key, Value>;

struct Found {
    objects: usize,
    differences: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/charts FOLDER"]
async fn every_chart_comes_out_as_kubectl_makes_it() {
    let folder = PathBuf::from(std::env::var("LABCTL_TEST_CHARTS").expect(BRING));
    let helm = Helm { program: std::env::var_os("LABCTL_TEST_HELM").expect(BRING), folder: tempfile::tempdir().unwrap().keep() };
    let kubectl = program("kubectl").expect(BRING);
    let mut charts: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    charts.sort();
    let (mut done, mut objects, mut differences, mut skipped) = (0, 0, 0, 0);
    for path in charts {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(name) = (if path.is_dir() { Some(file.clone()) } else { file.strip_suffix(".tgz").map(str::to_owned) }) else { continue };
        match one(&helm, &kubectl, &folder, &name, path).await {
            Ok(found) => {
                done += 1;
                objects += found.objects;
                differences += found.differences.len();
                for line in &found.differences {
                    println!("    {line}");
                }
            }
            Err(reason) => {
                skipped += 1;
                println!("{name}: skipped: {reason}");
            }
        }
    }
    std::fs::remove_dir_all(&helm.folder).unwrap();
    let well = differences == 0 && done > 0;
    println!(
        "charts {differences} differences in {objects} objects of {done} charts, {skipped} skipped (must 0 differences)  {}",
        if well { "ok" } else { "short" }
    );
    assert!(well);
}

/// Applies one chart twice. `Err` says why it could not be rendered, which is nobody's difference.
async fn one(helm: &Helm, kubectl: &Path, folder: &Path, name: &str, path: PathBuf) -> Result<Found, String> {
    let values: Vec<String> = std::fs::read_to_string(folder.join(format!("{name}.values.yaml"))).into_iter().collect();
    let (ours, theirs) = tokio::join!(fresh(), fresh());
    let (ours, theirs) = (ours.expect(BRING), theirs.expect(BRING));
    let version = ours.kube.get("/version").await.unwrap()["gitVersion"].as_str().unwrap().trim_start_matches('v').to_owned();
    let text = rendered(helm, name, path, &values, &version).await?;
    let chart = chart_objects(name, &text).map_err(|error| error.to_string())?;

    let mut namespaces: BTreeSet<String> =
        chart.objects.iter().filter_map(|object| object["metadata"]["namespace"].as_str()).map(str::to_owned).collect();
    namespaces.insert(name.to_owned());
    for kube in [&ours.kube, &theirs.kube] {
        for namespace in &namespaces {
            let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            kube.apply(&format!("/api/v1/namespaces/{namespace}"), "rig", &object, false).await.unwrap();
        }
    }
    let before = (dump(&ours.kube).await, dump(&theirs.kube).await);
    let started = Instant::now();
    let (applied, again) = apply_ours(&ours, name, &chart).await;
    let our_time = started.elapsed();
    let started = Instant::now();
    let rounds = apply_theirs(kubectl, &theirs, name, &text);
    let their_time = started.elapsed();
    let after = (dump(&ours.kube).await, dump(&theirs.kube).await);
    let mut differences = compare(&news(&before.0, after.0), &news(&before.1, after.1), &chart);
    differences.extend(again);
    println!(
        "{name}: {} objects ({} definitions), {} hooks left out, {} differences; labctl {:.1} s, kubectl {:.1} s in {rounds} rounds",
        applied.created,
        chart.objects.iter().filter(|object| object["kind"] == "CustomResourceDefinition").count(),
        chart.left_out.len(),
        differences.len(),
        our_time.as_secs_f64(),
        their_time.as_secs_f64()
    );
    Ok(Found { objects: applied.created, differences })
}

/// As the app does it: once to see which kinds the chart brings, then knowing them.
async fn rendered(helm: &Helm, name: &str, path: PathBuf, values: &[String], version: &str) -> Result<String, String> {
    let (sink, cancel) = (Sink::silent(), CancellationToken::new());
    let mut wanted = Wanted { place: Place::Path(path), version: "0".into(), digest: None };
    match helm.chart(&wanted, &sink, &cancel).await.unwrap_err() {
        HelmError::NoDigest { found, .. } => wanted.digest = Some(found),
        other => return Err(other.to_string()),
    }
    let chart = helm.chart(&wanted, &sink, &cancel).await.unwrap();
    let mut with = Render { release: name, namespace: name, values, kubernetes: version, apis: &BTreeSet::new() };
    let text = helm.render(&chart, &with, &sink, &cancel).await.map_err(|error| error.to_string())?;
    let apis = apis_of(&chart_objects(name, &text).map_err(|error| error.to_string())?.objects);
    with.apis = &apis;
    helm.render(&chart, &with, &sink, &cancel).await.map_err(|error| error.to_string())
}

/// Through the cluster room, as `up` does it; then whether a second run would find anything to do.
async fn apply_ours(server: &Fresh, name: &str, chart: &ChartObjects) -> (Applied, Vec<String>) {
    let (sink, cancel) = (Sink::silent(), CancellationToken::new());
    let desired = Desired { component: name.to_owned(), namespace: Some(name.to_owned()), objects: chart.objects.clone() };
    let cluster = Cluster::new(server.kube.clone(), "oracle");
    let up = async {
        let diff = cluster.diff(std::slice::from_ref(&desired)).await.map_err(|error| error.to_string())?;
        cluster.apply_crds(&diff, &sink, &cancel).await.map_err(|error| error.to_string())?;
        cluster.apply(&desired, &diff, &sink, &cancel).await.map_err(|error| error.to_string())
    };
    let applied = tokio::select! {
        applied = up => applied,
        () = complete_jobs(&server.kube) => unreachable!("it never ends"),
    };
    let applied = match applied {
        Ok(applied) => applied,
        Err(error) => return (Applied::default(), vec![format!("labctl: {error}")]),
    };
    let second = Cluster::new(server.kube.clone(), "oracle").diff(std::slice::from_ref(&desired)).await.unwrap();
    let changes = second.entries.iter().filter(|entry| entry.action != labctl::cluster::Action::Unchanged);
    (applied, changes.map(|entry| format!("a second run would write {} {:?}", entry.object, entry.action)).collect())
}

/// There are no nodes, so Jobs that the rest waits for are declared complete.
async fn complete_jobs(kube: &Kube) {
    loop {
        for job in kube.list("/apis/batch/v1/jobs", ListForm::Whole).await.unwrap_or_default() {
            if job["status"]["completionTime"].is_string() {
                continue;
            }
            let (namespace, name) = (job["metadata"]["namespace"].as_str().unwrap(), job["metadata"]["name"].as_str().unwrap());
            let now = "2026-01-01T00:00:00Z";
            let condition = |kind: &str| json!({"type": kind, "status": "True", "reason": "CompletionsReached", "lastProbeTime": now, "lastTransitionTime": now});
            let status = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": namespace}, "status":
                {"startTime": now, "completionTime": now, "succeeded": 1, "conditions": [condition("SuccessCriteriaMet"), condition("Complete")]}});
            if let Err(error) =
                kube.apply(&format!("/apis/batch/v1/namespaces/{namespace}/jobs/{name}/status"), "rig", &status, false).await
            {
                println!("    the rig could not complete Job {namespace}/{name}: {error}");
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// `kubectl apply --server-side`, again while definitions and their objects stand in one file. Returns how often.
fn apply_theirs(kubectl: &Path, server: &Fresh, name: &str, text: &str) -> usize {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("rendered.yaml");
    std::fs::write(&file, text).unwrap();
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(kubectl);
        command.arg("--kubeconfig").arg(&server.kubeconfig).args(args).env("HOME", home.path()).output().unwrap()
    };
    // the default only: with --namespace kubectl refuses objects that name another one
    assert!(run(&["config", "set-context", "--current", "--namespace", name]).status.success());
    for round in 1..=5 {
        let done = run(&["apply", "--server-side", "-f", file.to_str().unwrap()]);
        if done.status.success() {
            return round;
        }
        if round == 5 {
            println!("    kubectl: {}", String::from_utf8_lossy(&done.stderr));
        }
    }
    5
}

/// Everything a server holds.
async fn dump(kube: &Kube) -> Dump {
    let mut versions = vec!["/api/v1".to_owned()];
    for group in kube.get("/apis").await.unwrap()["groups"].as_array().unwrap() {
        versions.push(format!("/apis/{}", group["preferredVersion"]["groupVersion"].as_str().unwrap()));
    }
    let mut found = Dump::new();
    for version in versions {
        let served = match kube.get(&version).await {
            Ok(served) => served,
            // an API of the chart's own, whose server does not run
            Err(ApiError::Status(status)) if status.code == 503 => continue,
            Err(error) => panic!("{version}: {error}"),
        };
        let group = version.strip_prefix("/apis/").map_or("", |rest| rest.split('/').next().unwrap()).to_owned();
        for resource in served["resources"].as_array().unwrap() {
            let (plural, kind) = (resource["name"].as_str().unwrap(), resource["kind"].as_str().unwrap());
            let lists = resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&json!("list")));
            // an IPAddress is a Service's address as an object, which the server gives out
            if plural.contains('/') || !lists || matches!(kind, "Event" | "Lease" | "ComponentStatus" | "Endpoints" | "IPAddress") {
                continue;
            }
            for object in kube.list(&format!("{version}/{plural}"), ListForm::Whole).await.unwrap() {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let metadata = &object["metadata"];
                found.insert((group.clone(), kind.to_owned(), text(&metadata["namespace"]), text(&metadata["name"])), object);
            }
        }
    }
    found
}

/// What was not there before, or not so, without what servers make up and what is labctl's own.
fn news(before: &Dump, after: Dump) -> Dump {
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    let own = |key: &Key| key.2 == "labctl-system" || (key.1 == "Namespace" && key.3 == "labctl-system");
    after
        .into_iter()
        .filter(|(key, object)| !own(key) && before.get(key).is_none_or(|old| version(old) != version(object)))
        .map(|(key, object)| (key, essence(object)))
        .collect()
}

fn essence(mut object: Value) -> Value {
    let map = object.as_object_mut().unwrap();
    map.shift_remove("status");
    map.shift_remove("apiVersion");
    map.shift_remove("kind");
    let metadata = object["metadata"].as_object_mut().unwrap();
    for name in ["managedFields", "uid", "resourceVersion", "creationTimestamp", "generation"] {
        metadata.shift_remove(name);
    }
    // labctl's three labels, and the checksum of its configuration that it gives each workload
    for pointer in ["/metadata", "/spec/template/metadata", "/spec/jobTemplate/spec/template/metadata"] {
        if let Some(metadata) = object.pointer_mut(pointer).and_then(Value::as_object_mut) {
            for name in ["labels", "annotations"] {
                let Some(map) = metadata.get_mut(name).and_then(Value::as_object_mut) else { continue };
                map.retain(|key, _| !(key.starts_with("labctl.dev/") || pointer == "/metadata" && key == "app.kubernetes.io/managed-by"));
                // a Job's selector is made of its uid
                map.retain(|key, _| !key.ends_with("controller-uid"));
                if map.is_empty() {
                    metadata.shift_remove(name);
                }
            }
        }
    }
    if let Some(selector) = object.pointer_mut("/spec/selector/matchLabels").and_then(Value::as_object_mut) {
        selector.retain(|key, _| !key.ends_with("controller-uid"));
    }
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        for name in ["clusterIP", "clusterIPs", "healthCheckNodePort"] {
            // `None` is chosen, an address is given
            if spec.get(name).is_some_and(|value| *value != "None" && *value != json!(["None"])) {
                spec.shift_remove(name);
            }
        }
        for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(port) = port.as_object_mut() {
                port.shift_remove("nodePort");
            }
        }
    }
    object
}

/// Differences, one a line. Hooks that labctl says it leaves out must be what kubectl has more, no more and no less.
fn compare(ours: &Dump, theirs: &Dump, chart: &ChartObjects) -> Vec<String> {
    let name = |key: &Key| if key.2.is_empty() { format!("{} {}", key.1, key.3) } else { format!("{} {}/{}", key.1, key.2, key.3) };
    let left_out: BTreeSet<String> = chart.left_out.iter().map(|hook| hook.object.rsplit(['/', ' ']).next().unwrap().to_owned()).collect();
    let mut found = Vec::new();
    for (key, object) in theirs {
        match ours.get(key) {
            Some(own) => differences(own, object, &name(key), &mut found),
            None if left_out.contains(&key.3) => {}
            None => found.push(format!("{}: only kubectl has it", name(key))),
        }
    }
    for key in ours.keys().filter(|key| !theirs.contains_key(*key)) {
        found.push(format!("{}: only labctl has it", name(key)));
    }
    found
}

fn differences(ours: &Value, theirs: &Value, path: &str, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                differences(a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), &format!("{path} .{key}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{path}[{index}]"), found);
            }
        }
        _ if ours != theirs => {
            let short = |value: &Value| value.to_string().chars().take(120).collect::<String>();
            found.push(format!("{path}: labctl {} kubectl {}", short(ours), short(theirs)));
        }
        _ => {}
    }
}
