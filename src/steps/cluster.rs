//! Step: the kind cluster is there, whole, running, and this lab's. One that a killed run left half made is taken away and made again.

use super::registry::free_port;
use super::setup::{Setup, audit_policy};
use crate::adapters::docker::{Container, DockerError};
use crate::adapters::kind::{ClusterConfig, GATEWAY_NODE_PORT, NETWORK};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::support::files;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Cluster {
    pub setup: Arc<Setup>,
    /// Node image, as the engine knows it.
    pub image: String,
    /// `1.34.4`.
    pub kubernetes: String,
}

/// Written into the first control plane when kind has finished. Without it the cluster is half made, whatever else is there.
const WHOLE: &str = "/kind/labctl-whole";
const EXEC: Duration = Duration::from_secs(20);

/// What is there of a cluster.
enum Found {
    Nothing,
    Whole,
    /// Whole, with nodes that must be started or unpaused first.
    Asleep(Vec<Container>),
    Half,
}

#[async_trait]
impl Step for Cluster {
    async fn observe(&self, cx: &Cx) -> Result<Observed, StepError> {
        let version = self.setup.kind.version().await?;
        Ok(match self.find().await? {
            Found::Whole => {
                self.ensure_kubeconfig(cx).await?;
                Observed::Done(format!("{} runs Kubernetes {} (kind {version})", self.setup.cluster, self.kubernetes))
            }
            Found::Nothing => Observed::Needed("there is none".to_owned()),
            Found::Asleep(nodes) => Observed::Needed(format!("{} of its nodes do not run", nodes.len())),
            Found::Half => Observed::Needed("it is half made".to_owned()),
        })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let mut done = Vec::new();
        loop {
            match self.find().await? {
                Found::Whole => break,
                Found::Asleep(nodes) => {
                    for node in &nodes {
                        match node.state.as_str() {
                            "paused" => self.setup.engine.unpause(&node.name).await?,
                            _ => self.setup.engine.start(&node.name).await?,
                        }
                    }
                    done.push(format!("started {} nodes", nodes.len()));
                }
                Found::Half => {
                    cx.sink.line("taking away the half-made cluster");
                    self.setup.delete_cluster(&cx.sink).await?;
                    done.push("took away a half-made one".to_owned());
                }
                Found::Nothing => {
                    self.create(cx).await?;
                    done.push("created".to_owned());
                }
            }
            // asleep, half, nothing, whole: each of them once is the longest way there is
            if done.len() > 3 {
                return Err(StepError::new("LAB-CLUSTER-005", format!("the cluster does not stay up: {}", done.join(", "))));
            }
        }
        let made = if done.is_empty() { "found whole".to_owned() } else { done.join(", ") };
        self.ensure_kubeconfig(cx).await?;
        Ok(format!("{made}, Kubernetes {}", self.kubernetes))
    }
}

impl Cluster {
    async fn find(&self) -> Result<Found, StepError> {
        let nodes = self.setup.nodes().await?;
        if nodes.is_empty() {
            return Ok(Found::Nothing);
        }
        self.setup.refuse_foreign(&nodes)?;
        let first = nodes.iter().find(|node| node.name.contains("control-plane") && self.setup.is_ours(node));
        let wanted = self.setup.lab.stack.cluster.nodes.unwrap_or_default();
        let asleep: Vec<_> = nodes.iter().filter(|node| node.state != "running").cloned().collect();
        let Some(first) = first else { return Ok(Found::Half) };
        if first.state == "running" {
            match self.setup.engine.exec(&first.name, &["test", "-e", WHOLE], EXEC).await {
                Ok(_) => {}
                // only the command's own "no" says half made: an engine that is slow or gone must never cost a whole cluster
                Err(DockerError::Exec { code: 1, .. }) => return Ok(Found::Half),
                Err(error) => return Err(error.into()),
            }
        } else if self.setup.state()?.gateway_port.is_none() {
            return Ok(Found::Half);
        }
        if nodes.len() != usize::from(wanted.control_plane + wanted.workers) {
            return Err(StepError::new(
                "LAB-CLUSTER-001",
                format!(
                    "the cluster has {} nodes, the stack wants {}; kind cannot change that: labctl down --yes, then labctl up",
                    nodes.len(),
                    wanted.control_plane + wanted.workers
                ),
            ));
        }
        if let Some(other) = nodes.iter().find(|node| node.image != self.image) {
            return Err(StepError::new(
                "LAB-CLUSTER-002",
                format!(
                    "the cluster runs node image {}, the lab wants {}; nodes cannot be upgraded in place: labctl down --yes, then labctl up",
                    other.image, self.image
                ),
            ));
        }
        Ok(if asleep.is_empty() { Found::Whole } else { Found::Asleep(asleep) })
    }

    async fn create(&self, cx: &Cx) -> Result<(), StepError> {
        let setup = &self.setup;
        let audit = setup.audit_folder();
        files::write(&audit.join("policy.yaml"), audit_policy().as_bytes(), 0o644)?;
        let state = setup.state()?;
        let port = match (setup.lab.stack.cluster.ports, state.gateway_port) {
            (Some(crate::model::stack::Ports::Fixed(port)), _) => {
                // kind would find out only after half a minute
                std::net::TcpListener::bind(("127.0.0.1", port)).map_err(|cause| {
                    StepError::new(
                        "LAB-PORT-001",
                        format!("port {port} on 127.0.0.1, which the stack asks for (cluster.ports), is taken: {cause}"),
                    )
                })?;
                port
            }
            (_, Some(port)) if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() => port,
            _ => free_port()?,
        };
        let nodes = setup.lab.stack.cluster.nodes.unwrap_or_default();
        let config = ClusterConfig {
            name: setup.cluster.clone(),
            image: self.image.clone(),
            kubernetes: self.kubernetes.clone(),
            control_planes: nodes.control_plane,
            workers: nodes.workers,
            gateway_port: port,
            audit_folder: audit,
            cgroup_v1: setup.shared.lock().await.cgroup_v1,
        };
        let path = setup.folder.join("kind.yaml");
        files::write(&path, config.to_yaml().as_bytes(), 0o644)?;
        let made_network = !setup.engine.has_network(NETWORK).await?;
        setup
            .remember(|state| {
                state.gateway_port = Some(port);
                state.made_network |= made_network;
            })
            .await?;
        cx.sink.waiting("kind create cluster", "");
        setup.kind.create(&path, Duration::from_mins(10), &cx.sink, &cx.cancel).await?;
        let plane = format!("{}-control-plane", setup.cluster);
        setup.engine.exec(&plane, &["touch", WHOLE], EXEC).await?;
        Ok(())
    }

    /// The kubeconfig has the lab's context and it points at this cluster; the gateway's real port is remembered.
    async fn ensure_kubeconfig(&self, cx: &Cx) -> Result<(), StepError> {
        let setup = &self.setup;
        let plane = format!("{}-control-plane", setup.cluster);
        let mapped = setup.engine.container(&plane).await?.and_then(|node| node.ports.get(&format!("{GATEWAY_NODE_PORT}/tcp")).copied());
        if setup.state()?.gateway_port != mapped {
            setup.remember(|state| state.gateway_port = mapped).await?;
        }
        let own = setup.kind.kubeconfig(&setup.cluster).await?;
        let server = own.lines().find_map(|line| line.trim().strip_prefix("server: ").map(str::to_owned)).unwrap_or_default();
        let present = std::fs::read_to_string(&setup.kind.kubeconfig).unwrap_or_default();
        let has = present.contains(&format!("name: {}", setup.context()))
            && present.contains(&server)
            && own.lines().filter(|line| line.contains("client-key-data")).all(|line| present.contains(line.trim()));
        if !has {
            setup.kind.export_kubeconfig(&setup.cluster, &cx.sink).await?;
        }
        Ok(())
    }
}
