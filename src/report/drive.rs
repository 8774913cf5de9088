//! Brings events to a front end: from a run, or from a journal at any speed.

use super::front_end::FrontEnd;
use crate::model::run::{At, Event};
use std::borrow::Borrow;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often a front end is told the time: a tenth of a second on a clock that shows whole ones looks even.
const TICK: Duration = Duration::from_millis(100);

/// Shows what comes until the sender is gone. An error of the front end ends the showing, not the run, which never waits for it.
pub async fn drive(mut events: mpsc::Receiver<Arc<Event>>, front_end: &mut dyn FrontEnd, now: impl Fn() -> At) -> io::Result<()> {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Some(event) => front_end.handle(&event)?,
                None => return front_end.close(),
            },
            _ = ticks.tick() => front_end.tick(now())?,
        }
    }
}

/// Shows a recorded run, `speed` times as fast as it was; all at once when there is no speed. Between events the front end sees the clock of the
/// recording go on.
pub async fn replay<E: Borrow<Event>>(
    events: impl IntoIterator<Item = E>,
    front_end: &mut dyn FrontEnd,
    speed: Option<f64>,
) -> io::Result<()> {
    let speed = speed.filter(|speed| speed.is_finite() && *speed > 0.0);
    let mut shown: Option<At> = None;
    for event in events {
        let event = event.borrow();
        if let (Some(speed), Some(mut at)) = (speed, shown) {
            while at < event.at {
                let step = Duration::from_millis(event.at.millis_since(at)).min(TICK.mul_f64(speed));
                if step < Duration::from_millis(1) {
                    break;
                }
                tokio::time::sleep(step.div_f64(speed)).await;
                at = At(at.0 + step);
                front_end.tick(at)?;
            }
        }
        shown = Some(event.at);
        front_end.handle(event)?;
    }
    front_end.close()
}
