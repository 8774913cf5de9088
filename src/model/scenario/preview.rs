//! What a scenario would do to a lab now.

use serde::Serialize;

/// All that would be done, and what is claimed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DrillPlan {
    /// Its name.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// To which lab.
    pub lab: String,
    /// In which namespace.
    pub namespace: String,
    /// In their order.
    pub faults: Vec<PlannedFault>,
    /// What is asked of the lab meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<String>,
    /// What must hold first, and again.
    pub steady_state: Vec<String>,
    /// What is claimed.
    pub hypotheses: Vec<String>,
    /// What ends it at once.
    pub abort: Vec<String>,
    /// The steps, in order.
    pub steps: Vec<String>,
}

/// A fault, and each change that it means now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedFault {
    /// As the scenario calls it.
    pub name: String,
    /// In the order they would be made.
    pub changes: Vec<PlannedChange>,
}

/// A change before it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedChange {
    /// To what, from what.
    pub what: String,
    /// How it would be taken back.
    pub undo: String,
}
