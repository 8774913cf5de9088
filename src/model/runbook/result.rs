//! What came of a runbook: `result.json` of its run.

use super::block::Lang;
use super::page::Part;
use crate::model::run::{At, RunId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a block came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stepped {
    /// Its check holds, or its commands ended well.
    Ok,
    /// Its check does not hold, or its commands failed.
    Failed,
    /// There was nothing to judge.
    NoData,
    /// It was not its turn.
    Skipped,
    /// It was not confirmed.
    Refused,
}

impl fmt::Display for Stepped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::NoData => "no-data",
            Self::Skipped => "skipped",
            Self::Refused => "refused",
        })
    }
}

/// What a runbook came to; the blocks under Verify alone decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Each of them is ok.
    Resolved,
    /// One of them failed.
    NotResolved,
    /// None failed, and not each is ok.
    Inconclusive,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolved => "resolved",
            Self::NotResolved => "not resolved",
            Self::Inconclusive => "inconclusive",
        })
    }
}

/// One block as it was carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BlockRow {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub part: Part,
    /// Of its code.
    #[schemars(with = "String")]
    pub lang: Lang,
    /// What it came to.
    pub result: Stepped,
    /// What was seen, or why it did not run, in one sentence.
    pub seen: String,
    /// The number that was judged, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Whether it was to change something.
    #[serde(default)]
    pub mutates: bool,
    /// When it began.
    pub started: At,
    /// When it ended.
    pub ended: At,
}

/// What came of a runbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunbookResult {
    /// Version of the meaning, 1 today.
    pub v: u32,
    /// The run.
    pub run: RunId,
    /// Name of the runbook.
    pub runbook: String,
    /// Of its file, as carried out.
    pub sha256: String,
    /// Of which lab.
    pub lab: String,
    /// Only blocks that look were carried out.
    pub only_looked: bool,
    /// What it came to.
    pub result: Outcome,
    /// Why, in one sentence.
    pub why: String,
    /// When the run began.
    pub started: At,
    /// When it ended.
    pub ended: At,
    /// In the order of the page.
    pub blocks: Vec<BlockRow>,
    /// Of the process.
    pub exit_code: u8,
}

impl RunbookResult {
    /// What the blocks under Verify say together, with the sentence of the one that decided.
    pub fn judge(blocks: &[BlockRow]) -> (Outcome, String) {
        let verify = || blocks.iter().filter(|row| row.part == Part::Verify);
        if let Some(row) = verify().find(|row| row.result == Stepped::Failed) {
            return (Outcome::NotResolved, format!("{}: {}", row.name, row.seen));
        }
        match verify().find(|row| row.result != Stepped::Ok) {
            Some(row) => (Outcome::Inconclusive, format!("{}: {}, {}", row.name, row.result, row.seen)),
            None if verify().next().is_none() => (Outcome::Inconclusive, "nothing was verified".to_owned()),
            None => (Outcome::Resolved, "all that Verify asks holds".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(part: Part, result: Stepped) -> BlockRow {
        let at = At(time::OffsetDateTime::UNIX_EPOCH);
        let (name, seen) = ("b".to_owned(), "s".to_owned());
        BlockRow { name, part, lang: Lang::Sh, result, seen, value: None, mutates: false, started: at, ended: at }
    }

    #[test]
    fn only_verify_decides_and_no_data_is_never_a_pass() {
        use Stepped::{Failed, NoData, Ok, Refused, Skipped};
        let judged = |verify: &[Stepped]| {
            let mut rows = vec![row(Part::Diagnosis, Failed), row(Part::Mitigation, Refused)];
            rows.extend(verify.iter().map(|result| row(Part::Verify, *result)));
            RunbookResult::judge(&rows).0
        };
        assert_eq!(judged(&[Ok, Ok]), Outcome::Resolved);
        assert_eq!(judged(&[Ok, NoData]), Outcome::Inconclusive);
        assert_eq!(judged(&[NoData, Failed]), Outcome::NotResolved);
        assert_eq!(judged(&[Ok, Skipped]), Outcome::Inconclusive);
        assert_eq!(judged(&[]), Outcome::Inconclusive);
    }
}
