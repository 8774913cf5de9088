//! Step: a cluster that is there already answers, and is the one that is meant.

use super::setup::Setup;
use crate::engine::step::{Cx, Observed, Step, StepError};
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct Existing(pub Arc<Setup>);

#[async_trait]
impl Step for Existing {
    async fn observe(&self, cx: &Cx) -> Result<Observed, StepError> {
        cx.sink.waiting(format!("the API server of context {}", self.0.context()), "");
        Ok(Observed::Done(self.0.recognised().await?))
    }

    async fn apply(&self, _cx: &Cx) -> Result<String, StepError> {
        // observe either finds the cluster or says what to write into the stack
        Ok(String::new())
    }
}

impl Setup {
    /// Whether the cluster behind the stack's context is the one whose id stands in the stack.
    pub async fn recognised(&self) -> Result<String, StepError> {
        let spec = &self.lab.stack.cluster;
        if spec.context.is_none() {
            return Err(StepError::new(
                "LAB-EXISTING-001",
                "provider `existing` needs cluster.context, the kubeconfig context to use; `kubectl config get-contexts` lists them",
            ));
        }
        let connected = self.connect().await?;
        let namespace = connected.cluster.kube().get("/api/v1/namespaces/kube-system").await?;
        let found = namespace["metadata"]["uid"].as_str().unwrap_or_default();
        match &spec.id {
            Some(wanted) if wanted == found => Ok(format!("context {} is cluster {found}", self.context())),
            Some(wanted) => Err(StepError::new(
                "LAB-EXISTING-002",
                format!("context {} leads to cluster {found}, the stack means {wanted}; nothing was changed", self.context()),
            )),
            None => Err(StepError::new(
                "LAB-EXISTING-001",
                format!(
                    "provider `existing` needs to know which cluster is meant; if it is the one behind context {}, write `id: {found}` under cluster in the stack",
                    self.context()
                ),
            )),
        }
    }
}
