//! Which images a lab uses: the lock that says which tag and digest is meant, and the bundle that holds them. The format is docs/bundle.md.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `bundle.json`: a bundle's own lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Bundle {
    /// Always `labctl.dev/v1`.
    pub api_version: String,
    /// Always `Bundle`.
    pub kind: BundleKind,
    /// What people call it: `lite-packages`.
    pub name: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// `linux/amd64`.
    pub platform: String,
    /// The version of Kubernetes in the node image, without `v`.
    pub kubernetes: String,
    /// The image of nodes.
    pub node_image: ArchivedImage,
    /// The image of the lab's registry.
    pub registry_image: ArchivedImage,
    /// What the registry is filled with.
    pub images: Vec<LockedImage>,
    /// Executables that come with it.
    #[serde(default)]
    pub tools: Vec<BundledTool>,
}

/// The only value of `kind` in `bundle.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BundleKind {
    /// The only value.
    Bundle,
}

/// An image that must be in the engine before a registry exists, as a docker archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchivedImage {
    /// With registry host, without tag.
    pub name: String,
    /// The version that is really inside.
    pub tag: String,
    /// Path of the archive within the bundle.
    pub archive: String,
    /// Digest of the image's config: what the engine shows as its id once it is loaded.
    pub id: String,
    /// How it was made.
    #[serde(default)]
    pub origin: Origin,
    /// More about how it was made.
    #[serde(default)]
    pub note: String,
}

/// One image of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockedImage {
    /// With registry host, without tag.
    pub name: String,
    /// The version that is really inside.
    pub tag: String,
    /// Digest of the manifest; absent in `stacks/images.lock` until somebody saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Compressed size in bytes; 0 where it is not known.
    #[serde(default)]
    pub size: u64,
    /// How it was made.
    #[serde(default)]
    pub origin: Origin,
    /// More about how it was made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Who made an image. Anything but `upstream` is for labs only, and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Pulled from its own registry.
    #[default]
    Upstream,
    /// Built from a language package registry.
    Modules,
    /// A Debian package.
    Debian,
    /// A package of the Python index.
    Pypi,
    /// This repository's own code.
    Here,
    /// Several of the above (a node image).
    Packages,
}

/// An executable that goes with the lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BundledTool {
    /// Name of the executable.
    pub name: String,
    /// Its version, without `v`.
    pub version: String,
    /// Path within the bundle.
    pub path: String,
    /// Hex digest of the file.
    pub sha256: String,
}

impl LockedImage {
    /// `docker.io/grafana/loki:3.7.8`.
    pub fn reference(&self) -> String {
        format!("{}:{}", self.name, self.tag)
    }

    /// As manifests name it once resolved: with the digest when there is one, so that nobody can swap what is behind the tag.
    pub fn pinned(&self) -> String {
        match &self.digest {
            Some(digest) => format!("{}:{}@{digest}", self.name, self.tag),
            None => self.reference(),
        }
    }
}

impl ArchivedImage {
    /// `labctl.dev/kindnode:v1.34.4`.
    pub fn reference(&self) -> String {
        format!("{}:{}", self.name, self.tag)
    }
}

/// Splits an image reference into name and tag; a digest is cut off. A name without registry host is Docker Hub's.
pub fn split_reference(reference: &str) -> (String, Option<String>) {
    let without_digest = reference.split_once('@').map_or(reference, |(name, _)| name);
    let (name, tag) = match without_digest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
        _ => (without_digest, None),
    };
    let first = name.split('/').next().unwrap_or_default();
    let has_host = name.contains('/') && (first.contains('.') || first.contains(':') || first == "localhost");
    let full = if has_host {
        name.to_owned()
    } else if name.contains('/') {
        format!("docker.io/{name}")
    } else {
        format!("docker.io/library/{name}")
    };
    (full, tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reference: &str, name: &str, tag: Option<&str>) {
        assert_eq!(split_reference(reference), (name.to_owned(), tag.map(str::to_owned)));
    }

    #[test]
    fn references_are_split_as_container_engines_do() {
        check("redis", "docker.io/library/redis", None);
        check("prom/prometheus:v3", "docker.io/prom/prometheus", Some("v3"));
        check("localhost:5001/a", "localhost:5001/a", None);
        check("localhost:5001/a:1", "localhost:5001/a", Some("1"));
        check("docker.io/grafana/loki:3.7.8@sha256:00", "docker.io/grafana/loki", Some("3.7.8"));
    }
}
