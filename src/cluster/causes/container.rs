//! Containers that end, run out of memory, lack their configuration, or fail their probes.

use super::cause::{Cause, Patience, Scene, name_of, short};
use crate::cluster::object::ObjectRef;
use serde_json::Value;
use std::time::Duration;

/// A ConfigMap or Secret may be a moment behind the pod that reads it.
const CONFIG: Duration = Duration::from_secs(30);
/// Or after so long, since the kubelet takes its time between restarts.
const CRASHING: Duration = Duration::from_secs(90);
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
    if ended["reason"] == "OOMKilled" {
        let limit = memory_limit(pod, name).map(|limit| format!(" of {limit}")).unwrap_or_default();
        return Some(Cause {
            id: "LAB-CRASH-003",
            object: reference.clone(),
            sentence: format!(
                "Pod {}: container {name} was killed for using more than its memory limit{limit} ({restarts} restarts)",
                name_of(pod)
            ),
            fix: "raise resources.limits.memory of the container, or make it use less".to_owned(),
            patience: if restarts >= RESTARTS { Patience::Now } else { Patience::Hold },
        });
    }
    let code = ended["exitCode"].as_i64().unwrap_or(-1);
    let last = last_words(log, ended["message"].as_str().unwrap_or_default());
    let waits = waits_for_another(&last);
    let signal = if code > 128 { format!(" (signal {})", code - 128) } else { String::new() };
    Some(Cause {
        id: if waits { "LAB-CRASH-002" } else { "LAB-CRASH-001" },
        object: reference.clone(),
        sentence: format!(
            "Pod {}: container {name} ended with exit code {code}{signal}, {restarts} restarts; it said: {}",
            name_of(pod),
            if last.is_empty() { "nothing" } else { &last }
        ),
        fix: if waits {
            "something it talks to is not up yet; if that stays so, look there first".to_owned()
        } else {
            explain(code, &reference_log(reference, name))
        },
        patience: match (waits, restarts > RESTARTS) {
            (true, _) => Patience::Hold,
            (false, true) => Patience::Now,
            (false, false) => Patience::After(CRASHING),
        },
    })
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
            found.push(Cause {
                id: "LAB-NETWORK-001",
                object: reference.clone(),
                sentence: format!("Pod {} gets no network: {}", name_of(pod), short(message)),
                fix: "look at the network plugin's pods in kube-system".to_owned(),
                patience: Patience::Hold,
            });
        }
    }
    let unready = statuses.iter().find(|s| s["state"]["running"].is_object() && s["ready"] != true);
    if let (Some(status), Some(message)) = (unready, scene.said("Pod", &reference.name, &["Unhealthy"]).first()) {
        found.push(Cause {
            id: "LAB-PROBE-001",
            object: reference.clone(),
            sentence: format!(
                "Pod {}: container {} runs but is not ready: {}",
                name_of(pod),
                status["name"].as_str().unwrap_or_default(),
                short(message)
            ),
            fix: "see what the container logs, and that the probe asks the right port and path".to_owned(),
            patience: Patience::Hold,
        });
    }
    found
}

fn config_error(pod: &Value, reference: &ObjectRef, container: &str, reason: &str, message: &str) -> Cause {
    let lower = message.to_lowercase();
    if reason == "CreateContainerConfigError" && (lower.contains("not found") || lower.contains("couldn't find key")) {
        return missing(pod, reference, &format!("container {container}"), message);
    }
    Cause {
        id: "LAB-START-001",
        object: reference.clone(),
        sentence: format!("Pod {}: container {container} cannot be started: {}", name_of(pod), short(message)),
        fix: "check command, working directory, user and mounts of the container".to_owned(),
        patience: Patience::After(CONFIG),
    }
}

fn missing(pod: &Value, reference: &ObjectRef, who: &str, message: &str) -> Cause {
    let lower = message.to_lowercase();
    let kind = if lower.contains("configmap") { "ConfigMap" } else { "Secret" };
    let key = lower.contains("key");
    Cause {
        id: if key { "LAB-CONFIG-002" } else { "LAB-CONFIG-001" },
        object: reference.clone(),
        sentence: format!("Pod {} cannot start: {who} needs a {kind} that lacks: {}", name_of(pod), short(message))
            .replace("that lacks:", if key { "key that is not in it:" } else { "that is not there:" }),
        fix: if key {
            format!("add the key to the {kind}, or correct its name")
        } else {
            format!("create the {kind}, or correct its name")
        },
        patience: Patience::After(CONFIG),
    }
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

fn reference_log(reference: &ObjectRef, container: &str) -> String {
    format!("kubectl -n {} logs {} -c {container} --previous", reference.namespace.as_deref().unwrap_or("default"), reference.name)
}

fn explain(code: i64, command: &str) -> String {
    let meaning = match code {
        126 => "the command is not executable; ",
        127 => "the command is not in the image; ",
        137 => "it was killed, often by a liveness probe or for memory; ",
        143 => "it was asked to end, often by a liveness probe; ",
        _ => "",
    };
    format!("{meaning}read its log: {command}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

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
        let scene =
            Scene { object: &reference, live: &pod, pods: &[&pod], events: &events.iter().collect::<Vec<_>>(), claims: &[], logs: &logs };
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
    }
}
