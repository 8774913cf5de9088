//! labctl's own files: strict types; errors with line, column and the nearest name.

use crate::catalog::error::{CatalogError, near};
use serde::de::DeserializeOwned;

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! { with_snippet: false }
}

/// Digits behind each other; reading them as a number takes time that grows with their square (47 000 take a third of a second).
const DIGITS: usize = 1000;

fn has_endless_number(line: &str) -> bool {
    line.len() >= DIGITS
        && line
            .as_bytes()
            .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
            .any(|run| run.len() >= DIGITS && run[0].is_ascii_digit())
}

/// One of labctl's own files.
pub fn typed<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, CatalogError> {
    if let Some(line) = text.lines().position(has_endless_number) {
        let message = format!("line {} has a number of {DIGITS} digits or more; put it in quotes if it is meant as text", line + 1);
        return Err(CatalogError::Parse { path: path.to_owned(), message });
    }
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
    fn a_number_without_end_is_refused() {
        let text = format!("apiVersion: labctl.dev/v1\nkind: Stack\nmetadata: {{name: {}}}\n", "1".repeat(DIGITS));
        check(&text, &["line 3", "quotes"]);
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error() {
        check("apiVersion: labctl.dev/v1\nkind: Stack\nmetadata: {name: a}\nkind: Stack\n", &["lab.yaml", "kind", "line 4"]);
    }
}
