//! Step: the bundle's images are in the registry, under one repository per upstream host.

use super::setup::Setup;
use crate::adapters::registry::Registry;
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::image::LockedImage;
use crate::support::progress::Sink;
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use std::path::PathBuf;
use std::sync::Arc;

pub(super) struct Push {
    pub setup: Arc<Setup>,
    pub bundle: PathBuf,
    pub images: Vec<LockedImage>,
}

/// Blobs are read from one disk and written to one volume: more at once only makes both seek.
const AT_ONCE: usize = 3;

#[async_trait]
impl Step for Push {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        let missing = self.missing().await?;
        Ok(match missing.len() {
            0 => Observed::Done(format!("{} images are there", self.images.len())),
            count => Observed::Needed(format!("{count} of {} images are missing", self.images.len())),
        })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let registry = self.registry().await?;
        let missing = self.missing().await?;
        let (count, mut done) = (missing.len(), 0_u64);
        let mut bytes = 0;
        let mut pushes = futures::stream::iter(missing.into_iter().map(|image| {
            let (registry, cx) = (registry.clone(), cx.clone());
            async move {
                let digest = image.digest.clone().unwrap_or_default();
                let silent = Sink::silent();
                let push = registry.push(&self.bundle, &digest, &image.name, &image.tag, &silent);
                tokio::select! {
                    pushed = push => pushed.map_err(StepError::from)?,
                    () = cx.cancel.cancelled() => return Err(StepError::new("LAB-CANCELLED", "the run is being cancelled")),
                }
                Ok::<_, StepError>(image)
            }
        }))
        .buffer_unordered(AT_ONCE);
        while let Some(image) = pushes.try_next().await? {
            done += 1;
            bytes += image.size;
            cx.sink.progress(done, Some(count as u64), "images");
            cx.sink.line(format!("pushed {}", image.reference()));
        }
        Ok(format!("pushed {count} images, {} MiB", bytes >> 20))
    }
}

impl Push {
    async fn registry(&self) -> Result<Registry, StepError> {
        let port = self.setup.shared.lock().await.registry_port;
        port.map(Registry::new).ok_or_else(|| StepError::new("LAB-BUG", "the registry's port is not known"))
    }

    async fn missing(&self) -> Result<Vec<LockedImage>, StepError> {
        let registry = self.registry().await?;
        let looks = self.images.iter().map(|image| {
            let registry = registry.clone();
            async move {
                let found = registry.digest(&image.name, &image.tag).await?;
                Ok::<_, StepError>((found != image.digest).then(|| image.clone()))
            }
        });
        Ok(futures::future::try_join_all(looks).await?.into_iter().flatten().collect())
    }
}
