//! A registry on this host's loopback: pushes images of an OCI layout into it, blob by blob, only what is missing.

use crate::support::progress::Sink;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::{Client, Reference};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::io::ReaderStream;

/// Why an image did not get into the registry.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is and names its fields")]
pub enum RegistryError {
    #[error("the registry at {at} does not answer: {cause}")]
    Unreachable { at: String, cause: String },
    #[error("{image} could not be pushed to the registry at {at}: {cause}")]
    Push { image: String, at: String, cause: String },
    #[error("{path} is damaged: its content has digest {found}; bring the bundle again")]
    Damaged { path: String, found: String },
    #[error("{path} cannot be read: {cause}")]
    File { path: String, cause: std::io::Error },
    #[error("{path} is not an OCI image manifest: {cause}")]
    Manifest { path: String, cause: String },
}

/// A registry at `127.0.0.1:port`, spoken to in plain HTTP.
#[derive(Clone)]
pub struct Registry {
    client: Client,
    at: String,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registry({})", self.at)
    }
}

#[derive(Deserialize)]
struct Manifest {
    config: Blob,
    layers: Vec<Blob>,
}

#[derive(Deserialize)]
struct Blob {
    digest: String,
    size: u64,
}

/// Manifests and configs are small; a layer may be hundreds of MB.
const SMALL: Duration = Duration::from_secs(20);
const LAYER: Duration = Duration::from_mins(5);
/// A registry may close a connection that it takes for idle just as the next blob is sent.
const TRIES: usize = 3;

impl Registry {
    /// The registry at this port of 127.0.0.1. Asks nothing yet.
    pub fn new(port: u16) -> Self {
        let at = format!("127.0.0.1:{port}");
        // one PUT a blob: chunks of a few MB each cost a round trip, and registries cut long chains of them
        let config = ClientConfig { protocol: ClientProtocol::Http, use_monolithic_push: true, ..ClientConfig::default() };
        Self { client: Client::new(config), at }
    }

    fn reference(&self, repository: &str, tag: &str) -> Reference {
        Reference::with_tag(self.at.clone(), repository.to_owned(), tag.to_owned())
    }

    /// The digest behind a tag, `None` when it is not there.
    pub async fn digest(&self, repository: &str, tag: &str) -> Result<Option<String>, RegistryError> {
        let reference = self.reference(repository, tag);
        let call = self.client.fetch_manifest_digest(&reference, &oci_client::secrets::RegistryAuth::Anonymous);
        match tokio::time::timeout(SMALL, call).await {
            Ok(Ok(digest)) => Ok(Some(digest)),
            Ok(Err(error)) => {
                let text = error.to_string();
                let absent = ["not found", "404", "MANIFEST_UNKNOWN", "NAME_UNKNOWN", "manifest unknown", "name unknown"];
                if absent.iter().any(|sign| text.contains(sign)) {
                    return Ok(None);
                }
                Err(RegistryError::Unreachable { at: self.at.clone(), cause: text })
            }
            Err(_) => Err(RegistryError::Unreachable { at: self.at.clone(), cause: format!("no answer in {}s", SMALL.as_secs()) }),
        }
    }

    /// Waits until the registry answers.
    pub async fn answers(&self, deadline: Duration) -> Result<(), RegistryError> {
        let started = tokio::time::Instant::now();
        loop {
            match self.digest("labctl/none", "none").await {
                Ok(_) => return Ok(()),
                Err(error) if started.elapsed() > deadline => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(150)).await,
            }
        }
    }

    /// Pushes the image with manifest `digest` of the OCI layout in `layout` as `repository:tag`. Every blob's content is verified on the way:
    /// the registry refuses one that does not have the digest it is pushed as.
    pub async fn push(&self, layout: &Path, digest: &str, repository: &str, tag: &str, sink: &Sink) -> Result<(), RegistryError> {
        let reference = self.reference(repository, tag);
        let manifest_path = blob_path(layout, digest);
        let raw = tokio::fs::read(&manifest_path).await.map_err(|cause| file_error(&manifest_path, cause))?;
        let found = crate::support::digest::sha256(&raw);
        if found != digest {
            return Err(RegistryError::Damaged { path: manifest_path.display().to_string(), found });
        }
        let manifest: Manifest = serde_json::from_slice(&raw)
            .map_err(|error| RegistryError::Manifest { path: manifest_path.display().to_string(), cause: error.to_string() })?;
        let total = manifest.layers.iter().chain([&manifest.config]).map(|blob| blob.size).sum();
        let mut done = 0;
        for blob in manifest.layers.iter().chain([&manifest.config]) {
            self.push_blob(layout, &reference, blob).await?;
            done += blob.size;
            sink.progress(done, Some(total), "B");
        }
        let media = serde_json::from_slice::<serde_json::Value>(&raw).ok().and_then(|value| value["mediaType"].as_str().map(str::to_owned));
        let media = media.unwrap_or_else(|| "application/vnd.oci.image.manifest.v1+json".to_owned());
        let failed = |cause: String| RegistryError::Push { image: format!("{repository}:{tag}"), at: self.at.clone(), cause };
        let header = media.parse().map_err(|_| failed(format!("`{media}` is not a media type")))?;
        match tokio::time::timeout(SMALL, self.client.push_manifest_raw(&reference, raw, header)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed(format!("no answer in {}s", SMALL.as_secs()))),
        }
    }

    async fn push_blob(&self, layout: &Path, reference: &Reference, blob: &Blob) -> Result<(), RegistryError> {
        let path = blob_path(layout, &blob.digest);
        let mut last = None;
        for _ in 0..TRIES {
            if let Ok(Ok(true)) = tokio::time::timeout(SMALL, self.client.blob_exists(reference, &blob.digest)).await {
                return Ok(());
            }
            match self.try_blob(&path, reference, blob).await {
                Ok(()) => return Ok(()),
                Err(RegistryError::Push { cause, .. }) => last = Some(cause),
                Err(error) => return Err(error),
            }
        }
        Err(RegistryError::Push {
            image: format!("{}@{}", reference.repository(), blob.digest),
            at: self.at.clone(),
            cause: last.unwrap_or_default(),
        })
    }

    async fn try_blob(&self, path: &Path, reference: &Reference, blob: &Blob) -> Result<(), RegistryError> {
        let failed = |cause: String| RegistryError::Push { image: reference.repository().to_owned(), at: self.at.clone(), cause };
        let file = tokio::fs::File::open(path).await.map_err(|cause| file_error(path, cause))?;
        let stream = futures::StreamExt::map(ReaderStream::with_capacity(file, 1 << 20), |chunk| chunk.map_err(Into::into));
        match tokio::time::timeout(LAYER, self.client.push_blob_stream(reference, stream, &blob.digest, Some(blob.size))).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.to_string().contains("DIGEST_INVALID") || error.to_string().contains("digest") => {
                Err(RegistryError::Damaged { path: path.display().to_string(), found: "another (the registry refused it)".to_owned() })
            }
            Ok(Err(error)) => Err(failed(chain(&error))),
            Err(_) => Err(failed(format!("not done in {}s", LAYER.as_secs()))),
        }
    }
}

fn blob_path(layout: &Path, digest: &str) -> PathBuf {
    layout.join("blobs").join(digest.replacen(':', "/", 1))
}

/// An error with what is behind it; the outermost says only which URL.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(&format!(": {inner}"));
        source = inner.source();
    }
    text
}

fn file_error(path: &Path, cause: std::io::Error) -> RegistryError {
    RegistryError::File { path: path.display().to_string(), cause }
}
