//! docs/causes.md says what the table of causes says. `UPDATE_DOCS=1 cargo test --test it causes_doc` writes it.

use labctl::cluster::causes::{KINDS, Patience};
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "\
# Causes

Written by `tests/it/causes_doc.rs` from the table in `src/cluster/causes/table.rs`; do not edit.

When something does not come up, labctl joins its pods, events, claims, nodes and last log lines to one sentence with a way out. Each cause has a
stable id, which is in the event stream too. \"Waits\" says how long labctl goes on once it sees the cause: some pass by themselves, and a
dependency that is still coming up is no failure. A finder may know better than the table, as its \"found when\" tells.

";

fn waits(patience: Patience) -> String {
    match patience {
        Patience::Now => "no longer: it cannot get better".to_owned(),
        Patience::After(time) => format!("{} s more", time.as_secs()),
        Patience::Hold => "on, and says so: it often passes".to_owned(),
    }
}

#[test]
fn causes_md_is_what_the_table_says() {
    let mut text = HEAD.to_owned();
    for kind in KINDS {
        let sentence = kind.sentence.replace(['{', '}'], "*");
        let fix = kind.fix.replace(['{', '}'], "*");
        write!(text, "## {}\n\n", kind.id).unwrap();
        writeln!(text, "- Found when {}.\n- Says: {sentence}\n- Way out: {fix}\n- Waits {}.\n", kind.condition, waits(kind.patience))
            .unwrap();
    }
    let text = format!("{}\n", text.trim_end());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/causes.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/causes.md is not what the table says: run UPDATE_DOCS=1 cargo test --test it causes_doc");
}
