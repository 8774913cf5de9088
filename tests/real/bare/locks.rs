//! Two labctl at once: one writes, the other says who does.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use super::rig::{Rig, UP, told};
use labctl::support::holder::Holder;
use serde_json::json;
use std::time::Instant;

/// A `metav1.MicroTime`.
fn just_now() -> serde_json::Value {
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    json!(time::OffsetDateTime::now_utc().format(format).unwrap())
}

fn lease(rig: &Rig) -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/labctl-system/leases/{}", rig.name)
}

/// Stores the lease, whoever has it now.
async fn put(rig: &Rig, mut held: serde_json::Value) {
    held["metadata"]["resourceVersion"] = rig.kube.get(&lease(rig)).await.unwrap()["metadata"]["resourceVersion"].clone();
    rig.kube.replace(&lease(rig), "test", &held).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tier apiserver: scripts/test --tier apiserver"]
async fn the_loser_names_the_holder_and_a_dead_holder_is_no_obstacle() {
    let Some(rig) = Rig::new("locks", 2, 10).await else { return };
    rig.up("a").await;
    let given_back = rig.kube.get(&lease(&rig)).await.unwrap();
    assert_eq!(given_back["spec"]["holderIdentity"], "", "a run that ended holds nothing");
    rig.component(1, 10, "2");
    // somebody on another machine holds it, and is alive
    let elsewhere = Holder {
        verb: "up".into(),
        run: "their-run".into(),
        user: "ada".into(),
        host: "far".into(),
        process: 7,
        started: "1".into(),
        space: "another boot".into(),
    };
    let hold = |holder: &Holder| {
        let mut lease = given_back.clone();
        lease["metadata"]["annotations"]["labctl.dev/holder"] = json!(serde_json::to_string(holder).unwrap());
        lease["spec"]["holderIdentity"] = json!(holder.run);
        lease["spec"]["renewTime"] = just_now();
        lease
    };
    put(&rig, hold(&elsewhere)).await;
    let before = rig.state().await;
    let output = rig.labctl("b", &UP).await;
    assert_eq!(output.status.code(), Some(4), "{}", told(&output));
    assert!(told(&output).contains("labctl up by ada on far, process 7, run their-run"), "{}", told(&output));
    assert_eq!(rig.state().await, before, "the loser wrote nothing");
    // the same, of a process of this machine that has ended: nobody waits for it
    let here = Holder::this_process("up", "dead-run", |_| None);
    put(&rig, hold(&Holder { started: "1".into(), ..here })).await;
    rig.up("b").await;
    rig.down("a").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tier apiserver: scripts/test --tier apiserver"]
async fn one_that_waits_goes_on_when_a_silent_holder_has_run_out() {
    let Some(rig) = Rig::new("silent", 1, 5).await else { return };
    rig.up("a").await;
    rig.component(0, 5, "2");
    let mut held = rig.kube.get(&lease(&rig)).await.unwrap();
    held["spec"]["holderIdentity"] = json!("gone-run");
    held["metadata"]["annotations"] = json!({});
    held["spec"]["renewTime"] = just_now();
    put(&rig, held.clone()).await;
    let mut args: Vec<&str> = UP.to_vec();
    args.push("--wait-lock=60");
    let began = Instant::now();
    let output = rig.labctl("b", &args).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(began.elapsed().as_secs() >= 15, "its whole duration is waited for: nobody's clock is trusted");
    let turns = rig.kube.get(&lease(&rig)).await.unwrap()["spec"]["leaseTransitions"].clone();
    assert!(turns.as_i64() > held["spec"]["leaseTransitions"].as_i64(), "{turns}");
    rig.down("b").await;
}
