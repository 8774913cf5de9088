//! CPU and memory, as metrics-server measured them.

use crate::adapters::kube::{ApiError, Kube};
use crate::model::look::{NodeUse, PodUse, Usage};
use crate::model::units::{Bytes, MilliCpu};
use serde_json::Value;

const METRICS: &str = "/apis/metrics.k8s.io/v1beta1";

/// Asks for all nodes and pods.
pub(super) async fn ask(kube: &Kube) -> Result<Usage, String> {
    let paths = [format!("{METRICS}/nodes"), format!("{METRICS}/pods"), "/api/v1/nodes".to_owned()];
    let [used, pods, nodes] = &paths;
    let (used, pods, nodes) = tokio::try_join!(kube.get(used), kube.get(pods), kube.get(nodes)).map_err(|error| words(&error))?;
    Ok(read(&used, &pods, &nodes))
}

fn words(error: &ApiError) -> String {
    match error.code() {
        Some(404 | 503) => format!("nobody measures: component metrics-server is not in this lab, or not up yet ({error})"),
        _ => error.to_string(),
    }
}

fn read(used: &Value, pods: &Value, nodes: &Value) -> Usage {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = |list: &Value| list["items"].as_array().cloned().unwrap_or_default();
    let there = items(nodes);
    let node = |item: &Value| {
        let name = text(&item["metadata"]["name"]);
        let has =
            there.iter().find(|node| node["metadata"]["name"] == name.as_str()).map_or(&Value::Null, |node| &node["status"]["allocatable"]);
        let (millicores, bytes) = amounts(&item["usage"]);
        let (of_millicores, of_bytes) = amounts(has);
        NodeUse { name, millicores, of_millicores, bytes, of_bytes }
    };
    let pod = |item: &Value| {
        let containers = item["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let (millicores, bytes) = containers
            .iter()
            .map(|container| amounts(&container["usage"]))
            .fold((0_u64, 0_u64), |sum, one| (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1)));
        PodUse { namespace: text(&item["metadata"]["namespace"]), name: text(&item["metadata"]["name"]), millicores, bytes }
    };
    let mut usage = Usage { nodes: items(used).iter().map(node).collect(), pods: items(pods).iter().map(pod).collect() };
    usage.nodes.sort_by(|a, b| a.name.cmp(&b.name));
    usage.pods.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    usage
}

fn amounts(of: &Value) -> (u64, u64) {
    let cpu = of["cpu"].as_str().and_then(|text| text.parse::<MilliCpu>().ok()).unwrap_or_default();
    let memory = of["memory"].as_str().and_then(|text| text.parse::<Bytes>().ok()).unwrap_or_default();
    (cpu.0, memory.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_of_every_spelling_are_added_up() {
        let used = json!({"items": [{"metadata": {"name": "n"}, "usage": {"cpu": "1250000000n", "memory": "2048Ki"}}]});
        let nodes = json!({"items": [{"metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "4", "memory": "16Gi"}}}]});
        let pods = json!({"items": [
            {"metadata": {"name": "b", "namespace": "x"}, "containers": [{"usage": {"cpu": "5m", "memory": "1Mi"}}, {"usage": {"cpu": "1", "memory": "1Ki"}}]},
            {"metadata": {"name": "a", "namespace": "x"}, "containers": []}]});
        let usage = read(&used, &pods, &nodes);
        assert_eq!(usage.nodes, [NodeUse { name: "n".into(), millicores: 1250, of_millicores: 4000, bytes: 2 << 20, of_bytes: 16 << 30 }]);
        assert_eq!(usage.of("x", "b").map(|pod| (pod.millicores, pod.bytes)), Some((1005, (1 << 20) + 1024)));
    }
}
