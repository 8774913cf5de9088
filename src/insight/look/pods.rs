//! Pods as rows. The status words are those that kubectl prints, since people look them up.

use super::owners::{Owners, maker};
use crate::cluster::ObjectRef;
use crate::cluster::causes::{self, Scene};
use crate::model::look::{CauseRow, Condition, ContainerRow, PodRow};
use crate::model::run::{At, Object};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All pods, by namespace and name.
pub(super) fn rows(pods: &[Arc<Value>], owners: &Owners) -> Vec<PodRow> {
    let mut rows: Vec<PodRow> = pods.iter().map(|pod| row(pod, owners)).collect();
    rows.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    rows
}

fn row(pod: &Value, owners: &Owners) -> PodRow {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &pod["metadata"];
    let object = Object { kind: "Pod".to_owned(), namespace: text(&metadata["namespace"]), name: text(&metadata["name"]) };
    let workload = maker(pod);
    let containers = containers(pod);
    let main = || containers.iter().filter(|container| !container.init);
    let ready = (count(main().filter(|container| container.ready)), count(main()));
    let status = status(pod);
    let condition = condition(pod, &status, ready);
    PodRow {
        component: owners.of_pod(&object, workload.as_ref()),
        namespace: object.namespace,
        name: object.name,
        workload,
        condition,
        ready,
        restarts: containers.iter().fold(0, |sum: u32, container| sum.saturating_add(container.restarts)),
        last_restart: statuses(pod).filter_map(|status| moment(&status["lastState"]["terminated"]["finishedAt"])).max(),
        made: moment(&metadata["creationTimestamp"]),
        node: text(&pod["spec"]["nodeName"]),
        cause: if matches!(condition, Condition::Ready | Condition::Done) { None } else { cause(pod) },
        containers,
        status,
    }
}

fn count<T>(all: impl Iterator<Item = T>) -> u32 {
    u32::try_from(all.count()).unwrap_or(u32::MAX)
}

/// What the pod's own status tells; the cause with events and logs is asked for one object at a time.
fn cause(pod: &Value) -> Option<CauseRow> {
    let object = ObjectRef::of(pod)?;
    let logs = BTreeMap::new();
    let scene = Scene { object: &object, live: pod, pods: &[pod], events: &[], claims: &[], nodes: &[], placed: &[], logs: &logs };
    causes::find(&scene).into_iter().next().map(cause_row)
}

pub(super) fn cause_row(cause: causes::Cause) -> CauseRow {
    CauseRow { id: cause.id.to_owned(), sentence: cause.sentence, fix: cause.fix }
}

/// An RFC 3339 time.
pub(super) fn moment(value: &Value) -> Option<At> {
    time::OffsetDateTime::parse(value.as_str()?, &time::format_description::well_known::Rfc3339).ok().map(At)
}

fn statuses(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainerStatuses", "containerStatuses"].into_iter().flat_map(|name| pod["status"][name].as_array().into_iter().flatten())
}

fn containers(pod: &Value) -> Vec<ContainerRow> {
    let of = |specs: &str, states: &str, init: bool| {
        let specs = pod["spec"][specs].as_array().map(Vec::as_slice).unwrap_or_default();
        let states = pod["status"][states].as_array().map(Vec::as_slice).unwrap_or_default();
        specs
            .iter()
            .map(|spec| {
                let name = spec["name"].as_str().unwrap_or_default();
                let told = states.iter().find(|told| told["name"] == name).unwrap_or(&Value::Null);
                let restarts = told["restartCount"].as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
                ContainerRow {
                    name: name.to_owned(),
                    init,
                    ready: told["ready"] == true,
                    restarts,
                    state: state(told),
                    has_previous: told["lastState"]["terminated"].is_object() || restarts > 0,
                }
            })
            .collect::<Vec<_>>()
    };
    let mut all = of("initContainers", "initContainerStatuses", true);
    all.extend(of("containers", "containerStatuses", false));
    all
}

fn state(status: &Value) -> String {
    let state = &status["state"];
    let with = |word: &str, reason: &Value| match reason.as_str() {
        Some(reason) if !reason.is_empty() => format!("{word}: {reason}"),
        _ => word.to_owned(),
    };
    if state["running"].is_object() {
        "running".to_owned()
    } else if state["terminated"].is_object() {
        with(&format!("ended with {}", state["terminated"]["exitCode"]), &state["terminated"]["reason"])
    } else {
        with("waiting", &state["waiting"]["reason"])
    }
}

/// One word, by the rules of kubectl's printer.
fn status(pod: &Value) -> String {
    let own = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let mut word = own(&pod["status"]["reason"]).or_else(|| own(&pod["status"]["phase"])).unwrap_or_else(|| "Unknown".to_owned());
    let states = pod["status"]["containerStatuses"].as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(init) = initializing(pod) {
        word = init;
    } else if let Some(stuck) = states.iter().find_map(|status| halted(&status["state"])) {
        // the first container that is not well gives the word
        let lives = states.iter().any(|status| status["ready"] == true && status["state"]["running"].is_object());
        word = if stuck == "Completed" && lives { "Running".to_owned() } else { stuck };
    }
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return if pod["status"]["reason"] == "NodeLost" { "Unknown".to_owned() } else { "Terminating".to_owned() };
    }
    word
}

/// Why a container does not run, when it does not.
fn halted(state: &Value) -> Option<String> {
    if let Some(reason) = state["waiting"]["reason"].as_str().filter(|reason| !reason.is_empty()) {
        return Some(reason.to_owned());
    }
    let ended = &state["terminated"];
    ended.is_object().then(|| match (ended["reason"].as_str(), ended["signal"].as_i64().unwrap_or(0)) {
        (Some(reason), _) if !reason.is_empty() => reason.to_owned(),
        (_, 0) => format!("ExitCode:{}", ended["exitCode"]),
        (_, signal) => format!("Signal:{signal}"),
    })
}

/// How far the init containers are, while they hold the pod up.
fn initializing(pod: &Value) -> Option<String> {
    let specs = pod["spec"]["initContainers"].as_array()?;
    let states = pod["status"]["initContainerStatuses"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, status) in states.iter().enumerate() {
        let stays = specs.iter().any(|spec| spec["name"] == status["name"] && spec["restartPolicy"] == "Always");
        let done = status["state"]["terminated"]["exitCode"] == 0 || (stays && status["started"] == true);
        if done {
            continue;
        }
        return Some(match halted(&status["state"]).filter(|word| word != "PodInitializing") {
            Some(word) => format!("Init:{word}"),
            None => format!("Init:{index}/{}", specs.len()),
        });
    }
    None
}

fn condition(pod: &Value, status: &str, ready: (u32, u32)) -> Condition {
    let conditions = pod["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is = |name: &str, value: &str| conditions.iter().find(|one| one["type"] == name && one["status"] == value);
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    if status == "Terminating" {
        return Condition::Working;
    }
    match phase {
        "Succeeded" => return Condition::Done,
        "Failed" => return Condition::Failed,
        _ => {}
    }
    let word = status.strip_prefix("Init:").unwrap_or(status);
    if word.ends_with("BackOff") || word.contains("Err") || word == "InvalidImageName" || word == "OOMKilled" {
        return Condition::Failed;
    }
    if is("PodScheduled", "False").is_some_and(|one| one["reason"] == "Unschedulable") {
        return Condition::Failed;
    }
    if phase == "Pending" {
        return if pod["spec"]["nodeName"].is_string() { Condition::Working } else { Condition::Pending };
    }
    if ready.0 == ready.1 && is("Ready", "False").is_none() {
        return Condition::Ready;
    }
    // it was ready since its containers run, and is no more; the API writes these times in one form, so their text compares
    let since = is("Ready", "False").and_then(|one| one["lastTransitionTime"].as_str()).unwrap_or_default();
    let ran = statuses(pod).filter_map(|status| status["state"]["running"]["startedAt"].as_str()).max().unwrap_or_default();
    let restarted = statuses(pod).any(|status| status["restartCount"].as_u64().unwrap_or(0) > 0);
    if restarted || since > ran { Condition::Degraded } else { Condition::Working }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A pod of one container `c`, whose status and conditions are given.
    fn pod(phase: &str, container: &Value, conditions: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"nodeName": "node", "containers": [{"name": "c"}]},
            "status": {"phase": phase, "conditions": conditions, "containerStatuses": [container]}})
    }

    #[track_caller]
    fn check(pod: &Value, status: &str, condition: Condition) {
        let row = row(pod, &Owners::default());
        assert_eq!((row.status.as_str(), row.condition), (status, condition), "{row:?}");
    }

    #[test]
    fn each_state_has_kubectls_word_and_its_meaning() {
        let running = |ready: bool, restarts: u32| json!({"name": "c", "ready": ready, "restartCount": restarts, "state": {"running": {"startedAt": "2026-01-01T00:01:00Z"}}});
        let not_ready = |at: &str| json!([{"type": "Ready", "status": "False", "lastTransitionTime": at}]);
        check(&pod("Running", &running(true, 0), &json!([])), "Running", Condition::Ready);
        check(&pod("Running", &running(false, 0), &not_ready("2026-01-01T00:00:30Z")), "Running", Condition::Working);
        check(&pod("Running", &running(false, 0), &not_ready("2026-01-01T00:09:00Z")), "Running", Condition::Degraded);
        check(&pod("Running", &running(false, 3), &not_ready("2026-01-01T00:00:30Z")), "Running", Condition::Degraded);
        let waiting = |reason: &str| json!({"name": "c", "restartCount": 4, "state": {"waiting": {"reason": reason}}, "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:02:00Z"}}});
        check(&pod("Running", &waiting("CrashLoopBackOff"), &json!([])), "CrashLoopBackOff", Condition::Failed);
        check(&pod("Pending", &waiting("ErrImagePull"), &json!([])), "ErrImagePull", Condition::Failed);
        check(&pod("Pending", &waiting("ContainerCreating"), &json!([])), "ContainerCreating", Condition::Working);
        let ended = |code: i64, reason: &str| json!({"name": "c", "state": {"terminated": {"exitCode": code, "reason": reason}}});
        check(&pod("Succeeded", &ended(0, "Completed"), &json!([])), "Completed", Condition::Done);
        check(&pod("Running", &ended(137, "OOMKilled"), &json!([])), "OOMKilled", Condition::Failed);
        check(&pod("Running", &ended(3, ""), &json!([])), "ExitCode:3", Condition::Working);
        let mut evicted = pod("Failed", &Value::Null, &json!([]));
        evicted["status"]["reason"] = json!("Evicted");
        check(&evicted, "Evicted", Condition::Failed);
        let mut going = pod("Running", &running(true, 0), &json!([]));
        going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        check(&going, "Terminating", Condition::Working);
        let mut nowhere = pod(
            "Pending",
            &Value::Null,
            &json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]),
        );
        nowhere["spec"]["nodeName"] = Value::Null;
        check(&nowhere, "Pending", Condition::Failed);
        check(&json!({"metadata": {"name": "p"}}), "Unknown", Condition::Ready);
    }

    #[test]
    fn init_containers_hold_a_pod_up_until_they_are_done() {
        let with = |states: Value| {
            let mut pod = pod("Pending", &json!({"name": "c", "state": {"waiting": {"reason": "PodInitializing"}}}), &json!([]));
            pod["spec"]["initContainers"] = json!([{"name": "a"}, {"name": "b"}]);
            pod["status"]["initContainerStatuses"] = states;
            pod
        };
        let done = json!({"name": "a", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}});
        check(&with(json!([done, {"name": "b", "state": {"running": {}}}])), "Init:1/2", Condition::Working);
        check(
            &with(json!([{"name": "a", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}])),
            "Init:CrashLoopBackOff",
            Condition::Failed,
        );
        let mut side = with(json!([done, {"name": "b", "started": true, "state": {"running": {}}}]));
        side["spec"]["initContainers"][1]["restartPolicy"] = json!("Always");
        side["status"]["phase"] = json!("Running");
        side["status"]["containerStatuses"] = json!([{"name": "c", "ready": true, "state": {"running": {}}}]);
        check(&side, "Running", Condition::Ready);
    }

    #[test]
    fn a_row_says_when_it_last_restarted_and_why_it_is_not_well() {
        let crash = json!({"name": "c", "ready": false, "restartCount": 4, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:02:00Z"}}});
        let row = row(&pod("Running", &crash, &json!([])), &Owners::default());
        assert_eq!((row.restarts, row.ready), (4, (0, 1)));
        assert_eq!(row.last_restart.map(|at| at.to_string()), Some("2026-01-01T00:02:00.000Z".to_owned()));
        assert_eq!(row.cause.map(|cause| cause.id), Some("LAB-CRASH-001".to_owned()));
        assert!(row.containers[0].has_previous);
    }
}
