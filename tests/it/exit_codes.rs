//! docs/exit-codes.md is made from the tables in `app::exit`, and those know every id that the sources can emit.

use labctl::app::exit::{CODES, KNOWN, code, look_up};
use std::collections::BTreeSet;
use std::path::Path;

/// Every text `"LAB-…"` of a source file, outside its tests.
fn ids(source: &str) -> BTreeSet<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    code.split('"').skip(1).step_by(2).chain(code.split('"').step_by(2)).filter(|text| is_id(text)).map(str::to_owned).collect()
}

fn is_id(text: &str) -> bool {
    text.strip_prefix("LAB-")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-'))
}

fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.retain(|(file, _)| !file.ends_with("app/known.rs"));
    found
}

#[test]
fn every_id_in_the_sources_is_known() {
    let mut strangers = Vec::new();
    for (file, source) in sources() {
        strangers.extend(ids(&source).into_iter().filter(|id| look_up(id).is_none()).map(|id| format!("{file}: {id}")));
    }
    assert!(strangers.is_empty(), "not in src/app/known.rs:\n{}", strangers.join("\n"));
}

#[test]
fn every_known_id_is_in_the_sources() {
    let used: BTreeSet<String> = sources().iter().flat_map(|(_, source)| ids(source)).collect();
    let idle: Vec<&str> = KNOWN.iter().map(|known| known.id).filter(|id| !used.contains(*id)).collect();
    assert!(idle.is_empty(), "nothing emits {idle:?}");
}

/// A cause is an id of the table too, not a word of its own.
#[test]
fn causes_have_ids_of_the_table() {
    let causes: Vec<_> = sources().into_iter().filter(|(file, _)| file.contains("/cluster/causes/")).collect();
    assert!(causes.len() > 5);
    for (file, source) in causes {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        for text in code.lines().filter_map(|line| line.trim().strip_prefix("id: ")).filter(|text| text.contains('"')) {
            assert!(text.contains("\"LAB-"), "{file}: a cause without a stable id: {text}");
        }
    }
}

#[test]
fn every_exit_code_is_one_of_the_table() {
    for known in KNOWN {
        assert!(CODES.iter().any(|(code, ..)| *code == known.exit), "{}: {}", known.id, known.exit);
    }
    assert_eq!(CODES.iter().filter(|(number, ..)| *number == code::OK).count(), 1);
}

fn between(page: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("docs/exit-codes.md has no mark `{name}: begin`"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("docs/exit-codes.md has no mark `{name}: end`"));
    format!("{before}{begin}{table}{end}{after}")
}

#[test]
fn the_page_shows_the_tables() {
    crate::excalidraw::keep("docs/exit-codes.md", |page| {
        let mut codes = "| code | meaning | what to do |\n| --- | --- | --- |\n".to_owned();
        for (number, meaning, todo) in CODES {
            codes += &format!("| {number} | {meaning} | {todo} |\n");
        }
        let mut known: Vec<_> = KNOWN.iter().collect();
        known.sort_by_key(|known| known.id);
        let mut ids = "| id | exit code | what happened | what to do |\n| --- | --- | --- | --- |\n".to_owned();
        for known in known {
            ids += &format!("| {} | {} | {} | {} |\n", known.id, known.exit, known.what, known.fix.replace('|', "\\|"));
        }
        between(&between(page, "codes", &codes), "ids", &ids)
    });
}
