//! What is kept of a game day, in the folder of its run. Times and score can be worked out again from it at any time.

use super::day::Day;
use super::score::{exit_code, score};
use crate::adapters::prometheus::Prometheus;
use crate::drill::evidence;
use crate::engine::journal::Journal;
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::gameday::{Drawn, GameDay, GameDayResult};
use crate::model::run::{At, RunId, brief_time};
use crate::respond::runbook;
use crate::support::files::{self, FileError};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt::Write;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The game day as it was carried out, with what was drawn.
pub const FILE: &str = "gameday.json";
/// Which alerts fired when.
pub const ALERTS: &str = "alerts.json";

/// What must be known to work the score out again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The file.
    pub day: GameDay,
    /// What was drawn from.
    pub seed: u64,
    /// What was drawn.
    pub drawn: Vec<Drawn>,
    /// labctl itself responded.
    pub headless: bool,
}

/// Keeps it before anything is done.
pub fn put(folder: &Path, kept: &Kept) -> Result<(), FileError> {
    files::write_json(&folder.join(FILE), kept)
}

fn bad(path: &Path, error: impl std::fmt::Display) -> FileError {
    FileError { path: path.to_owned(), action: "read", cause: io::Error::new(io::ErrorKind::InvalidData, error.to_string()) }
}

/// What a run was; nothing where it was no game day.
pub fn read(folder: &Path) -> Result<Option<Kept>, FileError> {
    let path = folder.join(FILE);
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| bad(&path, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(FileError { path, action: "read", cause }),
    }
}

/// What came of a game day that has come to its end.
pub fn read_gameday_result(folder: &Path) -> Result<Option<GameDayResult>, FileError> {
    let path = folder.join(evidence::RESULT);
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| bad(&path, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(FileError { path, action: "read", cause }),
    }
}

/// Works the result out from what is in the folder, and in those of the runs within it.
pub fn keep(folder: &Path, run: &RunId, lab: &str) -> Result<GameDayResult, FileError> {
    let kept = read(folder)?.ok_or_else(|| bad(&folder.join(FILE), "it is not there: this run was no game day"))?;
    let path = folder.join("events.jsonl");
    let events = Journal::read(&path).map_err(|error| bad(&path, error))?.events;
    let runs = folder.parent().unwrap_or(Path::new("."));
    let acts: Vec<_> = kept
        .day
        .acts
        .iter()
        .zip(&kept.drawn)
        .map(|(act, drawn)| {
            let drill = |run: &RunId| evidence::read_result(&runs.join(&run.0)).ok()?;
            let page = |run: &RunId| runbook::read_result(&runs.join(&run.0)).ok()?;
            score(act, drawn, &events, drill, page)
        })
        .collect();
    let goals = || acts.iter().flat_map(|act| &act.goals);
    let (met, of) = (goals().filter(|goal| goal.met == Some(true)).count(), goals().count());
    let moment = |event: Option<&crate::model::run::Event>| event.map_or(At(time::OffsetDateTime::UNIX_EPOCH), |event| event.at);
    Ok(GameDayResult {
        v: 1,
        run: run.clone(),
        gameday: kept.day.metadata.name.clone(),
        title: kept.day.metadata.title.clone(),
        lab: lab.to_owned(),
        seed: kept.seed,
        drawn: kept.drawn,
        headless: kept.headless,
        started: moment(events.first()),
        ended: moment(events.last()),
        exit_code: exit_code(&acts),
        acts,
        met,
        of,
    })
}

/// Writes all that follows from the result. The journal must have had its last line.
pub fn seal(folder: &Path, result: &GameDayResult) -> Result<(), FileError> {
    files::write_json(&folder.join(evidence::RESULT), result)?;
    files::write(&folder.join("report.md"), report(result).as_bytes(), 0o600)?;
    evidence::write_manifest(folder)
}

/// The score for people.
fn report(result: &GameDayResult) -> String {
    let mut page = format!("# {}: {} of {} goals met\n\n{}\n\n", result.gameday, result.met, result.of, result.title);
    let _infallible = writeln!(page, "- **run**: `{}` of lab {}, seed {}", result.run, result.lab, result.seed);
    let _infallible = writeln!(page, "- **from**: {} to {}", result.started, result.ended);
    page.push_str("\n| act | scenario | detected | taken | put right | resolved | drill |\n| --- | --- | --- | --- | --- | --- | --- |\n");
    let time = |time: Option<u64>| time.map_or_else(|| "unknown".to_owned(), brief_time);
    for act in &result.acts {
        let drill = act.drill.as_ref().map_or_else(|| "–".to_owned(), |run| format!("`{run}`"));
        let times = [act.ttd_ms, act.tta_ms, act.ttm_ms, act.ttr_ms].map(time).join(" | ");
        let _infallible = writeln!(page, "| {} | {} | {times} | {drill} |", act.name, act.scenario);
    }
    page.push_str("\nDetected, put right and resolved are counted from the fault; taken from the pager.\n\n| act | goal | met | seen |\n| --- | --- | --- | --- |\n");
    for act in &result.acts {
        for goal in &act.goals {
            let met = match goal.met {
                Some(true) => "yes",
                Some(false) => "**no**",
                None => "**unknown**",
            };
            let _infallible = writeln!(page, "| {} | {} | {met} | {} |", act.name, goal.goal, goal.seen.replace('|', "\\|"));
        }
    }
    page
}

/// A person takes the pager.
pub fn ack(folder: &Path, act: &str, who: &str) -> Result<(), FileError> {
    files::write(&folder.join("ack").join(act), who.as_bytes(), 0o600)
}

/// Who has taken the pager in this act.
pub fn acknowledged(folder: &Path, act: &str) -> Option<String> {
    std::fs::read_to_string(folder.join("ack").join(act)).ok()
}

/// Step: what must be asked for before it is forgotten.
pub struct Keep {
    /// The game day.
    pub day: Arc<Day>,
}

#[async_trait]
impl Step for Keep {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed(String::new()))
    }

    /// Alertmanager forgets what is over, so Prometheus is asked: <https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/>
    async fn apply(&self, _cx: &Cx) -> Result<String, StepError> {
        let (day, prober) = (&self.day, &self.day.ground.prober);
        let from = Journal::read(&day.folder().join("events.jsonl")).ok().and_then(|journal| Some(journal.events.first()?.at));
        let (from, to) = (from.unwrap_or_else(|| day.now()), day.now());
        let lost = |why: String| StepError::new("LAB-GAMEDAY-003", format!("the alerts could not be kept: {why}"));
        let endpoint = prober.lookup().backends.metrics.clone().ok_or_else(|| lost("this lab has no metrics".to_owned()))?;
        let way = prober.way(&endpoint).await.map_err(lost)?;
        let prometheus = Prometheus::new(prober.http().clone(), &way.base);
        let query = "ALERTS{alertname!=\"Watchdog\"}";
        let data = prometheus.query_range(query, from, to, 5).await.map_err(|error| lost(way.why(&error)))?;
        let count = data["result"].as_array().map_or(0, Vec::len);
        let whole = json!({"query": query, "from": from, "to": to, "step_s": 5, "data": data});
        files::write_json(&day.folder().join(ALERTS), &whole)?;
        Ok(format!("{count} series of alerts"))
    }

    fn acts(&self) -> bool {
        false
    }
}
