//! Whether the lab's cluster is there and runs, before anything is asked of it.

use super::setup::Setup;
use crate::engine::step::StepError;

/// How the lab's cluster stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There is none.
    Absent,
    /// It is there, and these of its nodes do not run, each with why.
    Asleep(Vec<String>),
    /// It is there, in words.
    Running(String),
}

impl Setup {
    /// Looks at the cluster's nodes, or, for one that is there already, at whether it is the one that is meant. A kind cluster of the lab's name
    /// that somebody else made is an error.
    pub async fn standing(&self) -> Result<Standing, StepError> {
        if self.is_existing() {
            return Ok(Standing::Running(self.recognised().await?));
        }
        let nodes = self.nodes().await?;
        if nodes.is_empty() {
            return Ok(Standing::Absent);
        }
        self.refuse_foreign(&nodes)?;
        let asleep: Vec<String> =
            nodes.iter().filter(|node| node.state != "running").map(|node| format!("{} is {}", node.name, node.state)).collect();
        Ok(if asleep.is_empty() { Standing::Running(format!("{} nodes run", nodes.len())) } else { Standing::Asleep(asleep) })
    }
}
