//! R6 of the design: others write to the lab's objects too. What an autoscaler or `kubectl scale` sets where the lab has no wish stays, what
//! `kubectl edit` changes of the lab's own wishes is put back, and objects that Helm installed are taken over, each one said.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a rig says what it expects and what it measures")]

use super::rig::{Rig, UP, difference, plain_object, told};
use crate::server;
use http::Method;
use labctl::adapters::kube::Kube;
use labctl::adapters::kube::client::ListForm;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

/// Objects of the part that Helm installs first.
const OBJECTS: usize = 20;
/// What `helm install` writes with: by server-side apply as Helm 4 does, by patches of its own as Helm 3 does.
const HELM_MODES: [&str; 2] = ["--server-side=true", "--server-side=false"];

#[derive(Default)]
struct Tally {
    runs: usize,
    refused: usize,
    wrong: Vec<String>,
    /// Take-overs that were said, of so many.
    listed: [usize; 2],
}

impl Tally {
    fn expect(&mut self, holds: bool, what: &str) {
        if !holds {
            self.wrong.push(what.to_owned());
        }
    }

    async fn up(&mut self, rig: &Rig) -> Output {
        let output = rig.labctl("a", &UP).await;
        self.runs += 1;
        if output.status.code() != Some(0) {
            self.refused += 1;
            println!("REFUSED: {}", told(&output));
        }
        output
    }
}

pub async fn r6(kubectl: &Path, helm: &Path) -> bool {
    let mut tally = Tally::default();
    others_write(kubectl, &mut tally).await;
    for mode in HELM_MODES {
        adopted(helm, mode, &mut tally).await;
    }
    for wrong in &tally.wrong {
        println!("WRONG: {wrong}");
    }
    let [listed, of] = tally.listed;
    let ok = tally.refused == 0 && tally.wrong.is_empty() && listed == of && of > 0;
    println!(
        "R6 {} of {} runs refused, {listed} of {of} take-overs said, {} wrong (must 0 refused, {of} of {of}, 0 wrong) {}",
        tally.refused,
        tally.runs,
        tally.wrong.len(),
        if ok { "ok" } else { "short" }
    );
    ok
}

fn deployment(name: &str, replicas: Option<u32>) -> Value {
    let mut object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "registry.example.org/c:1"}]}}}});
    if let Some(replicas) = replicas {
        object["spec"]["replicas"] = json!(replicas);
    }
    object
}

async fn others_write(kubectl: &Path, tally: &mut Tally) {
    let rig = Rig::new("foreign", 1, 0).await.unwrap();
    let namespace = format!("{}-0", rig.name);
    let autoscaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "scaled"}, "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "scaled"}, "minReplicas": 1, "maxReplicas": 9,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]}});
    let objects = [
        deployment("scaled", Some(2)),
        deployment("free", None),
        deployment("ours", Some(2)),
        autoscaler,
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"mode": "calm"}}),
    ];
    write(&rig, &objects);
    let lists = "images: [{name: registry.example.org/c, tag: \"1\"}]\n";
    let file = rig.folder.path().join("manifests/part0/component.yaml");
    rig.write("manifests/part0/component.yaml", &format!("{}{lists}", std::fs::read_to_string(file).unwrap()));
    let controllers = tokio::spawn(play_controllers(rig.kube.clone(), namespace.clone()));
    tally.up(&rig).await;
    let kubeconfig = server::kubeconfig().await.unwrap();
    let run = |args: &[&str], editor: &str| {
        let mut command = Command::new(kubectl);
        command.args(args).args(["--namespace", &namespace]).env("KUBECONFIG", &kubeconfig).env("KUBE_EDITOR", editor);
        let output = command.output().unwrap();
        assert!(output.status.success(), "kubectl {args:?}: {}", told(&output));
    };
    // as the autoscaler's controller does it
    let scale = format!("/apis/apps/v1/namespaces/{namespace}/deployments/scaled/scale");
    let mut scaled = rig.kube.get(&scale).await.unwrap();
    scaled["spec"]["replicas"] = json!(5);
    rig.kube.replace(&scale, "kube-controller-manager", &scaled).await.unwrap();
    run(&["scale", "deployment/free", "--replicas=4"], "");
    run(&["scale", "deployment/ours", "--replicas=7"], "");
    run(&["edit", "configmap/settings"], "sed -i -e s/calm/wild/ -e 's/^  mode:/  theirs: kept\\n  mode:/'");
    run(&["annotate", "deployment/ours", "example.org/theirs=kept"], "");

    let read = async |name: &str| rig.kube.get(&format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}")).await.unwrap();
    tally.expect(read("ours").await["spec"]["replicas"] == 7, "kubectl scale did nothing");
    let diff = rig.labctl("a", &["diff", "-o", "json"]).await;
    let found: Vec<Value> = serde_json::from_slice(&diff.stdout).unwrap();
    let mut names: Vec<&str> = found.iter().filter_map(|drift| drift["object"].as_str()).collect();
    names.sort_unstable();
    let expected = [format!("ConfigMap {namespace}/settings"), format!("Deployment {namespace}/ours")];
    tally.expect(names == expected, &format!("diff finds {names:?}, not {expected:?}"));
    tally.up(&rig).await;
    tally.expect(read("scaled").await["spec"]["replicas"] == 5, "what the autoscaler set was changed");
    tally.expect(read("free").await["spec"]["replicas"] == 4, "what kubectl scale set, and the lab does not, was changed");
    let ours = read("ours").await;
    tally.expect(ours["spec"]["replicas"] == 2, "the lab's own count was not put back");
    tally.expect(ours["metadata"]["annotations"]["example.org/theirs"] == "kept", "somebody's annotation went");
    let settings = rig.kube.get(&format!("/api/v1/namespaces/{namespace}/configmaps/settings")).await.unwrap();
    tally.expect(settings["data"] == json!({"mode": "calm", "theirs": "kept"}), &format!("settings are {}", settings["data"]));
    let again = tally.up(&rig).await;
    let events = super::rig::events(&again);
    let changed = events.iter().filter(|event| event["event"]["result"]["as"] == "changed").count();
    tally.expect(changed == 0, "one more run still finds something to do");
    rig.down("a").await;
    controllers.abort();
}

/// Says of each Deployment what its controllers would say once all its pods run; there are neither here.
async fn play_controllers(kube: Kube, namespace: String) {
    let all = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let Ok(found) = kube.list(&all, ListForm::Whole).await else { continue };
        for object in found.iter().filter(|object| object["status"]["observedGeneration"] != object["metadata"]["generation"]) {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let count = &object["spec"]["replicas"];
            let status = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace}, "status": {
                "observedGeneration": object["metadata"]["generation"], "replicas": count, "updatedReplicas": count, "readyReplicas": count,
                "availableReplicas": count, "conditions": [{"type": "Available", "status": "True"}]}});
            let path = format!("{all}/{name}/status?fieldManager=kube-controller-manager&force=true");
            let request = http::Request::builder()
                .method(Method::PATCH)
                .uri(path)
                .header("content-type", "application/apply-patch+yaml")
                .body(status.to_string().into_bytes())
                .unwrap();
            let _again_next_time = kube.client().request_text(request).await;
        }
    }
}

/// Writes the rig's only component anew.
fn write(rig: &Rig, objects: &[Value]) {
    let text: Vec<String> = objects.iter().map(Value::to_string).collect();
    rig.write("manifests/part0/objects.yaml", &text.join("\n---\n"));
}

async fn adopted(helm: &Path, mode: &str, tally: &mut Tally) {
    let mut rig = Rig::new("adopted", 1, 0).await.unwrap();
    let objects: Vec<Value> = (0..OBJECTS).map(|number| plain_object(0, number)).collect();
    write(&rig, &objects);
    tally.up(&rig).await;
    let clean = rig.state_without_name().await;
    rig.down("a").await;
    rig.renew().await;
    write(&rig, &objects);

    let chart = rig.folder.path().join("chart");
    std::fs::create_dir_all(chart.join("templates")).unwrap();
    std::fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: rig\nversion: 0.1.0\n").unwrap();
    let theirs = objects.iter().map(|object| {
        let mut object = object.clone();
        object["metadata"]["labels"] = json!({"only": "helm"});
        object.to_string()
    });
    std::fs::write(chart.join("templates/all.yaml"), theirs.collect::<Vec<_>>().join("\n---\n")).unwrap();
    let namespace = format!("{}-0", rig.name);
    let installed = Command::new(helm)
        .args(["install", "rig", chart.to_str().unwrap(), "--create-namespace", "--namespace", &namespace, mode])
        .env("KUBECONFIG", server::kubeconfig().await.unwrap())
        .env("HOME", rig.folder.path())
        .output()
        .unwrap();
    assert!(installed.status.success(), "helm install {mode}: {}", told(&installed));
    let output = tally.up(&rig).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let name =
        |object: &Value| format!("{} {namespace}/{}", object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
    let listed = objects.iter().filter(|object| said.contains(&format!("took over {} from", name(object)))).count();
    tally.listed = [tally.listed[0] + listed, tally.listed[1] + objects.len()];
    // Helm's own record of its release is nothing of the chart's
    let found: BTreeMap<String, Value> =
        rig.state_without_name().await.into_iter().filter(|(path, _)| !path.contains("/sh.helm.release.")).collect();
    let difference = difference(&clean, &found);
    tally.expect(difference.is_empty(), &format!("{mode}: {difference}"));
    rig.labctl("a", &["down", "--yes"]).await;
}
