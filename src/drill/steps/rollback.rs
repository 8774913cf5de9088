//! Step: all that was changed is taken back, the last change first. Runs whatever happened before it, also in a run that is being cancelled.

use crate::drill::change::{Of, Undone};
use crate::drill::ground::Drill;
use crate::drill::load::{LOAD, end_surges};
use crate::drill::records::{Record, Records};
use crate::engine::step::{Cx, Observed, Step, StepError};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Takes back what the drill has changed.
pub struct Rollback(pub Arc<Drill>);

/// Where and for how long is taken back.
pub struct Taking<'d> {
    /// The drill whose changes they are.
    pub drill: &'d Drill,
    /// How long an API server that does not answer is asked again.
    pub within: Duration,
}

#[async_trait]
impl Step for Rollback {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        // from here on no look of mode OnChaos counts, and no fault is made, whoever asks for it
        {
            let mut outcome = self.0.outcome();
            (outcome.ending, outcome.chaos) = (true, false);
        }
        if self.0.records().last()? == 0 {
            return Ok(Observed::Done("nothing was changed".to_owned()));
        }
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let drill = &self.0;
        end_surges(drill, cx).await.map_err(|why| StepError::new("LAB-DRILL-005", why))?;
        let taking = Taking { drill, within: drill.scenario.rollback.timeout.get() };
        let mut open = drill.records().open()?;
        // the load goes on while the lab recovers, and is ended by its own step
        open.retain(|record| record.step != LOAD || drill.loads.get(LOAD).is_none());
        let count = take_back(&taking, open, cx).await?;
        let now = drill.now();
        drill.outcome().rolled_back.get_or_insert(now);
        Ok(match count {
            0 => "nothing was left to take back".to_owned(),
            1 => "1 change taken back".to_owned(),
            count => format!("{count} changes taken back"),
        })
    }
}

/// Takes back `records`, the last first; one that cannot be taken back does not keep the others. Gives how many there were.
pub async fn take_back(taking: &Taking<'_>, mut records: Vec<Record>, cx: &Cx) -> Result<usize, StepError> {
    let drill = taking.drill;
    records.sort_by_key(|record| std::cmp::Reverse(record.number));
    let total = records.len() as u64;
    let mut failed = Vec::new();
    for (done, record) in records.iter().enumerate() {
        cx.sink.progress(done as u64, Some(total), "changes");
        let undone = one(drill, record, taking.within, false, cx).await;
        let mut outcome = drill.outcome();
        let name = Records::name(record.number);
        let row = outcome.changes.iter_mut().find(|row| row.record == name);
        match undone {
            Ok(said) => {
                if let Some(row) = row {
                    (row.undone, row.undo) = (true, said);
                }
            }
            Err(why) => {
                if let Some(row) = row {
                    row.undo.clone_from(&why);
                }
                failed.push(why);
            }
        }
    }
    if failed.is_empty() {
        return Ok(records.len());
    }
    let (count, why) = (failed.len(), failed.join("; "));
    Err(StepError::new("LAB-DRILL-005", format!("{count} of {total} changes could not be taken back: {why}")))
}

/// Takes back one record and notes it as done; says how it was, or why not. An API server that is away is asked again until `within` is over.
pub async fn one(drill: &Drill, record: &Record, within: Duration, keep_theirs: bool, cx: &Cx) -> Result<String, String> {
    let cluster = &drill.ground.cluster;
    let end = Instant::now() + within;
    let said = loop {
        let undone = async {
            if !record.cluster.is_empty() && cluster.uid().await? != record.cluster {
                return Ok(Undone::Nothing("the cluster it was done to is gone".to_owned()));
            }
            let of = Of { object: &record.object, uid: &record.uid, run: &record.run.0, keep_theirs };
            record.change.undo(&drill.ground, of).await
        };
        match undone.await {
            Ok(Undone::TakenBack) => break "taken back".to_owned(),
            Ok(Undone::Nothing(why)) => break why,
            Err(error) if error.is_final() => return Err(error.to_string()),
            Err(error) if Instant::now() >= end => return Err(format!("{}: {error}", record.what)),
            Err(error) => {
                cx.sink.waiting(format!("taking back {}", record.what), error.to_string());
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    () = cx.cancel.cancelled() => return Err(format!("{}: {error}", record.what)),
                }
            }
        }
    };
    Records::of(&drill.folder).done(record.number).map_err(|error| error.to_string())?;
    cx.sink.undone(&record.what);
    Ok(said)
}
