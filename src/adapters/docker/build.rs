//! Images that the engine itself brings: pulled from upstream, or built from a folder and pushed to a registry on this host.

use super::engine::{DockerError, Engine};
use crate::support::progress::Sink;
use bollard::models::ProgressDetail;
use bollard::query_parameters::{BuildImageOptionsBuilder, CreateImageOptionsBuilder, PushImageOptionsBuilder};
use bytes::Bytes;
use futures::StreamExt;
use std::time::Duration;

/// Bytes moved, where the engine says how many.
fn report(detail: Option<ProgressDetail>, sink: &Sink) {
    let detail = detail.unwrap_or_default();
    if let (Some(done), Some(total)) = (detail.current, detail.total) {
        sink.progress(done.unsigned_abs(), Some(total.unsigned_abs()), "B");
    }
}

impl Engine {
    /// Pulls `reference` from its registry; reports what the engine says of it.
    pub async fn pull(&self, reference: &str, deadline: Duration, sink: &Sink) -> Result<(), DockerError> {
        let options = CreateImageOptionsBuilder::default().from_image(reference).build();
        self.within(&format!("pull {reference}"), deadline, async {
            let mut answers = std::pin::pin!(self.docker.create_image(Some(options), None, None));
            while let Some(answer) = answers.next().await {
                report(answer?.progress_detail, sink);
            }
            Ok(())
        })
        .await
    }

    /// Builds the image `reference` from a tar of a folder with a Dockerfile, by the engine's classic builder, which every engine has.
    pub async fn build(&self, reference: &str, context: Vec<u8>, deadline: Duration, sink: &Sink) -> Result<(), DockerError> {
        let options = BuildImageOptionsBuilder::default().t(reference).rm(true).forcerm(true).build();
        self.within(&format!("build {reference}"), deadline, async {
            let body = bollard::body_full(Bytes::from(context));
            let mut answers = std::pin::pin!(self.docker.build_image(options, None, Some(body)));
            while let Some(answer) = answers.next().await {
                let said = answer?.stream.unwrap_or_default();
                for line in said.lines().filter(|line| !line.trim().is_empty()) {
                    sink.line(line);
                }
            }
            Ok(())
        })
        .await
    }

    /// Pushes `name:tag`; the engine speaks plain HTTP to registries on the loopback.
    pub async fn push(&self, name: &str, tag: &str, deadline: Duration, sink: &Sink) -> Result<(), DockerError> {
        let options = PushImageOptionsBuilder::default().tag(tag).build();
        self.within(&format!("push {name}:{tag}"), deadline, async {
            let mut answers = std::pin::pin!(self.docker.push_image(name, Some(options), None));
            while let Some(answer) = answers.next().await {
                report(answer?.progress_detail, sink);
            }
            Ok(())
        })
        .await
    }

    /// Gives an image another name.
    pub async fn tag(&self, reference: &str, name: &str, tag: &str) -> Result<(), DockerError> {
        let options = bollard::query_parameters::TagImageOptionsBuilder::default().repo(name).tag(tag).build();
        self.within(&format!("tag {reference}"), Duration::from_secs(15), self.docker.tag_image(reference, Some(options))).await
    }
}
