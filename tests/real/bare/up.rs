//! `up`, `diff` and `down` on a cluster that was there before.

use super::rig::{Rig, UP, difference, told};
use crate::server::audited_writes;
use serde_json::{Value, json};

const BRING: &str = "tests/testbed/testbed build apiserver --yes; scripts/test --tier apiserver";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tier apiserver: scripts/test --tier apiserver"]
async fn a_lab_on_a_cluster_that_is_there_comes_up_stays_as_it_is_and_goes() {
    let Some(rig) = Rig::new("there", 4, 20).await else { return };
    rig.up("a").await;
    let made = rig.state().await;
    assert!(made.len() > 80, "{BRING}: {} objects", made.len());
    let writes = || async { audited_writes(&rig.name).await.map(|all| all.len()) };
    let before = writes().await;
    let again = rig.up("a").await;
    let ends: Vec<&Value> = again.iter().map(|event| &event["event"]).filter(|event| event["kind"] == "step_finished").collect();
    assert!(!ends.is_empty() && ends.iter().all(|end| end["result"]["as"] == "unchanged"), "{ends:#?}");
    assert_eq!(writes().await, before, "a run with nothing to do writes nothing, not even a lock");
    assert_eq!(rig.state().await, made);

    // somebody changes one object and takes another away
    let path = format!("/api/v1/namespaces/{}-1/configmaps", rig.name);
    rig.kube
        .json_patch(&format!("{path}/o7"), "kubectl-edit", &json!([{"op": "replace", "path": "/data/content", "value": "other"}]))
        .await
        .unwrap();
    rig.kube.delete(&format!("{path}/o8"), &json!({"apiVersion": "v1", "kind": "DeleteOptions"})).await.unwrap();
    let diff = rig.labctl("a", &["diff", "-o", "json", "--exit-code"]).await;
    assert_eq!(diff.status.code(), Some(6), "{}", told(&diff));
    let drifts: Vec<Value> = serde_json::from_slice(&diff.stdout).unwrap();
    let told: Vec<(&str, &str)> =
        drifts.iter().map(|drift| (drift["action"].as_str().unwrap(), drift["object"].as_str().unwrap())).collect();
    assert_eq!(
        told,
        [("change", format!("ConfigMap {}-1/o7", rig.name).as_str()), ("create", format!("ConfigMap {}-1/o8", rig.name).as_str())]
    );
    rig.up("a").await;
    assert_eq!(difference(&made, &rig.state().await), "", "what was changed and what was taken away is as it was");
    rig.down("a").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tier apiserver: scripts/test --tier apiserver"]
async fn a_component_that_is_no_longer_wanted_goes_with_all_it_brought() {
    let Some(rig) = Rig::new("less", 4, 20).await else { return };
    let without = ["part0", "part1", "part2"].map(str::to_owned);
    let id = rig.id().await;
    rig.stack(&id, &without);
    rig.up("a").await;
    let wanted = rig.state().await;
    rig.stack(&id, &["part0", "part1", "part2", "part3"].map(str::to_owned));
    rig.up("a").await;
    assert!(rig.state().await.len() > wanted.len() + 20);
    rig.stack(&id, &without);
    let diff = rig.labctl("a", &["diff", "-o", "json"]).await;
    let drifts: Vec<Value> = serde_json::from_slice(&diff.stdout).unwrap();
    assert_eq!(drifts.iter().filter(|drift| drift["action"] == "remove").count(), 21, "20 objects and the namespace: {}", told(&diff));
    rig.up("a").await;
    assert_eq!(difference(&wanted, &rig.state().await), "");
    rig.down("a").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tier apiserver: scripts/test --tier apiserver"]
async fn a_cluster_that_is_not_the_one_that_is_meant_is_left_alone() {
    let Some(rig) = Rig::new("other", 1, 5).await else { return };
    rig.stack("00000000-0000-0000-0000-000000000000", &["part0".to_owned()]);
    let output = rig.labctl("a", &UP).await;
    assert_eq!(output.status.code(), Some(7), "{}", told(&output));
    assert!(rig.state().await.is_empty());
    rig.stack("", &["part0".to_owned()]);
    let plain = std::fs::read_to_string(rig.folder.path().join("stacks/rig.yaml")).unwrap().replace(", id: \"\"", "");
    rig.write("stacks/rig.yaml", &plain);
    let output = rig.labctl("a", &UP).await;
    let id = rig.id().await;
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains(&format!("id: {id}")), "the way out names the id: {}", told(&output));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tier apiserver: scripts/test --tier apiserver"]
async fn what_kubectl_applied_is_taken_over_so_that_fields_nobody_wants_really_go() {
    let Some(rig) = Rig::new("adopt", 1, 10).await else { return };
    rig.up("a").await;
    let clean = rig.state().await;
    rig.down("a").await;
    let namespace = format!("{}-0", rig.name);
    rig.kube
        .apply(
            &format!("/api/v1/namespaces/{namespace}"),
            "kubectl",
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": {"old": "label"}}}),
            false,
        )
        .await
        .unwrap();
    // as `kubectl apply --server-side` and client-side `kubectl apply` leave them
    for (name, manager) in [("o7", "kubectl"), ("o8", "helm")] {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace, "labels": {"old": "label"}}, "data": {"content": "old", "stale": "field"}});
        rig.kube.apply(&format!("/api/v1/namespaces/{namespace}/configmaps/{name}"), manager, &map, false).await.unwrap();
    }
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "o9", "namespace": namespace}, "data": {"content": "old", "stale": "field"}});
    rig.kube.create(&format!("/api/v1/namespaces/{namespace}/configmaps"), "kubectl-client-side-apply", &map).await.unwrap();
    let output = rig.labctl("a", &UP).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    for (name, manager) in [("o7", "kubectl"), ("o8", "helm"), ("o9", "kubectl-client-side-apply")] {
        assert!(said.contains(&format!("took over ConfigMap {namespace}/{name} from {manager}")), "each take-over is said: {name}");
    }
    assert_eq!(difference(&clean, &rig.state().await), "", "as if labctl had made them");
    rig.down("a").await;
}
