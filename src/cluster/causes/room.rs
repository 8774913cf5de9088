//! How much room the nodes have for a pod: what it asks for, beside what is free.

use super::cause::Scene;
use crate::cluster::fields::nanos;
use serde_json::Value;

const BILLION: i128 = 1_000_000_000;

/// `; it asks for 8 cpu, and node a has 0.65 of 2 free`, for the first resource of which no node has enough. Empty where the nodes are not known or
/// have room.
pub fn arithmetic(pod: &Value, scene: &Scene<'_>) -> String {
    let open: Vec<&&Value> = scene.nodes.iter().filter(|node| node["spec"]["unschedulable"] != true).collect();
    for resource in ["cpu", "memory"] {
        let asked = requests(pod, resource);
        let best = open.iter().filter_map(|node| {
            let whole = nanos(&node["status"]["allocatable"][resource])?;
            let name = node["metadata"]["name"].as_str()?;
            let on_it = scene.placed.iter().filter(|other| other["spec"]["nodeName"] == name && runs(other));
            Some((whole - on_it.map(|other| requests(other, resource)).sum::<i128>(), whole, name))
        });
        if let Some((free, whole, name)) = best.max_by_key(|(free, _, _)| *free)
            && asked > free
        {
            return format!(
                "; it asks for {} {resource}, and node {name} has {} of {} free",
                amount(asked, resource),
                amount(free.max(0), resource),
                amount(whole, resource)
            );
        }
    }
    String::new()
}

fn runs(pod: &Value) -> bool {
    !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}

/// What a pod asks for of a resource: its containers and those beside them together, or more where an init container needs more.
fn requests(pod: &Value, resource: &str) -> i128 {
    let of = |container: &Value| nanos(&container["resources"]["requests"][resource]).unwrap_or(0);
    let list = |name: &str| pod["spec"][name].as_array().map(Vec::as_slice).unwrap_or_default();
    let (beside, before): (Vec<&Value>, Vec<&Value>) =
        list("initContainers").iter().partition(|container| container["restartPolicy"] == "Always");
    let together = list("containers").iter().map(of).sum::<i128>() + beside.into_iter().map(of).sum::<i128>();
    let before = before.into_iter().map(of).max().unwrap_or(0);
    together.max(before) + nanos(&pod["spec"]["overhead"][resource]).unwrap_or(0)
}

/// An amount as people write it: cores with up to two digits, memory in Mi or Gi.
fn amount(nanos: i128, resource: &str) -> String {
    if resource == "cpu" {
        let hundredths = nanos * 100 / BILLION;
        return match (hundredths / 100, hundredths % 100) {
            (whole, 0) => whole.to_string(),
            (whole, part) => format!("{whole}.{part:02}").trim_end_matches('0').to_owned(),
        };
    }
    let mebi = nanos / BILLION / (1 << 20);
    if mebi >= 10 * 1024 { format!("{}Gi", mebi / 1024) } else { format!("{mebi}Mi") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::object::ObjectRef;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn pod(name: &str, node: Option<&str>, cpu: &str, memory: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "n"}, "spec": {"nodeName": node,
            "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu, "memory": memory}}}]}})
    }

    #[test]
    fn the_node_with_most_room_is_told() {
        let node = |name: &str, cpu: &str| json!({"metadata": {"name": name}, "status": {"allocatable": {"cpu": cpu, "memory": "8Gi"}}});
        let (small, large) = (node("small", "1"), node("large", "2"));
        let mut full = large.clone();
        full["spec"]["unschedulable"] = json!(true);
        let (other, mut done) = (pod("other", Some("large"), "1350m", "100Mi"), pod("done", Some("large"), "500m", "1Mi"));
        done["status"]["phase"] = json!("Succeeded");
        let check = |pod: &Value, nodes: &[&Value], wanted: &str| {
            let reference = ObjectRef::of(pod).unwrap();
            let placed = [&other, &done];
            let logs = BTreeMap::new();
            let scene = Scene { object: &reference, live: pod, pods: &[], events: &[], claims: &[], nodes, placed: &placed, logs: &logs };
            assert_eq!(arithmetic(pod, &scene), wanted);
        };
        check(&pod("p", None, "8", "1Mi"), &[&small, &large], "; it asks for 8 cpu, and node small has 1 of 1 free");
        check(&pod("p", None, "8", "1Mi"), &[&large], "; it asks for 8 cpu, and node large has 0.65 of 2 free");
        check(&pod("p", None, "1", "20Gi"), &[&small], "; it asks for 20Gi memory, and node small has 8192Mi of 8192Mi free");
        check(&pod("p", None, "1", "1Gi"), &[&small], "");
        check(&pod("p", None, "8", "1Mi"), &[&full], "");
        check(&pod("p", None, "8", "1Mi"), &[], "");
    }

    #[test]
    fn init_containers_count_where_they_need_more() {
        let mut pod = pod("p", None, "1", "1Mi");
        pod["spec"]["initContainers"] =
            json!([{"resources": {"requests": {"cpu": "3"}}}, {"restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}}]);
        assert_eq!(requests(&pod, "cpu"), 3 * BILLION);
        pod["spec"]["initContainers"][0]["resources"]["requests"]["cpu"] = json!("1");
        assert_eq!(requests(&pod, "cpu"), 3 * BILLION / 2);
    }
}
