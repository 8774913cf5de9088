//! Step: the API server answers and every node is Ready, judged by ourselves: kind looks at control planes only, and a wait that timed out is a
//! warning to it.

use super::setup::Setup;
use crate::cluster::ObjectRef;
use crate::engine::step::{Cx, Observed, Step, StepError};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct NodesReady(pub Arc<Setup>);

#[async_trait]
impl Step for NodesReady {
    async fn observe(&self, cx: &Cx) -> Result<Observed, StepError> {
        let connected = self.0.connect().await?;
        let nodes = self.refs().await?;
        Ok(match connected.lacks(&nodes, cx).await? {
            None => Observed::Done(format!("{} nodes are Ready", nodes.len())),
            Some(lacking) => Observed::Needed(lacking),
        })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let connected = self.0.connect().await?;
        let nodes = self.refs().await?;
        connected.cluster.wait_ready(&nodes, Duration::from_mins(2), &cx.sink, &cx.cancel).await?;
        Ok(format!("{} nodes are Ready", nodes.len()))
    }
}

impl NodesReady {
    /// kind names a node after its container.
    async fn refs(&self) -> Result<Vec<ObjectRef>, StepError> {
        let nodes = self.0.nodes().await?;
        Ok(nodes
            .into_iter()
            .map(|node| ObjectRef { api_version: "v1".to_owned(), kind: "Node".to_owned(), namespace: None, name: node.name })
            .collect())
    }
}
