//! `@{name}` in checks: what an earlier check of the list captured, and `@{nonce}`, a random word made for this run of the list.

use super::item::What;
use serde_json::Value;
use std::collections::BTreeMap;

/// The variable that is there from the start.
pub const NONCE: &str = "nonce";

/// What `@{…}` stands for at one point of a list.
#[derive(Debug, Clone, Default)]
pub struct Vars(BTreeMap<String, Value>);

/// A variable that nothing captured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("@{{{0}}} is not known here: no earlier check of this list captured it")]
pub struct UnknownVar(pub String);

impl Vars {
    /// Only the nonce.
    pub fn new(nonce: impl Into<String>) -> Self {
        Self(BTreeMap::from([(NONCE.to_owned(), Value::String(nonce.into()))]))
    }

    /// Keeps what a check captured.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.0.insert(name.into(), value);
    }

    /// `what` with every `@{…}` filled in.
    pub fn fill(&self, what: &What) -> Result<What, UnknownVar> {
        let mut filled = what.clone();
        let mut unknown = None;
        filled.walk(&mut Walk(&mut |name| {
            let value = self.0.get(name).cloned();
            if value.is_none() && unknown.is_none() {
                unknown = Some(UnknownVar(name.to_owned()));
            }
            value
        }));
        match unknown {
            Some(error) => Err(error),
            None => Ok(filled),
        }
    }
}

/// The names that `what` refers to, in the order they stand.
pub fn names(what: &What) -> Vec<String> {
    let mut names = Vec::new();
    what.clone().walk(&mut Walk(&mut |name| {
        names.push(name.to_owned());
        None
    }));
    names
}

/// Goes over the texts of a check and replaces what it is given a value for.
pub(super) struct Walk<'a>(&'a mut dyn FnMut(&str) -> Option<Value>);

impl Walk<'_> {
    /// Replaces within a text; numbers and the like are written out.
    pub(super) fn text(&mut self, text: &mut String) {
        let mut rest = text.as_str();
        let mut out = String::new();
        while let Some((before, name, after)) = next_reference(rest) {
            out.push_str(before);
            match (self.0)(name) {
                Some(Value::String(value)) => out.push_str(&value),
                Some(value) => out.push_str(&value.to_string()),
                None => out.push_str(&rest[before.len()..rest.len() - after.len()]),
            }
            rest = after;
        }
        out.push_str(rest);
        *text = out;
    }

    pub(super) fn maybe(&mut self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.text(text);
        }
    }

    /// Replaces within JSON. A string that is nothing but one reference becomes what was captured, number or not.
    pub(super) fn json(&mut self, json: &mut Value) {
        match json {
            Value::String(text) => {
                if let Some(("", name, "")) = next_reference(text) {
                    if let Some(value) = (self.0)(name) {
                        *json = value;
                    }
                } else {
                    self.text(text);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.json(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// The first `@{name}` of `text`: what stands before it, the name, what stands after it.
fn next_reference(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find("@{")?;
    let (name, after) = text[start + 2..].split_once('}')?;
    Some((&text[..start], name, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fill(text: &str, vars: &Vars) -> String {
        let mut text = text.to_owned();
        Walk(&mut |name| vars.0.get(name).cloned()).text(&mut text);
        text
    }

    #[test]
    fn references_are_filled_in_and_the_rest_is_left_alone() {
        let mut vars = Vars::new("w0rd");
        vars.set("id", json!(7));
        assert_eq!(fill("a @{nonce} b @{id}@{id}", &vars), "a w0rd b 77");
        assert_eq!(fill("50% @ {x} @{open", &vars), "50% @ {x} @{open");
        assert_eq!(fill("ü@{id}ü", &vars), "ü7ü");
        assert_eq!(fill("@{other}", &vars), "@{other}");
    }

    #[test]
    fn what_was_captured_is_not_read_for_references_again() {
        let mut vars = Vars::new("n");
        vars.set("a", json!("@{nonce}"));
        assert_eq!(fill("@{a}", &vars), "@{nonce}");
    }

    #[test]
    fn json_keeps_the_type_of_what_was_captured() {
        let mut vars = Vars::new("n");
        vars.set("id", json!(7));
        let mut body = json!({"id": "@{id}", "text": "no @{id}", "deep": [{"x": "@{nonce}"}], "n": 1});
        Walk(&mut |name| vars.0.get(name).cloned()).json(&mut body);
        assert_eq!(body, json!({"id": 7, "text": "no 7", "deep": [{"x": "n"}], "n": 1}));
    }
}
