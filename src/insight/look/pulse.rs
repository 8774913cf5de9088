//! Whether the API server answers. A watch that is quiet and one whose connection is dead look the same, so somebody has to ask; one asks for all,
//! while anybody looks.

use crate::adapters::kube::Kube;
use crate::model::units::Elapsed;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

const EVERY: Duration = Duration::from_secs(2);
/// Something that takes longer to say that it is there is of no use to those who look.
const DEADLINE: Duration = Duration::from_secs(3);
/// The first pause after a failure.
const AGAIN: Duration = Duration::from_millis(500);

/// What was heard last: nothing yet, that it answers, or why not.
pub(super) type Heard = Option<Result<(), String>>;

/// Asks for as long as it is held.
#[derive(Debug)]
pub(super) struct Pulse {
    heard: watch::Receiver<Heard>,
    _task: AbortOnDropHandle<()>,
}

impl Pulse {
    fn start(kube: Kube) -> Self {
        let (say, heard) = watch::channel(None);
        let task = tokio::spawn(async move {
            let mut failures = 0_u32;
            loop {
                let beat = match tokio::time::timeout(DEADLINE, kube.ready()).await {
                    Ok(beat) => beat.map_err(|error| error.to_string()),
                    Err(_late) => Err(format!("the API server has not answered for {}", Elapsed(DEADLINE))),
                };
                failures = if beat.is_ok() { 0 } else { failures + 1 };
                if say.send(Some(beat)).is_err() {
                    return;
                }
                let pause = if failures == 0 { EVERY } else { (AGAIN * (1 << (failures - 1).min(4))).min(EVERY) };
                tokio::time::sleep(pause).await;
            }
        });
        Self { heard, _task: AbortOnDropHandle::new(task) }
    }

    /// Moves with every answer, also when it is the same.
    pub fn heard(&self) -> watch::Receiver<Heard> {
        self.heard.clone()
    }
}

/// The one pulse of a cluster, while anybody holds it.
#[derive(Debug, Clone)]
pub(super) struct Pulses {
    kube: Kube,
    there: Arc<Mutex<Weak<Pulse>>>,
}

impl Pulses {
    pub fn new(kube: Kube) -> Self {
        Self { kube, there: Arc::default() }
    }

    /// The pulse, started if nobody holds it.
    pub fn hold(&self) -> Arc<Pulse> {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        there.upgrade().unwrap_or_else(|| {
            let pulse = Arc::new(Pulse::start(self.kube.clone()));
            *there = Arc::downgrade(&pulse);
            pulse
        })
    }
}
