//! Adds up what rendered objects ask for and judges it against the host. Pure: figures in, verdict out.

use crate::model::budget::{Amount, Ask, Budget, Fit, Measure};
use crate::model::units::{Bytes, MilliCpu};
use serde_json::Value;

/// An image of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSize {
    /// Upstream name with tag.
    pub name: String,
    /// Bytes of its compressed layers; 0 where that is not known.
    pub compressed: u64,
    /// It need not be fetched.
    pub cached: bool,
}

/// What the host offers; from `HostFacts`, or from the engine where that is another machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// CPUs that nodes may use.
    pub cpus: Option<u32>,
    /// Bytes that can be had without swapping.
    pub mem_available: Option<u64>,
    /// Bytes where the engine keeps its data.
    pub disk_free: Option<u64>,
}

/// What is to be judged.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Rendered objects of all components.
    pub objects: &'a [Value],
    /// All images of the plan.
    pub images: &'a [ImageSize],
    /// Nodes with a control plane.
    pub control_planes: u32,
    /// Nodes without one.
    pub workers: u32,
    /// `small`, `medium` or `large`; a suggestion never names a size that is not smaller.
    pub size: &'a str,
    /// What there is.
    pub room: Room,
}

/// What kubeadm's own pods of one control plane request (API server 250m, controller manager 200m, scheduler, etcd and the network 100m each,
/// CoreDNS 200m), and what such a node was seen to use when idle.
const CONTROL_PLANE: Amount = Amount { millicores: 950, bytes: 464 << 20 };
/// A worker: kube-proxy and network pods, kubelet, containerd. An estimate.
const WORKER: Amount = Amount { millicores: 100, bytes: 200 << 20 };
/// Unpacked layers are taken to be this many tenths of the compressed ones. An estimate, on the high side for layers that are one static binary.
const UNPACKED_TENTHS: u64 = 25;

/// Adds up and judges.
pub fn judge(request: &Request<'_>) -> Budget {
    let nodes = u64::from(request.control_planes + request.workers).max(1);
    let mut asks: Vec<Ask> = request.objects.iter().filter_map(|object| ask(object, request.objects, nodes)).collect();
    asks.sort_by(|a, b| b.requests.bytes.cmp(&a.requests.bytes).then_with(|| a.workload.cmp(&b.workload)));

    let cluster = plus(times(CONTROL_PLANE, u64::from(request.control_planes)), times(WORKER, u64::from(request.workers)));
    let requests = asks.iter().fold(cluster, |sum, ask| plus(sum, ask.requests));
    let limits = asks.iter().fold(cluster, |sum, ask| plus(sum, ask.limits));
    let sized = request.images.iter().all(|image| image.compressed > 0);
    let fetched = request.images.iter().filter(|image| !image.cached);
    let download = fetched.map(|image| Some(image.compressed).filter(|size| *size > 0)).sum();
    // one compressed copy in the registry that serves the nodes, one unpacked copy on each node
    let disk: u64 = request
        .images
        .iter()
        .map(|image| {
            let kept = if image.cached { 0 } else { image.compressed };
            kept + image.compressed * UNPACKED_TENTHS / 10 * nodes
        })
        .sum();

    let mut measures = vec![
        measure("memory", requests.bytes, request.room.mem_available),
        measure("cpu", requests.millicores, request.room.cpus.map(|cpus| u64::from(cpus) * 1000)),
        measure("disk", disk, request.room.disk_free),
    ];
    // what is known may be too much already; that it fits is known only of all
    if let Some(disk) = measures.last_mut().filter(|disk| !sized && disk.fit != Fit::DoesNotFit) {
        disk.fit = Fit::Unknown;
    }
    let fit = measures.iter().map(|measure| measure.fit).max().unwrap_or(Fit::Unknown);
    let suggestions = suggestions(&measures, &asks, request.size);
    Budget { fit, requests, limits, download, measures, asks, suggestions }
}

/// Above nine tenths of what is there it is tight; above all of it, it does not fit.
fn measure(of: &str, asked: u64, there: Option<u64>) -> Measure {
    let fit = match there {
        None => Fit::Unknown,
        Some(there) if asked > there => Fit::DoesNotFit,
        Some(there) if asked > there / 10 * 9 => Fit::Tight,
        Some(_) => Fit::Fits,
    };
    Measure { of: of.to_owned(), asked, there, fit }
}

fn suggestions(measures: &[Measure], asks: &[Ask], size: &str) -> Vec<String> {
    let short = |of: &str| measures.iter().any(|measure| measure.of == of && measure.fit >= Fit::Tight);
    let mut said = Vec::new();
    let smaller = match size {
        "large" => Some("medium"),
        "medium" => Some("small"),
        _ => None,
    };
    if short("memory") || short("cpu") {
        if let Some(smaller) = smaller {
            said.push(format!("set `size: {smaller}` in the stack"));
        }
        let largest = largest_components(asks);
        if !largest.is_empty() {
            said.push(format!("leave out one of the largest components (`enabled: false`): {largest}"));
        }
    }
    if short("memory") {
        said.push("stop other programs or give the engine's virtual machine more memory".to_owned());
    }
    if short("disk") {
        said.push("free disk where the engine keeps its data: `docker system df` shows what holds it".to_owned());
    }
    said
}

fn largest_components(asks: &[Ask]) -> String {
    let mut sums: Vec<(&str, u64)> = Vec::new();
    for ask in asks {
        match sums.iter_mut().find(|(name, _)| *name == ask.component) {
            Some((_, bytes)) => *bytes += ask.requests.bytes,
            None => sums.push((&ask.component, ask.requests.bytes)),
        }
    }
    sums.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let named: Vec<String> = sums.iter().take(3).map(|(name, bytes)| format!("{name} ({} MiB)", bytes >> 20)).collect();
    named.join(", ")
}

/// What one object asks for; `None` when it makes no pods.
fn ask(object: &Value, all: &[Value], nodes: u64) -> Option<Ask> {
    let kind = object["kind"].as_str()?;
    let (pods, pod) = match kind {
        "Deployment" | "StatefulSet" | "ReplicaSet" | "Rollout" => (replicas(object, all), &object["spec"]["template"]["spec"]),
        "DaemonSet" => (nodes, &object["spec"]["template"]["spec"]),
        "Job" => (object["spec"]["parallelism"].as_u64().unwrap_or(1), &object["spec"]["template"]["spec"]),
        "CronJob" => (1, &object["spec"]["jobTemplate"]["spec"]["template"]["spec"]),
        "Pod" => (1, &object["spec"]),
        _ => return None,
    };
    let name = object["metadata"]["name"].as_str().unwrap_or("");
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
    let labels = &object["metadata"]["labels"];
    let component =
        ["app.kubernetes.io/part-of", "app.kubernetes.io/name"].iter().find_map(|label| labels[*label].as_str()).unwrap_or(name);
    Some(Ask {
        workload: format!("{kind} {namespace}/{name}"),
        component: component.to_owned(),
        pods,
        requests: times(pod_amount(pod, "requests"), pods),
        limits: times(pod_amount(pod, "limits"), pods),
        unbounded: unbounded(pod),
    })
}

/// A workload under an autoscaler starts with at least the autoscaler's minimum, whatever its own file says.
fn replicas(object: &Value, all: &[Value]) -> u64 {
    let own = object["spec"]["replicas"].as_u64();
    let of_autoscaler = all.iter().find_map(|other| {
        let target = &other["spec"]["scaleTargetRef"];
        let same = other["kind"] == "HorizontalPodAutoscaler"
            && target["kind"] == object["kind"]
            && target["name"] == object["metadata"]["name"]
            && other["metadata"]["namespace"] == object["metadata"]["namespace"];
        same.then(|| other["spec"]["minReplicas"].as_u64().unwrap_or(1))
    });
    match (own, of_autoscaler) {
        (Some(own), Some(least)) => own.max(least),
        (Some(own), None) => own,
        (None, least) => least.unwrap_or(1),
    }
}

/// The scheduler's own arithmetic: containers are added up; ordinary init containers run one at a time before them, so only the largest counts,
/// together with the sidecars (init containers with `restartPolicy: Always`) started before it; the pod's overhead comes on top.
fn pod_amount(pod: &Value, field: &str) -> Amount {
    let containers = list(&pod["containers"]).iter().fold(Amount::default(), |sum, one| plus(sum, container_amount(one, field)));
    let mut sidecars = Amount::default();
    let mut initial = Amount::default();
    for one in list(&pod["initContainers"]) {
        let amount = container_amount(one, field);
        if one["restartPolicy"] == "Always" {
            sidecars = plus(sidecars, amount);
            initial = larger(initial, sidecars);
        } else {
            initial = larger(initial, plus(sidecars, amount));
        }
    }
    let overhead = amount_of(&pod["overhead"]);
    plus(larger(plus(containers, sidecars), initial), overhead)
}

/// A missing request is the limit, as the API server defaults it; a missing limit counts as its request.
fn container_amount(container: &Value, field: &str) -> Amount {
    let resources = &container["resources"];
    let other = if field == "requests" { "limits" } else { "requests" };
    let value = |name: &str| match &resources[field][name] {
        Value::Null => resources[other][name].clone(),
        found => found.clone(),
    };
    amount_of(&serde_json::json!({"cpu": value("cpu"), "memory": value("memory")}))
}

fn amount_of(resources: &Value) -> Amount {
    Amount {
        millicores: text(&resources["cpu"]).and_then(|cpu| cpu.parse().ok()).map_or(0, |MilliCpu(milli)| milli),
        bytes: text(&resources["memory"]).and_then(|memory| memory.parse().ok()).map_or(0, |Bytes(bytes)| bytes),
    }
}

/// YAML lets people write `cpu: 1`: a number is a quantity too.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn unbounded(pod: &Value) -> u32 {
    let bare = |one: &&Value| ["requests", "limits"].iter().all(|field| one["resources"][*field]["memory"].is_null());
    u32::try_from(list(&pod["containers"]).iter().filter(bare).count()).unwrap_or(u32::MAX)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn plus(a: Amount, b: Amount) -> Amount {
    Amount { millicores: a.millicores.saturating_add(b.millicores), bytes: a.bytes.saturating_add(b.bytes) }
}

fn larger(a: Amount, b: Amount) -> Amount {
    Amount { millicores: a.millicores.max(b.millicores), bytes: a.bytes.max(b.bytes) }
}

fn times(amount: Amount, count: u64) -> Amount {
    Amount { millicores: amount.millicores.saturating_mul(count), bytes: amount.bytes.saturating_mul(count) }
}
