//! The checker: each number between labctl's marks and in the front matter is looked for in the evidence, by the reference beside it, and compared. And what
//! a postmortem must have before it is more than a draft.

use super::draft::{cell, met, offset, row};
use super::entries::{Entry, entries};
use super::facts::Facts;
use super::reference::{Evidence, moment};
use super::region::{AutoError, Region, regions};
use crate::drill::evidence;
use crate::model::run::brief_time;
use serde_json::Value;
use std::collections::BTreeMap;

/// Something that is wrong, or should be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// It must be mended; else it is a warning.
    pub error: bool,
    /// Where, from 1; 0 for the whole file.
    pub line: usize,
    /// What.
    pub text: String,
}

/// Words that name a person where a cause should stand.
const BLAME: [&str; 6] = ["fault of", "blame", "careless", "stupid", "should have known", "human error"];
/// Sections that a person must have filled before it is more than a draft.
const FILLED: [&str; 4] = ["Impact", "Root Causes", "Trigger", "Resolution"];

/// What is wrong with a postmortem; `front` is its front matter as data.
pub fn lint(text: &str, front: &Value, facts: &Facts) -> Result<Vec<Finding>, AutoError> {
    let mut found = Vec::new();
    let mut evidence = Evidence::below(&facts.runs);
    for run in &facts.all {
        match evidence::verify(&facts.runs.join(&run.0)) {
            Ok(Some(verified)) => {
                let bad = verified.problems.into_iter().map(|problem| Finding {
                    error: true,
                    line: 0,
                    text: format!("evidence of run {run}: {problem}"),
                });
                found.extend(bad);
            }
            Ok(None) => found.push(Finding { error: true, line: 0, text: format!("evidence of run {run} was never sealed") }),
            Err(error) => found.push(Finding { error: true, line: 0, text: error.to_string() }),
        }
    }
    front_matter(front, &mut evidence, &mut found);
    let known: BTreeMap<String, Entry> = entries(facts).into_iter().map(|entry| (entry.reference.clone(), entry)).collect();
    for region in regions(text)? {
        if region.is_edited() {
            found.push(Finding {
                error: false,
                line: region.lines.start,
                text: format!(
                    "region {} was changed since labctl wrote it; refresh keeps it, and shows what would stand there",
                    region.name
                ),
            });
        }
        if region.name != "facts" {
            table(&region, facts, &known, &mut evidence, &mut found);
        }
    }
    people(text, front, &mut found);
    Ok(found)
}

/// Values with a `source` beside them.
fn front_matter(front: &Value, evidence: &mut Evidence, found: &mut Vec<Finding>) {
    let lists = ["times", "evidence"].into_iter().filter_map(|key| front[key].as_array()).flatten();
    for value in std::iter::once(&front["started"]).chain(lists) {
        let Some(source) = value["source"].as_str() else {
            found.push(Finding { error: true, line: 0, text: format!("front matter: {value} has no source") });
            continue;
        };
        let there = evidence.resolve(source);
        let said = ["at", "ms", "sha256"].into_iter().map(|key| &value[key]).find(|said| !said.is_null());
        let wrong = match (said, &there) {
            (Some(said), Ok(there)) if said == there => None,
            (Some(said), Ok(there)) => Some(format!("{said}, and {source} has {there}")),
            (Some(said), Err(why)) => Some(format!("{said}, and {why}")),
            (None, Ok(there)) if !there.is_null() => Some(format!("unknown, and {source} has {there}")),
            (None, _) => None,
        };
        if let Some(wrong) = wrong {
            let what = value["what"].as_str().or(value["act"].as_str()).unwrap_or("a value");
            found.push(Finding { error: true, line: 0, text: format!("front matter: {what} is {wrong}") });
        }
    }
}

/// The cells of a row, and the reference in its last one.
fn cells(line: &str) -> Option<(Vec<&str>, &str)> {
    let inner = line.trim_end().strip_prefix("| ")?.strip_suffix(" |")?;
    let mut cells: Vec<&str> = inner.split(" | ").collect();
    let reference = cells.pop()?.strip_prefix('`')?.strip_suffix('`')?;
    Some((cells, reference))
}

fn table(region: &Region, facts: &Facts, known: &BTreeMap<String, Entry>, evidence: &mut Evidence, found: &mut Vec<Finding>) {
    for (number, line) in region.text.lines().enumerate() {
        let place = region.lines.start + number + 1;
        let mut wrong = |text: String| found.push(Finding { error: true, line: place, text });
        let Some((cells, reference)) = cells(line) else {
            if line.bytes().any(|byte| byte.is_ascii_digit()) {
                wrong(format!("numbers without a reference: {line}"));
            }
            continue;
        };
        let there = match evidence.resolve(reference) {
            Ok(there) => there,
            Err(_) if cells.get(2) == Some(&"unknown") => Value::Null,
            Err(why) => {
                wrong(why);
                continue;
            }
        };
        let want = match region.name.as_str() {
            "times" => scalar(&there).map(|value| (2, value)),
            "score" if there.is_object() => {
                let text = |key: &str| cell(there[key].as_str().unwrap_or_default());
                let want = [text("goal"), met(there["met"].as_bool()).to_owned(), text("seen")].join(" | ");
                let said = cells.get(1..).unwrap_or_default().join(" | ");
                if said != want {
                    wrong(format!("`{said}`, and {reference} has `{want}`"));
                }
                continue;
            }
            "score" => Some((2, there.to_string())),
            _ => {
                stamped(facts, known.get(reference), line, &cells, reference, &there, &mut wrong);
                continue;
            }
        };
        match want {
            Some((place, want)) if cells.get(place) == Some(&want.as_str()) => {}
            Some((place, want)) => wrong(format!("`{}`, and {reference} has {want}", cells.get(place).copied().unwrap_or_default())),
            None => wrong(format!("{reference} holds no value of its own: {there}")),
        }
    }
}

/// A value as the tables write it.
fn scalar(there: &Value) -> Option<String> {
    match there {
        Value::Null => Some("unknown".to_owned()),
        Value::Number(number) => number.as_u64().map(brief_time),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// A line of the timeline: its moment and offset as the evidence has them, and its words as they follow from it.
fn stamped(
    facts: &Facts,
    entry: Option<&Entry>,
    line: &str,
    cells: &[&str],
    reference: &str,
    there: &Value,
    wrong: &mut impl FnMut(String),
) {
    let (base, begin) = (facts.started.0, &facts.started.1);
    let Some(at) = moment(there) else {
        wrong(format!("{reference} has no moment"));
        return;
    };
    let want = [at.to_string(), offset(base, at)];
    if cells.get(..2).is_none_or(|said| said != want.each_ref().map(String::as_str)) {
        wrong(format!("`{}`, and {reference} has {} ({})", cells.get(..2).unwrap_or_default().join(" | "), want[0], want[1]));
        return;
    }
    let as_written = match entry {
        Some(entry) => row(base, entry) == line.trim_end(),
        None => reference == begin && at == base && cells.get(3) == Some(&"the run begins"),
    };
    if !as_written {
        wrong(format!(
            "the words of this line are not those of {reference}{}",
            entry.map(|entry| format!(": {}", entry.text)).unwrap_or_default()
        ));
    }
}

/// What people owe it.
fn people(text: &str, front: &Value, found: &mut Vec<Finding>) {
    let draft = front["status"].as_str().unwrap_or("draft") == "draft";
    let mut sections: Vec<(String, usize, String)> = Vec::new();
    let (mut comment, mut auto) = (false, false);
    for (number, line) in text.lines().enumerate() {
        if let Some(heading) = line.strip_prefix("## ") {
            sections.push((heading.trim().to_owned(), number + 1, String::new()));
            continue;
        }
        if line.contains("labctl:auto ") {
            auto = line.contains(" begin ");
            continue;
        }
        let low = line.to_ascii_lowercase();
        if let Some(word) = BLAME.iter().find(|word| !auto && low.contains(**word)) {
            found.push(Finding { error: false, line: number + 1, text: format!("`{word}` blames; say what made it possible") });
        }
        comment |= line.contains("<!--");
        if !comment
            && !auto
            && let Some((_, _, body)) = sections.last_mut()
        {
            body.push_str(line.trim());
        }
        comment &= !line.contains("-->");
    }
    for name in FILLED {
        match sections.iter().find(|(heading, ..)| heading == name) {
            None => found.push(Finding { error: true, line: 0, text: format!("there is no section {name}") }),
            Some((_, line, body)) if body.is_empty() => {
                found.push(Finding { error: !draft, line: *line, text: format!("section {name} is empty") });
            }
            Some(_) => {}
        }
    }
    actions(text, draft, found);
}

/// Each action has somebody and a day.
fn actions(text: &str, draft: bool, found: &mut Vec<Finding>) {
    let mut within = false;
    let mut count = 0;
    for (number, line) in text.lines().enumerate() {
        if let Some(heading) = line.strip_prefix("## ") {
            within = heading.trim() == "Action Items";
        }
        let is_row = within && line.starts_with('|') && !line.starts_with("| ---") && !line.starts_with("| action ");
        if !is_row {
            continue;
        }
        count += 1;
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        if cells.len() < 3 || cells.iter().take(3).any(|cell| cell.is_empty()) {
            found.push(Finding { error: true, line: number + 1, text: "this action has no owner or no day".to_owned() });
        }
    }
    if count == 0 {
        found.push(Finding { error: !draft, line: 0, text: "there is no action item".to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::At;

    #[test]
    fn cells_with_a_bar_in_them_stay_whole() {
        let (cells, reference) = cells("| a | b \\| c | `r#/x` |").unwrap();
        assert_eq!((cells.as_slice(), reference), (["a", "b \\| c"].as_slice(), "r#/x"));
        assert_eq!(super::cells("| --- | --- |"), None);
    }

    #[test]
    fn lengths_and_moments_are_written_as_tables_write_them() {
        assert_eq!(scalar(&serde_json::json!(41_230)), Some("41s".to_owned()));
        assert_eq!(scalar(&Value::Null), Some("unknown".to_owned()));
        let at = At(time::OffsetDateTime::UNIX_EPOCH);
        assert_eq!(offset(at, At(at.0 + time::Duration::seconds(75))), "+1m15");
    }
}
