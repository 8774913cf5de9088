//! The program: where it is, which version, and how it is run.

use super::error::HelmError;
use crate::adapters::process::{self, Command};
use crate::support::files;
use crate::support::progress::Sink;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const FIX: &str = "install Helm 4 (https://helm.sh/docs/intro/install), or use a bundle that brings it";

/// Helm, wherever it is.
#[derive(Debug, Clone)]
pub struct Helm {
    /// Path of helm, or a name that is looked for in PATH.
    pub program: OsString,
    /// The folder that is ours: Helm's own folders, pulled charts and what was rendered. All of it can be made again.
    pub folder: PathBuf,
}

/// Finds helm on `path` (the value of `PATH`).
pub fn find(path: Option<&OsStr>) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let runs = |file: &PathBuf| file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    std::env::split_paths(path?).map(|folder| folder.join("helm")).find(runs)
}

impl Helm {
    /// Its version, `4.3.1`. Fails when it is not Helm 4. A program that has not changed since it was last asked is not asked again.
    pub async fn version(&self, cancel: &CancellationToken) -> Result<String, HelmError> {
        let remembered = self.folder.join("versions.json");
        let mark = self.mark();
        // what cannot be read is asked for again
        let mut known: BTreeMap<String, String> = files::read_json(&remembered).unwrap_or_default();
        let remembered_version = mark.as_ref().and_then(|mark| known.get(mark)).cloned();
        let version = if let Some(version) = remembered_version {
            version
        } else {
            let args = ["version", "--template", "{{.Version}}"].map(str::to_owned).to_vec();
            let said = self.call(args, Duration::from_secs(30), &Sink::silent(), cancel).await?;
            let version = said.trim().trim_start_matches('v').to_owned();
            if let Some(mark) = mark {
                known.insert(mark, version.clone());
                files::write_json(&remembered, &known)?;
            }
            version
        };
        if version.split('.').next() != Some("4") {
            return Err(HelmError::Version { program: self.program.to_string_lossy().into_owned(), found: version });
        }
        Ok(version)
    }

    /// Tells this very file from another one; `None` when only a name is known.
    fn mark(&self) -> Option<String> {
        let meta = Path::new(&self.program).is_absolute().then(|| std::fs::metadata(&self.program).ok()).flatten()?;
        let changed = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(format!("{} {} {}", self.program.to_string_lossy(), meta.len(), changed.as_nanos()))
    }

    /// Runs it. What it prints goes nowhere but to the caller: rendered charts hold Secrets.
    pub(super) async fn call(
        &self,
        args: Vec<String>,
        deadline: Duration,
        sink: &Sink,
        cancel: &CancellationToken,
    ) -> Result<String, HelmError> {
        let home = self.folder.join("home");
        let at = |name: &str| home.join(name).display().to_string();
        let own = [
            ("HELM_CACHE_HOME", at("cache")),
            ("HELM_CONFIG_HOME", at("config")),
            ("HELM_DATA_HOME", at("data")),
            ("HELM_PLUGINS", at("plugins")),
            ("HELM_REGISTRY_CONFIG", at("config/registry.json")),
            ("HELM_REPOSITORY_CONFIG", at("config/repositories.yaml")),
            ("HELM_REPOSITORY_CACHE", at("cache/repository")),
            ("HELM_CONTENT_CACHE", at("cache/content")),
            ("HELM_DEBUG", "false".to_owned()),
            ("HELM_KUBECONTEXT", String::new()),
            ("HELM_NAMESPACE", String::new()),
            // rendering needs no cluster, and must not find one by chance
            ("KUBECONFIG", "/dev/null".to_owned()),
        ];
        let env = own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(process::run(Command { program: &self.program, args, env, deadline, fix: FIX }, sink, cancel).await?)
    }
}

/// A folder that is gone when it is dropped.
#[derive(Debug)]
pub(super) struct Scratch(pub PathBuf);

impl Scratch {
    pub(super) fn new(under: &Path) -> Result<Self, HelmError> {
        let path = under.join("tmp").join(format!("{}-{:016x}", std::process::id(), rand::random::<u64>()));
        let failed = |cause| files::FileError { path: path.clone(), action: "made", cause };
        std::fs::create_dir_all(&path).map_err(failed)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}
