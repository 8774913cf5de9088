//! Step: each node pulls by upstream name from the lab's registry (containerd `hosts.toml`, one repository prefix per upstream host).

use super::registry::REGISTRY;
use super::setup::Setup;
use crate::adapters::kind::NETWORK;
use crate::engine::step::{Cx, Observed, Step, StepError};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Mirror {
    pub setup: Arc<Setup>,
    /// Upstream hosts whose images the registry holds.
    pub hosts: BTreeSet<String>,
}

const EXEC: Duration = Duration::from_secs(20);

/// What a node asks instead of `host`. `override_path` because the registry keeps each upstream host under a path of its own; see
/// <https://github.com/containerd/containerd/blob/main/docs/hosts.md>
fn hosts_toml(host: &str) -> String {
    format!(
        "# written by labctl\n[host.\"http://{REGISTRY}:5000/v2/{host}\"]\n  capabilities = [\"pull\", \"resolve\"]\n  override_path = true\n"
    )
}

#[async_trait]
impl Step for Mirror {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        let joined = self.setup.engine.container(REGISTRY).await?.is_some_and(|container| container.addresses.contains_key(NETWORK));
        if !joined {
            return Ok(Observed::Needed("the registry is not on the nodes' network".to_owned()));
        }
        let nodes = self.setup.nodes().await?;
        for node in &nodes {
            if self.read(&node.name).await? != self.wanted() {
                return Ok(Observed::Needed(format!("{} does not pull through the registry", node.name)));
            }
        }
        Ok(Observed::Done(format!("{} hosts on {} nodes", self.hosts.len(), nodes.len())))
    }

    async fn apply(&self, _cx: &Cx) -> Result<String, StepError> {
        self.setup.engine.join(NETWORK, REGISTRY).await?;
        let nodes = self.setup.nodes().await?;
        for node in &nodes {
            for host in &self.hosts {
                // the content goes as an argument, so nothing in it is ever read as shell
                let script = "mkdir -p \"$1\" && printf %s \"$2\" > \"$1/hosts.toml\"";
                let folder = format!("/etc/containerd/certs.d/{host}");
                self.setup.engine.exec(&node.name, &["sh", "-c", script, "sh", &folder, &hosts_toml(host)], EXEC).await?;
            }
        }
        Ok(format!("{} hosts on {} nodes", self.hosts.len(), nodes.len()))
    }
}

impl Mirror {
    fn wanted(&self) -> String {
        self.hosts.iter().map(|host| hosts_toml(host)).collect()
    }

    /// The files as a node has them, one after the other; empty where they are not there.
    async fn read(&self, node: &str) -> Result<String, StepError> {
        let mut command = vec!["sh", "-c", "for host do cat \"/etc/containerd/certs.d/$host/hosts.toml\" 2>/dev/null; done; true", "sh"];
        command.extend(self.hosts.iter().map(String::as_str));
        Ok(self.setup.engine.exec(node, &command, EXEC).await?)
    }
}
