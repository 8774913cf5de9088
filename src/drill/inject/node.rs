//! Backend `node`: which containers a fault touches, and what it means for each.

use super::Planned;
use crate::adapters::docker::Container;
use crate::cluster::ObjectRef;
use crate::drill::change::{Change, Stress};
use crate::model::scenario::{CpuStress, MemoryStress, NodeFault, NodeHarm};
use std::time::Duration;

/// What kind says a node's container is in its cluster.
const ROLE_LABEL: &str = "io.x-k8s.kind.role";
/// `$1` processes that never wait.
const SPIN: &str = r#"n=0; while [ "$n" -lt "$1" ]; do n=$((n + 1)); nice -n 10 sh -c 'while :; do :; done' "$0" & done; wait"#;
/// A process that keeps `$1` bytes: tail waits for the end of a line that never comes.
const HOLD: &str = r#"{ head -c "$1" /dev/zero; sleep "$2"; } | tail -n 1 >/dev/null"#;

/// The nodes that the fault touches.
pub(super) fn touched<'c>(fault: &NodeFault, all: &'c [Container]) -> Vec<&'c Container> {
    let meant = |node: &&Container| fault.role.is_none_or(|role| node.labels.get(ROLE_LABEL) == Some(&role.to_string()));
    all.iter().filter(meant).collect()
}

/// What is done to each.
pub(super) fn plan(fault: &NodeFault, nodes: &[&Container], mark: &str, most: Duration) -> Result<Vec<Planned>, String> {
    if nodes.is_empty() {
        return Err(fault.role.map_or_else(|| "the lab has no node".to_owned(), |role| format!("the lab has no {role} node")));
    }
    nodes.iter().map(|node| one(fault, node, mark, most)).collect()
}

fn one(fault: &NodeFault, node: &Container, mark: &str, most: Duration) -> Result<Planned, String> {
    if node.state != "running" {
        return Err(format!("node {} is {}, so that nothing can be done to it", node.name, node.state));
    }
    let object = ObjectRef { api_version: "v1".to_owned(), kind: "Node".to_owned(), namespace: None, name: node.name.clone() };
    let seconds = most.as_secs();
    let (what, change) = match &fault.harm {
        NodeHarm::Pause => {
            (format!("{object}: stands still, with every pod on it (taken back by the container engine)"), Change::NodePaused)
        }
        NodeHarm::Cpu(CpuStress { workers }) => (
            format!("{object}: {workers} processes use its CPUs (ended again; by themselves after {seconds} s)"),
            Change::NodeStressed(Stress::new(mark, most, SPIN, &[workers.to_string()])),
        ),
        NodeHarm::Memory(MemoryStress { size }) => (
            format!("{object}: {size} of its memory are held (given back; by itself after {seconds} s)"),
            Change::NodeStressed(Stress::new(mark, most, HOLD, &[size.0.to_string(), seconds.to_string()])),
        ),
    };
    Ok(Planned { object, uid: node.id.clone(), resource_version: String::new(), what, change })
}
