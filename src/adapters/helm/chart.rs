//! A chart on this host that is the one that is meant: found or pulled, and held against its digest.

use super::error::HelmError;
use super::program::{Helm, Scratch};
use crate::support::digest::{sha256, sha256_file};
use crate::support::files::FileError;
use crate::support::progress::Sink;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a chart may take to come; the largest have a few MiB.
const PULL: Duration = Duration::from_mins(2);
/// Folders within folders of a chart.
const DEEPEST: usize = 32;

/// Where a chart is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `oci://…`, the chart's name included.
    Oci(String),
    /// A repository's address and the chart's name in it.
    Repo(String, String),
    /// A folder or a `.tgz`.
    Path(PathBuf),
}

/// The chart that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where it is.
    pub place: Place,
    /// Its version.
    pub version: String,
    /// `sha256:…` of the archive or the folder; without one, what is found is said and nothing rendered.
    pub digest: Option<String>,
}

/// A chart on this host whose digest was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// The folder or archive.
    pub path: PathBuf,
    /// `sha256:…`.
    pub digest: String,
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Place::Oci(address) => write!(f, "{address} {}", self.version),
            Place::Repo(address, name) => write!(f, "{name} {} of {address}", self.version),
            Place::Path(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Helm {
    /// The chart that is wanted, pulled when it is not here yet. Pulled charts are kept by digest and looked at anew each time.
    pub async fn chart(&self, wanted: &Wanted, sink: &Sink, cancel: &CancellationToken) -> Result<Chart, HelmError> {
        if let Place::Path(path) = &wanted.place {
            let digest = digest_of(path)?;
            return checked(wanted, path.clone(), digest);
        }
        let store = self.folder.join("store");
        if let Some(digest) = &wanted.digest {
            let kept = store.join(format!("{}.tgz", digest.trim_start_matches("sha256:")));
            // one that was damaged on disk is pulled again
            if sha256_file(&kept).is_ok_and(|found| found == *digest) {
                return Ok(Chart { path: kept, digest: digest.clone() });
            }
        }
        let scratch = Scratch::new(&self.folder)?;
        sink.line(format!("pulling chart {wanted}"));
        let mut args = vec!["pull".to_owned()];
        match &wanted.place {
            Place::Oci(address) => args.push(address.clone()),
            Place::Repo(address, name) => args.extend([name.clone(), "--repo".to_owned(), address.clone()]),
            Place::Path(_) => {}
        }
        args.extend(["--version", &wanted.version, "--destination"].map(str::to_owned));
        args.push(scratch.0.display().to_string());
        self.call(args, PULL, sink, cancel).await?;
        let failed = |cause| FileError { path: scratch.0.clone(), action: "read", cause };
        let pulled: Vec<PathBuf> = std::fs::read_dir(&scratch.0).map_err(failed)?.flatten().map(|entry| entry.path()).collect();
        let [archive] = pulled.as_slice() else {
            return Err(HelmError::Pulled { chart: wanted.to_string(), count: pulled.len() });
        };
        let digest = digest_of(archive)?;
        let chart = checked(wanted, archive.clone(), digest)?;
        let kept = store.join(format!("{}.tgz", chart.digest.trim_start_matches("sha256:")));
        let failed = |cause| FileError { path: kept.clone(), action: "written", cause };
        std::fs::create_dir_all(&store).map_err(failed)?;
        std::fs::rename(archive, &kept).map_err(failed)?;
        Ok(Chart { path: kept, digest: chart.digest })
    }
}

fn checked(wanted: &Wanted, path: PathBuf, found: String) -> Result<Chart, HelmError> {
    match &wanted.digest {
        Some(digest) if *digest == found => Ok(Chart { path, digest: found }),
        Some(digest) => Err(HelmError::OtherDigest { chart: wanted.to_string(), wanted: digest.clone(), found }),
        None => Err(HelmError::NoDigest { chart: wanted.to_string(), found }),
    }
}

fn digest_of(path: &Path) -> Result<String, HelmError> {
    let failed = |cause| FileError { path: path.to_owned(), action: "read", cause };
    if path.join("Chart.yaml").is_file() {
        return Ok(folder_digest(path).map_err(failed)?);
    }
    if path.is_file() {
        return Ok(sha256_file(path).map_err(failed)?);
    }
    Err(HelmError::NoChart(path.to_owned()))
}

/// The digest of a folder: that of the list of its files with their digests, sorted, as
/// `find -L . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum` prints it.
pub fn folder_digest(folder: &Path) -> std::io::Result<String> {
    let mut files = Vec::new();
    list(folder, "", DEEPEST, &mut files)?;
    files.sort();
    let mut lines = String::new();
    for name in files {
        let digest = sha256_file(&folder.join(&name))?;
        lines.push_str(&format!("{}  {name}\n", digest.trim_start_matches("sha256:")));
    }
    Ok(sha256(lines.as_bytes()))
}

fn list(folder: &Path, before: &str, depth: usize, into: &mut Vec<String>) -> std::io::Result<()> {
    if depth == 0 {
        return Err(std::io::Error::other("its folders are too deep, or a link leads back into it"));
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        // links are followed, as Helm follows them
        let meta = std::fs::metadata(entry.path())?;
        if meta.is_dir() {
            list(&entry.path(), &format!("{name}/"), depth - 1, into)?;
        } else if meta.is_file() {
            into.push(name);
        }
    }
    Ok(())
}
