//! What the judges make of the corpus, side by side.

use super::documents::{Document, Said};
use super::written::{Page, Seen};
use labctl::cluster::readiness::judge_in;
use std::collections::BTreeMap;

/// Verdicts of others by document id: checksum, kstatus, gitops-engine.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdicts(BTreeMap<String, [String; 3]>);

impl Verdicts {
    pub fn read(text: &str) -> Self {
        let map: BTreeMap<String, String> = serde_json::from_str(text).unwrap();
        let parts = |line: String| line.split(' ').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
        Self(map.into_iter().map(|(id, line)| (id, parts(line))).collect())
    }

    fn of(&self, document: &Document) -> Option<&[String; 3]> {
        self.0.get(&document.id).filter(|verdict| verdict[0] == document.checksum())
    }

    /// Where the kept verdicts are not the fresh ones.
    pub fn differs_from(&self, fresh: &Self) -> Vec<String> {
        let ids: std::collections::BTreeSet<&String> = self.0.keys().chain(fresh.0.keys()).collect();
        ids.into_iter()
            .filter(|id| self.0.get(*id) != fresh.0.get(*id))
            .map(|id| format!("{id}: tests/readiness/verdicts.json has {:?}, the Go modules say {:?}", self.0.get(id), fresh.0.get(id)))
            .collect()
    }
}

/// Everything there is to tell of the corpus.
#[derive(Debug, Default)]
pub struct Report {
    /// Documents without a verdict of the others.
    pub missing: Vec<String>,
    /// Differences without a reason.
    pub unexplained: Vec<String>,
    /// Reasons without a difference.
    pub idle: Vec<String>,
    /// Documents by the reason for their difference.
    by_reason: BTreeMap<usize, Vec<String>>,
    /// Agreement by judge: the same, other, silent.
    tally: BTreeMap<&'static str, [usize; 3]>,
}

impl Report {
    pub fn make(documents: &[Document], page: &Page, verdicts: &Verdicts) -> Self {
        let mut report = Self::default();
        for document in documents {
            let Some([_, kstatus, argo]) = verdicts.of(document) else {
                report.missing.push(document.id.clone());
                continue;
            };
            let ours = judge_in(&document.object, &Said(&document.around));
            for (oracle, theirs) in [("kstatus", kstatus), ("argo", argo)] {
                report.compare(document, page, oracle, theirs, ours.word());
            }
        }
        report.idle = (0..page.differences.len())
            .filter(|line| !report.by_reason.contains_key(line))
            .map(|line| page.differences[line].text.clone())
            .collect();
        report
    }

    fn compare(&mut self, document: &Document, page: &Page, oracle: &'static str, theirs: &str, ours: &str) {
        let tally = self.tally.entry(oracle).or_default();
        if theirs == ours {
            tally[0] += 1;
            return;
        }
        // a kind without a rule counts for nothing in Argo CD: that is as good as ready
        if theirs == "none" && ours == "ready" {
            tally[2] += 1;
            return;
        }
        tally[1] += 1;
        if let Some(line) = page.explains(Seen { object: &document.object, around: &document.around }, oracle, theirs, ours) {
            self.by_reason.entry(line).or_default().push(document.id.clone());
        } else {
            let what = format!("{}: {} {}", document.id, document.object, document.around);
            self.unexplained.push(format!("{oracle} {theirs}, ours {ours}: {what}"));
        }
    }

    pub fn holds(&self) -> bool {
        self.missing.is_empty() && self.unexplained.is_empty() && self.idle.is_empty()
    }

    #[expect(clippy::print_stdout, reason = "a rig prints its figures")]
    pub fn print(&self, documents: &[Document], page: &Page) {
        let recorded = documents.iter().filter(|document| document.id.starts_with("recorded ")).count();
        println!(
            "documents: {} ({recorded} recorded from API servers, {} made with seed {:#x})",
            documents.len(),
            documents.len() - recorded,
            super::space::SEED
        );
        let mut words: BTreeMap<&str, usize> = BTreeMap::new();
        for document in documents {
            *words.entry(judge_in(&document.object, &Said(&document.around)).word()).or_default() += 1;
        }
        println!("ours: {}", words.iter().map(|(word, count)| format!("{count} {word}")).collect::<Vec<_>>().join(", "));
        for (oracle, [same, other, silent]) in &self.tally {
            println!("{oracle}: {same} the same, {other} otherwise, {silent} without a rule where ours is ready");
        }
        println!("differences, each with its reason in docs/readiness.md:");
        for (line, ids) in &self.by_reason {
            let difference = &page.differences[*line];
            println!("  {:>4}  {}\n        {}\n        such as: {}", ids.len(), difference.text, difference.reason, ids[0]);
        }
    }
}
