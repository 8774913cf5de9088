//! Ends a load, or finds that it has ended, and keeps what it came to.

use super::judge::{Judged, judge};
use crate::adapters::k6::{Ended, Summary};
use crate::drill::ground::Drill;
use crate::drill::records::Records;
use crate::engine::step::Cx;

/// Settles the load of this name: it is ended if it still works, judged, and its record closed. `fault` is true for a surge, which is ended on purpose.
/// `None` where there is no such load.
pub async fn end(drill: &Drill, name: &str, folder: &str, fault: bool, cx: &Cx) -> Result<Option<Judged>, String> {
    let Some(running) = drill.loads.get(name) else { return Ok(None) };
    // asked politely it comes to its end within seconds, else by force: also a run that is being cut short waits for that
    let Some(ended) = running.stop().await else { return Err("k6 was started and nobody heard of its end".to_owned()) };
    let Some(_taken) = drill.loads.take(name) else { return Ok(None) };
    let path = drill.folder.join(folder).join("summary.json");
    let summary = std::fs::read(&path).map_err(|error| error.to_string()).and_then(|text| Summary::read(&text));
    let mut judged = judge(name, fault, &ended, summary.as_ref().map_err(String::as_str), drill.now());
    if let Some(tool) = &drill.ground.load {
        judged.row.tool = tool.k6.version().await.map_or_else(|_| "k6".to_owned(), |version| format!("k6 {version}"));
    }
    close(drill, name, &ended, cx)?;
    let mut outcome = drill.outcome();
    outcome.loads.push(judged.row.clone());
    outcome.checks.extend(judged.claims.clone());
    if let Some(because) = &judged.because {
        outcome.load_ended.get_or_insert_with(|| because.clone());
    }
    drop(outcome);
    Ok(Some(judged))
}

/// Its record is taken back: the process has ended.
fn close(drill: &Drill, name: &str, ended: &Ended, cx: &Cx) -> Result<(), String> {
    let marker = format!("{}/{name}", drill.run);
    for record in drill.records().open().map_err(|error| error.to_string())? {
        if !record.change.is_process(&marker) {
            continue;
        }
        drill.records().done(record.number).map_err(|error| error.to_string())?;
        let file = Records::name(record.number);
        if let Some(row) = drill.outcome().changes.iter_mut().find(|row| row.record == file) {
            (row.undone, row.undo) = (true, if ended.told { "ended".to_owned() } else { "it came to its end".to_owned() });
        }
        cx.sink.undone(&record.what);
    }
    Ok(())
}

/// Ends every load that is a fault.
pub async fn end_surges(drill: &Drill, cx: &Cx) -> Result<(), String> {
    for name in drill.loads.names().into_iter().filter(|name| name != super::LOAD) {
        let folder = super::folder(&name);
        end(drill, &name, &folder, true, cx).await?;
    }
    Ok(())
}
