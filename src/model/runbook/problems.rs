//! What must hold of a runbook beside each of its blocks being right.

use super::block::OnFail;
use super::page::{Part, Runbook};
use std::collections::BTreeMap;

/// Words that stand before something secret.
const SECRET: [&str; 6] = ["password=", "password: ", "token=", "secret=", "Bearer ey", "-----BEGIN"];

impl Runbook {
    /// Everything wrong with it as far as the page itself tells, as sentences; empty when it is right.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.front.metadata.alerts.is_empty() {
            found.push("metadata.alerts is empty: a runbook is for an alert".to_owned());
        } else if !self.front.metadata.alerts.contains(&self.name) {
            found.push(format!("the file is called {}, which is none of its metadata.alerts", self.name));
        }
        if self.title != self.name {
            found.push(format!("its first heading is `{}`, and its file is called {}: they are the same", self.title, self.name));
        }
        if !self.blocks().any(|(part, _)| part == Part::Verify) {
            found.push("it has no block under Verify, so that nothing could show that it helped".to_owned());
        }
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, (_, block)) in self.blocks().enumerate() {
            if places.insert(&block.name, place).is_some() {
                found.push(format!("line {}: two blocks are called `{}`: give each its own name", block.line, block.name));
            }
        }
        for (place, (part, block)) in self.blocks().enumerate() {
            let line = block.line;
            if block.mutates && part != Part::Mitigation {
                found.push(format!("line {line}: block `{}` changes something, which belongs under Mitigation", block.name));
            }
            if !matches!(part, Part::Diagnosis | Part::Mitigation | Part::Verify) {
                found.push(format!(
                    "line {line}: block `{}` stands under no heading that is carried out: Diagnosis, Mitigation, Verify",
                    block.name
                ));
            }
            if part == Part::Verify && (block.only_by_goto || block.on_fail != OnFail::Stop || block.on_ok.is_some()) {
                found.push(format!("line {line}: block `{}` is under Verify, where every block runs and decides", block.name));
            }
            let on_fail = match &block.on_fail {
                OnFail::Goto(target) => Some(target),
                OnFail::Stop | OnFail::Continue => None,
            };
            for target in on_fail.into_iter().chain(&block.on_ok) {
                match places.get(target.as_str()) {
                    None => found.push(format!("line {line}: block `{}` goes to `{target}`, which is not there", block.name)),
                    Some(there) if *there <= place => {
                        found.push(format!("line {line}: block `{}` goes back to `{target}`: that could go on for ever", block.name));
                    }
                    Some(_) => {}
                }
            }
        }
        for (number, line) in self.text.lines().enumerate() {
            if let Some(word) = SECRET.iter().find(|word| line.contains(**word)) {
                found.push(format!("line {}: `{word}` looks like a secret, which no runbook holds", number + 1));
            }
        }
        found
    }
}
