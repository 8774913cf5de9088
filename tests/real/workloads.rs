//! Readiness and causes on a cluster with kubelets. `LABCTL_TEST_CLUSTER` names its kubeconfig, `LABCTL_TEST_IMAGE` an image with a shell that its
//! nodes have.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests say what they expect")]

use labctl::adapters::kube::connect;
use labctl::cluster::{Cluster, ClusterError, Desired, NotReady, ObjectRef};
use labctl::support::progress::Sink;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

struct Bench {
    cluster: Cluster,
    namespace: String,
    image: String,
}

async fn bench(name: &str) -> Option<Bench> {
    let (Ok(kubeconfig), Ok(image)) = (std::env::var("LABCTL_TEST_CLUSTER"), std::env::var("LABCTL_TEST_IMAGE")) else {
        println!("NOT RUN: workloads: LABCTL_TEST_CLUSTER and LABCTL_TEST_IMAGE name no cluster and image");
        return None;
    };
    let kube = connect(Path::new(&kubeconfig), None).await.unwrap();
    let namespace = format!("{name}-{:06x}", rand::random::<u32>() & 0xff_ffff);
    Some(Bench { cluster: Cluster::new(kube, &namespace), namespace, image })
}

impl Bench {
    fn deployment(name: &str, pod: &Value) -> Value {
        let mut spec = pod.clone();
        spec["terminationGracePeriodSeconds"] = json!(0);
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec}}})
    }

    fn shell(&self, script: &str) -> Value {
        json!({"name": "c", "image": self.image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script]})
    }

    /// Applies the objects and waits for all of them.
    async fn bring(&self, objects: &[Value], within: Duration) -> Result<Duration, ClusterError> {
        let mut all = vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})];
        all.extend(objects.to_vec());
        let desired = Desired { component: "c".into(), namespace: Some(self.namespace.clone()), objects: all };
        let (sink, cancel) = (Sink::silent(), CancellationToken::new());
        let diff = self.cluster.diff(std::slice::from_ref(&desired)).await?;
        self.cluster.apply(&desired, &diff, &sink, &cancel).await?;
        let references: Vec<ObjectRef> = diff.entries.iter().map(|entry| entry.object.clone()).collect();
        let started = Instant::now();
        self.cluster.wait_ready(&references, within, &sink, &cancel).await?;
        Ok(started.elapsed())
    }

    async fn expect_cause(&self, objects: &[Value], within: u64, id: &str, hopeless: bool) {
        let started = Instant::now();
        let error = self.bring(objects, Duration::from_secs(within)).await.map(|after| format!("ready after {after:?}")).unwrap_err();
        let ClusterError::NotReady(NotReady { causes, hopeless: ended_early, .. }) = &error else { panic!("{error}") };
        println!("{id}: {:.1} s, early {ended_early}: {error}", started.elapsed().as_secs_f64());
        assert_eq!(causes.first().map(|cause| cause.id), Some(id), "{error}");
        assert_eq!(*ended_early, hopeless, "{error}");
        self.cluster.remove("c", &Sink::silent(), &CancellationToken::new()).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs a cluster with kubelets"]
async fn a_rollout_is_waited_for_and_changed_configuration_rolls_it() {
    let Some(bench) = bench("roll").await else { return };
    let pod = json!({"containers": [bench.shell("sleep 1000")], "volumes": [{"name": "v", "configMap": {"name": "settings"}}]});
    let config = |value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": value}});
    let first = bench.bring(&[config("1"), Bench::deployment("d", &pod)], Duration::from_mins(1)).await.unwrap();
    let again = bench.bring(&[config("1"), Bench::deployment("d", &pod)], Duration::from_mins(1)).await.unwrap();
    bench.bring(&[config("2"), Bench::deployment("d", &pod)], Duration::from_mins(1)).await.unwrap();
    let path = format!("/apis/apps/v1/namespaces/{}/deployments/d", bench.namespace);
    let live = bench.cluster.kube().get(&path).await.unwrap();
    assert_eq!(live["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "2");
    println!("ready after {first:?}, when ready already {again:?}");
    bench.cluster.remove("c", &Sink::silent(), &CancellationToken::new()).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a cluster with kubelets"]
async fn each_kind_of_broken_workload_is_named() {
    let Some(b) = bench("broken").await else { return };
    let pod = |container: Value| json!({"containers": [container]});
    let mut missing_image = b.shell("true");
    missing_image["image"] = json!("registry.invalid/no/such:1");
    // a registry that cannot be reached may come back
    b.expect_cause(&[Bench::deployment("net", &pod(missing_image.clone()))], 12, "LAB-IMAGE-005", false).await;
    missing_image["imagePullPolicy"] = json!("Never");
    b.expect_cause(&[Bench::deployment("never", &pod(missing_image))], 40, "LAB-IMAGE-008", true).await;
    let mut greedy = b.shell("sleep 1000");
    greedy["resources"] = json!({"requests": {"cpu": "900"}});
    b.expect_cause(&[Bench::deployment("greedy", &pod(greedy))], 60, "LAB-SCHEDULE-001", true).await;
    let mut config = b.shell("sleep 1000");
    config["envFrom"] = json!([{"configMapRef": {"name": "absent"}}]);
    b.expect_cause(&[Bench::deployment("config", &pod(config))], 60, "LAB-CONFIG-001", true).await;
    let mut oom = b.shell("x=a; while true; do x=$x$x$x$x; done");
    oom["resources"] = json!({"limits": {"memory": "16Mi"}});
    b.expect_cause(&[Bench::deployment("oom", &pod(oom))], 40, "LAB-CRASH-003", false).await;
    let mut probe = b.shell("sleep 1000");
    probe["readinessProbe"] = json!({"exec": {"command": ["false"]}, "periodSeconds": 1});
    b.expect_cause(&[Bench::deployment("probe", &pod(probe))], 12, "LAB-PROBE-001", false).await;
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": {"backoffLimit": 0, "template": {"spec": {
        "restartPolicy": "Never", "containers": [b.shell("echo no such table; exit 3")]}}}});
    b.expect_cause(&[job], 60, "LAB-JOB-001", true).await;
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}});
    let user = json!({"containers": [b.shell("sleep 1000")], "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]});
    b.expect_cause(&[claim, Bench::deployment("claim", &user)], 60, "LAB-VOLUME-001", true).await;
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}});
    b.expect_cause(&[quota, Bench::deployment("quota", &pod(b.shell("sleep 1000")))], 60, "LAB-QUOTA-001", true).await;
}

#[tokio::test]
#[ignore = "needs a cluster with kubelets"]
async fn a_crash_loop_is_never_ready_and_is_named_with_its_last_words() {
    let Some(b) = bench("crash").await else { return };
    let crash = json!({"containers": [b.shell("echo bad flag; exit 7")]});
    b.expect_cause(&[Bench::deployment("crash", &crash)], 150, "LAB-CRASH-001", true).await;
}
