//! Readiness judged four ways: by ours, by the rules that docs/readiness.md states, by kstatus and by Argo CD's gitops-engine.
//!
//! The verdicts of the last two are kept in tests/readiness/verdicts.json, written by the Go program in tests/oracles/readiness, so that no Go is
//! needed here. `make torture NAME=R7` makes them anew and compares.

mod documents;
mod report;
mod space;
mod written;

use documents::{Document, Said, all, folder};
use labctl::cluster::readiness::judge_in;
use report::{Report, Verdicts};
use serde_json::json;
use std::io::Write as _;
use std::path::Path;
use written::{Page, Seen};

fn page() -> Page {
    Page::read(&std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/readiness.md")).unwrap())
}

fn kept() -> Verdicts {
    Verdicts::read(&std::fs::read_to_string(folder().join("verdicts.json")).unwrap())
}

#[test]
fn ours_does_what_the_page_says_over_the_whole_corpus() {
    let documents = all();
    assert!(documents.len() >= 400, "{} documents", documents.len());
    let page = page();
    let wrong: Vec<String> = documents.iter().filter_map(|document| disagreement(&page, document)).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} documents are judged otherwise than docs/readiness.md says:\n{}",
        wrong.len(),
        documents.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}

fn disagreement(page: &Page, document: &Document) -> Option<String> {
    let ours = judge_in(&document.object, &Said(&document.around));
    let demanded = page.demands(Seen { object: &document.object, around: &document.around });
    (ours.word() != demanded).then(|| format!("{}: ours {ours:?}, the page {demanded}: {}", document.id, document.object))
}

#[test]
fn every_difference_to_kstatus_and_argo_has_its_reason_on_the_page() {
    let (documents, page, kept) = (all(), page(), kept());
    let report = Report::make(&documents, &page, &kept);
    assert!(
        report.missing.is_empty(),
        "no verdict is kept for {} documents; make torture NAME=R7 WRITE=1: {:?}",
        report.missing.len(),
        &report.missing[..report.missing.len().min(5)]
    );
    assert!(report.unexplained.is_empty(), "differences without a reason in docs/readiness.md:\n{}", report.unexplained.join("\n"));
    assert!(report.idle.is_empty(), "reasons in docs/readiness.md for differences that no document shows:\n{}", report.idle.join("\n"));
}

#[test]
fn every_kind_with_rules_has_documents() {
    let (documents, page) = (all(), page());
    for kind in page.kinds().filter(|kind| !kind.contains('*')) {
        let (group, name) = kind.split_once('/').unwrap();
        let found = documents.iter().any(|document| {
            let version = document.object["apiVersion"].as_str().unwrap();
            document.object["kind"] == name && version.split_once('/').map_or("core", |(group, _)| group) == group
        });
        assert!(found, "docs/readiness.md has rules for {kind}, and no document tries them");
    }
}

#[test]
#[ignore = "part of make torture NAME=R7: writes the documents for the Go program to the file READINESS_DOCUMENTS"]
fn export() {
    let path = std::env::var("READINESS_DOCUMENTS").expect("READINESS_DOCUMENTS names the file to write");
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    for document in all() {
        writeln!(file, "{}", json!({"id": document.id, "crc": document.checksum(), "object": document.object})).unwrap();
    }
    file.flush().unwrap();
}

#[test]
#[ignore = "make torture NAME=R7: judges the corpus with the fresh verdicts in the file READINESS_VERDICTS"]
fn r7() {
    let fresh =
        Verdicts::read(&std::fs::read_to_string(std::env::var("READINESS_VERDICTS").expect("READINESS_VERDICTS names the file")).unwrap());
    let (documents, page) = (all(), page());
    let wrong: Vec<String> = documents.iter().filter_map(|document| disagreement(&page, document)).collect();
    let report = Report::make(&documents, &page, &fresh);
    let moved = kept().differs_from(&fresh);
    report.print(&documents, &page);
    for line in wrong.iter().chain(&report.unexplained).chain(&report.missing).chain(&report.idle).chain(&moved) {
        println!("NOT RIGHT: {line}");
    }
    let agreement = 100.0 * (documents.len() - wrong.len()) as f64 / documents.len() as f64;
    let ok = wrong.is_empty() && report.holds() && moved.is_empty() && documents.len() >= 400;
    println!("R7 {agreement:.1} % of {} (must 100 %, at least 400) {}", documents.len(), if ok { "ok" } else { "short" });
    assert!(ok, "R7 does not hold");
}
