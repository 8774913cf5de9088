//! The page: front matter, then sections with prose and blocks.

use super::block::Block;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A runbook as it was read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Runbook {
    /// The name of its file without `.md`: the alert it is for.
    pub name: String,
    /// Within labctl, or on disk.
    pub path: String,
    /// Letter for letter the one that this labctl was built with: its commands are known.
    pub shipped: bool,
    /// What stands before the page.
    pub front: FrontMatter,
    /// Its first heading.
    pub title: String,
    /// In the order of the page.
    pub sections: Vec<Section>,
    /// The whole file.
    #[serde(skip)]
    pub text: String,
}

/// What stands before the page, near to an Agent Skill's. <https://agentskills.io/specification>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrontMatter {
    /// Letters a-z, digits and inner dashes.
    pub name: String,
    /// What is wrong, and when the page is used.
    pub description: String,
    /// What labctl wants to know of it.
    pub metadata: Metadata,
}

/// What labctl wants to know of a runbook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The alerts it is for.
    pub alerts: Vec<String>,
    /// `page` or `ticket`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub severity: String,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Scenarios that make its alerts fire: to practise with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<String>,
    /// Words that blocks may use as `$NAME`, with what they stand for unless `--input` says otherwise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
}

/// Which part of a runbook a heading opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What the alert says.
    Meaning,
    /// Whom it hurts.
    Impact,
    /// What is wrong.
    Diagnosis,
    /// What is done about it.
    Mitigation,
    /// Whether it is over: these blocks alone decide.
    Verify,
    /// Who is called when it is not.
    Escalate,
    /// Any other heading.
    Other,
}

impl Part {
    /// By its heading.
    pub fn of(heading: &str) -> Self {
        match heading.trim().to_ascii_lowercase().as_str() {
            "meaning" => Self::Meaning,
            "impact" => Self::Impact,
            "diagnosis" => Self::Diagnosis,
            "mitigation" => Self::Mitigation,
            "verify" => Self::Verify,
            "escalate" => Self::Escalate,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Meaning => "meaning",
            Self::Impact => "impact",
            Self::Diagnosis => "diagnosis",
            Self::Mitigation => "mitigation",
            Self::Verify => "verify",
            Self::Escalate => "escalate",
            Self::Other => "other",
        })
    }
}

/// What stands below one heading.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// Which one it is.
    pub part: Part,
    /// As it is written.
    pub heading: String,
    /// Everything below it, blocks included, as it is written.
    pub text: String,
    /// What is carried out, in order.
    pub blocks: Vec<Block>,
}

impl Runbook {
    /// All blocks in the order of the page, each with its part.
    pub fn blocks(&self) -> impl Iterator<Item = (Part, &Block)> {
        self.sections.iter().flat_map(|section| section.blocks.iter().map(|block| (section.part, block)))
    }
}
