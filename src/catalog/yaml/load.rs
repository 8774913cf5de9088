//! One document, from the parser's events to values. Nothing here calls itself: a file cannot exhaust the stack.

use super::documents::{Duplicates, LIMITS};
use super::error::{Problem, YamlError, kind_of};
use super::scalar::{Tag, resolve};
use super::split::Piece;
use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{self, Event, Options, Parser, ScalarStyle, StructureStyle};
use std::collections::HashMap;

/// What a file has used up.
#[derive(Debug, Default)]
pub struct Budget {
    values: usize,
    aliased: usize,
}

impl Budget {
    fn spend(&mut self, values: usize, aliased: bool) -> Result<(), Problem> {
        self.values = self.values.saturating_add(values);
        if aliased {
            self.aliased = self.aliased.saturating_add(values);
        }
        if self.aliased > LIMITS.aliased {
            return Err(Problem::Aliases { most: LIMITS.aliased });
        }
        if self.values > LIMITS.values { Err(Problem::Values { most: LIMITS.values }) } else { Ok(()) }
    }
}

/// The value of a document; `None` when it is empty.
pub fn load(piece: Piece<'_>, duplicates: Duplicates, budget: &mut Budget) -> Result<Option<Value>, YamlError> {
    let mut options = Options::default();
    // kubectl cuts the file before the parser sees it, so a directive never has its document
    options.disallow_directives = true;
    let text = piece.text.strip_prefix('\u{feff}').unwrap_or(piece.text);
    let mut loader = Loader { duplicates, budget, open: Vec::new(), anchors: HashMap::new(), root: None };
    let mut over = false;
    // line breaks of YAML 1.1 that the parser, which reads 1.2, takes for text
    if let Some((at, found)) = text.char_indices().find(|(_, c)| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')) {
        let line = piece.first_line + text[..at].matches('\n').count();
        return Err(YamlError { document: piece.number, line, problem: Problem::LineBreak { code: u32::from(found) } });
    }
    let at = |line: usize, problem| YamlError { document: piece.number, line: piece.first_line + line.saturating_sub(1), problem };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| {
            let line = error.marker().line();
            at(line, Problem::Syntax { message: error.info(), hint: hint(text.lines().nth(line.saturating_sub(1)).unwrap_or_default()) })
        })?;
        let line = span.start.line();
        let done = match event {
            Event::DocumentStart(..) if over => Err(Problem::BehindTheEnd),
            Event::DocumentEnd => {
                over = true;
                Ok(())
            }
            Event::Scalar(scalar, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let behind = span.byte_range().and_then(|range| text.get(range.end..)).unwrap_or_default();
                loader.colon(&scalar, plain, behind).and_then(|()| loader.scalar(&scalar, plain, tag.as_deref(), anchor, line))
            }
            Event::SequenceStart(style, anchor, _) => loader.start(style, anchor, Part::List(Vec::new())),
            Event::MappingStart(style, anchor, _) => {
                loader.start(style, anchor, Part::Map { entries: Map::new(), key: None, written: HashMap::new() })
            }
            Event::SequenceEnd | Event::MappingEnd => loader.end(),
            Event::Alias(anchor) => loader.alias(anchor, line),
            _ => Ok(()),
        };
        done.map_err(|problem| at(line, problem))?;
    }
    Ok(loader.root)
}

/// What the usual mistakes on this line need.
fn hint(line: &str) -> &'static str {
    let start = line.trim_start_matches([' ', '-']);
    if start.starts_with('\t') {
        "; YAML takes no tabs for indentation, use spaces"
    } else if start.contains(": %{") || start.contains(": @") || start.contains(": `") || start.starts_with(['%', '@', '`']) {
        "; a value that starts with %, @ or ` must stand in quotes"
    } else if start.contains(": *") || start.contains(": &") || start.contains(": !") {
        "; a value that starts with *, & or ! must stand in quotes"
    } else if start.matches(": ").count() > 1 {
        "; a value with `: ` in it must stand in quotes"
    } else {
        ""
    }
}

/// A list or map that is not complete yet.
struct Open {
    anchor: usize,
    /// Written in brackets.
    flow: bool,
    /// Values in it, itself included.
    values: usize,
    part: Part,
}

enum Part {
    List(Vec<Value>),
    Map {
        entries: Map<String, Value>,
        key: Option<Key>,
        /// The keys that stand in this map itself, with their lines; kept only where a second one is refused.
        written: HashMap<String, usize>,
    },
}

enum Key {
    Name(String),
    Merge,
}

struct Loader<'b> {
    duplicates: Duplicates,
    budget: &'b mut Budget,
    open: Vec<Open>,
    /// What each anchor stands for and how many values that is.
    anchors: HashMap<usize, (Value, usize)>,
    root: Option<Value>,
}

impl Loader<'_> {
    fn scalar(&mut self, text: &str, plain: bool, tag: Option<&granit_parser::Tag>, anchor: usize, line: usize) -> Result<(), Problem> {
        let tag = tag.map(tag_of);
        self.budget.spend(1, false)?;
        if self.expects_key() {
            if text == "<<" && (plain && tag.is_none() || tag == Some(Tag::Merge)) {
                return self.key(Key::Merge, line);
            }
            let scalar = resolve(text, plain, tag)?;
            if anchor != 0 {
                self.anchors.insert(anchor, (scalar.clone().into_value()?, 1));
            }
            return self.key(Key::Name(scalar.into_key()?), line);
        }
        let value = resolve(text, plain, tag)?.into_value()?;
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), 1));
        }
        self.put(value, 1, false)
    }

    /// In brackets, YAML 1.1 and 1.2 differ on a colon without a space behind it and on a lone question mark.
    fn colon(&self, text: &str, plain: bool, behind: &str) -> Result<(), Problem> {
        if !plain || !self.open.last().is_some_and(|open| open.flow) {
            return Ok(());
        }
        if text == "?" {
            return Err(Problem::QuestionMark);
        }
        match behind.strip_prefix(':') {
            Some(next) if self.expects_key() && next.starts_with([',', '[', ']', '{', '}']) => {
                Err(Problem::Colon { key: text.chars().take(40).collect() })
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, style: StructureStyle, anchor: usize, part: Part) -> Result<(), Problem> {
        if self.expects_key() {
            return Err(Problem::Key { found: if matches!(part, Part::List(_)) { "a list" } else { "a map" } });
        }
        if self.open.len() >= LIMITS.depth {
            return Err(Problem::Depth { most: LIMITS.depth });
        }
        self.budget.spend(1, false)?;
        self.open.push(Open { anchor, flow: style == StructureStyle::Flow, values: 1, part });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.part {
            Part::List(items) => Value::Array(items),
            Part::Map { entries, .. } => Value::Object(entries),
        };
        if open.anchor != 0 {
            // the copy costs as much as an alias does
            self.budget.spend(open.values, true)?;
            self.anchors.insert(open.anchor, (value.clone(), open.values));
        }
        self.put(value, open.values, false)
    }

    fn alias(&mut self, anchor: usize, line: usize) -> Result<(), Problem> {
        // an anchor without its value yet is one that we are in the middle of
        let Some((value, values)) = self.anchors.get(&anchor) else { return Err(Problem::Endless) };
        let values = *values;
        self.budget.spend(values, true)?;
        let value = value.clone();
        if self.expects_key() {
            let name = match value {
                Value::String(text) => text,
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                other => return Err(Problem::Key { found: kind_of(&other) }),
            };
            return self.key(Key::Name(name), line);
        }
        self.put(value, values, true)
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { part: Part::Map { key: None, .. }, .. }))
    }

    fn key(&mut self, new: Key, line: usize) -> Result<(), Problem> {
        let Some(Open { part: Part::Map { key, written, .. }, .. }) = self.open.last_mut() else { return Ok(()) };
        if let (Key::Name(name), Duplicates::Refused) = (&new, self.duplicates)
            && let Some(first) = written.insert(name.clone(), line)
        {
            return Err(Problem::Twice { key: name.clone(), first });
        }
        *key = Some(new);
        Ok(())
    }

    /// Puts a complete value where it belongs.
    fn put(&mut self, value: Value, values: usize, aliased: bool) -> Result<(), Problem> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        open.values = open.values.saturating_add(values);
        match &mut open.part {
            Part::List(items) => items.push(value),
            Part::Map { entries, key, written } => match key.take() {
                Some(Key::Name(name)) => drop(entries.insert(name, value)),
                Some(Key::Merge) => merge(entries, written, value, aliased)?,
                None => return Err(Problem::Key { found: kind_of(&value) }),
            },
        }
        Ok(())
    }
}

/// `<<`: what it brings replaces what stands before it in the map and is replaced by what stands behind it; of a list of maps the first wins.
fn merge(entries: &mut Map<String, Value>, written: &HashMap<String, usize>, value: Value, aliased: bool) -> Result<(), Problem> {
    let maps = match value {
        Value::Object(_) => vec![value],
        Value::Array(items) if !aliased => items,
        other => return Err(Problem::Merge { found: kind_of(&other) }),
    };
    for map in maps.into_iter().rev() {
        let Value::Object(map) = map else { return Err(Problem::Merge { found: kind_of(&map) }) };
        for (key, value) in map {
            if written.contains_key(&key) {
                return Err(Problem::MergeOverwrites { key });
            }
            entries.insert(key, value);
        }
    }
    Ok(())
}

fn tag_of(tag: &granit_parser::Tag) -> Tag {
    match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
        Some("null") => Tag::Null,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("str") => Tag::Str,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        Some("merge") => Tag::Merge,
        _ => Tag::Other,
    }
}
