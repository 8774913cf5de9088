//! Step: the registry that nodes pull from. It belongs to the host: one container and one volume, shared by all labs, kept by `down`.

use super::setup::Setup;
use crate::adapters::docker::NewContainer;
use crate::adapters::registry::Registry;
use crate::engine::step::{Cx, Observed, Step, StepError};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Its container, its name on the nodes' network, and its volume.
pub const REGISTRY: &str = "labctl-registry";
/// Label of everything labctl makes in the engine.
pub const ROLE_LABEL: &str = "dev.labctl.role";
const PORT: &str = "5000/tcp";

pub(super) struct RegistryUp {
    pub setup: Arc<Setup>,
    pub image: String,
}

#[async_trait]
impl Step for RegistryUp {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        let Some(container) = self.setup.engine.container(REGISTRY).await? else {
            return Ok(Observed::Needed("there is none".to_owned()));
        };
        ours(&container.labels)?;
        match (container.state.as_str(), container.ports.get(PORT)) {
            ("running", Some(port)) => {
                Registry::new(*port).answers(Duration::from_secs(5)).await?;
                self.setup.shared.lock().await.registry_port = Some(*port);
                Ok(Observed::Done(format!("answers on 127.0.0.1:{port}")))
            }
            (state, _) => Ok(Observed::Needed(format!("its container is {state}"))),
        }
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let engine = &self.setup.engine;
        if let Some(found) = engine.container(REGISTRY).await? {
            ours(&found.labels)?;
            // half made or stopped: its content is in the volume, so a fresh container loses nothing
            engine.remove(REGISTRY).await?;
        }
        let labels = HashMap::from([(ROLE_LABEL.to_owned(), "registry".to_owned())]);
        engine.create_volume(REGISTRY, labels.clone()).await?;
        let port = free_port()?;
        let container = NewContainer {
            name: REGISTRY.to_owned(),
            image: self.image.clone(),
            env: vec!["REGISTRY_STORAGE_DELETE_ENABLED=true".to_owned()],
            labels,
            binds: vec![format!("{REGISTRY}:/var/lib/registry")],
            ports: vec![(PORT.to_owned(), port)],
            network: None,
        };
        engine.run(container).await?;
        cx.sink.waiting("the registry's first answer", "");
        Registry::new(port).answers(Duration::from_secs(30)).await?;
        self.setup.shared.lock().await.registry_port = Some(port);
        Ok(format!("started on 127.0.0.1:{port}"))
    }
}

/// A container of the registry's name without labctl's label is somebody else's.
fn ours(labels: &HashMap<String, String>) -> Result<(), StepError> {
    if labels.get(ROLE_LABEL).is_some_and(|role| role == "registry") {
        return Ok(());
    }
    Err(StepError::new(
        "LAB-CLASH-001",
        format!(
            "the engine has a container called {REGISTRY} that labctl did not make; rename or remove it: docker rename {REGISTRY} other"
        ),
    ))
}

/// A port on 127.0.0.1 that nobody listens on right now.
pub(super) fn free_port() -> Result<u16, StepError> {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|cause| StepError::new("LAB-PORT-002", format!("no free port on 127.0.0.1: {cause}")))
}
