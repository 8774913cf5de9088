//! Step: an image that must be in the engine before there is a registry (the node image, the registry itself).

use super::setup::Setup;
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::image::ArchivedImage;
use crate::support::digest::sha256_file;
use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Archive {
    pub setup: Arc<Setup>,
    pub bundle: PathBuf,
    pub image: ArchivedImage,
}

#[async_trait]
impl Step for Archive {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        let reference = self.image.reference();
        Ok(match self.setup.engine.image_id(&reference).await? {
            Some(id) if id == self.image.id => Observed::Done(format!("{reference} is in the engine")),
            Some(_) => Observed::Needed(format!("{reference} in the engine is another than the bundle's")),
            None => Observed::Needed(format!("{reference} is not in the engine")),
        })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let path = self.bundle.join(&self.image.archive);
        cx.sink.waiting(format!("checksum of {}", self.image.archive), "");
        let (file, listed) = (path.clone(), self.listed()?);
        let found =
            tokio::task::spawn_blocking(move || sha256_file(&file)).await.map_err(|error| StepError::new("LAB-BUG", error.to_string()))?;
        let found = found.map_err(|cause| StepError::new("LAB-BUNDLE-003", format!("{} cannot be read: {cause}", path.display())))?;
        if found != listed {
            return Err(StepError::new(
                "LAB-BUNDLE-002",
                format!("{} is damaged: SHA256SUMS says {listed}, it has {found}; bring the bundle again", path.display()),
            ));
        }
        self.setup.engine.load(&path, Duration::from_mins(10), &cx.sink).await?;
        let reference = self.image.reference();
        match self.setup.engine.image_id(&reference).await? {
            Some(id) if id == self.image.id => Ok(format!("loaded {reference}")),
            found => Err(StepError::new(
                "LAB-BUNDLE-004",
                format!("{} was loaded, yet {reference} is {}, not {}", self.image.archive, found.unwrap_or_default(), self.image.id),
            )),
        }
    }
}

impl Archive {
    /// The archive's checksum as SHA256SUMS has it.
    fn listed(&self) -> Result<String, StepError> {
        let path = self.bundle.join("SHA256SUMS");
        let text = std::fs::read_to_string(&path)
            .map_err(|cause| StepError::new("LAB-BUNDLE-003", format!("{} cannot be read: {cause}", path.display())))?;
        let line =
            text.lines().find_map(|line| line.split_once("  ").filter(|(_, file)| file.trim_start_matches("./") == self.image.archive));
        let (sum, _) =
            line.ok_or_else(|| StepError::new("LAB-BUNDLE-002", format!("{} does not list {}", path.display(), self.image.archive)))?;
        Ok(format!("sha256:{sum}"))
    }
}
