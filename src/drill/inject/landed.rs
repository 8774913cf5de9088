//! What shows that a fault landed: not that it was asked for, but what the cluster made of it.

use super::Planned;
use super::k8s::copy_name;
use crate::cluster::{Cluster, ClusterError};
use crate::drill::target::find;
use crate::model::run::RunId;
use crate::model::scenario::{K8sFault, Target};
use serde_json::Value;

/// What is seen of the fault now: `Ok` when it has landed, `Err` with what is still missing.
pub async fn landed(
    cluster: &Cluster,
    target: &Target,
    fault: &K8sFault,
    made: &[Planned],
    run: &RunId,
) -> Result<Result<String, String>, ClusterError> {
    if let K8sFault::PodDelete(_) = fault {
        for planned in made {
            let there = cluster.read(&planned.object).await?;
            if there.is_some_and(|there| there["metadata"]["uid"] == planned.uid.as_str()) {
                return Ok(Err(format!("{} is still ending", planned.object)));
            }
        }
        return Ok(Ok(format!("{} gone", plural(made.len(), "pod"))));
    }
    let pods = find(cluster, target).await?.pods;
    Ok(match fault {
        K8sFault::Scale(scale) => {
            let wanted = usize::try_from(scale.replicas).unwrap_or(usize::MAX).saturating_mul(made.len());
            let seen = plural(pods.len(), "pod");
            if pods.len() == wanted { Ok(seen) } else { Err(format!("{seen}, {wanted} wanted")) }
        }
        K8sFault::BadImage(image) => {
            let with = |pod: &&Value| containers(pod).iter().any(|container| container["image"] == image.image.as_str());
            match pods.iter().find(with) {
                Some(pod) => Ok(format!("pod {} has the image", pod["metadata"]["name"].as_str().unwrap_or_default())),
                None => Err("no pod has the image yet".to_owned()),
            }
        }
        K8sFault::BadConfig(config) => {
            let copy = copy_name(&config.config_map, run);
            let reads = |pod: &&Value| pod["spec"].to_string().contains(&format!("\"{copy}\""));
            let begun = |pod: &&Value| {
                let statuses = pod["status"]["containerStatuses"].as_array().map(Vec::as_slice).unwrap_or_default();
                // a container that ended again has read it too
                statuses.iter().any(|status| !status["state"]["running"].is_null() || status["restartCount"].as_u64().unwrap_or(0) > 0)
            };
            match pods.iter().filter(reads).find(begun) {
                Some(pod) => Ok(format!("pod {} runs with it", pod["metadata"]["name"].as_str().unwrap_or_default())),
                None => Err("no pod runs with it yet".to_owned()),
            }
        }
        K8sFault::PodDelete(_) => Ok(String::new()),
    })
}

fn containers(pod: &Value) -> &[Value] {
    pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
