//! Where files come from: the copies embedded when labctl was built, and a folder (`--dir`) whose files win.

use super::error::CatalogError;
use include_dir::{Dir, include_dir};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

static STACKS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/stacks");
static MANIFESTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/manifests");
static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");
static RUNBOOKS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runbooks");

/// The files a catalogue is read from.
#[derive(Debug, Clone, Default)]
pub struct Files {
    over: Option<PathBuf>,
}

impl Files {
    /// The embedded files, with those under `over` (`stacks/…`, `manifests/…`, `scenarios/…`, `runbooks/…`) laid over them.
    pub fn new(over: Option<PathBuf>) -> Self {
        Self { over }
    }

    /// The folder whose files win, if any.
    pub(super) fn over(&self) -> Option<&Path> {
        self.over.as_deref()
    }

    /// The text of `path`, such as `stacks/lite.yaml`; `None` when there is none.
    pub fn read(&self, path: &str) -> Result<Option<String>, CatalogError> {
        if let Some(over) = &self.over {
            let file = over.join(path);
            if file.is_file() {
                return read_file(&file).map(Some);
            }
        }
        Ok(shipped(path).map(str::to_owned))
    }

    /// Paths of the files in `folder` (not below it), sorted.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let mut names = BTreeSet::new();
        let (root, rest) = folder.split_once('/').map_or((folder, ""), |(root, rest)| (root, rest));
        let embedded = embedded(root).and_then(|dir| if rest.is_empty() { Some(dir) } else { dir.get_dir(rest) });
        for file in embedded.iter().flat_map(|dir| dir.files()) {
            if let Some(name) = file.path().file_name() {
                names.insert(format!("{folder}/{}", name.to_string_lossy()));
            }
        }
        for entry in self.over.iter().filter_map(|over| std::fs::read_dir(over.join(folder)).ok()).flatten().flatten() {
            if entry.path().is_file() {
                names.insert(format!("{folder}/{}", entry.file_name().to_string_lossy()));
            }
        }
        names.into_iter().collect()
    }

    /// Names of the folders under `manifests`.
    pub fn components(&self) -> Vec<String> {
        let mut names: BTreeSet<String> =
            MANIFESTS.dirs().filter_map(|dir| dir.path().file_name()).map(|name| name.to_string_lossy().into_owned()).collect();
        for entry in self.over.iter().filter_map(|over| std::fs::read_dir(over.join("manifests")).ok()).flatten().flatten() {
            if entry.path().join("component.yaml").is_file() {
                names.insert(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.into_iter().collect()
    }
}

/// The text of `path` inside this binary, whatever lies over it.
pub fn shipped(path: &str) -> Option<&'static str> {
    let (root, rest) = path.split_once('/')?;
    embedded(root)?.get_file(rest)?.contents_utf8()
}

/// The copy of a folder inside this binary.
fn embedded(root: &str) -> Option<&'static Dir<'static>> {
    match root {
        "stacks" => Some(&STACKS),
        "manifests" => Some(&MANIFESTS),
        "scenarios" => Some(&SCENARIOS),
        "runbooks" => Some(&RUNBOOKS),
        _ => None,
    }
}

/// The text of a file of the user's.
pub fn read_file(path: &Path) -> Result<String, CatalogError> {
    std::fs::read_to_string(path).map_err(|source| CatalogError::Read { path: path.display().to_string(), source })
}
