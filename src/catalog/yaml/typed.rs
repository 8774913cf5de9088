//! labctl's own files: strict types; errors with line, column and the nearest name.

use crate::catalog::error::{CatalogError, near};
use serde::de::DeserializeOwned;

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! { with_snippet: false }
}

/// One of labctl's own files.
pub fn typed<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, CatalogError> {
    serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| CatalogError::Parse { path: path.to_owned(), message: explain(&error.to_string()) })
}

/// Adds the nearest known name to serde's "unknown field `a`, expected one of b, c at line 1, column 2".
fn explain(message: &str) -> String {
    let known = message.split_once("expected one of ").map(|(_, rest)| rest.split_once(" at line").map_or(rest, |(names, _)| names));
    match (message.split('`').nth(1), known) {
        (Some(unknown), Some(known)) if message.starts_with("unknown ") => {
            format!("{message}{}", near(unknown, known.split(", ").map(|name| name.trim_matches('`'))))
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stack::Stack;

    #[track_caller]
    fn check(text: &str, said: &[&str]) {
        let error = typed::<Stack>("lab.yaml", text).unwrap_err().to_string();
        for part in said {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn a_wrong_key_is_named_with_its_place_and_the_nearest_right_one() {
        let text = "apiVersion: labctl.dev/v1\nkind: Stack\nmetadata: {name: a}\ncomponentz: {}\n";
        check(text, &["lab.yaml", "componentz", "line 4, column 1", "did you mean `components`?"]);
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error() {
        check("apiVersion: labctl.dev/v1\nkind: Stack\nmetadata: {name: a}\nkind: Stack\n", &["lab.yaml", "kind", "line 4"]);
    }
}
