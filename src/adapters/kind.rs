//! The real `kind` CLI, driven with a config file we write.

use super::process::{self, Command, ProcessError};
use crate::support::progress::Sink;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The label kind puts on each node's container.
pub const CLUSTER_LABEL: &str = "io.x-k8s.kind.cluster";
/// The engine's network that kind's nodes are on.
pub const NETWORK: &str = "kind";
/// Where the addresses of Services come from; kind's own default, written down because the nodes are guarded by it.
pub const SERVICE_SUBNET: &str = "10.96.0.0/16";
/// Port of the gateway inside the node.
pub const GATEWAY_NODE_PORT: u16 = 30080;

const FIX: &str = "install kind 0.30 or newer (https://kind.sigs.k8s.io), or use a bundle that brings it";

/// kind, wherever it is.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Path of kind, or a name that is looked for in PATH.
    pub program: OsString,
    /// labctl itself, asked to become kind and to die with its parent: a kind that outlives a killed labctl would go on making the cluster that
    /// the next labctl is clearing away.
    pub supervisor: Option<OsString>,
    /// The kubeconfig it writes to and removes from.
    pub kubeconfig: PathBuf,
}

/// What a cluster is made from.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// Name of the cluster; its context is `kind-<name>`.
    pub name: String,
    /// The node image, as the engine knows it.
    pub image: String,
    /// `1.34`: decides which fields kubeadm understands.
    pub kubernetes: String,
    /// How many control planes; at least one.
    pub control_planes: u8,
    /// How many more nodes.
    pub workers: u8,
    /// Host port of the gateway on 127.0.0.1.
    pub gateway_port: u16,
    /// Folder on the host with `policy.yaml`, mounted read-only into control planes.
    pub audit_folder: PathBuf,
    /// Whether the engine runs on cgroup v1, where kubelets from 1.35 refuse to start unless told.
    pub cgroup_v1: bool,
}

impl ClusterConfig {
    /// The config file for `kind create cluster --config`.
    pub fn to_yaml(&self) -> String {
        let mut text = format!(
            "# written by labctl; changed only by labctl\nkind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nname: {}\n",
            self.name
        );
        text.push_str(&format!("networking: {{serviceSubnet: {SERVICE_SUBNET}}}\n"));
        // kind itself says this patch is still needed for certs.d: https://github.com/kubernetes-sigs/kind/issues/3918
        text.push_str(
            "containerdConfigPatches:\n- |-\n  [plugins.\"io.containerd.grpc.v1.cri\".registry]\n    config_path = \"/etc/containerd/certs.d\"\n",
        );
        text.push_str("kubeadmConfigPatches:\n- |-\n  kind: KubeletConfiguration\n  apiVersion: kubelet.config.k8s.io/v1beta1\n  serializeImagePulls: false\n");
        if self.cgroup_v1 && self.minor() >= 35 {
            text.push_str("  failCgroupV1: false\n");
        }
        text.push_str("nodes:\n");
        for index in 0..self.control_planes {
            text.push_str(&format!("- role: control-plane\n  image: {}\n", self.image));
            if index == 0 {
                text.push_str(&format!(
                    "  extraPortMappings:\n  - {{containerPort: {GATEWAY_NODE_PORT}, hostPort: {}, listenAddress: 127.0.0.1, protocol: TCP}}\n",
                    self.gateway_port
                ));
            }
            text.push_str(&format!(
                "  extraMounts:\n  - {{hostPath: {:?}, containerPath: /etc/kubernetes/labctl-audit, readOnly: true}}\n",
                self.audit_folder.display().to_string()
            ));
            text.push_str(&self.audit_patch());
        }
        for _ in 0..self.workers {
            text.push_str(&format!("- role: worker\n  image: {}\n", self.image));
        }
        text
    }

    fn minor(&self) -> u32 {
        self.kubernetes.trim_start_matches('v').split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(0)
    }

    /// The API server's audit log; `extraArgs` is a list from kubeadm's v1beta4, which kind uses from Kubernetes 1.36 on, a map before.
    fn audit_patch(&self) -> String {
        let args = [
            ("audit-policy-file", "/etc/kubernetes/labctl-audit/policy.yaml"),
            ("audit-log-path", "/var/log/kubernetes/audit.log"),
            ("audit-log-maxsize", "50"),
            ("audit-log-maxbackup", "2"),
        ];
        let mut text = String::from("  kubeadmConfigPatches:\n  - |-\n    kind: ClusterConfiguration\n    apiServer:\n      extraArgs:\n");
        for (name, value) in args {
            if self.minor() >= 36 {
                text.push_str(&format!("      - {{name: {name}, value: \"{value}\"}}\n"));
            } else {
                text.push_str(&format!("        {name}: \"{value}\"\n"));
            }
        }
        text.push_str(
            "      extraVolumes:\n      - {name: labctl-audit, hostPath: /etc/kubernetes/labctl-audit, mountPath: /etc/kubernetes/labctl-audit, readOnly: true, pathType: Directory}\n      - {name: audit-logs, hostPath: /var/log/kubernetes, mountPath: /var/log/kubernetes, readOnly: false, pathType: DirectoryOrCreate}\n",
        );
        text
    }
}

/// Finds kind on `path` (the value of `PATH`).
pub fn find(path: Option<&OsStr>) -> Option<PathBuf> {
    std::env::split_paths(path?).map(|folder| folder.join("kind")).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

impl Kind {
    /// `kind version`: `0.33.0`.
    pub async fn version(&self) -> Result<String, ProcessError> {
        let text = self.call(&["version", "-q"], Duration::from_secs(15), &Sink::silent(), &CancellationToken::new()).await?;
        Ok(text.trim().trim_start_matches('v').to_owned())
    }

    /// Creates a cluster from a config file. kind itself deletes what it half made when it fails, but not when it is killed.
    pub async fn create(&self, config: &Path, deadline: Duration, sink: &Sink, cancel: &CancellationToken) -> Result<(), ProcessError> {
        let config = config.display().to_string();
        self.call(&["create", "cluster", "--config", &config], deadline, sink, cancel).await.map(|_| ())
    }

    /// Deletes a cluster, its containers, volumes and kubeconfig entry; one that is gone is no error.
    pub async fn delete(&self, name: &str, sink: &Sink) -> Result<(), ProcessError> {
        // never cut short: half a deletion is worse than a wait
        self.call(&["delete", "cluster", "--name", name], Duration::from_mins(3), sink, &CancellationToken::new()).await.map(|_| ())
    }

    /// Writes the cluster's entry to the kubeconfig.
    pub async fn export_kubeconfig(&self, name: &str, sink: &Sink) -> Result<(), ProcessError> {
        let deadline = Duration::from_secs(30);
        self.call(&["export", "kubeconfig", "--name", name], deadline, sink, &CancellationToken::new()).await.map(|_| ())
    }

    /// The cluster's own kubeconfig, as text.
    pub async fn kubeconfig(&self, name: &str) -> Result<String, ProcessError> {
        let deadline = Duration::from_secs(30);
        self.call(&["get", "kubeconfig", "--name", name], deadline, &Sink::silent(), &CancellationToken::new()).await
    }

    async fn call(&self, args: &[&str], deadline: Duration, sink: &Sink, cancel: &CancellationToken) -> Result<String, ProcessError> {
        let mut words: Vec<String> = args.iter().map(|word| (*word).to_owned()).collect();
        if self.supervisor.is_some() {
            let lead = ["internal-exec".to_owned(), std::process::id().to_string(), self.program.to_string_lossy().into_owned()];
            words.splice(0..0, lead);
        }
        let command = Command {
            program: self.supervisor.as_ref().unwrap_or(&self.program),
            args: words,
            env: vec![("KUBECONFIG".to_owned(), self.kubeconfig.display().to_string())],
            deadline,
            fix: FIX,
        };
        process::run(command, sink, cancel).await
    }
}
