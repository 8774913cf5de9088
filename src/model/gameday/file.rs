//! The file: docs/gameday.md.

use super::window::Window;
use crate::model::check::HttpCheck;
use crate::model::units::HumanDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Acts in order, each a shipped scenario, and what is expected of those who respond.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GameDay {
    /// Always `labctl.dev/v1`.
    pub api_version: String,
    /// Always `GameDay`.
    pub kind: GameDayKind,
    /// Name and title.
    pub metadata: GameDayMetadata,
    /// What the team wants to be able to do, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goals: Vec<String>,
    /// What holds for all of it.
    #[serde(default)]
    pub rules: Rules,
    /// Requests that go on all the time, as users would make them; without any, nothing could be seen to fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Users>,
    /// One after the other.
    pub acts: Vec<Act>,
    /// What must hold between two acts.
    #[serde(default)]
    pub between: Between,
    /// Who responds where no person does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headless: Option<Headless>,
}

/// The only value of `kind` in a game day's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GameDayKind {
    /// The only value.
    GameDay,
}

/// What the game day is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GameDayMetadata {
    /// Up to 30 letters a-z, digits and inner dashes; part of the name of each run, and the file's own name for shipped ones.
    pub name: String,
    /// What is practised, in one sentence for people.
    pub title: String,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
}

/// What holds for all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Rules {
    /// The longest it may take; then no further act begins.
    pub max_duration: HumanDuration,
    /// Those who respond are not told what will be done, nor when.
    pub hide_injects: bool,
    /// What somebody says when it is no exercise any more: then `labctl halt on`.
    pub stop_word: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self { max_duration: HumanDuration::from_secs(90 * 60), hide_injects: true, stop_word: "real incident".to_owned() }
    }
}

/// Requests that go on all the time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// What is asked; what must come back is not judged here.
    pub http: HttpCheck,
    /// From the start of one request to that of the next.
    pub every: HumanDuration,
}

/// One act: a drill, and what is expected of those who respond.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Act {
    /// What it is called; it should not tell what will happen.
    pub name: String,
    /// A shipped scenario or a file; or several, of which one is drawn.
    pub scenario: Vec<String>,
    /// When the drill begins, from the start of the act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_within: Option<Window>,
    /// How long each of its faults lasts at most, instead of what the scenario says. A fault that was put right ends earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<HumanDuration>,
    /// What is expected.
    #[serde(default)]
    pub expect: Expect,
    /// What people are asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<Prompt>,
}

/// What is expected; each that is written is a goal of the score.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Expect {
    /// Of the drill.
    pub verdict: AnyOrPass,
    /// An alert that must ring, and how soon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detected_by: Option<DetectedBy>,
    /// How soon somebody must take it, from its detection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_within: Option<HumanDuration>,
    /// How soon it must be put right, from the fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mitigated_within: Option<HumanDuration>,
    /// The runbook that must have been carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runbook: Option<ThenRunbook>,
}

/// What is expected of a drill's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnyOrPass {
    /// That its claims hold is not the point of this act.
    #[default]
    Any,
    /// Its claims hold.
    Pass,
}

/// An alert that must ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectedBy {
    /// Any of these.
    pub alerts: Vec<String>,
    /// From the fault.
    pub within: HumanDuration,
}

/// A runbook that must have been carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ThenRunbook {
    /// Its name.
    pub name: String,
    /// Its Verify must have held.
    #[serde(default)]
    pub verify_passes: bool,
}

/// A question to people. They answer with `labctl run note "FIELD: …"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// When it is asked.
    pub at: PromptAt,
    /// The question.
    pub ask: String,
    /// What the answer is called in the postmortem.
    pub field: String,
}

/// When a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptAt {
    /// When the pager has rung.
    Detected,
    /// At the end of the act.
    End,
}

/// What must hold before the next act begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Between {
    /// What is waited for.
    #[serde(default)]
    pub settle: Settle,
    /// For how long; then the game day ends with the act before.
    pub timeout: HumanDuration,
}

impl Default for Between {
    fn default() -> Self {
        Self { settle: Settle::default(), timeout: HumanDuration::from_secs(300) }
    }
}

/// What is waited for between two acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Settle {
    /// The steady state of the next act holds, and none of its alerts fires.
    #[default]
    SteadyState,
}

/// Who responds where no person does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Headless {
    /// What takes a person's place.
    pub responder: Responder,
}

/// What takes a person's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Responder {
    /// labctl carries out the runbook that the alert's `runbook_url` leads to, with all that it changes.
    Runbook,
}
