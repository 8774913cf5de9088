//! Backend `node`: what is done to the nodes of a kind cluster through the container engine.

use crate::model::check::CheckError;
use crate::model::units::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A fault of whole nodes. It touches every node of its role, counted against `target.blast.maxNodes`, and with them all pods on them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "NodeItem", into = "NodeItem")]
pub struct NodeFault {
    /// Which nodes; all, where it is left out.
    pub role: Option<NodeRole>,
    /// What is done to each.
    pub harm: NodeHarm,
}

/// What a node is in its cluster, as kind labels its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeRole {
    /// It runs the API server.
    ControlPlane,
    /// It does not.
    Worker,
}

impl fmt::Display for NodeRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlPlane => "control-plane",
            Self::Worker => "worker",
        })
    }
}

/// What is done to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeHarm {
    /// All its processes stand still.
    Pause,
    /// So many processes that do nothing but use its CPUs.
    Cpu(CpuStress),
    /// A process that holds so much of its memory.
    Memory(MemoryStress),
}

/// Stops every process of a node, until it is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pause {}

/// Uses the CPUs of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CpuStress {
    /// How many processes, each as busy as one CPU. They are niced, so that the node's own work still gets its turn.
    pub workers: u32,
}

/// Holds memory of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemoryStress {
    /// How much, written to and held.
    pub size: Bytes,
}

/// More than this can hardly be meant, and the engine's host has to bear it.
const MOST_WORKERS: u32 = 64;
/// Less than this nobody would notice.
const LEAST_SIZE: Bytes = Bytes(1 << 20);

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NodeFault")]
struct NodeItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<NodeRole>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pause: Option<Pause>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpu: Option<CpuStress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory: Option<MemoryStress>,
}

impl TryFrom<NodeItem> for NodeFault {
    type Error = CheckError;

    fn try_from(item: NodeItem) -> Result<Self, CheckError> {
        let NodeItem { role, pause, cpu, memory } = item;
        let all = [pause.map(|Pause {}| NodeHarm::Pause), cpu.map(NodeHarm::Cpu), memory.map(NodeHarm::Memory)];
        let mut found = all.into_iter().flatten();
        match (found.next(), found.next()) {
            (Some(NodeHarm::Cpu(CpuStress { workers })), None) if workers == 0 || workers > MOST_WORKERS => {
                Err(CheckError::Value(format!("`workers: {workers}`: use 1 to {MOST_WORKERS}")))
            }
            (Some(NodeHarm::Memory(MemoryStress { size })), None) if size < LEAST_SIZE => {
                Err(CheckError::Value(format!("`size: {size}` is nothing to a node: use {LEAST_SIZE} or more")))
            }
            (Some(harm), None) => Ok(Self { role, harm }),
            _ => Err(CheckError::Form("a node fault is exactly one of pause, cpu, memory, and maybe a role")),
        }
    }
}

impl From<NodeFault> for NodeItem {
    fn from(fault: NodeFault) -> Self {
        let mut item = Self { role: fault.role, ..Self::default() };
        match fault.harm {
            NodeHarm::Pause => item.pause = Some(Pause {}),
            NodeHarm::Cpu(stress) => item.cpu = Some(stress),
            NodeHarm::Memory(stress) => item.memory = Some(stress),
        }
        item
    }
}

impl fmt::Display for NodeFault {
    /// In a few words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.role.map_or_else(|| "every node".to_owned(), |role| format!("every {role} node"));
        match &self.harm {
            NodeHarm::Pause => write!(f, "{of} stands still"),
            NodeHarm::Cpu(CpuStress { workers: 1 }) => write!(f, "1 process uses the CPU of {of}"),
            NodeHarm::Cpu(CpuStress { workers }) => write!(f, "{workers} processes use the CPUs of {of}"),
            NodeHarm::Memory(MemoryStress { size }) => write!(f, "{size} of the memory of {of} are taken"),
        }
    }
}
