//! What can be wrong with a manifest, each with where it is and what to do about it.

/// A manifest that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("document {document}, line {line}: {problem}")]
pub struct YamlError {
    /// Which document of the file, counted from 1; empty ones count too.
    pub document: usize,
    /// Which line of the file, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is and names its fields")]
pub enum Problem {
    #[error("{message}{hint}")]
    Syntax { message: String, hint: &'static str },
    #[error("`---` ends a document and may have only a comment behind it, not `{rest}`; put that on a line of its own")]
    Separator { rest: String },
    #[error("there is more behind the `...` that ends this document, which kubectl would not read; start it with `---`")]
    BehindTheEnd,
    #[error("a document must be one object (apiVersion, kind, metadata …), this one is {found}")]
    NotAnObject { found: &'static str },
    #[error("key `{key}` stands twice in one map, first on line {first}; keep one of them")]
    Twice { key: String, first: usize },
    #[error("`<<` comes after key `{key}` and would win over it; put `<<` first in its map")]
    MergeOverwrites { key: String },
    #[error("`<<` needs a map or a list of maps; it has {found}")]
    Merge { found: &'static str },
    #[error("a key must be a text, a number or a truth value, this one is {found}; put it in quotes if it is meant as text")]
    Key { found: &'static str },
    #[error(
        "there is a character U+{code:04X}, which kubectl takes for the end of a line and other readers do not; write it as \"\\u{code:04x}\" within double quotes"
    )]
    LineBreak { code: u32 },
    #[error(
        "`{key}:` stands right before a bracket or a comma, where kubectl reads the colon as part of the text; put a space behind the colon, or quotes around the text"
    )]
    Colon { key: String },
    #[error("a lone `?` in brackets is refused by kubectl; put it in quotes")]
    QuestionMark,
    #[error("`{text}` is marked `!!{tag}`, which it is not; correct the value or take the mark away")]
    Tag { text: String, tag: &'static str },
    #[error("`{text}` has no form in JSON, which is what an API server is sent; write a number, or put it in quotes")]
    NoJson { text: String },
    #[error("alias `*` stands inside the value it points at, which would never end; write the value out")]
    Endless,
    #[error("aliases (`*name`) blow this file up to more than {most} values; write the values out, or split the file")]
    Aliases { most: usize },
    #[error("the file has more than {most} values; split it")]
    Values { most: usize },
    #[error("values are nested more than {most} deep, which no API server takes; flatten them")]
    Depth { most: usize },
    #[error("the {what} has {size} bytes, the limit is {most}; split it")]
    Size { what: &'static str, size: usize, most: usize },
}

/// The kind of a value, for messages.
pub(super) fn kind_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "nothing",
        serde_json::Value::Bool(_) => "a truth value",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a text",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "a map",
    }
}
