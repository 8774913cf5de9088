//! The images a lab may use: those of `stacks/images.lock`, or of a bundle (docs/bundle.md), which wins.

use super::error::CatalogError;
use super::files::{Files, read_file};
use super::yaml;
use crate::model::image::{Bundle, LockedImage};
use crate::model::stack::API_VERSION;
use std::path::{Path, PathBuf};

/// A bundle whose `bundle.json` was read; its content is verified when it is imported.
#[derive(Debug, Clone)]
pub struct OpenBundle {
    /// The unpacked folder.
    pub path: PathBuf,
    /// What its `bundle.json` says.
    pub bundle: Bundle,
}

impl OpenBundle {
    /// Opens the bundle in folder `path`.
    pub fn open(path: &Path) -> Result<Self, CatalogError> {
        let problem = |message: String| CatalogError::Bundle { path: path.display().to_string(), message };
        if !path.exists() {
            return Err(problem("there is nothing at this path; `tests/testbed/testbed bundle lite-packages` makes one".to_owned()));
        }
        let file = path.join("bundle.json");
        if !file.is_file() {
            return Err(problem("it has no bundle.json; see docs/bundle.md for what a bundle is".to_owned()));
        }
        let bundle: Bundle =
            serde_json::from_str(&read_file(&file)?).map_err(|error| problem(format!("bundle.json cannot be read: {error}")))?;
        if bundle.api_version != API_VERSION {
            return Err(problem(format!("its apiVersion is `{}`; this labctl reads `{API_VERSION}`", bundle.api_version)));
        }
        let platform = format!("linux/{}", if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" });
        if bundle.platform != platform {
            return Err(problem(format!("it is for {}, this host is {platform}", bundle.platform)));
        }
        Ok(Self { path: path.to_owned(), bundle })
    }
}

/// The lock in use.
#[derive(Debug, Clone)]
pub enum Images {
    /// Upstream images, from `stacks/images.lock`.
    Lock(Vec<LockedImage>),
    /// What a bundle has, and nothing else.
    Bundle(Box<OpenBundle>),
}

impl Images {
    /// The images of `stacks/images.lock`.
    pub fn lock(files: &Files) -> Result<Self, CatalogError> {
        let path = "stacks/images.lock";
        let text = files.read(path)?.unwrap_or_default();
        yaml::typed(path, &text).map(Self::Lock)
    }

    /// The image called `name` (full, without tag). A lock without it falls back on the tag the manifest asks for; a bundle has it or not.
    pub fn find(&self, name: &str, tag: Option<&str>) -> Option<LockedImage> {
        match self {
            Self::Bundle(open) => open.bundle.images.iter().find(|image| image.name == name).cloned(),
            Self::Lock(images) => images.iter().find(|image| image.name == name).cloned().or_else(|| {
                tag.map(|tag| LockedImage {
                    name: name.to_owned(),
                    tag: tag.to_owned(),
                    digest: None,
                    size: 0,
                    origin: crate::model::image::Origin::Upstream,
                    note: String::new(),
                })
            }),
        }
    }

    /// The bundle, when one is in use.
    pub fn bundle(&self) -> Option<&OpenBundle> {
        match self {
            Self::Bundle(open) => Some(open),
            Self::Lock(_) => None,
        }
    }

    /// The error that names every component whose image is not here.
    pub fn not_there(&self, missing: &[String]) -> CatalogError {
        let name = self.bundle().map_or("images.lock", |open| open.bundle.name.as_str());
        CatalogError::NotInBundle { bundle: name.to_owned(), missing: missing.join(", "), suggest: name.to_owned() }
    }
}
