//! The sample apps' sources, as the engine takes them to build an image: one tar, the same bytes for the same files.

use include_dir::{Dir, include_dir};

static APPS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/apps");

/// Why there is no tar.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No folder of that name.
    #[error("there is no app `{0}`")]
    NoApp(String),
    /// A path that tar cannot hold.
    #[error("the sources of `{app}` cannot be packed: {cause}")]
    Pack {
        /// Folder under `apps/`.
        app: String,
        /// What tar said.
        cause: std::io::Error,
    },
}

/// A tar of `apps/<app>` without its tests.
pub fn app_sources(app: &str) -> Result<Vec<u8>, AppError> {
    let folder = APPS.get_dir(app).ok_or_else(|| AppError::NoApp(app.to_owned()))?;
    let packed = |cause| AppError::Pack { app: app.to_owned(), cause };
    let mut tar = tar::Builder::new(Vec::new());
    add(&mut tar, folder, app).map_err(packed)?;
    tar.into_inner().map_err(packed)
}

fn add(tar: &mut tar::Builder<Vec<u8>>, folder: &Dir<'_>, root: &str) -> std::io::Result<()> {
    for file in folder.files() {
        let Ok(path) = file.path().strip_prefix(root) else { continue };
        if path.extension().is_some_and(|end| end == "pyc") {
            continue;
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(file.contents().len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, file.contents())?;
    }
    for inner in folder.dirs() {
        let name = inner.path().file_name().unwrap_or_default();
        if name != "tests" && name != "__pycache__" {
            add(tar, inner, root)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_have_a_dockerfile_at_the_top_and_no_tests() {
        let tar = app_sources("app-python").unwrap();
        let mut archive = tar::Archive::new(tar.as_slice());
        let names: Vec<String> = archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect();
        assert!(names.contains(&"Dockerfile".to_owned()), "{names:?}");
        assert!(names.iter().any(|name| name.starts_with("app_python/")), "{names:?}");
        assert!(!names.iter().any(|name| name.starts_with("tests")), "{names:?}");
        assert_eq!(tar, app_sources("app-python").unwrap());
    }
}
