//! `manifest.sha256`: a checksum for every file of the folder, as `sha256sum -c` reads it.

use crate::support::digest::sha256_file;
use crate::support::files::{self, FileError};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Its name within the folder of the run.
pub const MANIFEST: &str = "manifest.sha256";

/// What a check of the folder against its manifest found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Files that are as they were.
    pub same: usize,
    /// What is not: a sentence for each.
    pub problems: Vec<String>,
}

/// Writes it over all that is there now.
pub fn write(folder: &Path) -> Result<(), FileError> {
    let mut text = String::new();
    for (name, sum) in sums(folder)? {
        text.push_str(&format!("{sum}  {name}\n"));
    }
    files::write(&folder.join(MANIFEST), text.as_bytes(), 0o600)
}

/// Looks whether the folder is as it was sealed; nothing where it was not.
pub fn verify(folder: &Path) -> Result<Option<Verified>, FileError> {
    let path = folder.join(MANIFEST);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|cause| FileError { path, action: "read", cause })?,
    };
    let mut there = sums(folder)?;
    let mut found = Verified::default();
    for line in text.lines() {
        let Some((sum, name)) = line.split_once("  ") else {
            found.problems.push(format!("{MANIFEST} has a line that is none of its: {line}"));
            continue;
        };
        match there.remove(name) {
            Some(now) if now == sum => found.same += 1,
            Some(_) => found.problems.push(format!("{name} was changed")),
            None => found.problems.push(format!("{name} is gone")),
        }
    }
    found.problems.extend(there.into_keys().map(|name| format!("{name} was added")));
    Ok(Some(found))
}

/// The checksum of each regular file, by its path within the folder.
fn sums(folder: &Path) -> Result<BTreeMap<String, String>, FileError> {
    let mut sums = BTreeMap::new();
    let mut open = vec![String::new()];
    while let Some(within) = open.pop() {
        let path = folder.join(&within);
        let failed = |cause| FileError { path: path.clone(), action: "listed", cause };
        for entry in std::fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let full = if within.is_empty() { name } else { format!("{within}/{name}") };
            if kind.is_dir() {
                open.push(full);
            } else if kind.is_file() && full != MANIFEST {
                let path = entry.path();
                let sum = sha256_file(&path).map_err(|cause| FileError { path, action: "read", cause })?;
                sums.insert(full, sum.trim_start_matches("sha256:").to_owned());
            }
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_done_to_the_folder_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| files::write(&folder.path().join(name), text.as_bytes(), 0o600).unwrap();
        put("a.json", "1");
        put("undo/001.json.done", "2");
        assert_eq!(verify(folder.path()).unwrap(), None);
        write(folder.path()).unwrap();
        assert_eq!(verify(folder.path()).unwrap(), Some(Verified { same: 2, problems: vec![] }));
        put("a.json", "3");
        put("b.json", "4");
        std::fs::remove_file(folder.path().join("undo/001.json.done")).unwrap();
        assert_eq!(
            verify(folder.path()).unwrap().unwrap().problems,
            ["a.json was changed", "undo/001.json.done is gone", "b.json was added"]
        );
    }
}
