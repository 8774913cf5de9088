//! Step: the images of the lab are on its nodes before pods ask for them, those that most others wait for first.

use super::setup::Setup;
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::image::LockedImage;
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Prefetch {
    pub setup: Arc<Setup>,
    /// In the order they are wanted.
    pub images: Vec<LockedImage>,
}

/// Per node; more at once only makes each slower on one disk.
const AT_ONCE: usize = 3;
const PULL: Duration = Duration::from_mins(10);

#[async_trait]
impl Step for Prefetch {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        let missing = self.missing().await?;
        Ok(match missing.len() {
            0 => Observed::Done(format!("{} images are on every node", self.images.len())),
            count => Observed::Needed(format!("{count} images are missing")),
        })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let missing = self.missing().await?;
        let (count, mut done) = (missing.len(), 0_u64);
        let mut pulls = futures::stream::iter(missing.into_iter().map(|(node, image)| async move {
            let reference = image.pinned();
            let command = ["crictl", "pull", reference.as_str()];
            tokio::select! {
                pulled = self.setup.engine.exec(&node, &command, PULL) => pulled.map(|_| image),
                () = cx.cancel.cancelled() => Err(crate::adapters::docker::DockerError::Refused { what: "pull".to_owned(), cause: "the run is being cancelled".to_owned() }),
            }
        }))
        .buffer_unordered(AT_ONCE);
        while let Some(image) = pulls.try_next().await.map_err(|error| StepError::new("LAB-IMAGE-001", error.to_string()))? {
            done += 1;
            cx.sink.progress(done, Some(count as u64), "images");
            cx.sink.line(format!("pulled {}", image.reference()));
        }
        Ok(format!("pulled {count} images"))
    }
}

impl Prefetch {
    /// What is missing, by node, in the order it is wanted.
    async fn missing(&self) -> Result<Vec<(String, LockedImage)>, StepError> {
        let mut missing = Vec::new();
        let nodes = self.setup.nodes().await?;
        let mut have = Vec::new();
        for node in &nodes {
            have.push(self.setup.engine.exec(&node.name, &["ctr", "-n", "k8s.io", "images", "ls", "-q"], Duration::from_secs(30)).await?);
        }
        for image in &self.images {
            for (node, have) in nodes.iter().zip(&have) {
                let wanted = match &image.digest {
                    Some(digest) => format!("{}@{digest}", image.name),
                    None => image.reference(),
                };
                if !have.lines().any(|line| line == wanted) {
                    missing.push((node.name.clone(), image.clone()));
                }
            }
        }
        Ok(missing)
    }
}
