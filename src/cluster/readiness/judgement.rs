//! The rules that hold for every kind, and what each kind's own rule is made of.

use super::around::{Around, Nothing};
use super::kinds;
use crate::cluster::object::{at, group_of};
use serde_json::Value;

/// What an object's status says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It works, as far as its status can tell.
    Ready,
    /// Not yet, and why.
    InProgress(String),
    /// Its controller gave up.
    Failed(String),
    /// It is on its way out, and what holds it.
    Terminating(String),
}

impl Judgement {
    /// The word docs/readiness.md has for it: `ready`, `waiting`, `failed` or `terminating`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::InProgress(_) => "waiting",
            Self::Failed(_) => "failed",
            Self::Terminating(_) => "terminating",
        }
    }
}

/// Judges an object by itself.
pub fn judge(object: &Value) -> Judgement {
    judge_in(object, &Nothing)
}

/// Judges an object by itself and by what is known around it.
pub fn judge_in(object: &Value, around: &dyn Around) -> Judgement {
    if object["metadata"]["deletionTimestamp"].is_string() {
        let held = object["metadata"]["finalizers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let held: Vec<&str> = held.iter().filter_map(Value::as_str).collect();
        let by = if held.is_empty() { String::new() } else { format!(", held by {}", held.join(", ")) };
        return Judgement::Terminating(format!("it is being deleted{by}"));
    }
    if !generation_observed(object) {
        return not_looked();
    }
    kinds::judge(object, around)
}

/// Whether the controller has seen the object as it is now. Kinds whose controllers always report a generation must have reported it.
pub fn generation_observed(object: &Value) -> bool {
    let Some(generation) = number(&object["metadata"]["generation"]) else {
        return true;
    };
    match number(at(object, &["status", "observedGeneration"])) {
        Some(observed) => observed >= generation,
        None => !kinds::reports_generation(object),
    }
}

/// What to say while the controller has not looked.
fn not_looked() -> Judgement {
    Judgement::InProgress("its controller has not looked at the latest change yet".to_owned())
}

/// A number, or a text that is one: Argo Rollouts and Istio write their generation so.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_u64().map(|_| i64::MAX)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A count in the status; missing means none.
pub(super) fn count(object: &Value, name: &str) -> i64 {
    object["status"][name].as_i64().unwrap_or(0)
}

/// How many pods `spec.replicas` asks for; the API's default is one.
pub(super) fn wanted(object: &Value) -> i64 {
    object["spec"]["replicas"].as_i64().unwrap_or(1)
}

/// A condition as it stands for the object's present generation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State<'v> {
    Absent,
    /// Written for an older generation, so it says nothing.
    Stale,
    True(&'v Value),
    /// False, Unknown, or anything else.
    Not(&'v Value),
}

/// A condition of `status.conditions` by type.
pub(super) fn condition<'v>(object: &'v Value, kind: &str) -> State<'v> {
    condition_of(&object["status"]["conditions"], kind, &object["metadata"]["generation"])
}

/// A condition in a list of conditions; `generation` is that of the object they are about.
pub(super) fn condition_of<'v>(conditions: &'v Value, kind: &str, generation: &Value) -> State<'v> {
    let Some(found) = conditions.as_array().and_then(|all| all.iter().find(|condition| condition["type"] == kind)) else {
        return State::Absent;
    };
    if let (Some(observed), Some(generation)) = (number(&found["observedGeneration"]), number(generation))
        && observed < generation
    {
        return State::Stale;
    }
    if found["status"] == "True" { State::True(found) } else { State::Not(found) }
}

impl<'v> State<'v> {
    /// The condition, where it is true now.
    pub(super) fn holds(self) -> Option<&'v Value> {
        match self {
            State::True(condition) => Some(condition),
            _ => None,
        }
    }

    /// What the lack of this condition means: nothing where it is true, else that it is waited for. `absent` says what its absence tells.
    pub(super) fn lacks(self, absent: &str) -> Option<Judgement> {
        match self {
            State::True(_) => None,
            State::Stale => Some(not_looked()),
            State::Not(condition) => Some(Judgement::InProgress(words(condition))),
            State::Absent => Some(Judgement::InProgress(absent.to_owned())),
        }
    }

    /// The same for a condition that may rightly be missing.
    pub(super) fn objects(self) -> Option<Judgement> {
        if self == State::Absent { None } else { self.lacks("") }
    }
}

/// `reason: message` of a condition, as far as there is any.
pub(super) fn words(condition: &Value) -> String {
    let part = |name: &str| condition[name].as_str().filter(|text| !text.is_empty());
    match (part("reason"), part("message")) {
        (Some(reason), Some(message)) => format!("{reason}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "no reason given".to_owned(),
    }
}

/// The group and kind of an object.
pub(super) fn what(object: &Value) -> (&str, &str) {
    (group_of(object["apiVersion"].as_str().unwrap_or_default()), object["kind"].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Any JSON a few levels deep, made of the words that statuses are made of.
    fn anything() -> impl Strategy<Value = Value> {
        let word =
            prop::sample::select(vec!["True", "False", "Ready", "Bound", "Active", "Healthy", "Synced", "Running", "Succeeded", "x", ""]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-2_i64..5).prop_map(Value::from),
            word.prop_map(Value::from)
        ];
        let name = prop::sample::select(vec![
            "replicas",
            "updatedReplicas",
            "readyReplicas",
            "availableReplicas",
            "currentReplicas",
            "conditions",
            "type",
            "status",
            "reason",
            "phase",
            "state",
            "health",
            "sync",
            "paused",
            "suspend",
            "spec",
            "listeners",
            "parents",
            "loadBalancer",
            "engineStatus",
            "desiredNumberScheduled",
        ]);
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((name.clone(), inner), 0..6)
                    .prop_map(|pairs| pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn never_ready_before_the_generation_is_observed_whatever_the_document(
            kind in prop::sample::select(kinds::KNOWN.to_vec()), spec in anything(), status in anything(),
            generation in 2_i64..1000, behind in 1_i64..1000, text in any::<bool>(),
        ) {
            let observed = (generation - behind).max(0);
            let observed = if text { json!(observed.to_string()) } else { json!(observed) };
            let mut object = json!({"apiVersion": kind.0, "kind": kind.1, "metadata": {"generation": generation}, "spec": spec});
            object["status"] = if status.is_object() { status } else { json!({}) };
            object["status"]["observedGeneration"] = observed;
            prop_assert!(matches!(judge(&object), Judgement::InProgress(_)));
        }

        #[test]
        fn no_document_is_too_strange_to_judge(kind in prop::sample::select(kinds::KNOWN.to_vec()), spec in anything(), status in anything()) {
            judge(&json!({"apiVersion": kind.0, "kind": kind.1, "metadata": {"generation": 1}, "spec": spec, "status": status}));
        }

        #[test]
        fn a_good_condition_of_an_older_generation_is_not_good(
            kind in prop::sample::select(vec![("v1", "Pod"), ("cert-manager.io/v1", "Certificate"), ("example.org/v1", "Widget"),
                ("gateway.networking.k8s.io/v1", "GatewayClass"), ("monitoring.coreos.com/v1", "Prometheus")]),
            generation in 2_i64..1000, behind in 1_i64..1000,
        ) {
            let conditions: Vec<Value> = ["Ready", "Available", "Reconciled", "Accepted", "Healthy"].iter()
                .map(|name| json!({"type": name, "status": "True", "observedGeneration": (generation - behind).max(0)})).collect();
            let object = json!({"apiVersion": kind.0, "kind": kind.1, "metadata": {"generation": generation},
                "status": {"phase": "Running", "conditions": conditions}});
            prop_assert!(matches!(judge(&object), Judgement::InProgress(_)));
        }

        #[test]
        fn workloads_without_a_status_are_never_ready(kind in prop::sample::select(vec!["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]), replicas in 0_i64..5) {
            let object = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"generation": 1}, "spec": {"replicas": replicas}});
            prop_assert!(matches!(judge(&object), Judgement::InProgress(_)));
        }
    }

    #[test]
    fn what_is_being_deleted_says_what_holds_it() {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.org/keep"]}});
        assert_eq!(judge(&object), Judgement::Terminating("it is being deleted, held by example.org/keep".into()));
    }
}
