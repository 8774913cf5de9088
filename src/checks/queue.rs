//! `queue:` a queue is there, or a message goes round it.

use super::attempt::{Around, Seen};
use crate::adapters::queue::{QueueError, Queues};
use crate::model::check::{Messages, QueueAction, QueueCheck};
use std::collections::BTreeMap;

pub(super) async fn look(check: &QueueCheck, around: &Around<'_>) -> Result<Seen, Seen> {
    let backends = &around.lookup.backends;
    let way = around.backend(backends.queues.as_ref(), "queues").await?;
    let region = if backends.region.is_empty() { "us-east-1" } else { &backends.region };
    let queues = Queues::new(&way.base, region);
    let name = &check.name;
    let failed = |error: QueueError| {
        let why = if matches!(error, QueueError::Unreachable { .. }) { way.why(&error) } else { error.to_string() };
        Seen::fail(format!("queue {name}: {why}"))
    };
    let found = queues.find(name).await.map_err(failed)?;
    match (check.action, found) {
        (QueueAction::Exists, Some(_)) => Ok(Seen::pass(format!("queue {name} is there"))),
        (QueueAction::Exists, None) => Err(Seen::fail(format!("there is no queue {name}"))),
        (QueueAction::Holds { .. }, None) => Err(Seen::no_data(format!("there is no queue {name}"))),
        (QueueAction::Holds { messages, op, value }, Some(url)) => {
            let attributes = queues.attributes(&url).await.map_err(failed)?;
            let Some(count) = counted(&attributes, messages) else {
                return Err(Seen::no_data(format!("queue {name} does not say how many messages are in it")));
            };
            let (seen, wanted) = (count as f64, value as f64);
            let want = if op.holds(seen, wanted) { String::new() } else { format!(", want {op} {value}") };
            Ok(Seen::judged(want.is_empty(), format!("queue {name}: {count} messages {messages}{want}")).with_value(seen))
        }
        (QueueAction::RoundTrip, Some(url)) => round_trip(&queues, &url, name, around.nonce).await.map_err(failed)?,
        (QueueAction::RoundTrip, None) => {
            let url = queues.create(name).await.map_err(failed)?;
            let seen = round_trip(&queues, &url, name, around.nonce).await;
            // made for this check, so taken away with it; a failure to do so is a failure of the emulator
            queues.remove(&url).await.map_err(failed)?;
            seen.map_err(failed)?
        }
    }
}

/// How many messages SQS says there are; nothing where it does not say.
fn counted(attributes: &BTreeMap<String, String>, messages: Messages) -> Option<u64> {
    let one = |name: &str| attributes.get(&format!("ApproximateNumberOfMessages{name}"))?.parse::<u64>().ok();
    match messages {
        Messages::Visible => one(""),
        Messages::InFlight => one("NotVisible"),
        Messages::Delayed => one("Delayed"),
        Messages::All => Some(one("")? + one("NotVisible")? + one("Delayed")?),
    }
}

/// Sends, then receives up to five times, each with a short wait. What belongs to others is given back.
async fn round_trip(queues: &Queues, url: &str, name: &str, nonce: &str) -> Result<Result<Seen, Seen>, QueueError> {
    let body = format!("labctl round trip {nonce}");
    queues.send(url, &body).await?;
    let mut others = 0;
    for _ in 0..5 {
        let mut back = false;
        for message in queues.receive(url).await? {
            if message.body == body {
                queues.delete(url, &message.receipt).await?;
                back = true;
            } else {
                queues.release(url, &message.receipt).await?;
                others += 1;
            }
        }
        if back {
            return Ok(Ok(Seen::pass(format!("a message went round queue {name}"))));
        }
    }
    let others = if others == 0 { String::new() } else { format!(", {others} of others did") };
    Ok(Err(Seen::no_data(format!("a message went into queue {name} and did not come back{others}"))))
}
