//! Files that are there whole or not at all.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be {action}: {cause}", .path.display())]
pub struct FileError {
    /// The file or folder.
    pub path: PathBuf,
    /// What was tried: `read`, `written` …
    pub action: &'static str,
    /// What the system said.
    pub cause: io::Error,
}

/// Writes `text` beside `path`, syncs it, and renames it into place with `mode`. A crash leaves the old file or the new one.
pub fn write(path: &Path, text: &[u8], mode: u32) -> Result<(), FileError> {
    use std::os::unix::fs::OpenOptionsExt;
    let failed = |cause| FileError { path: path.to_owned(), action: "written", cause };
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(mode).open(&temporary).map_err(failed)?;
    let written = file.write_all(text).and_then(|()| file.sync_data()).and_then(|()| std::fs::rename(&temporary, path));
    written.inspect_err(|_| drop(std::fs::remove_file(&temporary))).map_err(failed)
}

/// The JSON in `path`; the default where there is no file.
pub fn read_json<T: DeserializeOwned + Default>(path: &Path) -> Result<T, FileError> {
    let failed = |cause| FileError { path: path.to_owned(), action: "read", cause };
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(failed(error)),
    }
}

/// Writes `value` as JSON, for this user only.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), FileError> {
    let text = serde_json::to_vec_pretty(value).map_err(|error| FileError {
        path: path.to_owned(),
        action: "written",
        cause: io::Error::other(error),
    })?;
    write(path, &text, 0o600)
}
