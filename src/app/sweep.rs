//! What drills have left whose folder is lost: workloads are given what the lab wants of them, copies of ConfigMaps are deleted, processes on nodes are
//! ended. Only with the lab's lock held: what is at work has its marks too.

use super::exit::Failure;
use super::runs;
use crate::cluster::Cluster;
use crate::drill::{Ground, Leftover, clear, leftovers};
use crate::engine::step::StepError;
use crate::steps::Setup;
use crate::support::holder::Holder;
use crate::support::progress::Sink;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Objects and nodes; what was done, and what could not be, each in a sentence.
pub async fn run(setup: &Setup, ground: &Ground) -> Result<Vec<String>, Failure> {
    let mut said = objects(setup, &ground.cluster, ground.holder.as_ref()).await?;
    let Some(nodes) = &ground.nodes else { return Ok(said) };
    for node in nodes.all().await.map_err(StepError::from)?.iter().filter(|node| node.state == "running") {
        if nodes.relieve_all(&node.id).await.map_err(StepError::from)? {
            said.push(format!("Node {}: processes of a drill whose folder is lost were ended", node.name));
        }
    }
    Ok(said)
}

/// Sets objects right that are past their time; the others, and those of no component, are told and left.
pub async fn objects(setup: &Setup, cluster: &Cluster, writer: Option<&(Holder, Option<Duration>)>) -> Result<Vec<String>, Failure> {
    // where drills may be: not where the platform is
    let apps = setup.lab.parts.values().filter(|part| part.component.metadata.group == "apps");
    let namespaces: BTreeSet<String> = apps.map(|part| part.component.namespace.clone()).collect();
    let now = runs::now().0.unix_timestamp();
    let (mut due, mut said) = (Vec::new(), Vec::new());
    for left in leftovers(cluster, &namespaces).await.map_err(StepError::from)? {
        let which = format!("{}: changed by run {}, whose folder is not here", left.object, left.run);
        if left.expires > now {
            said.push(format!("{which}; in {} s it may be set right", left.expires - now));
        } else if left.is_known() {
            said.push(format!("{which}; it is as the lab wants it again"));
            due.push(left);
        } else {
            said.push(format!("{which}, and it is of no component of this lab: set it right by hand"));
        }
    }
    if !due.is_empty() {
        put_right(setup, cluster, writer, &due).await?;
    }
    Ok(said)
}

async fn put_right(setup: &Setup, cluster: &Cluster, writer: Option<&(Holder, Option<Duration>)>, due: &[Leftover]) -> Result<(), Failure> {
    let cancel = CancellationToken::new();
    if let Some((holder, wait)) = writer {
        cluster.lock(holder, *wait, &Sink::silent(), &cancel).await.map_err(StepError::from)?;
    }
    let diff = cluster.diff(&setup.desired()).await.map_err(StepError::from)?;
    // workloads first: a copy is not deleted while one of them still reads it
    let components: BTreeSet<&String> = due.iter().filter_map(|left| left.component.as_ref()).collect();
    for component in components {
        if let Some(desired) = setup.desired_of(component) {
            cluster.apply(&desired, &diff, &Sink::silent(), &cancel).await.map_err(StepError::from)?;
        }
    }
    for left in due {
        clear(cluster, left).await.map_err(StepError::from)?;
    }
    Ok(())
}
