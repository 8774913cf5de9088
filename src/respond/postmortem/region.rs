//! Parts of a file that labctl writes, between two lines that say so, with a checksum of what it wrote last: so it is seen whether a person has been there.
//! In Markdown the lines are comments of HTML, in front matter of YAML.

use crate::support::digest::sha256;

/// The markers of a file do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AutoError(pub String);

/// One region as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// `times`, `timeline` …
    pub name: String,
    /// The checksum that its first line carries.
    pub written: String,
    /// The first and the line after the last of its content, from 0.
    pub lines: std::ops::Range<usize>,
    /// Its content.
    pub text: String,
}

impl Region {
    /// A person has changed it since labctl wrote it.
    pub fn is_edited(&self) -> bool {
        self.written != sum(&self.text)
    }
}

/// Short, because it guards against slips and not against malice; the numbers are checked one by one besides.
fn sum(text: &str) -> String {
    sha256(text.as_bytes()).trim_start_matches("sha256:").chars().take(16).collect()
}

/// A region with its markers.
pub fn written(name: &str, text: &str, yaml: bool) -> String {
    let text = if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    let (open, close) = if yaml { ("# ", "") } else { ("<!-- ", " -->") };
    format!("{open}labctl:auto {name} begin {}{close}\n{text}{open}labctl:auto {name} end{close}\n", sum(&text))
}

/// The words of a marker.
fn marker(line: &str) -> Option<Vec<&str>> {
    let line = line.trim();
    let inner = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")).or_else(|| line.strip_prefix("# "))?;
    Some(inner.strip_prefix("labctl:auto ")?.split_whitespace().collect())
}

/// All regions of a file, in order.
pub fn regions(text: &str) -> Result<Vec<Region>, AutoError> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut found = Vec::new();
    let mut open: Option<(String, String, usize)> = None;
    for (number, line) in lines.iter().enumerate() {
        let Some(words) = marker(line) else { continue };
        match (words.as_slice(), open.take()) {
            ([name, "begin", sum], None) => open = Some(((*name).to_owned(), (*sum).to_owned(), number + 1)),
            ([name, "end"], Some((began, written, from))) if began == *name => {
                let text = lines.get(from..number).unwrap_or_default().concat();
                found.push(Region { name: began, written, lines: from..number, text });
            }
            (_, Some((began, ..))) => {
                return Err(AutoError(format!("line {}: region {began} is not closed before the next marker", number + 1)));
            }
            _ => return Err(AutoError(format!("line {}: this marker opens or closes nothing", number + 1))),
        }
    }
    match open {
        Some((name, ..)) => Err(AutoError(format!("region {name} is never closed"))),
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_person_changed_is_seen() {
        let page = format!("a\n{}b\n{}", written("one", "x: 1\n", true), written("two", "| 5 |", false));
        let found = regions(&page).unwrap();
        assert_eq!(
            found.iter().map(|region| (region.name.as_str(), region.is_edited())).collect::<Vec<_>>(),
            [("one", false), ("two", false)]
        );
        assert!(regions(&page.replace("| 5 |", "| 6 |")).unwrap()[1].is_edited());
        assert!(regions(&page.replace("two end", "one end")).is_err());
        assert!(regions(&page.replace("# labctl:auto one end\n", "")).is_err());
    }

    proptest! {
        #[test]
        fn any_text_comes_back_whole(text in "[a-z0-9 |\\n-]{0,80}") {
            let page = written("r", &text, false);
            let found = regions(&page).unwrap();
            prop_assert!(!found[0].is_edited());
            prop_assert_eq!(found[0].text.trim_end(), text.trim_end());
        }
    }
}
