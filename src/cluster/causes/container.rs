//! Containers that end, run out of memory, lack their configuration, or fail their probes.

use super::cause::{Cause, Patience, Scene, name_of, short};
use super::table;
use crate::cluster::object::ObjectRef;
use serde_json::Value;

/// After so many restarts a crash loop is one.
const RESTARTS: u64 = 3;

pub fn of_container(pod: &Value, reference: &ObjectRef, status: &Value, scene: &Scene<'_>) -> Option<Cause> {
    let name = status["name"].as_str().unwrap_or_default();
    let waiting = status["state"]["waiting"]["reason"].as_str().unwrap_or_default();
    if matches!(waiting, "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError") {
        return Some(config_error(pod, reference, name, waiting, status["state"]["waiting"]["message"].as_str().unwrap_or_default()));
    }
    let ended = [&status["state"]["terminated"], &status["lastState"]["terminated"]].into_iter().find(|ended| ended.is_object())?;
    if status["ready"] == true || (ended["exitCode"] == 0 && waiting != "CrashLoopBackOff") {
        return None;
    }
    let restarts = status["restartCount"].as_u64().unwrap_or(0);
    let log = scene.logs.get(&(reference.name.clone(), name.to_owned())).map(String::as_str).unwrap_or_default();
    let (told, count) = (name_of(pod), restarts.to_string());
    if ended["reason"] == "OOMKilled" {
        let limit = memory_limit(pod, name).map(|limit| format!(" of {limit}")).unwrap_or_default();
        let cause = table::OUT_OF_MEMORY.of_pod(reference, &told, "", &[("container", name), ("limit", &limit), ("restarts", &count)]);
        return Some(if restarts >= RESTARTS { Cause { patience: Patience::Now, ..cause } } else { cause });
    }
    let hopeless = |cause: Cause| if restarts > RESTARTS { Cause { patience: Patience::Now, ..cause } } else { cause };
    if let Some((probe, said)) = killed_for_probe(reference, name, scene) {
        let values = [("container", name), ("probe", probe), ("restarts", &count)];
        return Some(hopeless(table::LIVENESS.of_pod(reference, &told, said, &values)));
    }
    let code = ended["exitCode"].as_i64().unwrap_or(-1);
    let last = last_words(log, ended["message"].as_str().unwrap_or_default());
    let signal = if code > 128 { format!(" (signal {})", code - 128) } else { String::new() };
    let (code_words, command) = (format!("{code}{signal}"), log_command(reference, name));
    let values =
        [("container", name), ("code", code_words.as_str()), ("restarts", &count), ("meaning", meaning(code)), ("command", &command)];
    let said = if last.is_empty() { "nothing" } else { &last };
    Some(if waits_for_another(&last) {
        table::CRASH_WAITS.of_pod(reference, &told, said, &values)
    } else {
        hopeless(table::CRASH.of_pod(reference, &told, said, &values))
    })
}

/// The probe for which the kubelet killed a container, and what it said.
fn killed_for_probe<'s>(reference: &ObjectRef, container: &str, scene: &Scene<'s>) -> Option<(&'static str, &'s str)> {
    let killings = scene.said("Pod", &reference.name, &["Killing"]);
    let (probe, killed) = killings.into_iter().find_map(|message| {
        let failed = message.strip_prefix(&format!("Container {container} failed "))?;
        ["liveness", "startup"].into_iter().find(|probe| failed.starts_with(probe)).map(|probe| (probe, message))
    })?;
    let said = scene.said("Pod", &reference.name, &["Unhealthy"]).into_iter().find(|message| message.to_lowercase().starts_with(probe));
    Some((probe, said.unwrap_or(killed)))
}

/// What concerns the pod as a whole: volumes that lack their source, probes.
pub fn of_pod(pod: &Value, reference: &ObjectRef, scene: &Scene<'_>) -> Vec<Cause> {
    let mut found = Vec::new();
    let statuses = pod["status"]["containerStatuses"].as_array().map(Vec::as_slice).unwrap_or_default();
    let starting =
        statuses.iter().any(|s| matches!(s["state"]["waiting"]["reason"].as_str(), Some("ContainerCreating" | "PodInitializing")));
    if starting || (statuses.is_empty() && pod["spec"]["nodeName"].is_string()) {
        let mounts = scene.said("Pod", &reference.name, &["FailedMount"]);
        if let Some(message) = mounts.iter().find(|m| m.contains("not found") || m.contains("non-existent config key")) {
            found.push(missing(pod, reference, "a volume", message));
        } else if let Some(message) = scene.said("Pod", &reference.name, &["FailedCreatePodSandBox"]).first() {
            found.push(table::NO_NETWORK.of_pod(reference, &name_of(pod), message, &[]));
        }
    }
    let unready = statuses.iter().find(|s| s["state"]["running"].is_object() && s["ready"] != true);
    let unhealthy = scene.said("Pod", &reference.name, &["Unhealthy"]).into_iter().find(|message| !message.starts_with("Liveness"));
    if let (Some(status), Some(message)) = (unready, unhealthy) {
        let container = status["name"].as_str().unwrap_or_default();
        found.push(table::READINESS.of_pod(reference, &name_of(pod), message, &[("container", container)]));
    }
    found
}

fn config_error(pod: &Value, reference: &ObjectRef, container: &str, reason: &str, message: &str) -> Cause {
    let lower = message.to_lowercase();
    if reason == "CreateContainerConfigError" && (lower.contains("not found") || lower.contains("couldn't find key")) {
        return missing(pod, reference, &format!("container {container}"), message);
    }
    table::CANNOT_START.of_pod(reference, &name_of(pod), message, &[("container", container)])
}

fn missing(pod: &Value, reference: &ObjectRef, who: &str, message: &str) -> Cause {
    let lower = message.to_lowercase();
    let kind = if lower.contains("configmap") { "ConfigMap" } else { "Secret" };
    let key = lower.contains("key");
    let what = if key { &table::CONFIG_KEY } else { &table::CONFIG_MISSING };
    what.of_pod(reference, &name_of(pod), message, &[("who", who), ("kind", kind)])
}

fn memory_limit<'p>(pod: &'p Value, container: &str) -> Option<&'p str> {
    let all = ["containers", "initContainers"].into_iter().flat_map(|name| pod["spec"][name].as_array().into_iter().flatten());
    all.into_iter().find(|c| c["name"] == container)?["resources"]["limits"]["memory"].as_str()
}

/// The last lines that say something, newest last.
fn last_words(log: &str, message: &str) -> String {
    let text = if log.trim().is_empty() { message } else { log };
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    short(&lines[lines.len().saturating_sub(3)..].join(" / "))
}

/// Whether the last words are about something else that is not up: then restarting is how it waits.
fn waits_for_another(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "connection refused",
        "no such host",
        "name or service not known",
        "temporary failure in name resolution",
        "could not resolve",
        "i/o timeout",
        "connection timed out",
        "no route to host",
        "econnrefused",
        "enotfound",
    ];
    let lower = text.to_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

fn log_command(reference: &ObjectRef, container: &str) -> String {
    format!("kubectl -n {} logs {} -c {container} --previous", reference.namespace.as_deref().unwrap_or("default"), reference.name)
}

fn meaning(code: i64) -> &'static str {
    match code {
        126 => "the command is not executable; ",
        127 => "the command is not in the image; ",
        137 => "it was killed, often by a liveness probe or for memory; ",
        143 => "it was asked to end, often by a liveness probe; ",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;
    use std::time::Duration;

    const CONFIG: Duration = Duration::from_secs(30);
    const CRASHING: Duration = Duration::from_secs(90);

    #[expect(clippy::needless_pass_by_value, reason = "tables read better without a reference on each value")]
    #[track_caller]
    fn check(status: Value, log: &str, events: &[(&str, &str)], id: &str, patience: Patience, words: &[&str]) {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"},
            "spec": {"nodeName": "x", "containers": [{"name": "c", "resources": {"limits": {"memory": "64Mi"}}}]},
            "status": {"containerStatuses": [status]}});
        let reference = ObjectRef::of(&pod).unwrap();
        let events: Vec<Value> =
            events.iter().map(|(r, m)| json!({"involvedObject": {"kind": "Pod", "name": "p"}, "reason": r, "message": m})).collect();
        let logs = BTreeMap::from([(("p".to_owned(), "c".to_owned()), log.to_owned())]);
        let scene = Scene { pods: &[&pod], events: &events.iter().collect::<Vec<_>>(), logs: &logs, ..Scene::of(&reference, &pod) };
        let cause = super::super::find(&scene).into_iter().next().expect("a cause");
        assert_eq!((cause.id, cause.patience), (id, patience), "{}", cause.sentence);
        for word in words {
            assert!(cause.sentence.contains(word), "{}", cause.sentence);
        }
    }

    fn crash(restarts: u64, code: i64, reason: &str) -> Value {
        json!({"name": "c", "ready": false, "restartCount": restarts, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": code, "reason": reason}}})
    }

    #[test]
    fn crashes() {
        check(crash(4, 1, "Error"), "start\nboom: bad flag\n", &[], "LAB-CRASH-001", Patience::Now, &["exit code 1", "boom: bad flag"]);
        check(crash(1, 1, "Error"), "boom", &[], "LAB-CRASH-001", Patience::After(CRASHING), &["1 restarts"]);
        check(crash(9, 1, "Error"), "dial tcp 10.0.0.1:5432: connect: connection refused", &[], "LAB-CRASH-002", Patience::Hold, &[]);
        check(crash(3, 137, "OOMKilled"), "", &[], "LAB-CRASH-003", Patience::Now, &["64Mi"]);
        check(crash(5, 139, "Error"), "", &[], "LAB-CRASH-001", Patience::Now, &["signal 11", "it said: nothing"]);
        // a program that ends well again and again is a crash loop all the same
        check(crash(5, 0, "Completed"), "done", &[], "LAB-CRASH-001", Patience::Now, &["exit code 0"]);
    }

    #[test]
    fn configuration() {
        let waiting = |reason: &str, message: &str| json!({"name": "c", "ready": false, "state": {"waiting": {"reason": reason, "message": message}}});
        check(
            waiting("CreateContainerConfigError", "configmap \"settings\" not found"),
            "",
            &[],
            "LAB-CONFIG-001",
            Patience::After(CONFIG),
            &["ConfigMap", "settings"],
        );
        check(
            waiting("CreateContainerConfigError", "couldn't find key token in Secret n/creds"),
            "",
            &[],
            "LAB-CONFIG-002",
            Patience::After(CONFIG),
            &["Secret", "token"],
        );
        check(
            waiting("ContainerCreating", ""),
            "",
            &[("FailedMount", "MountVolume.SetUp failed for volume \"v\" : secret \"tls\" not found")],
            "LAB-CONFIG-001",
            Patience::After(CONFIG),
            &["Secret", "tls"],
        );
        check(
            waiting("RunContainerError", "exec: \"/nope\": stat /nope: no such file or directory"),
            "",
            &[],
            "LAB-START-001",
            Patience::After(CONFIG),
            &["/nope"],
        );
    }

    #[test]
    fn probes() {
        check(
            json!({"name": "c", "ready": false, "state": {"running": {}}}),
            "",
            &[("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")],
            "LAB-PROBE-001",
            Patience::Hold,
            &["statuscode: 503"],
        );
        let killed = ("Killing", "Container c failed liveness probe, will be restarted");
        let unhealthy = ("Unhealthy", "Liveness probe failed: Get \"http://10.1.0.9:9/\": connection refused");
        check(
            crash(1, 137, "Error"),
            "",
            &[killed, unhealthy],
            "LAB-PROBE-002",
            Patience::After(CRASHING),
            &["connection refused", "1 restarts"],
        );
        check(crash(5, 137, "Error"), "", &[killed], "LAB-PROBE-002", Patience::Now, &["failed liveness probe"]);
        // a liveness probe says nothing about readiness
        check(crash(1, 1, "Error"), "boom", &[unhealthy], "LAB-CRASH-001", Patience::After(CRASHING), &["boom"]);
    }
}
