//! What shows that a fault landed: not that it was asked for, but what the lab made of it.

use super::k8s::copy_name;
use super::{Planned, surge};
use crate::cluster::{Cluster, ClusterError};
use crate::drill::change::{Change, ChangeError, Opened, uses};
use crate::drill::ground::{Drill, Ground};
use crate::drill::target::find;
use crate::model::run::RunId;
use crate::model::scenario::{Fault, K8sFault, NodeHarm, Target};
use serde_json::Value;

/// What is seen of the fault now: `Ok` when it has landed, `Err` with what is still missing.
pub async fn landed(drill: &Drill, fault: &Fault, made: &[Planned]) -> Result<Result<String, String>, ChangeError> {
    let ground = &drill.ground;
    match fault {
        Fault::K8s(fault) => Ok(of_pods(&ground.cluster, &drill.scenario.target, fault, made, &drill.run).await?),
        Fault::K6(_) => Ok(made.first().map_or_else(|| Err("nothing was started".to_owned()), |one| surge::landed(drill, one))),
        Fault::Node(_) | Fault::Aws(_) => {
            // all of them must have landed
            let mut seen = Vec::new();
            for one in made {
                let looked = match fault {
                    Fault::Node(fault) => on_node(ground, &fault.harm, one).await?,
                    _ => in_queue(ground, one).await?,
                };
                match looked {
                    Ok(said) => seen.push(said),
                    Err(missing) => return Ok(Err(missing)),
                }
            }
            Ok(Ok(seen.join("; ")))
        }
    }
}

async fn on_node(ground: &Ground, harm: &NodeHarm, one: &Planned) -> Result<Result<String, String>, ChangeError> {
    let Some(nodes) = &ground.nodes else { return Ok(Err("the nodes are no containers of this lab".to_owned())) };
    let node = &one.object;
    let Change::NodeStressed(stress) = &one.change else {
        let state = nodes.engine.container(&one.uid).await?.map_or_else(|| "gone".to_owned(), |container| container.state);
        let said = format!("the engine says that {node} is {state}");
        return Ok(if state == "paused" { Ok(said) } else { Err(said) });
    };
    let used = uses(nodes, &one.uid, &stress.marker).await?;
    Ok(match harm {
        NodeHarm::Cpu(cpu) => {
            let said =
                format!("{} of {} processes are busy on {node}, {:.1} s of CPU used", used.busy, cpu.workers, used.ticks as f64 / 100.0);
            if used.busy >= u64::from(cpu.workers) { Ok(said) } else { Err(said) }
        }
        NodeHarm::Memory(memory) => {
            let said = format!("{} of {} are held on {node}", crate::model::units::Bytes(used.resident), memory.size);
            if used.resident >= memory.size.0 { Ok(said) } else { Err(said) }
        }
        NodeHarm::Pause => Err(format!("{node} has processes and should stand still")),
    })
}

async fn in_queue(ground: &Ground, one: &Planned) -> Result<Result<String, String>, ChangeError> {
    let name = &one.object.name;
    let Some(queue) = Opened::named(ground, name).await? else { return Ok(Err(format!("there is no queue {name}"))) };
    match &one.change {
        Change::QueueSet(set) => {
            let differs = set.after.iter().find(|(name, wanted)| queue.attributes.get(*name) != Some(*wanted));
            Ok(match differs {
                Some((attribute, wanted)) => Err(format!("{attribute} of queue {name} is not {wanted}")),
                None => Ok(format!("queue {name} holds back what is put in ({} messages now)", queue.counts()[2])),
            })
        }
        Change::MessageSent(poison) => {
            let dead: u64 = match &poison.dead {
                Some(dead) => Opened::named(ground, dead).await?.map_or(0, |dead| dead.counts().iter().sum()),
                None => 0,
            };
            let [_, tried, _] = queue.counts();
            Ok(match (dead > poison.dead_before, tried) {
                (true, _) => Ok(format!("a worker gave it up: {dead} messages in {}", poison.dead.as_deref().unwrap_or_default())),
                (false, 0) => Err(format!("no worker has taken it from queue {name} yet")),
                (false, tried) => Ok(format!("a worker has it: {tried} messages of queue {name} in flight")),
            })
        }
        _ => Ok(Err("this is no change of a queue".to_owned())),
    }
}

async fn of_pods(
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
