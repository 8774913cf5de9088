//! Writes the file, and never over another.

use crate::app::context::Context;
use crate::app::exit::{Failure, code};
use crate::app::show;
use crate::catalog;
use crate::support::files::FileError;
use std::io::Write;
use std::path::Path;

const CHAOS: &str = include_str!("chaos.yaml");
const LOAD: &str = include_str!("load.yaml");

/// Runs it.
pub fn write(context: &Context, name: &str, load: bool) -> Result<u8, Failure> {
    show::writable(context, "scenario new")?;
    let usage = |message: String| Failure::new("LAB-USAGE-001", message);
    if catalog::scenario_names(&context.files).iter().any(|(known, _)| known == name) {
        return Err(usage(format!("labctl ships a scenario called {name}: give yours another name")));
    }
    let fits =
        !name.is_empty() && name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !fits || name.starts_with('-') || name.ends_with('-') {
        return Err(usage(format!("`{name}` is no name: use 1 to 40 letters a-z, digits and inner dashes")));
    }
    let path = format!("{name}.yaml");
    let failed = |cause| FileError { path: Path::new(&path).to_owned(), action: "written", cause };
    let mut file = match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(usage(format!("{path} is there already, and is not overwritten")));
        }
        file => file.map_err(failed)?,
    };
    file.write_all(text(name, load).as_bytes()).map_err(failed)?;
    show::out(&format!("{path}\n"));
    let verb = if load { "load" } else { "scenario" };
    show::err(&format!("look through it, then: labctl scenario plan {path}; labctl {verb} run {path}\n"));
    Ok(code::OK)
}

fn text(name: &str, load: bool) -> String {
    if load { LOAD } else { CHAOS }.replace("@NAME@", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_valid_and_called_as_asked() {
        for load in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("mine.yaml");
            std::fs::write(&path, text("mine", load)).unwrap();
            let found =
                catalog::scenario(&catalog::Files::default(), &path.display().to_string()).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(found.scenario.metadata.name, "mine");
            assert_eq!(found.scenario.inject.is_empty(), load);
        }
    }
}
