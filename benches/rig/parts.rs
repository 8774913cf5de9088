//! The real programs a rig needs, and where they come from.

use super::Outcome;
use super::server::folder_of;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs by folder.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The folder of `etcd`.
    pub etcd: PathBuf,
    /// The folder of `kube-apiserver`.
    pub api: PathBuf,
}

impl Parts {
    /// From `LABCTL_TEST_APISERVER` (folders with `:` between), else from the test bed.
    pub fn find() -> Outcome<Self> {
        Ok(Self { etcd: folder("etcd", "etcd", "apiserver")?, api: folder("kube-apiserver", "kube-core", "apiserver")? })
    }
}

/// kubectl, to race against.
pub fn kubectl() -> Outcome<PathBuf> {
    Ok(folder("kubectl", "kube-core", "apiserver")?.join("kubectl"))
}

/// Helm, to race against.
pub fn helm() -> Outcome<PathBuf> {
    Ok(folder("helm", "helm", "helm")?.join("helm"))
}

/// The folder that holds `program`: one of those named by the environment, else that of the test bed's `part`, which `set` brings.
fn folder(program: &str, part: &str, set: &str) -> Outcome<PathBuf> {
    if let Some(folder) = std::env::var("LABCTL_TEST_APISERVER").ok().and_then(|folders| folder_of(&folders, program)) {
        return Ok(folder);
    }
    let testbed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/testbed");
    let output = Command::new(testbed).args(["path", part]).output()?;
    let found = folder_of(String::from_utf8_lossy(&output.stdout).trim(), program).filter(|_| output.status.success());
    found.ok_or_else(|| {
        format!(
            "{program} is not here; bring it: tests/testbed/testbed build {set} --yes (or name its folder in LABCTL_TEST_APISERVER, as in PATH)"
        )
        .into()
    })
}
