//! A message that nobody can read: put into a queue, and looked for in that queue and in its dead letter queue until it is out of both.

use super::{ChangeError, Opened, Undone};
use crate::cluster::ObjectRef;
use crate::drill::ground::Ground;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// The message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poison {
    /// What it says: no JSON, and no other message says it.
    pub body: String,
    /// Where it goes when workers have given up.
    pub dead: Option<String>,
    /// How many messages were there before.
    pub dead_before: u64,
    /// For how many seconds workers may have it, all their tries together.
    pub tried_for: u64,
}

/// The pause between two looks: whatever is received by the way has been counted as a try, so there are few of them.
const LOOK: Duration = Duration::from_secs(2);
/// Beyond the time for which workers may hide it.
const SLACK: Duration = Duration::from_secs(5);
/// A message that is hidden for longer than this is not waited for in one go.
const MOST: Duration = Duration::from_secs(90);

pub(super) async fn make(ground: &Ground, object: &ObjectRef, uid: &str, poison: &Poison) -> Result<(), ChangeError> {
    let gone = || ChangeError::Moved { object: object.clone(), what: "it is gone".to_owned() };
    let queue = Opened::seen(ground, object, uid).await?.ok_or_else(gone)?;
    Ok(queue.queues.send(&queue.url, &poison.body).await?)
}

pub(super) async fn undo(ground: &Ground, object: &ObjectRef, uid: &str, poison: &Poison) -> Result<Undone, ChangeError> {
    let tried_for = Duration::from_secs(poison.tried_for).saturating_add(SLACK);
    let end = Instant::now() + tried_for.min(MOST);
    let mut removed = false;
    loop {
        let Some(queue) = Opened::seen(ground, object, uid).await? else {
            return Ok(Undone::Nothing("the queue is gone, and its messages with it".to_owned()));
        };
        let dead = match &poison.dead {
            Some(name) => Opened::named(ground, name).await?,
            None => None,
        };
        // where it ends by itself comes first: there nobody else's messages are touched that are still to be worked on
        for queue in dead.iter().chain([&queue]) {
            removed |= remove(queue, &poison.body).await?;
        }
        if removed {
            return Ok(Undone::TakenBack);
        }
        // a worker may have it, so that nobody sees it
        let hidden = queue.counts()[1] + queue.counts()[2] + dead.as_ref().map_or(0, |dead| dead.counts()[1]);
        if hidden == 0 && queue.counts()[0] == 0 {
            return Ok(Undone::Nothing("it is in no queue (any more)".to_owned()));
        }
        if Instant::now() >= end {
            if tried_for > MOST {
                return Err(ChangeError::NotYet { object: object.clone(), what: "somebody may still have the message".to_owned() });
            }
            // longer than anybody may hide it
            return Ok(Undone::Nothing("it is in no queue (any more); other messages are".to_owned()));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Looks at all that can be had of a queue. What belongs to others is given back at once.
async fn remove(queue: &Opened, body: &str) -> Result<bool, ChangeError> {
    let mut left = queue.counts()[0];
    let mut found = false;
    let mut others = Vec::new();
    while left > 0 {
        let messages = queue.queues.receive(&queue.url).await?;
        if messages.is_empty() {
            break;
        }
        for message in messages {
            left = left.saturating_sub(1);
            if message.body == body {
                queue.queues.delete(&queue.url, &message.receipt).await?;
                found = true;
            } else {
                others.push(message.receipt);
            }
        }
    }
    for receipt in others {
        queue.queues.release(&queue.url, &receipt).await?;
    }
    Ok(found)
}
