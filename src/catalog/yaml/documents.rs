//! A whole file: JSON or YAML, one document or many, within limits.

use super::error::{Problem, YamlError, kind_of};
use super::lists::flatten;
use super::load::{Budget, load};
use super::scalar::float_value;
use super::split::pieces;
use crate::catalog::error::CatalogError;
use serde_json::Value;
use std::borrow::Cow;

/// What a key that stands twice in one map means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// An error, as in every file that people write for labctl.
    Refused,
    /// The last one counts and nobody is told, as kubectl has it; what charts render relies on it.
    LastWins,
}

/// How much a file may hold. Beyond it reading stops with an error; nothing is cut off silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file.
    pub file: usize,
    /// Bytes of one document. An API server takes no request above 3 MiB; lists may hold several objects.
    pub document: usize,
    /// Values within values; JSON readers stop at 128.
    pub depth: usize,
    /// Values of a file, aliases written out.
    pub values: usize,
    /// Values of a file that come from aliases.
    pub aliased: usize,
}

/// The limits of every file.
pub const LIMITS: Limits = Limits { file: 64 << 20, document: 16 << 20, depth: 100, values: 1_000_000, aliased: 100_000 };

/// Every object of a manifest of ours; empty documents are left out, lists taken apart.
pub fn documents(path: &str, text: &str) -> Result<Vec<Value>, CatalogError> {
    read(text, Duplicates::Refused).map_err(|error| CatalogError::Parse { path: path.to_owned(), message: error.to_string() })
}

/// Every object in `text`, as `kubectl create -f` would see them.
pub fn read(text: &str, duplicates: Duplicates) -> Result<Vec<Value>, YamlError> {
    let mut budget = Budget::default();
    let (mut objects, mut number, mut line) = (Vec::new(), 1, 1);
    if text.len() > LIMITS.file {
        let problem = Problem::Size { what: "file", size: text.len(), most: LIMITS.file };
        return Err(YamlError { document: 1, line: 1, problem });
    }
    // kubectl's reader takes the \r off each line end before anybody looks
    let text = if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) };
    let mut rest = text.as_ref();
    if rest.trim_start().starts_with('{') {
        let json = json_objects(rest)?;
        for value in json.objects {
            add(value, number, line, &mut objects)?;
            number += 1;
        }
        let Some(end) = json.stopped_at else { return Ok(objects) };
        line += rest[..end].matches('\n').count();
        rest = &rest[end..];
    }
    for piece in pieces(rest, number, line)? {
        if piece.text.len() > LIMITS.document {
            let problem = Problem::Size { what: "document", size: piece.text.len(), most: LIMITS.document };
            return Err(YamlError { document: piece.number, line: piece.first_line, problem });
        }
        if let Some(value) = load(piece, duplicates, &mut budget)? {
            add(value, piece.number, piece.first_line, &mut objects)?;
        }
    }
    Ok(objects)
}

fn add(value: Value, document: usize, line: usize, objects: &mut Vec<Value>) -> Result<(), YamlError> {
    match value {
        Value::Null => Ok(()),
        Value::Object(_) => {
            flatten(value, 0, objects);
            Ok(())
        }
        other => Err(YamlError { document, line, problem: Problem::NotAnObject { found: kind_of(&other) } }),
    }
}

struct Json {
    objects: Vec<Value>,
    /// Where YAML has to go on; `None` at the end of the file.
    stopped_at: Option<usize>,
}

/// A file that starts with `{` is read as JSON objects one behind the other. Where that fails after one object at most it may still be YAML
/// (`{a: b}`, or an object and then `---`); after more it is broken JSON.
fn json_objects(text: &str) -> Result<Json, YamlError> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut objects = Vec::new();
    let mut good = 0;
    while let Some(next) = stream.next() {
        match next {
            Ok(value) => {
                objects.push(whole_numbers(value));
                good = stream.byte_offset();
            }
            Err(error) if objects.len() > 1 => {
                let problem = Problem::Syntax { message: format!("not JSON: {error}"), hint: "" };
                return Err(YamlError { document: objects.len() + 1, line: error.line(), problem });
            }
            Err(_) => return Ok(Json { objects, stopped_at: Some(good + blank(&text[good..])) }),
        }
    }
    Ok(Json { objects, stopped_at: None })
}

/// White space up to the end of its first line.
fn blank(text: &str) -> usize {
    let spaces = text.len() - text.trim_start().len();
    text[..spaces].find('\n').map_or(spaces, |newline| newline + 1)
}

fn whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() || number.as_i64().is_none() => {
            number.as_f64().and_then(float_value).unwrap_or(Value::Number(number))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(whole_numbers).collect()),
        Value::Object(entries) => Value::Object(entries.into_iter().map(|(key, value)| (key, whole_numbers(value))).collect()),
        other => other,
    }
}
