//! Questions that are answered from a watch: anew when something changed, and with every beat of the pulse, so that the moment of the answer is
//! never older than the last time the API server was heard.

use super::pulse::Pulses;
use super::subscription::{Gone, Out};
use crate::cluster::{Cluster, LookedAt, Looking};
use crate::model::look::Answer;
use futures::FutureExt as _;
use futures::future::select_all;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Changes that come closer together than this make one answer.
const TOGETHER: Duration = Duration::from_millis(200);

/// Answers until nobody reads. `read` makes the answer from all objects of each kind, in the order of `kinds`.
pub(super) async fn answer(
    cluster: Arc<Cluster>,
    pulses: Pulses,
    kinds: &[LookedAt],
    out: Out,
    read: impl Fn(&[Vec<Arc<Value>>]) -> Answer,
) -> Result<(), Gone> {
    let pulse = pulses.hold();
    let mut beats = pulse.heard();
    let begin = || kinds.iter().map(|kind| cluster.look_at(*kind)).collect::<Vec<Looking>>();
    let mut looking = begin();
    let mut last: Option<Answer> = None;
    let mut down = false;
    loop {
        let changed = tokio::select! {
            () = any_changed(&mut looking) => true,
            beat = beats.changed() => { if beat.is_err() { return Ok(()) } false }
        };
        let heard = beats.borrow_and_update().clone();
        let is_down = matches!(heard, Some(Err(_)));
        if down && !is_down {
            // a connection that died unheard may look alive for minutes; a new one tells the truth
            looking.clear();
            looking = begin();
        }
        down = is_down;
        if changed || last.is_none() {
            let all: Option<Vec<Vec<Arc<Value>>>> = looking.iter().map(Looking::all).collect();
            last = all.map(|all| read(&all)).or(last);
        }
        let broken = looking.iter().find_map(Looking::trouble);
        let answer = match (&heard, &last) {
            (Some(Err(words)), _) => Some(Err(words.clone())),
            // what changed is that the watch broke: whether that matters is for the pulse to say
            (_, Some(_)) if changed && broken.is_some() => None,
            (_, Some(answer)) => Some(Ok(answer.clone())),
            (_, None) => broken.map(Err),
        };
        if answer.is_some() {
            out.send(|| answer).await?;
        }
        tokio::time::sleep(TOGETHER).await;
    }
}

async fn any_changed(looking: &mut [Looking]) {
    select_all(looking.iter_mut().map(|one| one.changed().boxed())).await;
}
