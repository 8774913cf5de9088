//! Reads the rules and the differences that docs/readiness.md states, and says what they demand of a document.
//!
//! The page is the table: nothing of `src/` is used here. Its blocks are made of lines such as
//! `waiting if status.readyReplicas or 0 < spec.replicas or 1`; the page itself explains them.

use serde_json::Value;
use std::collections::BTreeMap;

/// What a page says.
#[derive(Debug, Default)]
pub struct Page {
    /// Rules that come before those of any kind.
    first: Vec<Line>,
    /// Rules by kind, as `group/Kind`.
    kinds: Vec<(String, Vec<Line>)>,
    /// Rules of every other kind.
    rest: Vec<Line>,
    pub differences: Vec<Difference>,
}

/// `verdict if clause and clause`.
#[derive(Debug, Clone)]
struct Line {
    verdict: String,
    clauses: Vec<Clause>,
}

/// Why another judge says something else.
#[derive(Debug)]
pub struct Difference {
    /// Of which kinds, as patterns; none means any kind.
    kinds: Vec<String>,
    pub oracle: String,
    theirs: String,
    ours: String,
    clauses: Vec<Clause>,
    /// The kinds it is about, and the line as written up to the reason.
    pub text: String,
    pub reason: String,
}

/// A document and what is known around it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'d> {
    pub object: &'d Value,
    pub around: &'d Value,
}

#[derive(Debug, Clone)]
enum Clause {
    Is { left: Place, not: bool, words: Vec<String> },
    Compare { left: Sum, sign: char, right: Sum },
    Number { place: Place, not: bool },
    There { place: Place, not: bool },
    Differ { left: Place, right: Place },
    Some { list: Place, clauses: Vec<Clause> },
}

/// Where to look: a path, `condition(X)`, `condition(X).field`, `word(path)`, `around.name`.
#[derive(Debug, Clone)]
enum Place {
    Path(Vec<String>),
    Around(Vec<String>),
    Condition { kind: String, field: Option<String> },
    Word(Vec<String>),
}

/// Numbers added and taken away; each may have a default.
#[derive(Debug, Clone)]
struct Sum(Vec<(i64, Operand)>);

#[derive(Debug, Clone)]
enum Operand {
    Number(i64),
    Place(Place, Option<i64>),
}

impl Page {
    /// Reads a page; what it cannot read is a mistake in the page.
    pub fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut scope: Vec<String> = Vec::new();
        let mut lists: BTreeMap<String, String> = BTreeMap::new();
        let mut inside = false;
        for raw in text.lines() {
            let line = raw.trim();
            if line == "```rules" || (inside && line == "```") {
                inside = line == "```rules";
            } else if inside && !line.is_empty() {
                if let Some(kinds) = line.strip_prefix("about ") {
                    scope = kinds.split(',').map(|kind| kind.trim().to_owned()).collect();
                } else if let Some(kinds) = line.strip_prefix("for ") {
                    scope = kinds.split(',').map(|kind| kind.trim().to_owned()).collect();
                    if !kinds.starts_with("everything") {
                        page.kinds.extend(scope.iter().map(|kind| (kind.clone(), Vec::new())));
                    }
                } else if let Some((name, words)) = line.strip_prefix("define ").and_then(|rest| rest.split_once(' ')) {
                    lists.insert(name.to_owned(), words.to_owned());
                } else {
                    let rule = read_line(line, &lists);
                    match scope.first().map(String::as_str) {
                        Some("everything first") => page.first.push(rule),
                        Some("everything else") => page.rest.push(rule),
                        Some(_) => {
                            for (_, rules) in page.kinds.iter_mut().filter(|(kind, _)| scope.contains(kind)) {
                                rules.push(rule.clone());
                            }
                        }
                        None => panic!("a rule before any `for`: {line}"),
                    }
                }
            } else if line.starts_with("- `kstatus ") || line.starts_with("- `argo ") {
                page.differences.push(read_difference(line, &scope, &lists));
            }
        }
        page
    }

    /// What the rules demand.
    pub fn demands(&self, seen: Seen<'_>) -> &str {
        let holds = |line: &&Line| line.clauses.iter().all(|clause| clause.holds(seen, seen.object));
        if let Some(line) = self.first.iter().find(holds) {
            return &line.verdict;
        }
        let name = name_of(seen.object);
        let rules = self.kinds.iter().find(|(kind, _)| matches(kind, &name)).map_or(&self.rest, |(_, rules)| rules);
        &rules.iter().find(holds).unwrap_or_else(|| panic!("the rules of {name} say nothing about {}", seen.object)).verdict
    }

    /// The stated reason for a difference: the place of the line in `differences`.
    pub fn explains(&self, seen: Seen<'_>, oracle: &str, theirs: &str, ours: &str) -> Option<usize> {
        let name = name_of(seen.object);
        self.differences.iter().position(|line| {
            line.oracle == oracle
                && line.theirs == theirs
                && line.ours == ours
                && (line.kinds.is_empty() || line.kinds.iter().any(|kind| self.covers(kind, &name)))
                && line.clauses.iter().all(|clause| clause.holds(seen, seen.object))
        })
    }

    fn covers(&self, kind: &str, name: &str) -> bool {
        if kind == "everything else" { !self.kinds.iter().any(|(kind, _)| matches(kind, name)) } else { matches(kind, name) }
    }

    /// Names of kinds with rules of their own.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(|(kind, _)| kind.as_str())
    }
}

/// `group/Kind`, with `core` for the group without a name.
fn name_of(object: &Value) -> String {
    let group = object["apiVersion"].as_str().unwrap_or_default().split_once('/').map_or("core", |(group, _)| group);
    format!("{group}/{}", object["kind"].as_str().unwrap_or_default())
}

/// `group/Kind` against a pattern with at most one `*`.
fn matches(pattern: &str, name: &str) -> bool {
    pattern.split_once('*').map_or(pattern == name, |(before, after)| {
        name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
    })
}

fn read_line(line: &str, lists: &BTreeMap<String, String>) -> Line {
    let (verdict, rest) = line.split_once(" if ").map_or((line, ""), |(verdict, rest)| (verdict.trim(), rest));
    assert!(["ready", "waiting", "failed", "terminating"].contains(&verdict), "no verdict: {line}");
    Line { verdict: verdict.to_owned(), clauses: read_clauses(rest, lists) }
}

/// "- `kstatus ready, ours waiting if CLAUSES`: REASON".
fn read_difference(line: &str, scope: &[String], lists: &BTreeMap<String, String>) -> Difference {
    let (head, reason) = line[3..].split_once("`: ").unwrap_or_else(|| panic!("a difference without a reason: {line}"));
    let (says, clauses) = head.split_once(" if ").unwrap_or((head, ""));
    let (theirs, ours) = says.split_once(", ours ").unwrap_or_else(|| panic!("not a difference: {line}"));
    let (oracle, theirs) = theirs.split_once(' ').unwrap_or_else(|| panic!("not a difference: {line}"));
    assert!(reason.split_whitespace().count() > 4, "that is no reason: {line}");
    Difference {
        kinds: if scope.first().is_some_and(|kind| kind == "everything first") { Vec::new() } else { scope.to_vec() },
        oracle: oracle.to_owned(),
        theirs: theirs.to_owned(),
        ours: ours.to_owned(),
        clauses: read_clauses(clauses, lists),
        text: format!("{}: {head}", scope.join(", ")),
        reason: reason.to_owned(),
    }
}

fn read_clauses(text: &str, lists: &BTreeMap<String, String>) -> Vec<Clause> {
    let mut clauses = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        // `some LIST with (CLAUSES)` may hold an `and` of its own
        let end = if rest.starts_with("some ") {
            rest.find(')').map_or(rest.len(), |_| closing(rest))
        } else {
            rest.find(" and ").unwrap_or(rest.len())
        };
        clauses.push(read_clause(rest[..end].trim(), lists));
        rest = rest[end..].trim().strip_prefix("and ").unwrap_or(&rest[end..]).trim();
    }
    clauses
}

/// The place after the bracket that closes the first `with (`.
fn closing(text: &str) -> usize {
    let from = text.find("with (").unwrap_or_else(|| panic!("no `with (`: {text}")) + 5;
    let mut depth = 0_i32;
    for (at, letter) in text[from..].char_indices() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        if depth == 0 {
            return from + at + 1;
        }
    }
    panic!("a bracket is open: {text}")
}

fn read_clause(text: &str, lists: &BTreeMap<String, String>) -> Clause {
    if let Some(rest) = text.strip_prefix("some ") {
        let (list, inner) = rest.split_once(" with (").unwrap_or_else(|| panic!("no `with (`: {text}"));
        return Clause::Some { list: read_place(list), clauses: read_clauses(&inner[..inner.len() - 1], lists) };
    }
    if let Some(place) = text.strip_prefix("no ") {
        return Clause::There { place: read_place(place), not: true };
    }
    if let Some((place, not)) = text
        .strip_suffix(" is a number")
        .map(|place| (place, false))
        .or_else(|| text.strip_suffix(" is not a number").map(|place| (place, true)))
    {
        return Clause::Number { place: read_place(place), not };
    }
    if let Some((left, right)) = text.split_once(" differs from ") {
        return Clause::Differ { left: read_place(left), right: read_place(right) };
    }
    for (mark, not) in [(" is not ", true), (" is ", false)] {
        if let Some((place, words)) = text.split_once(mark) {
            let words = words
                .split(',')
                .flat_map(|word| lists.get(word.trim()).map_or(word, String::as_str).split(','))
                .map(|word| word.trim().to_owned());
            return Clause::Is { left: read_place(place), not, words: words.collect() };
        }
    }
    for sign in ['<', '>', '='] {
        if let Some((left, right)) = text.split_once(&format!(" {sign} ")) {
            return Clause::Compare { left: read_sum(left), sign, right: read_sum(right) };
        }
    }
    Clause::There { place: read_place(text), not: false }
}

fn read_sum(text: &str) -> Sum {
    let mut parts = Vec::new();
    let mut sign = 1;
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        match word {
            "-" => sign = -1,
            "+" => sign = 1,
            word => {
                let operand = word.parse().map_or_else(
                    |_| {
                        let default =
                            if words.next_if_eq(&"or").is_some() { words.next().and_then(|word| word.parse().ok()) } else { None };
                        Operand::Place(read_place(word), default)
                    },
                    Operand::Number,
                );
                parts.push((sign, operand));
            }
        }
    }
    Sum(parts)
}

fn read_place(text: &str) -> Place {
    let path = |text: &str| {
        // a key with dots of its own stands in brackets
        let (dotted, key) = text.split_once('[').map_or((text, None), |(dotted, key)| (dotted, key.strip_suffix(']')));
        dotted.split('.').chain(key).map(str::to_owned).collect::<Vec<_>>()
    };
    let text = text.trim();
    assert!(!text.contains(' '), "not a place: {text}");
    if let Some(rest) = text.strip_prefix("condition(") {
        let (kind, field) = rest.split_once(')').unwrap_or_else(|| panic!("a bracket is open: {text}"));
        return Place::Condition { kind: kind.to_owned(), field: field.strip_prefix('.').map(str::to_owned) };
    }
    if let Some(rest) = text.strip_prefix("word(").and_then(|rest| rest.strip_suffix(')')) {
        return Place::Word(path(rest));
    }
    text.strip_prefix("around.").map_or_else(|| Place::Path(path(text)), |rest| Place::Around(path(rest)))
}

impl Clause {
    /// Whether it holds; paths start at `here`, which is the object or an element of one of its lists.
    fn holds(&self, seen: Seen<'_>, here: &Value) -> bool {
        match self {
            Self::Is { left, not, words } => words.contains(&left.text(seen, here)) != *not,
            Self::Compare { left, sign, right } => match (left.value(seen, here), right.value(seen, here)) {
                (Some(left), Some(right)) => match sign {
                    '<' => left < right,
                    '>' => left > right,
                    _ => left == right,
                },
                _ => false,
            },
            Self::Number { place, not } => number(&place.find(seen, here)).is_some() != *not,
            Self::There { place, not } => there(&place.find(seen, here)) != *not,
            Self::Differ { left, right } => left.find(seen, here) != right.find(seen, here),
            Self::Some { list, clauses } => {
                let found = list.find(seen, here);
                found.as_array().is_some_and(|all| all.iter().any(|element| clauses.iter().all(|clause| clause.holds(seen, element))))
            }
        }
    }
}

fn there(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn walk(from: &Value, path: &[String]) -> Value {
    path.iter().fold(from, |value, key| &value[key.as_str()]).clone()
}

impl Place {
    fn find(&self, seen: Seen<'_>, here: &Value) -> Value {
        match self {
            Self::Path(path) => walk(here, path),
            Self::Around(path) => walk(seen.around, path),
            Self::Word(path) => {
                let found = walk(here, path);
                let word = found.as_str().or_else(|| found["status"].as_str()).unwrap_or_default();
                Value::from(word.to_lowercase().chars().filter(|c| !matches!(c, ' ' | '-' | '_')).collect::<String>())
            }
            Self::Condition { kind, field } => {
                let list = if here["conditions"].is_array() { &here["conditions"] } else { &here["status"]["conditions"] };
                let Some(found) = list.as_array().and_then(|all| all.iter().find(|one| one["type"] == kind.as_str())) else {
                    return Value::from(if field.is_some() { "" } else { "absent" });
                };
                let old = match (number(&found["observedGeneration"]), number(&seen.object["metadata"]["generation"])) {
                    (Some(observed), Some(generation)) => observed < generation,
                    _ => false,
                };
                match field {
                    Some(field) => found[field.as_str()].clone(),
                    None if old => Value::from("stale"),
                    None => found["status"].clone(),
                }
            }
        }
    }

    fn text(&self, seen: Seen<'_>, here: &Value) -> String {
        match self.find(seen, here) {
            Value::String(text) => text,
            Value::Null => "nothing".to_owned(),
            other => other.to_string(),
        }
    }
}

impl Sum {
    fn value(&self, seen: Seen<'_>, here: &Value) -> Option<i64> {
        self.0.iter().try_fold(0, |sum, (sign, operand)| {
            let value = match operand {
                Operand::Number(value) => Some(*value),
                Operand::Place(place, default) => number(&place.find(seen, here)).or(*default),
            };
            value.map(|value| sum + sign * value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_line_that_holds_decides() {
        let page = Page::read(
            "```rules\nfor everything first\nterminating if metadata.deletionTimestamp\nfor core/Pod\ndefine GONE a, b\n\
             ready if status.ready or 0 = spec.wanted or 1 - 1 and condition(Up) is True\nfailed if status.phase is GONE\n\
             failed if some status.parts with (condition(Up) is not True and name is x)\nwaiting\nfor everything else\nready\n```\n\
             - `kstatus ready, ours waiting if no status.phase`: for no other reason than this one.\n",
        );
        let verdict = |object: Value| page.demands(Seen { object: &object, around: &Value::Null }).to_owned();
        assert_eq!(verdict(json!({"kind": "Other"})), "ready");
        assert_eq!(verdict(json!({"kind": "Other", "metadata": {"deletionTimestamp": "x"}})), "terminating");
        let pod = |status: Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generation": 2}, "status": status});
        assert_eq!(verdict(pod(json!({"conditions": [{"type": "Up", "status": "True"}]}))), "ready");
        assert_eq!(verdict(pod(json!({"conditions": [{"type": "Up", "status": "True", "observedGeneration": 1}]}))), "waiting");
        assert_eq!(verdict(pod(json!({"phase": "b"}))), "failed");
        assert_eq!(verdict(pod(json!({"parts": [{"name": "x"}]}))), "failed");
        assert_eq!(
            verdict(pod(json!({"parts": [{"name": "x", "conditions": [{"type": "Up", "status": "True"}]}, {"name": "y"}]}))),
            "waiting"
        );
        // a difference belongs to the kinds of the last rules before it
        let explains = |object: Value| page.explains(Seen { object: &object, around: &Value::Null }, "kstatus", "ready", "waiting");
        assert_eq!(explains(json!({"kind": "Other"})), Some(0));
        assert_eq!(explains(pod(json!({}))), None);
    }
}
