//! The contestants of ours: this program started again as a process of its own, so that its start counts as kubectl's does.

use super::Outcome;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use labctl::adapters::kube::{Kube, connect};
use labctl::cluster::{Cluster, Desired, ObjectRef};
use labctl::support::progress::Sink;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Components that are brought up at once, as `labctl up` does.
const COMPONENTS: usize = 3;
const PODS_READY: Duration = Duration::from_mins(5);

/// What a child says of its work.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub pruned: usize,
    /// What was found to be not as wanted.
    pub found: Vec<String>,
    /// Milliseconds for reading files, working out the difference, writing.
    pub phases: [f64; 3],
    /// The most memory it ever had, in KiB.
    pub peak_kib: u64,
}

/// Brings the lab of these files about: each is a component. With `wait`, until its pods are ready.
pub fn up(kubeconfig: &Path, lab: &str, files: &[PathBuf], wait: bool) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["child", if wait { "up-and-wait" } else { "up" }, lab]).arg(kubeconfig).args(files);
    Ok(command)
}

/// Patches each object in turn, sixteen at once, and nothing else: what kube-rs costs by itself.
pub fn bare(kubeconfig: &Path, files: &[PathBuf]) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["child", "bare", "-"]).arg(kubeconfig).args(files);
    Ok(command)
}

/// What a child wrote.
pub fn report(output: &str) -> Outcome<Report> {
    Ok(serde_json::from_str(output.lines().last().unwrap_or_default())?)
}

/// The child's side: `arguments` follow the word `child`.
pub async fn run(arguments: &[String]) -> Outcome<String> {
    let [what, lab, kubeconfig, files @ ..] = arguments else { return Err("child WHAT LAB KUBECONFIG FILE...".into()) };
    let begun = Instant::now();
    let desired: Vec<Desired> = files.iter().map(|file| read(Path::new(file))).collect::<Outcome<_>>()?;
    let read = begun.elapsed();
    let kube = connect(Path::new(kubeconfig), None).await?;
    let mut report = match what.as_str() {
        "up" => bring_up(kube, lab, &desired, false).await?,
        "up-and-wait" => bring_up(kube, lab, &desired, true).await?,
        _ => patch_all(kube, &desired).await?,
    };
    report.phases[0] = read.as_secs_f64() * 1e3;
    report.peak_kib = peak_kib().unwrap_or(0);
    Ok(serde_json::to_string(&report)?)
}

fn read(file: &Path) -> Outcome<Desired> {
    let text = std::fs::read_to_string(file)?;
    let objects: Vec<Value> = serde_saphyr::from_multiple_with_options(&text, serde_saphyr::options! { with_snippet: false })?;
    Ok(Desired { component: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(), namespace: None, objects })
}

async fn bring_up(kube: Kube, lab: &str, desired: &[Desired], wait: bool) -> Outcome<Report> {
    let (sink, cancel) = (Sink::silent(), CancellationToken::new());
    let cluster = Cluster::new(kube, lab);
    let begun = Instant::now();
    let diff = cluster.diff(desired).await?;
    let looked = begun.elapsed();
    let begun = Instant::now();
    let found = diff.entries.iter().filter(|entry| entry.changes()).map(|entry| entry.object.to_string()).collect();
    let mut report = Report { found, ..Report::default() };
    cluster.apply_crds(&diff, &sink, &cancel).await?;
    let work: Vec<_> = desired.iter().map(|one| cluster.apply(one, &diff, &sink, &cancel)).collect();
    let all: Vec<_> = stream::iter(work).buffer_unordered(COMPONENTS).try_collect().await?;
    for applied in all {
        report.created += applied.created;
        report.updated += applied.updated;
        report.unchanged += applied.unchanged;
        report.pruned += applied.pruned;
    }
    if wait {
        let pods: Vec<ObjectRef> =
            desired.iter().flat_map(|one| &one.objects).filter_map(ObjectRef::of).filter(|object| object.kind == "Pod").collect();
        cluster.wait_ready(&pods, PODS_READY, &sink, &cancel).await?;
    }
    report.phases = [0.0, looked.as_secs_f64() * 1e3, begun.elapsed().as_secs_f64() * 1e3];
    Ok(report)
}

async fn patch_all(kube: Kube, desired: &[Desired]) -> Outcome<Report> {
    let objects: Vec<&Value> = desired.iter().flat_map(|one| &one.objects).collect();
    let kube = &kube;
    let patches: Vec<_> = objects
        .iter()
        .map(|object| async move {
            let path = super::objects::path_of(object);
            kube.apply(&path, "bare", object, false).await
        })
        .collect();
    let count = patches.len();
    stream::iter(patches).buffer_unordered(16).try_for_each(|_| std::future::ready(Ok(()))).await?;
    Ok(Report { updated: count, ..Report::default() })
}

/// The high-water mark of this process's memory.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().split(' ').next()?.parse().ok()
}
