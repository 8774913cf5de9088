//! R5: a webhook that nobody answers for 20 s, then one whose certificate is of an unknown authority, then one that works, while a run is under
//! way; and a dead aggregated API all the time. No run may fail, and each goes on soon after the webhook works.

use crate::rig::parts::Parts;
use crate::rig::race::{percentile, run};
use crate::rig::room::Room;
use crate::rig::webhook::{free_port, serve};
use crate::rig::{Outcome, child, judge, objects};
use base64::Engine as _;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const DOWN: Duration = Duration::from_secs(20);
const UNKNOWN: Duration = Duration::from_secs(5);
/// Seconds from the moment the webhook works to the end of the run.
const MOST: f64 = 2.0;
const WEBHOOK: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/rig";

pub async fn measure(points: usize) -> Outcome<bool> {
    let room = Room::start(&Parts::find()?).await?;
    kill_an_api(&room).await?;
    let (mut failed, mut delays) = (0, Vec::new());
    for round in 0..points {
        match one(&room, &format!("r5-{round}")).await? {
            Ok(delay) => {
                println!("run {round}: went on {delay:.2} s after the webhook worked");
                delays.push(delay);
            }
            Err(why) => {
                println!("run {round}: FAILED: {why}");
                failed += 1;
            }
        }
    }
    let slowest = percentile(&delays, 1.0);
    let ok = failed == 0 && slowest <= MOST;
    println!(
        "R5 {failed} of {points} runs failed, went on within {slowest:.2} s (must 0, {MOST} s, goal 0, {MOST} s) {}",
        if ok { "ok" } else { "short" }
    );
    Ok(ok)
}

/// An aggregated API whose backend does not exist: it answers 503 for ever.
async fn kill_an_api(room: &Room) -> Outcome<()> {
    let object = json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1.dead.example.org"}, "spec": {
        "group": "dead.example.org", "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 15, "insecureSkipTLSVerify": true,
        "service": {"name": "nobody", "namespace": "default", "port": 443}}});
    room.kube.apply("/apis/apiregistration.k8s.io/v1/apiservices/v1.dead.example.org", "rig", &object, false).await?;
    Ok(())
}

/// Seconds from when the webhook worked to the end of the run, or why the run failed.
async fn one(room: &Room, name: &str) -> Outcome<Result<f64, String>> {
    let namespaces = objects::namespaces(name, 1);
    room.make(&namespaces).await?;
    let all = objects::mixed(&namespaces[0], 100);
    let file = objects::write(&room.file(&format!("{name}.yaml"))?, &all)?;
    let port = free_port().await?;
    configure(room, &namespaces[0], port, None).await?;
    // the API server takes a moment to see its webhooks
    until_blocked(room, &namespaces[0]).await?;

    let mut command = child::up(&room.kubeconfig(), name, &[file], false)?;
    let working = tokio::task::spawn_blocking(move || {
        let done = run(&mut command).map_err(|error| error.to_string());
        (done, Instant::now())
    });
    tokio::time::sleep(DOWN).await;
    let certs = room.server.folder.join("certs");
    let _webhook = serve(port, &certs).await?;
    tokio::time::sleep(UNKNOWN).await;
    let early = working.is_finished();
    configure(room, &namespaces[0], port, Some(&std::fs::read(certs.join("apiserver.crt"))?)).await?;
    let works = Instant::now();
    let (done, ended) = working.await?;
    let wrong = judge::differences(&all, &judge::stored(&room.kube, &all).await?);
    room.kube.delete(WEBHOOK, &json!({})).await?;
    room.wipe(&namespaces).await?;
    room.forget(name).await?;
    Ok(match (done, wrong.first()) {
        (Err(error), _) => Err(error),
        (Ok(_), Some(first)) => Err(format!("{} objects are wrong: {first}", wrong.len())),
        (Ok(_), None) if early => Err("it ended before the webhook worked, so nothing was blocked".to_owned()),
        (Ok(_), None) => Ok(ended.saturating_duration_since(works).as_secs_f64()),
    })
}

/// Every ConfigMap and Deployment of the namespace is asked about at `port`. Without a bundle, the certificate there is of an unknown authority.
async fn configure(room: &Room, namespace: &str, port: u16, bundle: Option<&[u8]>) -> Outcome<()> {
    let mut client = json!({"url": format!("https://127.0.0.1:{port}/validate")});
    if let Some(bundle) = bundle {
        client["caBundle"] = json!(base64::engine::general_purpose::STANDARD.encode(bundle));
    }
    let object = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "rig"},
        "webhooks": [{"name": "rig.example.org", "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 5,
            "clientConfig": client, "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "rules": [{"apiGroups": ["", "apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps", "deployments"]}]}]});
    room.kube.apply(WEBHOOK, "rig", &object, false).await?;
    Ok(())
}

/// Waits until a dry run shows that the webhook is asked.
async fn until_blocked(room: &Room, namespace: &str) -> Outcome<()> {
    let probe: Value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe", "namespace": namespace}});
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/probe");
    let started = Instant::now();
    while room.kube.apply(&path, "rig", &probe, true).await.is_ok() {
        if started.elapsed() > Duration::from_secs(10) {
            return Err("the API server does not ask its webhook".into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
