//! Step: the image of a sample app, built here from the sources inside labctl and pushed to the lab's registry. Only without a bundle: a bundle
//! brings it.

use super::setup::Setup;
use crate::adapters::registry::Registry;
use crate::catalog::app_sources;
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::image::LockedImage;
use crate::support::digest::sha256;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Build {
    pub setup: Arc<Setup>,
    pub app: String,
    pub image: LockedImage,
}

/// A base image is pulled and packages are installed on the way.
const BUILD: Duration = Duration::from_mins(15);
const PUSH: Duration = Duration::from_mins(5);

#[async_trait]
impl Step for Build {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        let (sources, registry) = (self.sources()?, self.registry().await?.1);
        // the second tag says which sources an image was built from
        let built = registry.digest(&self.image.name, &source_tag(&sources)).await?;
        let served = registry.digest(&self.image.name, &self.image.tag).await?;
        Ok(match (built, served) {
            (Some(built), Some(served)) if built == served => {
                Observed::Done(format!("{} is built from these sources", self.image.reference()))
            }
            (_, None) => Observed::Needed(format!("{} is not built yet", self.image.reference())),
            _ => Observed::Needed(format!("{} was built from other sources", self.image.reference())),
        })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let sources = self.sources()?;
        let (port, _) = self.registry().await?;
        let engine = &self.setup.engine;
        let reference = self.image.reference();
        let tag = source_tag(&sources);
        engine.build(&reference, sources, BUILD, &cx.sink).await?;
        let name = format!("127.0.0.1:{port}/{}", self.image.name);
        for tag in [self.image.tag.as_str(), &tag] {
            engine.tag(&reference, &name, tag).await?;
            engine.push(&name, tag, PUSH, &cx.sink).await?;
        }
        Ok(format!("built and pushed {reference}"))
    }
}

impl Build {
    fn sources(&self) -> Result<Vec<u8>, StepError> {
        app_sources(&self.app).map_err(|error| StepError::new("LAB-BUG", error.to_string()))
    }

    async fn registry(&self) -> Result<(u16, Registry), StepError> {
        let port = self.setup.shared.lock().await.registry_port;
        port.map(|port| (port, Registry::new(port))).ok_or_else(|| StepError::new("LAB-BUG", "the registry's port is not known"))
    }
}

fn source_tag(sources: &[u8]) -> String {
    let sum = sha256(sources);
    format!("src-{}", sum.trim_start_matches("sha256:").get(..16).unwrap_or_default())
}
