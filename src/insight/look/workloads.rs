//! Deployments, `StatefulSets` and `DaemonSets` as rows. How they are is judged by the rules that `up` waits by.

use super::owners::Owners;
use super::pods::moment;
use crate::cluster::readiness::{Judgement, judge};
use crate::model::look::{Condition, Workload, WorkloadRow};
use crate::model::run::Object;
use serde_json::Value;
use std::sync::Arc;

/// All workloads, by namespace and name; `kinds` in the order of [`Workload::ALL`].
pub(super) fn rows(kinds: &[Vec<Arc<Value>>], owners: &Owners) -> Vec<WorkloadRow> {
    let mut rows: Vec<WorkloadRow> =
        Workload::ALL.iter().zip(kinds).flat_map(|(kind, objects)| objects.iter().map(|object| row(*kind, object, owners))).collect();
    rows.sort_by(|a, b| (&a.namespace, &a.name, a.kind).cmp(&(&b.namespace, &b.name, b.kind)));
    rows
}

fn row(kind: Workload, object: &Value, owners: &Owners) -> WorkloadRow {
    let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_u64().and_then(|count| u32::try_from(count).ok());
    let named = Object { kind: kind.name().to_owned(), namespace: text("namespace"), name: text("name") };
    let status = &object["status"];
    let (ready, wanted) = match kind {
        Workload::DaemonSet => (number(&status["numberReady"]), number(&status["desiredNumberScheduled"]).unwrap_or(0)),
        Workload::Deployment | Workload::StatefulSet => {
            (number(&status["readyReplicas"]), number(&object["spec"]["replicas"]).unwrap_or(1))
        }
    };
    let ready = ready.unwrap_or(0);
    let (condition, lacks) = match judge(object) {
        Judgement::Ready if wanted == 0 && kind != Workload::DaemonSet => (Condition::Pending, "it is scaled to none".to_owned()),
        Judgement::Ready => (Condition::Ready, String::new()),
        Judgement::InProgress(lacks) if ready > 0 => (Condition::Degraded, lacks),
        Judgement::InProgress(lacks) | Judgement::Terminating(lacks) => (Condition::Working, lacks),
        Judgement::Failed(lacks) => (Condition::Failed, lacks),
    };
    let owned = owners.of(&named);
    WorkloadRow {
        kind,
        component: owned.map(|owned| owned.component.clone()).unwrap_or_default(),
        manifest: owned.and_then(|owned| owned.replicas),
        namespace: named.namespace,
        name: named.name,
        condition,
        lacks,
        ready,
        wanted,
        made: moment(&object["metadata"]["creationTimestamp"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_tells_what_is_wanted_now_from_what_the_manifest_says() {
        let mut owners = Owners::default();
        owners.add("web", "n", &[json!({"kind": "Deployment", "metadata": {"name": "d"}, "spec": {"replicas": 1}})]);
        let object = |kind: &str, name: &str, spec: Value, status: Value| {
            Arc::new(
                json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "n", "generation": 1}, "spec": spec, "status": status}),
            )
        };
        let some = json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 2, "availableReplicas": 2});
        let none = json!({"observedGeneration": 1});
        let each = json!({"observedGeneration": 1, "desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2, "numberAvailable": 2});
        let rows = rows(
            &[
                vec![object("Deployment", "d", json!({"replicas": 3}), some), object("Deployment", "off", json!({"replicas": 0}), none)],
                vec![],
                vec![object("DaemonSet", "each", json!({}), each)],
            ],
            &owners,
        );
        let told: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.condition, row.ready, row.wanted, row.manifest)).collect();
        assert_eq!(
            told,
            [("d", Condition::Degraded, 2, 3, Some(1)), ("each", Condition::Ready, 2, 2, None), ("off", Condition::Pending, 0, 0, None)]
        );
    }
}
