//! What a postmortem is about, read from the folders of its runs: of a game day, or of a single drill.

use crate::drill::evidence;
use crate::model::gameday::GameDayResult;
use crate::model::run::{At, RunId};
use crate::model::scenario::DrillResult;
use crate::respond::gameday;
use crate::respond::runbook;
use crate::support::files::FileError;
use std::path::{Path, PathBuf};

/// One run's evidence, and that of the runs within it.
pub struct Facts {
    /// The folder of all runs.
    pub runs: PathBuf,
    /// The run.
    pub run: RunId,
    /// What it is called.
    pub title: String,
    /// Short, for the name of the file.
    pub slug: String,
    /// When it began, with where that stands.
    pub started: (At, String),
    /// One for each fault that was made: the act of a game day, or the drill itself.
    pub incidents: Vec<Incident>,
    /// Of a game day.
    pub day: Option<GameDayResult>,
    /// The run and those within it, in order.
    pub all: Vec<RunId>,
}

/// One incident: its moments and lengths of time, each with where it stands; nothing where it is not known.
pub struct Incident {
    /// The act, or the scenario.
    pub name: String,
    /// Its scenario.
    pub scenario: String,
    /// Name, value and reference.
    pub moments: Vec<(&'static str, Option<At>, String)>,
    /// Name, milliseconds and reference.
    pub lengths: Vec<(&'static str, Option<u64>, String)>,
}

/// Why there is nothing to write about.
#[derive(Debug, thiserror::Error)]
pub enum NoFacts {
    /// A run of another kind, or one that has not come to its end.
    #[error("run {0} has no result of a game day or a drill: it was something else, or it was killed before its end")]
    Nothing(RunId),
    /// Its folder.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Facts {
    /// What the folder of this run holds.
    pub fn read(runs: &Path, run: &RunId) -> Result<Self, NoFacts> {
        let folder = runs.join(&run.0);
        if gameday::read_gameday(&folder)?.is_some() {
            let day = gameday::read_gameday_result(&folder)?.ok_or_else(|| NoFacts::Nothing(run.clone()))?;
            return Ok(Self::of_day(runs, run, day));
        }
        match evidence::read_result(&folder) {
            Ok(Some(drill)) => Ok(Self::of_drill(runs, run, &drill)),
            // the result of something else does not read as that of a drill
            _ => Err(NoFacts::Nothing(run.clone())),
        }
    }

    fn of_day(runs: &Path, run: &RunId, day: GameDayResult) -> Self {
        let mut all = vec![run.clone()];
        let mut incidents = Vec::new();
        for (at, act) in day.acts.iter().enumerate() {
            all.extend(act.drill.clone().filter(|drill| runs.join(&drill.0).is_dir()));
            all.extend(act.runbook.clone().filter(|page| runbook::read_result(&runs.join(&page.0)).is_ok_and(|page| page.is_some())));
            let within = format!("{run}/result.json#/acts/{at}");
            let times = &act.times;
            let stamps = [
                ("fault made", &times.injected, "injected"),
                ("detected", &times.detected, "detected"),
                ("acknowledged", &times.acknowledged, "acknowledged"),
                ("mitigated", &times.mitigated, "mitigated"),
                ("resolved", &times.resolved, "resolved"),
            ];
            let moments = stamps
                .into_iter()
                .map(|(name, stamp, key)| (name, stamp.as_ref().map(|stamp| stamp.at), format!("{within}/times/{key}/at")));
            let lengths = [
                ("time to detect", act.ttd_ms, "ttd_ms"),
                ("time to acknowledge", act.tta_ms, "tta_ms"),
                ("time to mitigate", act.ttm_ms, "ttm_ms"),
                ("time to resolve", act.ttr_ms, "ttr_ms"),
            ];
            incidents.push(Incident {
                name: act.name.clone(),
                scenario: act.scenario.clone(),
                moments: moments.collect(),
                lengths: lengths.into_iter().map(|(name, value, key)| (name, value, format!("{within}/{key}"))).collect(),
            });
        }
        Self {
            runs: runs.to_owned(),
            run: run.clone(),
            title: day.title.clone(),
            slug: day.gameday.clone(),
            started: (day.started, format!("{run}/result.json#/started")),
            incidents,
            day: Some(day),
            all,
        }
    }

    fn of_drill(runs: &Path, run: &RunId, drill: &DrillResult) -> Self {
        let at = |key: &str| format!("{run}/result.json#/{key}");
        let incident = Incident {
            name: drill.scenario.clone(),
            scenario: drill.scenario.clone(),
            moments: vec![
                ("fault made", drill.injected, at("injected")),
                ("taken back", drill.rolled_back, at("rolled_back")),
                ("resolved", drill.recovered, at("recovered")),
            ],
            lengths: vec![("time from taken back to resolved", drill.recovery_ms, at("recovery_ms"))],
        };
        Self {
            runs: runs.to_owned(),
            run: run.clone(),
            title: drill.title.clone(),
            slug: drill.scenario.clone(),
            started: (drill.started, at("started")),
            incidents: vec![incident],
            day: None,
            all: vec![run.clone()],
        }
    }
}
