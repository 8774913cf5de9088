//! What all steps of one run share: the lab, the tools, names, and what was observed on the way.

use crate::adapters::docker::{Container, DockerError, Engine};
use crate::adapters::kind::{CLUSTER_LABEL, Kind};
use crate::catalog::{Images, Lab, Rendered};
use crate::engine::step::StepError;
use crate::model::stack::{Adjusted, Provider};
use crate::support::files::{self, FileError};
use crate::support::holder::Holder;
use crate::support::progress::Sink;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Where the audit policy is seen inside a control plane. The mount is also how a cluster is known to be this lab's: kind allows no labels of
/// ours on its containers, and this mark survives the loss of every file.
pub const AUDIT_MOUNT: &str = "/etc/kubernetes/labctl-audit";

/// The audit policy of every lab's API server: each write with who made it, nothing of what it held.
pub fn audit_policy() -> &'static str {
    "# Written by labctl. Every write with its author and no content, so that `who wrote what` can be answered; reads are left out, except labctl's\n\
     # own, whose number is one of its promises.\n\
     apiVersion: audit.k8s.io/v1\n\
     kind: Policy\n\
     omitStages: [RequestReceived]\n\
     rules:\n\
     - level: None\n  users: [\"system:apiserver\", \"system:kube-controller-manager\", \"system:kube-scheduler\"]\n\
     - level: None\n  userGroups: [\"system:nodes\"]\n\
     - level: Metadata\n  userGroups: [\"system:masters\", \"kubeadm:cluster-admins\"]\n\
     - level: Metadata\n  verbs: [create, update, patch, delete, deletecollection]\n"
}

/// What labctl remembers of a lab between runs. Never believed where it can be observed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabState {
    /// The stack (name or path) and the bundle the lab was last brought up with.
    #[serde(default)]
    pub stack: Option<String>,
    /// What was changed about the stack then.
    #[serde(default)]
    pub adjusted: Adjusted,
    /// The bundle it was last brought up with; `None` for upstream images.
    #[serde(default)]
    pub bundle: Option<PathBuf>,
    /// The gateway's port on 127.0.0.1.
    #[serde(default)]
    pub gateway_port: Option<u16>,
    /// Whether the engine's network `kind` was made by this lab's cluster.
    #[serde(default)]
    pub made_network: bool,
    /// By component: what was proven, and when.
    #[serde(default)]
    pub proofs: BTreeMap<String, Proof>,
    /// By Secret and key; made once and kept.
    #[serde(default)]
    pub secrets: BTreeMap<String, BTreeMap<String, String>>,
}

/// A component's proof that passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// Digest of the rendered objects it was made on.
    pub of: String,
    /// When it passed.
    pub at: crate::model::run::At,
}

/// What all steps of one run share.
#[derive(Debug)]
pub struct Setup {
    /// The lab as its stack says it.
    pub lab: Lab,
    /// Where images come from.
    pub images: Images,
    /// Every component with its objects.
    pub rendered: Vec<Rendered>,
    /// The container engine.
    pub engine: Engine,
    /// The kind CLI.
    pub kind: Kind,
    /// `<data>/labctl/labs/<lab>`.
    pub folder: PathBuf,
    /// Name of the kind cluster: the lab's.
    pub cluster: String,
    /// What steps find out.
    pub shared: tokio::sync::Mutex<Shared>,
}

/// A run that may have to write.
#[derive(Debug, Clone)]
pub struct Writer {
    /// Who it is.
    pub holder: Holder,
    /// How long to wait for another run to end; not at all without it.
    pub wait: Option<Duration>,
}

/// What steps find out and later steps use.
#[derive(Debug, Default)]
pub struct Shared {
    /// Whether the engine runs on cgroup v1.
    pub cgroup_v1: bool,
    /// Host port of the lab's registry on 127.0.0.1.
    pub registry_port: Option<u16>,
    /// The connection to the cluster, once there is one.
    pub connected: Option<super::survey::Connected>,
    /// Who wants to write, and how long they would wait for another who does.
    pub writer: Option<Writer>,
}

impl Setup {
    /// The kubeconfig context: `kind-<lab>`, or the one the stack names for a cluster that is there already.
    pub fn context(&self) -> String {
        let spec = &self.lab.stack.cluster;
        spec.context.clone().filter(|_| self.is_existing()).unwrap_or_else(|| format!("kind-{}", self.cluster))
    }

    /// Whether the cluster is somebody else's: labctl then neither makes nor takes away the cluster itself.
    pub fn is_existing(&self) -> bool {
        self.lab.stack.cluster.provider == Some(Provider::Existing)
    }

    /// What is remembered of this lab.
    pub fn state(&self) -> Result<LabState, FileError> {
        files::read_json(&self.folder.join("lab.json"))
    }

    /// Changes what is remembered. Steps run side by side, so the whole read-change-write is under one lock.
    pub async fn remember(&self, change: impl FnOnce(&mut LabState)) -> Result<(), FileError> {
        let _one_at_a_time = self.shared.lock().await;
        let mut state = self.state()?;
        change(&mut state);
        files::write_json(&self.folder.join("lab.json"), &state)
    }

    /// The containers of this lab's cluster.
    pub async fn nodes(&self) -> Result<Vec<Container>, DockerError> {
        self.engine.containers(&[format!("{CLUSTER_LABEL}={}", self.cluster)]).await
    }

    /// Deletes the kind cluster. A node that will not die is helped, and the deletion tried again.
    pub async fn delete_cluster(&self, sink: &Sink) -> Result<(), StepError> {
        for _ in 0..2 {
            let Err(error) = self.kind.delete(&self.cluster, sink).await else { return Ok(()) };
            let nodes = self.nodes().await?;
            if nodes.is_empty() {
                return Err(error.into());
            }
            sink.waiting("kind delete cluster", format!("trying again: {error}"));
            for node in &nodes {
                self.engine.thaw(node).await?;
            }
        }
        Ok(self.kind.delete(&self.cluster, sink).await?)
    }

    /// Refuses to have anything to do with a cluster of the lab's name that somebody else made.
    pub fn refuse_foreign(&self, nodes: &[Container]) -> Result<(), StepError> {
        // only control planes carry the mark; one that is ours makes the cluster ours
        let mut planes = nodes.iter().filter(|node| node.name.contains("control-plane")).peekable();
        if planes.peek().is_none() || planes.any(|node| self.is_ours(node)) {
            return Ok(());
        }
        let name = &self.cluster;
        Err(StepError::new(
            "LAB-CLASH-002",
            format!(
                "the kind cluster {name} was not made by this lab; it is left alone. Use another name (--lab other), or delete it yourself: kind delete cluster --name {name}"
            ),
        ))
    }

    /// Folder of the audit policy on the host.
    pub fn audit_folder(&self) -> PathBuf {
        self.folder.join("audit")
    }

    /// Whether a node was made by this very lab.
    pub fn is_ours(&self, node: &Container) -> bool {
        node.mounts.get(AUDIT_MOUNT).is_some_and(|source| std::path::Path::new(source) == self.audit_folder())
    }
}

impl From<DockerError> for StepError {
    fn from(error: DockerError) -> Self {
        let code = match &error {
            DockerError::Unreachable { .. } => "LAB-DOCKER-001",
            DockerError::Denied { .. } => "LAB-DOCKER-002",
            DockerError::Deadline { .. } => "LAB-DOCKER-003",
            DockerError::Refused { cause, .. }
                if cause.contains("port is already allocated") || cause.contains("address already in use") =>
            {
                "LAB-PORT-001"
            }
            DockerError::Refused { cause, .. } | DockerError::Exec { output: cause, .. } if cause.contains("no space left") => {
                "LAB-DISK-001"
            }
            DockerError::Refused { .. } | DockerError::Exec { .. } => "LAB-DOCKER-004",
            DockerError::File { .. } => "LAB-FILE-001",
        };
        Self::new(code, error.to_string())
    }
}

impl From<FileError> for StepError {
    fn from(error: FileError) -> Self {
        let code = if error.cause.kind() == std::io::ErrorKind::StorageFull { "LAB-DISK-001" } else { "LAB-FILE-001" };
        Self::new(code, error.to_string())
    }
}

impl From<crate::adapters::process::ProcessError> for StepError {
    fn from(error: crate::adapters::process::ProcessError) -> Self {
        use crate::adapters::process::ProcessError;
        let text = error.to_string();
        let code = match &error {
            ProcessError::NotFound { .. } => "LAB-TOOL-001",
            ProcessError::Cancelled { .. } => "LAB-CANCELLED",
            ProcessError::Deadline { .. } => "LAB-STEP-DEADLINE",
            _ if text.contains("port is already allocated") || text.contains("address already in use") => "LAB-PORT-001",
            _ if text.contains("no space left") => "LAB-DISK-001",
            _ => "LAB-TOOL-002",
        };
        Self::new(code, text)
    }
}

impl From<crate::adapters::registry::RegistryError> for StepError {
    fn from(error: crate::adapters::registry::RegistryError) -> Self {
        use crate::adapters::registry::RegistryError;
        let code = match &error {
            RegistryError::Unreachable { .. } | RegistryError::Push { .. } => "LAB-REGISTRY-001",
            RegistryError::Damaged { .. } | RegistryError::Manifest { .. } => "LAB-BUNDLE-002",
            RegistryError::File { .. } => "LAB-BUNDLE-003",
        };
        Self::new(code, error.to_string())
    }
}
