//! Backend `aws`: what a fault means for a queue of the emulator as it is now.
//!
//! A queue of SQS has no switch. moto, which is the emulator, does not look at a queue's policy; it does hold back what is sent while `DelaySeconds` is
//! set, as SQS does. So that is how a queue is stopped: what is put in after the fault comes out when it is over.

use super::Planned;
use crate::cluster::ObjectRef;
use crate::drill::change::{Attributes, Change, DELAY, Opened, Poison};
use crate::drill::ground::Ground;
use crate::model::scenario::AwsFault;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a fault may take to land, and taking back to begin.
const AROUND: Duration = Duration::from_secs(15);
/// SQS holds nothing back for longer.
const MOST: u64 = 900;

/// `lasts` is how long the fault stays until all are taken back.
pub(super) async fn plan(ground: &Ground, fault: &AwsFault, mark: &str, lasts: Duration) -> Result<Vec<Planned>, String> {
    let name = fault.queue();
    let opened = Opened::named(ground, name).await.map_err(|error| error.to_string())?;
    let queue = opened.ok_or_else(|| format!("there is no queue {name}"))?;
    let object = ObjectRef { api_version: "sqs".to_owned(), kind: "Queue".to_owned(), namespace: None, name: name.to_owned() };
    let (what, change) = match fault {
        AwsFault::QueueStopped(_) => {
            let before = queue.attributes.get(DELAY).cloned().unwrap_or_else(|| "0".to_owned());
            let after = (lasts + AROUND).as_secs().min(MOST).to_string();
            if before == after {
                return Err(format!("{object} holds back for {before} s already, so that nothing would change"));
            }
            let one = |value: &str| BTreeMap::from([(DELAY.to_owned(), value.to_owned())]);
            let what = format!("{object}: {DELAY} {before} → {after}, so that what is put in is not delivered meanwhile");
            (what, Change::QueueSet(Attributes { before: one(&before), after: one(&after) }))
        }
        AwsFault::PoisonMessage(_) => {
            let (dead, tries) = queue.dead().map_or((None, 1), |(name, tries)| (Some(name), tries));
            let dead_before = match &dead {
                Some(name) => dead_count(ground, name).await?,
                None => 0,
            };
            let ends = dead.as_ref().map_or_else(|| "taken out again".to_owned(), |dead| format!("taken out again, of it or of {dead}"));
            let what = format!("{object}: gets a message that is no JSON ({ends})");
            let tried_for = queue.visibility().saturating_mul(tries + 1);
            (what, Change::MessageSent(Poison { body: format!("labctl drill {mark}: nobody can read this"), dead, dead_before, tried_for }))
        }
    };
    Ok(vec![Planned { uid: queue.uid().to_owned(), resource_version: String::new(), object, what, change }])
}

async fn dead_count(ground: &Ground, name: &str) -> Result<u64, String> {
    let dead = Opened::named(ground, name).await.map_err(|error| error.to_string())?;
    Ok(dead.map_or(0, |dead| dead.counts().iter().sum()))
}
