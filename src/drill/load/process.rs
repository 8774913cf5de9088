//! Taking a load back when whoever started it is gone: the process is found by what it carries, and ended.

use crate::adapters::process::{Alive, Signal, alive, marked, signal_group};
use crate::cluster::ObjectRef;
use crate::drill::change::{ChangeError, Undone};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// A process that was told to end is gone well within this.
const GONE: Duration = Duration::from_secs(10);

/// Ends what is there of it: every process that carries `marker`, and the one that was written down, if it is still the same.
pub async fn undo(object: &ObjectRef, marker: &str, process: Option<Alive>) -> Result<Undone, ChangeError> {
    let end = Instant::now() + GONE;
    let mut ended = BTreeSet::new();
    loop {
        let same = process.filter(|process| alive(process.pid) == Some(*process));
        let there: BTreeSet<u32> = marked(marker).into_iter().chain(same).map(|process| process.pid).collect();
        if there.is_empty() {
            break;
        }
        if Instant::now() >= end {
            return Err(ChangeError::Restless { object: object.clone() });
        }
        for pid in &there {
            signal_group(*pid, Signal::Kill);
        }
        ended.extend(there);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(if ended.is_empty() { Undone::Nothing("no process of it is left".to_owned()) } else { Undone::TakenBack })
}
