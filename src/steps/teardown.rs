//! Taking a lab away, with a report of what there was and what is gone. Only what bears this lab's mark is touched.

use super::registry::{REGISTRY, ROLE_LABEL};
use super::setup::{AUDIT_MOUNT, Setup};
use crate::adapters::docker::{Container, DockerError};
use crate::adapters::kind::{CLUSTER_LABEL, NETWORK};
use crate::engine::step::StepError;
use crate::model::run::Object;
use crate::support::progress::Sink;
use serde::Serialize;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Takes one lab away.
#[derive(Debug)]
pub struct Teardown {
    /// The lab that is meant.
    pub setup: Arc<Setup>,
    /// Also what is kept for the next lab.
    pub purge: bool,
}

/// What was taken away, what was kept, and what is left although it should not be.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Left {
    /// What there was and is gone, in words.
    pub removed: Vec<String>,
    /// Kept on purpose, with why.
    pub kept: Vec<String>,
    /// Still there: each is a failure.
    pub left: Vec<String>,
    /// Other clusters on this engine, as they were before and are after.
    pub untouched: Vec<String>,
}

impl Teardown {
    /// What would be taken away, in words.
    pub async fn plan(&self) -> Result<Vec<String>, StepError> {
        let mut all = if self.setup.is_existing() { self.setup.planned_withdrawal().await? } else { self.planned().await? };
        if self.purge && self.setup.folder.exists() {
            all.push(format!("folder {}", self.setup.folder.display()));
        }
        Ok(all)
    }

    async fn planned(&self) -> Result<Vec<String>, StepError> {
        let mut all: Vec<String> = Vec::new();
        for node in self.own_nodes().await? {
            all.push(format!("container {}", node.name));
            all.extend(node.volumes.iter().map(|volume| format!("volume {}", short(volume))));
        }
        if self.purge {
            all.extend(self.setup.engine.container(REGISTRY).await?.map(|_| format!("container {REGISTRY}")));
            let volumes = self.setup.engine.volumes(&format!("{ROLE_LABEL}=registry")).await?;
            all.extend(volumes.into_iter().map(|volume| format!("volume {volume}")));
        }
        Ok(all)
    }

    /// Takes it away and looks again. `cancel` stops what goes object by object; a kind cluster is gone within seconds, and half a deletion helps
    /// nobody.
    pub async fn carry_out(&self, sink: &Sink, cancel: &CancellationToken) -> Result<Left, StepError> {
        if self.setup.is_existing() {
            return self.setup.withdraw(self.purge, sink, cancel).await;
        }
        let engine = &self.setup.engine;
        let before = self.others().await?;
        let mut report = Left { removed: self.planned().await?, ..Left::default() };
        let nodes = self.own_nodes().await?;
        let volumes: Vec<String> = nodes.iter().flat_map(|node| node.volumes.clone()).collect();
        let made_network = self.setup.state()?.made_network;
        let had_context = self.has_context();
        if nodes.is_empty() {
            // also a context whose cluster is long gone is the lab's; kind takes it out, and says nothing where there is none
            if had_context {
                self.setup.delete_cluster(sink).await?;
            }
        } else {
            sink.waiting("kind delete cluster", "");
            self.setup.delete_cluster(sink).await?;
            for node in &nodes {
                sink.changed(Object { kind: "Container".to_owned(), namespace: String::new(), name: node.name.clone() }, "removed");
            }
        }
        if had_context {
            report.removed.push(format!("kubeconfig context {}", self.setup.context()));
        }
        if self.purge {
            self.purge_host(&mut report, made_network).await?;
        } else {
            if engine.container(REGISTRY).await?.is_some() {
                report
                    .kept
                    .push(format!("container and volume {REGISTRY}: images for the next lab; `labctl down --purge` takes them away"));
            }
            if self.setup.folder.exists() {
                report.kept.push(format!("folder {}: passwords and ports for the next time", self.setup.folder.display()));
            }
        }
        self.look_again(&mut report, &volumes).await?;
        let after = self.others().await?;
        report.untouched = after.iter().map(|(name, id)| format!("container {name} ({})", short(id))).collect();
        for (name, id) in before {
            if !after.contains(&(name.clone(), id)) {
                report.left.push(format!("container {name} of another cluster changed while this ran"));
            }
        }
        Ok(report)
    }

    async fn purge_host(&self, report: &mut Left, made_network: bool) -> Result<(), StepError> {
        let engine = &self.setup.engine;
        let others = self.others().await?;
        if self.other_labs().await? {
            report.removed.retain(|what| !what.ends_with(REGISTRY));
            report.kept.push(format!("container and volume {REGISTRY}: another lab on this host uses them"));
        } else {
            engine.remove(REGISTRY).await?;
            for volume in engine.volumes(&format!("{ROLE_LABEL}=registry")).await? {
                engine.remove_volume(&volume).await?;
            }
            if made_network && others.is_empty() && engine.has_network(NETWORK).await? {
                engine.remove_network(NETWORK).await?;
                report.removed.push(format!("network {NETWORK}"));
            }
        }
        self.setup.remove_folder(report);
        Ok(())
    }

    /// Whether this engine carries another lab, whoever made it: its nodes pull from the registry.
    async fn other_labs(&self) -> Result<bool, DockerError> {
        let all = self.setup.engine.containers(&[CLUSTER_LABEL.to_owned()]).await?;
        let others = all.iter().filter(|node| node.labels.get(CLUSTER_LABEL) != Some(&self.setup.cluster));
        Ok(others.into_iter().any(|node| node.mounts.contains_key(AUDIT_MOUNT)))
    }

    async fn look_again(&self, report: &mut Left, volumes: &[String]) -> Result<(), StepError> {
        let engine = &self.setup.engine;
        report.left.extend(self.setup.nodes().await?.into_iter().map(|node| format!("container {}", node.name)));
        let present = engine.all_volumes().await?;
        report.left.extend(volumes.iter().filter(|volume| present.contains(volume)).map(|volume| format!("volume {volume}")));
        if self.has_context() {
            report.left.push(format!("kubeconfig context {} in {}", self.setup.context(), self.setup.kind.kubeconfig.display()));
        }
        let kept_registry = report.kept.iter().any(|kept| kept.contains(REGISTRY));
        if self.purge && !kept_registry && engine.container(REGISTRY).await?.is_some() {
            report.left.push(format!("container {REGISTRY}"));
        }
        Ok(())
    }

    fn has_context(&self) -> bool {
        let text = std::fs::read_to_string(&self.setup.kind.kubeconfig).unwrap_or_default();
        text.contains(&format!("name: {}\n", self.setup.context()))
    }

    /// The lab's own nodes; a cluster of the same name that somebody else made is an error, never a victim.
    async fn own_nodes(&self) -> Result<Vec<Container>, StepError> {
        let nodes = self.setup.nodes().await?;
        self.setup.refuse_foreign(&nodes)?;
        Ok(nodes)
    }

    /// Name and id of the nodes of other kind clusters.
    async fn others(&self) -> Result<Vec<(String, String)>, DockerError> {
        let all = self.setup.engine.containers(&[CLUSTER_LABEL.to_owned()]).await?;
        let others = all.into_iter().filter(|node| node.labels.get(CLUSTER_LABEL) != Some(&self.setup.cluster));
        Ok(others.map(|node| (node.name, node.id)).collect())
    }
}

/// The first 12 characters of an id.
fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
