//! The wall between the rooms: one package has no compiler walls, so this test reads every file under `src/` and names each breach of
//! docs/architecture.md by file, line and rule.

mod lexer;
mod table;

use std::fmt;
use std::path::{Path, PathBuf};
use table::{CRATES, ROOMS, SHARED_ADAPTERS};

const MOST_LINES: usize = 800;
const MOST_MEDIAN: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Breach {
    file: String,
    line: usize,
    rule: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{}: {}", self.file, self.line, self.rule)
    }
}

/// Judges one file; `file` is its path below `src/`, `crates` the names of all dependencies.
fn judge(file: &str, source: &str, crates: &[String]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut breach = |line: usize, rule: String| {
        breaches.push(Breach { file: file.to_owned(), line, rule });
    };
    let lines = source.lines().count();
    if !source.starts_with("//!") {
        breach(1, "a file starts with `//!` that says what it is for".to_owned());
    }
    if lines > MOST_LINES {
        breach(lines, format!("{lines} lines, {MOST_LINES} are the limit: split it by what it does"));
    }
    if file.split('/').count() > 3 {
        breach(1, "folders under src/ are two levels deep at most".to_owned());
    }
    for (index, line) in source.lines().enumerate() {
        if let Some(mark) = ["TODO", "FIXME"].iter().find(|mark| line.contains(**mark)) {
            breach(index + 1, format!("`{mark}`: do it, or write it into docs/roadmap.md"));
        }
    }
    let code = lexer::code_only(source);
    for (line, name) in lexer::macros(&code, &["print", "println", "eprint", "eprintln", "dbg"]) {
        breach(line, format!("`{name}!`: write to the stream that the front end owns"));
    }
    if file.ends_with("/mod.rs") {
        for (line, rule) in more_than_a_list(&code) {
            breach(line, rule);
        }
    }
    let own = module_of(file);
    let Some(room) = own.first().cloned().or_else(|| (file == "main.rs").then(|| "main".to_owned())) else {
        return breaches;
    };
    if !ROOMS.iter().any(|known| known.name == room) {
        breach(1, format!("`{room}` is no room of tests/it/tidy/table.rs"));
        return breaches;
    }
    let hidden = lexer::own_modules(&code);
    for found in lexer::paths(&code) {
        let rule = match absolute(&own, &found.parts) {
            Some(target) => import(&own, &room, &target),
            None if hidden.contains(&found.parts[0]) => None,
            None => third_party(&own, &room, &found.parts[0], crates),
        };
        if let Some(rule) = rule {
            breach(found.line, rule);
        }
    }
    breaches
}

/// `engine/step.rs` → `[engine, step]`, `model/run/mod.rs` → `[model, run]`, `lib.rs` and `main.rs` → `[]`.
fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs");
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

/// A path within this package, from its root: `None` for paths that start elsewhere.
fn absolute(own: &[String], parts: &[String]) -> Option<Vec<String>> {
    let mut base = own.to_vec();
    match parts[0].as_str() {
        "crate" | "labctl" => return Some(parts[1..].to_vec()),
        "self" => return Some([base, parts[1..].to_vec()].concat()),
        "super" => {}
        _ => return None,
    }
    let ups = parts.iter().take_while(|part| *part == "super").count();
    base.truncate(base.len().saturating_sub(ups));
    base.extend_from_slice(&parts[ups..]);
    Some(base)
}

/// Whether `own` may import `target`; the rule it breaks if not.
fn import(own: &[String], room: &str, target: &[String]) -> Option<String> {
    let other = target.first()?;
    if other == room {
        let (mine, theirs) = (own.get(1)?, target.get(1)?);
        let apart = room == "adapters" && mine != theirs && !SHARED_ADAPTERS.contains(&theirs.as_str());
        return apart.then(|| format!("adapters do not know each other: `{mine}` uses `{theirs}`"));
    }
    let known = ROOMS.iter().find(|known| known.name == other)?;
    let may = ROOMS.iter().find(|one| one.name == room)?.may;
    let allowed = may.iter().any(|allowed| covers(allowed, target));
    (!allowed).then(|| {
        let list = if may.is_empty() { "no other room".to_owned() } else { may.join(", ") };
        format!("room `{room}` may not import `{}` (it may: {list})", target[..target.len().min(2)].join("::")).replace("``", known.name)
    })
}

/// `adapters` covers `adapters::kube::Client`; `engine::step` covers only what is under it.
fn covers(allowed: &str, target: &[String]) -> bool {
    let allowed: Vec<&str> = allowed.split("::").collect();
    target.len() >= allowed.len() && allowed.iter().zip(target).all(|(a, b)| a == b)
}

fn third_party(own: &[String], room: &str, name: &str, crates: &[String]) -> Option<String> {
    if !crates.iter().any(|known| known == name) {
        return None;
    }
    let rule = CRATES.iter().find(|rule| match rule.name.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => rule.name == name,
    })?;
    let here: Vec<String> = if own.is_empty() { vec![room.to_owned()] } else { own.to_vec() };
    let allowed = rule.only.iter().any(|place| covers(place, &here));
    (!allowed).then(|| format!("crate `{name}` is for {} only", rule.only.join(", ")))
}

/// A `mod.rs` is a table of contents: `mod`, `pub use` and attributes, nothing else.
fn more_than_a_list(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_use = false;
    for (index, line) in code.lines().enumerate() {
        let line = line.trim();
        let starts = ["mod ", "pub mod ", "pub(crate) mod ", "pub(super) mod ", "#["];
        let uses = ["pub use ", "pub(crate) use ", "pub(super) use "];
        let starts_use = uses.iter().any(|start| line.starts_with(start));
        if !(line.is_empty() || in_use || starts_use || starts.iter().any(|start| line.starts_with(start))) {
            found.push((index + 1, "mod.rs holds only `//!`, `mod` and `pub use` lines: give this a file of its own".to_owned()));
            break;
        }
        in_use = (in_use || starts_use) && !line.ends_with(';');
    }
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Names of all dependencies, as they are written in paths.
fn dependencies() -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split("\n[dependencies]").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let name = |line: &str| {
        let name = line.split('=').next()?.trim().trim_matches('"');
        (!name.is_empty() && !name.starts_with('#')).then(|| name.replace('-', "_"))
    };
    section.lines().filter(|line| line.contains('=')).filter_map(name).collect()
}

fn all_sources() -> Vec<(String, String)> {
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    files.sort();
    let read = |path: &PathBuf| (path.strip_prefix(&src).unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap());
    files.iter().map(read).collect()
}

#[test]
fn every_source_file_keeps_to_the_architecture() {
    let crates = dependencies();
    assert!(crates.len() > 20, "read only {} dependencies: has Cargo.toml changed its shape?", crates.len());
    let breaches: Vec<String> =
        all_sources().iter().flat_map(|(file, source)| judge(file, source, &crates)).map(|breach| breach.to_string()).collect();
    assert!(breaches.is_empty(), "{} breaches of docs/architecture.md:\n{}", breaches.len(), breaches.join("\n"));
}

#[test]
fn the_median_file_is_short() {
    let mut lengths: Vec<usize> = all_sources().iter().map(|(_, source)| source.lines().count()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= MOST_MEDIAN, "the median file under src/ has {median} lines; {MOST_MEDIAN} is the limit");
}

#[test]
fn the_page_shows_the_table_that_is_enforced() {
    crate::excalidraw::keep("docs/architecture.md", |page| {
        let (begin, end) = ("<!-- rooms: begin -->\n", "<!-- rooms: end -->");
        let (before, rest) = page.split_once(begin).expect("docs/architecture.md has the mark `rooms: begin`");
        let (_, after) = rest.split_once(end).expect("docs/architecture.md has the mark `rooms: end`");
        format!("{before}{begin}{}{end}{after}", table::as_markdown())
    });
}

#[cfg(test)]
mod planted {
    use super::judge;

    /// Breaches of a planted file, as `line: start of the rule`.
    #[track_caller]
    fn check(file: &str, source: &str, expected: &[&str]) {
        let crates = ["tokio", "kube", "k8s_openapi", "bollard", "schemars", "clap", "aws_sdk_sqs", "serde"].map(str::to_owned);
        let found: Vec<String> = judge(file, source, &crates).iter().map(|breach| format!("{}: {}", breach.line, breach.rule)).collect();
        assert_eq!(found.len(), expected.len(), "{file}: {found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{file}: `{found}` does not start with `{expected}`");
        }
    }

    #[test]
    fn imports_go_down_only() {
        check("engine/a.rs", "//! a\nuse crate::cluster::Diff;\n", &["2: room `engine` may not import `cluster::Diff`"]);
        check("model/a.rs", "//! a\nuse crate::support::progress::Sink;\n", &["2: room `model` may not import"]);
        check("tui/a.rs", "//! a\nuse crate::{model::run::Event, adapters::{docker::Engine}};\n", &["2: room `tui` may not import"]);
        check("app/up.rs", "//! a\nuse crate::{model::run::Event, tui, steps::Image};\n", &[]);
        check("main.rs", "//! a\nfn main() { labctl::app::run() }\n", &[]);
        check("main.rs", "//! a\nfn main() { labctl::engine::run() }\n", &["2: room `main`"]);
    }

    #[test]
    fn paths_without_use_and_relative_ones_are_seen() {
        check("report/a.rs", "//! a\nfn f() -> crate::engine::Plan {}\n", &["2: room `report`"]);
        check("report/a.rs", "//! a\n\nuse super::super::engine::Plan;\n", &["3: room `report`"]);
        check("report/b/c.rs", "//! a\nuse super::super::super::steps;\n", &["2: room `report`"]);
        check("report/b/c.rs", "//! a\nuse super::super::lines;\n", &[]);
    }

    #[test]
    fn a_part_of_a_room_is_not_the_room() {
        check("steps/a.rs", "//! a\nuse crate::engine::step::{Cx, Step};\n", &[]);
        check("steps/a.rs", "//! a\nuse crate::engine::{step::Cx, plan::Plan};\n", &["2: room `steps` may not import `engine::plan`"]);
        check("steps/a.rs", "//! a\nuse crate::engine;\n", &["2: room `steps`"]);
        check("cluster/a.rs", "//! a\nuse crate::adapters::kube::connect;\nuse crate::adapters::docker::Engine;\n", &["3: room `cluster`"]);
    }

    #[test]
    fn adapters_do_not_know_each_other_but_process() {
        check("adapters/kind.rs", "//! a\nuse super::docker::Engine;\n", &["2: adapters do not know each other"]);
        check("adapters/kind/run.rs", "//! a\nuse crate::adapters::process::Child;\nuse super::config::File;\n", &[]);
    }

    #[test]
    fn crates_stay_in_their_rooms() {
        check("steps/a.rs", "//! a\nuse kube::Client;\n", &["2: crate `kube` is for cluster, adapters::kube only"]);
        check("adapters/kube.rs", "//! a\nuse kube::Client;\n", &[]);
        check("adapters/kube/log.rs", "//! a\nuse kube::Client;\n", &[]);
        check("adapters/docker.rs", "//! a\nfn f() { bollard::Docker::connect() }\n", &[]);
        check("adapters/kind.rs", "//! a\nfn f() { bollard::Docker::connect() }\n", &["2: crate `bollard`"]);
        check("model/a.rs", "//! a\nuse tokio::sync::mpsc;\n", &["2: crate `tokio`"]);
        check("catalog/a.rs", "//! a\nuse tokio::fs;\n", &["2: crate `tokio`"]);
        check("checks/queue.rs", "//! a\nuse aws_sdk_sqs::Client;\n", &["2: crate `aws_sdk_sqs`"]);
        check("support/a.rs", "//! a\n#[derive(schemars::JsonSchema)]\nstruct A;\n", &["2: crate `schemars`"]);
        check("support/a.rs", "//! a\nuse serde::Serialize;\n", &[]);
    }

    #[test]
    fn a_module_that_hides_a_crate_is_no_breach() {
        check("adapters/mod.rs", "//! a\npub mod kube;\npub use kube::connect;\n", &[]);
    }

    #[test]
    fn text_and_tests_are_not_code() {
        check("model/a.rs", "//! a\n// crate::engine::Plan\nconst A: &str = \"use kube::Client; \\\" println!()\";\n", &[]);
        check("model/a.rs", "//! a\nconst A: &str = r#\"crate::engine::\"#;\nconst C: char = '\"';\nuse kube::x;\n", &["4: crate `kube`"]);
        check("model/a.rs", "//! a\nfn f<'a>(x: &'a str) -> crate::engine::P<'a> {}\n", &["2: room `model`"]);
        check(
            "model/a.rs",
            "//! a\n#[cfg(test)]\nmod tests {\n use crate::engine::P;\n fn a() { println!(\"}\") }\n}\nuse kube::x;\n",
            &["7: crate"],
        );
    }

    #[test]
    fn the_shape_of_files_is_kept() {
        check("model/a.rs", "use std::fmt;\n", &["1: a file starts with `//!`"]);
        check("model/a.rs", &("//! a\n".to_owned() + &"\n".repeat(800)), &["801: 801 lines"]);
        check("model/a/b/c.rs", "//! a\n", &["1: folders under src/"]);
        check("model/a.rs", "//! a\n// TODO later\n", &["2: `TODO`"]);
        check("model/a.rs", "//! a\nfn f() { println!(\"x\") }\n", &["2: `println!`"]);
        check("cellar/a.rs", "//! a\n", &["1: `cellar` is no room"]);
    }

    #[test]
    fn a_mod_file_is_a_table_of_contents() {
        check("model/mod.rs", "//! a\n\nmod a;\npub mod b;\n\npub use a::{\n    X,\n    Y,\n};\n", &[]);
        check("model/mod.rs", "//! a\nmod a;\npub struct X;\n", &["3: mod.rs holds only"]);
    }
}
