//! One writer per lab on this host: a lock on a file, which the kernel frees when its holder dies, however it dies.

use super::files::FileError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another labctl works on the lab.
    #[error("another labctl is at work on this lab: {holder}")]
    Held {
        /// Who it is, in words.
        holder: String,
    },
    /// The lock file itself cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The lock; freed when dropped.
#[derive(Debug)]
pub struct LabLock {
    _file: File,
}

/// Takes the lock of the lab in `folder`, leaving `holder` there for others to read.
pub fn take(folder: &Path, holder: &str) -> Result<LabLock, LockError> {
    let path = folder.join("lock");
    let failed = |cause| FileError { path: path.clone(), action: "locked", cause };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = OpenOptions::new().create(true).read(true).write(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {
            // best effort: the words are for people, the lock itself is the kernel's
            let _told = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(holder.as_bytes()));
            Ok(LabLock { _file: file })
        }
        Err(TryLockError::WouldBlock) => {
            let mut said = String::new();
            let _read = file.read_to_string(&mut said);
            Err(LockError::Held { holder: if said.is_empty() { "it did not say who".to_owned() } else { said } })
        }
        Err(TryLockError::Error(cause)) => Err(failed(cause).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_is_told_who_holds_it_and_the_lock_ends_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let first = take(folder.path(), "up, process 1").unwrap();
        match take(folder.path(), "up, process 2") {
            Err(LockError::Held { holder }) => assert_eq!(holder, "up, process 1"),
            other => panic!("{other:?}"),
        }
        drop(first);
        take(folder.path(), "up, process 3").unwrap();
    }
}
