//! `queue:` a queue is there, or a message goes round it.

use super::attempt::{Around, Seen};
use crate::adapters::queue::{QueueError, Queues};
use crate::model::check::{QueueAction, QueueCheck};

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
