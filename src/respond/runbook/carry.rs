//! What the blocks of one runbook share while they are carried out, the plan they make, and what they come to.

use super::step::BlockStep;
use crate::checks::Prober;
use crate::engine::{Clock, Node, Plan, PlanError, ResourceClass};
use crate::model::run::{At, RunId};
use crate::model::runbook::{BlockRow, Does, Part, Runbook, RunbookResult};
use crate::model::units::HumanDuration;
use crate::support::digest::sha256;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Asks whoever may say yes.
pub type Ask = dyn Fn(String) -> BoxFuture<'static, bool> + Send + Sync;

/// Beyond what a block may take: an answer that is on its way.
const SLACK: Duration = Duration::from_secs(45);
/// How long a person is waited for.
const PERSON: Duration = Duration::from_mins(30);

/// A runbook that is carried out.
pub struct Carrying {
    /// Its run.
    pub run: RunId,
    /// The lab's name.
    pub lab: String,
    /// What is carried out.
    pub runbook: Runbook,
    /// What `$NAME` stands for.
    pub inputs: BTreeMap<String, String>,
    /// Only what looks is carried out.
    pub only_look: bool,
    /// Makes the checks of blocks that look.
    pub prober: Prober,
    /// Variables that commands get besides the inputs.
    pub env: Vec<(String, String)>,
    /// Asked before commands that change something, and before all commands of a page that is not labctl's own.
    pub ask: Arc<Ask>,
    /// Stamps what was done.
    pub clock: Arc<dyn Clock>,
    /// What has become of it so far.
    pub progress: Mutex<Progress>,
}

/// How far it is.
#[derive(Debug, Default)]
pub struct Progress {
    /// The block that comes next, where one has gone to it.
    pub goes_to: Option<String>,
    /// Why nothing more is done but Verify.
    pub stopped: Option<String>,
    /// One for each block that has had its turn.
    pub rows: Vec<BlockRow>,
}

impl Carrying {
    /// How far it is. Never held across a wait.
    pub fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This moment.
    pub fn now(&self) -> At {
        self.clock.now().whole_millis()
    }
}

/// The plan: one step for each block, one after the other.
pub fn compile(carrying: &Arc<Carrying>) -> Result<Plan, PlanError> {
    let mut nodes = Vec::new();
    let mut before: Option<String> = None;
    for (part, block) in carrying.runbook.blocks() {
        let id = format!("{part}/{}", block.name);
        let work = match block.does {
            Does::Shell => block.timeout.get(),
            Does::Look(_) => block.within.map_or(Duration::ZERO, HumanDuration::get),
        };
        let asks = matches!(block.does, Does::Shell) && (block.mutates || !carrying.runbook.shipped);
        let deadline = work + SLACK + if asks { PERSON } else { Duration::ZERO };
        let step = BlockStep { carrying: Arc::clone(carrying), part, block: block.clone() };
        let node = Node::new(id.as_str(), block.name.clone(), Arc::new(step))
            .group(part.to_string())
            .class(ResourceClass::Light)
            .after(before.replace(id))
            .deadline(deadline)
            .estimate_ms(2_000);
        // commands that change something come to their own end; all else may be left at once
        nodes.push(if block.mutates { node } else { node.yielding() });
    }
    Plan::new(nodes)
}

/// The result of a runbook that has ended; whoever calls it decides the exit code.
pub fn conclude(carrying: &Carrying, started: At, cancelled: bool) -> RunbookResult {
    let rows = carrying.progress().rows.clone();
    let order: BTreeMap<&str, usize> = carrying.runbook.blocks().enumerate().map(|(at, (_, block))| (block.name.as_str(), at)).collect();
    let mut blocks = rows;
    blocks.sort_by_key(|row| order.get(row.name.as_str()).copied());
    let verified = blocks.iter().filter(|row| row.part == Part::Verify).count();
    let wanted = carrying.runbook.blocks().filter(|(part, _)| *part == Part::Verify).count();
    let (mut result, mut why) = RunbookResult::judge(&blocks);
    if verified < wanted && result == crate::model::runbook::Outcome::Resolved {
        result = crate::model::runbook::Outcome::Inconclusive;
        why = format!("{verified} of {wanted} blocks under Verify were carried out{}", if cancelled { ": it was ended" } else { "" });
    }
    RunbookResult {
        v: 1,
        run: carrying.run.clone(),
        runbook: carrying.runbook.name.clone(),
        sha256: sha256(carrying.runbook.text.as_bytes()),
        lab: carrying.lab.clone(),
        only_looked: carrying.only_look,
        result,
        why,
        started,
        ended: carrying.now(),
        blocks,
        exit_code: 0,
    }
}
