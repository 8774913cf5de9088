//! Runbooks: the shipped ones by the name of their alert, a person's own by path.

use super::error::{CatalogError, near};
use super::files::{Files, read_file, shipped};
use super::yaml;
use crate::model::runbook::{Block, FrontMatter, Lang, Part, Runbook, Section, Written};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, MetadataBlockKind, Options, Parser, Tag, TagEnd};
use std::ops::Range;
use std::path::Path;

/// The folder that holds them.
const FOLDER: &str = "runbooks";

/// Names of the shipped runbooks, in order.
pub fn runbook_names(files: &Files) -> Vec<String> {
    files.list(FOLDER).iter().filter_map(|path| Some(path.strip_prefix("runbooks/")?.strip_suffix(".md")?.to_owned())).collect()
}

/// The runbook `which`: a shipped name, an alert that one of them is for, or a path.
pub fn runbook(files: &Files, which: &str) -> Result<Runbook, CatalogError> {
    let is_path = which.contains('/') || Path::new(which).extension().is_some_and(|end| end == "md");
    if is_path {
        return read(which.to_owned(), read_file(Path::new(which))?);
    }
    let known = runbook_names(files);
    let one = |name: &str| {
        let path = format!("{FOLDER}/{name}.md");
        files.read(&path)?.map(|text| read(path, text)).transpose()
    };
    if known.iter().any(|name| name == which)
        && let Some(runbook) = one(which)?
    {
        return Ok(runbook);
    }
    for name in &known {
        if let Some(runbook) = one(name)?.filter(|runbook| runbook.front.metadata.alerts.iter().any(|alert| alert == which)) {
            return Ok(runbook);
        }
    }
    let names = known.iter().map(String::as_str);
    Err(CatalogError::NoRunbook { name: which.to_owned(), near: near(which, names.clone()), known: names.collect::<Vec<_>>().join(", ") })
}

fn read(path: String, text: String) -> Result<Runbook, CatalogError> {
    let runbook = parse(path, text)?;
    let problems = runbook.problems();
    if problems.is_empty() { Ok(runbook) } else { Err(CatalogError::Parse { path: runbook.path, message: problems.join("; ") }) }
}

/// What is open while the page is gone through.
#[derive(Default)]
struct Open {
    /// Text of the heading, front matter or fence that is open.
    text: String,
    /// The info string of the fence, and where the fence begins.
    fence: Option<(String, usize)>,
    front: Option<String>,
    title: Option<String>,
    /// Sections so far, each with where its text begins.
    sections: Vec<(Section, usize)>,
}

fn parse(path: String, text: String) -> Result<Runbook, CatalogError> {
    let failed = |message: String| CatalogError::Parse { path: path.clone(), message };
    let mut open = Open::default();
    for (event, range) in Parser::new_ext(&text, Options::ENABLE_YAML_STYLE_METADATA_BLOCKS).into_offset_iter() {
        match event {
            Event::Start(Tag::MetadataBlock(MetadataBlockKind::YamlStyle) | Tag::Heading { .. }) => open.text.clear(),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                open.text.clear();
                open.fence = Some((info.into_string(), range.start));
            }
            Event::Text(part) | Event::Code(part) => open.text.push_str(&part),
            Event::End(TagEnd::MetadataBlock(_)) => open.front = Some(open.text.clone()),
            Event::End(TagEnd::Heading(level)) => heading(&mut open, level, &text, &range),
            Event::End(TagEnd::CodeBlock) => fence(&mut open, &text).map_err(&failed)?,
            _ => {}
        }
    }
    close(&mut open, &text, text.len());
    let front =
        open.front.ok_or_else(|| failed("it has no front matter: it begins with --- and name, description, metadata".to_owned()))?;
    let front: FrontMatter = yaml::typed(&path, &front)?;
    let title = open.title.ok_or_else(|| failed("it has no heading of the first level (`# NameOfTheAlert`)".to_owned()))?;
    let name = Path::new(&path).file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let shipped = shipped(&format!("{FOLDER}/{name}.md")).is_some_and(|known| known == text);
    Ok(Runbook { name, shipped, front, title, sections: open.sections.into_iter().map(|(section, _)| section).collect(), path, text })
}

fn heading(open: &mut Open, level: HeadingLevel, text: &str, range: &Range<usize>) {
    let said = std::mem::take(&mut open.text);
    match level {
        HeadingLevel::H1 if open.title.is_none() => open.title = Some(said),
        HeadingLevel::H1 | HeadingLevel::H2 => {
            close(open, text, range.start);
            open.sections.push((Section { part: Part::of(&said), heading: said, text: String::new(), blocks: Vec::new() }, range.end));
        }
        _ => {}
    }
}

/// The text of the section that is open ends here.
fn close(open: &mut Open, text: &str, end: usize) {
    if let Some((section, begin)) = open.sections.last_mut() {
        text.get(*begin..end).unwrap_or_default().trim().clone_into(&mut section.text);
    }
}

fn fence(open: &mut Open, text: &str) -> Result<(), String> {
    let Some((info, start)) = open.fence.take() else { return Ok(()) };
    let code = std::mem::take(&mut open.text);
    let (word, attributes) = info.split_once([' ', '\t']).map_or((info.as_str(), ""), |(word, rest)| (word, rest.trim()));
    let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
    let lang = match (Lang::of(word), attributes) {
        (Some(lang), _) => lang,
        // only to be read
        (None, "") => return Ok(()),
        (None, _) => return Err(format!("line {line}: `{word}` is not carried out; known are sh, promql, logql, http, k8s")),
    };
    if attributes.is_empty() {
        return Err(format!("line {line}: a {word} block needs a name: ```{word} {{\"name\":\"…\"}}"));
    }
    let written: Written = serde_json::from_str(attributes).map_err(|error| format!("line {line}: {attributes}: {error}"))?;
    let block = Block::new(lang, line, written, &code).map_err(|error| format!("line {line}: {error}"))?;
    match open.sections.last_mut() {
        Some((section, _)) => section.blocks.push(block),
        None => return Err(format!("line {line}: block `{}` stands before the first heading", block.name)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: &str = "---\nname: a\ndescription: d\nmetadata:\n  alerts: [A]\n---\n# A\n\n## Meaning\nWords, and\n\n```text\nread me\n```\n\n\
                        ## Diagnosis\n\n```promql {\"name\":\"p\",\"check\":\"value<1\"}\nup\n```\n\n## Verify\n```k8s {\"name\":\"k\"}\nNode n\n```\n";

    fn page(text: &str) -> Result<Runbook, CatalogError> {
        read("A.md".to_owned(), text.to_owned())
    }

    #[test]
    fn a_page_is_read_with_its_blocks_in_order() {
        let runbook = page(PAGE).unwrap();
        let blocks: Vec<_> = runbook.blocks().map(|(part, block)| (part, block.name.as_str(), block.line)).collect();
        assert_eq!(blocks, [(Part::Diagnosis, "p", 18), (Part::Verify, "k", 23)]);
        assert!(runbook.sections[0].text.contains("read me") && !runbook.shipped);
    }

    #[track_caller]
    fn refused(from: &str, to: &str, why: &str) {
        assert!(PAGE.contains(from));
        let error = page(&PAGE.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        refused("# A\n", "# B\n", "first heading is `B`");
        refused("```promql {", "```sql {", "line 18: `sql` is not carried out");
        refused("```promql {\"name\":\"p\",\"check\":\"value<1\"}", "```promql", "line 18: a promql block needs a name");
        refused("\"check\"", "\"chekc\"", "unknown field `chekc`");
        refused("## Verify", "## Impact", "no block under Verify");
        refused("\"name\":\"k\"", "\"name\":\"p\"", "two blocks are called `p`");
        refused("\"value<1\"", "\"value<1\",\"onFail\":\"goto:x\"", "goes to `x`, which is not there");
        refused("Words", "token=abc", "looks like a secret");
        refused("alerts: [A]", "alerts: [B]", "none of its metadata.alerts");
        refused("---\nname: a", "name: a", "front matter");
    }

    proptest! {
        #[test]
        fn no_page_breaks_the_reader(cut in 0..PAGE.len(), put in ".{0,12}") {
            if PAGE.is_char_boundary(cut) {
                let _any = page(&format!("{}{put}{}", &PAGE[..cut], &PAGE[cut..]));
            }
        }
    }
}
