//! Where the socket of a run is: a folder that nobody else may enter, and a note of it in the run's own folder.

use crate::model::run::RunId;
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};

/// The longest path of a socket on every system: 104 bytes on macOS, 108 on Linux (unix(7)), with a zero at the end.
const LONGEST: usize = 103;

/// How long others may take to put their own socket in place.
const TURN: Duration = Duration::from_secs(2);

/// Folders that may hold sockets; the first that can be used is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// `$XDG_RUNTIME_DIR/labctl`, where there is one.
    pub runtime: Option<PathBuf>,
    /// A folder of the user's own that is always there.
    pub fallback: PathBuf,
}

/// Why a run has no socket.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PlaceError {
    #[error("{} cannot be used: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} belongs to another user, or is no folder", path.display())]
    NotOurs { path: PathBuf },
    #[error("{} is {length} bytes long, and a socket's path may have {LONGEST}; set XDG_RUNTIME_DIR to a shorter folder", path.display())]
    TooLong { path: PathBuf, length: usize },
    #[error("another run listens at {}", path.display())]
    InUse { path: PathBuf },
    #[error("another labctl has not finished with {} for {} s", path.display(), TURN.as_secs())]
    Busy { path: PathBuf },
}

/// Where a run's folder says which socket is its own: a symbolic link, since a run may have been started where the environment named another
/// runtime folder than it does for those who look for it.
pub fn pointer(run_folder: &Path) -> PathBuf {
    run_folder.join("socket")
}

/// `20260102T030405Z-up-dev-local-00ff` listens at `20260102T030405Z-00ff.sock`: the lab's name, up to 40 letters, has no room in every path.
fn file_name(run: &RunId) -> String {
    let (first, last) = (run.0.split('-').next().unwrap_or_default(), run.0.rsplit('-').next().unwrap_or_default());
    if first == last { format!("{first}.sock") } else { format!("{first}-{last}.sock") }
}

/// Makes the socket of `run`, in the first folder that can be used. Sockets that killed runs left there are removed.
pub(super) async fn open(places: &Places, run: &RunId) -> Result<(UnixListener, PathBuf), PlaceError> {
    if let Some(runtime) = &places.runtime
        && let Ok(opened) = open_in(runtime, run).await
    {
        return Ok(opened);
    }
    open_in(&places.fallback, run).await
}

async fn open_in(folder: &Path, run: &RunId) -> Result<(UnixListener, PathBuf), PlaceError> {
    let path = folder.join(file_name(run));
    let failed = |source| PlaceError::Io { path: path.clone(), source };
    let length = path.as_os_str().len();
    if length > LONGEST {
        return Err(PlaceError::TooLong { path, length });
    }
    make_private(folder)?;
    // Between its bind and its listen a new socket looks like one that was left over; so one at a time.
    let _turn = turn(folder).await?;
    sweep(folder).await;
    if is_live(&path).await {
        return Err(PlaceError::InUse { path });
    }
    let listener = UnixListener::bind(&path).map_err(failed)?;
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(failed)?;
    Ok((listener, path))
}

/// Makes `folder` one that only this user may enter, or says why it cannot be.
fn make_private(folder: &Path) -> Result<(), PlaceError> {
    let failed = |source| PlaceError::Io { path: folder.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let found = std::fs::symlink_metadata(folder).map_err(failed)?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(PlaceError::NotOurs { path: folder.to_owned() });
    }
    if found.mode() & 0o777 != 0o700 {
        std::fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

async fn turn(folder: &Path) -> Result<File, PlaceError> {
    let path = folder.join("lock");
    let failed = |source| PlaceError::Io { path: path.clone(), source };
    let file = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
    let until = tokio::time::Instant::now() + TURN;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if tokio::time::Instant::now() < until => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(TryLockError::WouldBlock) => return Err(PlaceError::Busy { path }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}

/// Removes sockets that nobody listens at. What cannot be looked at or removed stays: it is in nobody's way.
async fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_socket = entry.file_type().is_ok_and(|kind| kind.is_socket());
        if is_socket && !is_live(&path).await {
            let _stays = std::fs::remove_file(&path);
        }
    }
}

/// Whether somebody listens at `path`. Only a refused connection says that nobody does: a process that is stopped, or too busy, is live.
async fn is_live(path: &Path) -> bool {
    match UnixStream::connect(path).await {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str) -> RunId {
        RunId(name.to_owned())
    }

    fn places(runtime: &Path, fallback: &Path) -> Places {
        Places { runtime: Some(runtime.to_owned()), fallback: fallback.to_owned() }
    }

    #[test]
    fn the_longest_name_of_a_lab_makes_no_longer_path() {
        let long = RunId(format!("20260102T030405Z-down-{}-00ff", "a".repeat(40)));
        assert_eq!(file_name(&long), "20260102T030405Z-00ff.sock");
        assert_eq!(file_name(&run("plain")), "plain.sock");
    }

    #[tokio::test]
    async fn the_folder_is_private_and_the_socket_too_whatever_was_there_before() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("run");
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let (_listener, path) = open(&places(&folder, home.path()), &run("a")).await.unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
    }

    #[tokio::test]
    async fn a_folder_behind_a_link_or_a_path_too_long_is_not_used() {
        let home = tempfile::tempdir().unwrap();
        let (link, real, spare) = (home.path().join("link"), home.path().join("real"), home.path().join("spare"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let (_listener, path) = open(&places(&link, &spare), &run("a")).await.unwrap();
        assert_eq!(path, spare.join("a.sock"));
        let long = home.path().join("x".repeat(120));
        let (_listener, path) = open(&places(&long, &spare), &run("b")).await.unwrap();
        assert_eq!(path, spare.join("b.sock"));
        let error = open(&places(&long, &long), &run("c")).await.unwrap_err();
        assert!(matches!(error, PlaceError::TooLong { .. }), "{error}");
        assert!(error.to_string().ends_with("set XDG_RUNTIME_DIR to a shorter folder"), "{error}");
    }

    #[tokio::test]
    async fn a_socket_left_over_is_replaced_and_a_live_one_is_not() {
        let home = tempfile::tempdir().unwrap();
        let places = places(&home.path().join("run"), &home.path().join("run"));
        let (first, path) = open(&places, &run("a")).await.unwrap();
        let error = open(&places, &run("a")).await.unwrap_err();
        assert!(matches!(error, PlaceError::InUse { .. }), "{error}");
        assert!(UnixStream::connect(&path).await.is_ok(), "the first still listens");
        drop(first);
        assert!(path.exists(), "as after kill -9");
        let (_second, again) = open(&places, &run("a")).await.unwrap();
        assert_eq!(path, again);
        assert!(UnixStream::connect(&path).await.is_ok());
    }

    #[tokio::test]
    async fn what_killed_runs_left_is_tidied_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("run");
        let places = places(&folder, &folder);
        let (dead, dead_path) = open(&places, &run("dead")).await.unwrap();
        drop(dead);
        std::fs::write(folder.join("notes.sock"), "a file").unwrap();
        let (_live, live_path) = open(&places, &run("live")).await.unwrap();
        let (_third, _) = open(&places, &run("third")).await.unwrap();
        assert!(!dead_path.exists() && live_path.exists() && folder.join("notes.sock").exists());
    }
}
