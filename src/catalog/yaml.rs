//! YAML as labctl reads it: strict types for its own files, plain values for manifests; errors with line, column and the nearest name.

use super::error::{CatalogError, near};
use serde::de::DeserializeOwned;
use serde_json::Value;

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! { with_snippet: false }
}

/// One of labctl's own files.
pub fn typed<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, CatalogError> {
    serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| CatalogError::Parse { path: path.to_owned(), message: explain(&error.to_string()) })
}

/// Every document of a manifest; empty documents are left out.
pub fn documents(path: &str, text: &str) -> Result<Vec<Value>, CatalogError> {
    let values: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options())
        .map_err(|error| CatalogError::Parse { path: path.to_owned(), message: error.to_string() })?;
    Ok(values.into_iter().filter(|value| !value.is_null()).collect())
}

/// Adds the nearest known name to serde's "unknown field `a`, expected one of `b`, `c`".
fn explain(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.contains("unknown field") || message.contains("unknown variant"), quoted.next()) {
        (true, Some(unknown)) => format!("{message}{}", near(unknown, quoted)),
        _ => message.to_owned(),
    }
}
