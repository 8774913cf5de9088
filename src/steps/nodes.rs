//! Step: the API server answers and every node is Ready, judged by ourselves: kind looks at control planes only, and a wait that timed out is a
//! warning to it. And no node lets a Service's address out: see [`GUARD`].

use super::setup::Setup;
use crate::adapters::kind::SERVICE_SUBNET;
use crate::cluster::ObjectRef;
use crate::engine::step::{Cx, Observed, Step, StepError};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct NodesReady(pub Arc<Setup>);

const EXEC: Duration = Duration::from_secs(20);

/// Until kube-proxy has heard of a Service's first endpoint (a new Service, a restarted node), a packet to its address leaves by the default route.
/// Whoever answers out there is taken for the Service, and a kept connection goes on asking it: an API server that skips TLS verification took a
/// company proxy for metrics-server and never got away from it. A Service's own packets are rewritten before these chains see them, so what still
/// carries such an address here is lost, and is better refused.
const GUARD: &str = r#"for chain in OUTPUT FORWARD; do
  iptables -w 5 -C "$chain" -d "$2" -j REJECT 2>/dev/null && continue
  if [ "$1" = look ]; then echo open; exit; fi
  iptables -w 5 -I "$chain" -d "$2" -j REJECT || exit
done"#;

#[async_trait]
impl Step for NodesReady {
    async fn observe(&self, cx: &Cx) -> Result<Observed, StepError> {
        let connected = self.0.connect().await?;
        let nodes = self.refs().await?;
        if let Some(lacking) = connected.lacks(&nodes, cx).await? {
            return Ok(Observed::Needed(lacking));
        }
        for node in &nodes {
            if !self.guard("look", &node.name).await?.trim().is_empty() {
                return Ok(Observed::Needed(format!("{} lets addresses of Services out", node.name)));
            }
        }
        Ok(Observed::Done(format!("{} nodes are Ready", nodes.len())))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let connected = self.0.connect().await?;
        let nodes = self.refs().await?;
        for node in &nodes {
            self.guard("close", &node.name).await?;
        }
        connected.cluster.wait_ready(&nodes, Duration::from_mins(2), &cx.sink, &cx.cancel).await?;
        Ok(format!("{} nodes are Ready", nodes.len()))
    }
}

impl NodesReady {
    async fn guard(&self, verb: &str, node: &str) -> Result<String, StepError> {
        Ok(self.0.engine.exec(node, &["sh", "-c", GUARD, "sh", verb, SERVICE_SUBNET], EXEC).await?)
    }

    /// kind names a node after its container.
    async fn refs(&self) -> Result<Vec<ObjectRef>, StepError> {
        let nodes = self.0.nodes().await?;
        Ok(nodes
            .into_iter()
            .map(|node| ObjectRef { api_version: "v1".to_owned(), kind: "Node".to_owned(), namespace: None, name: node.name })
            .collect())
    }
}
