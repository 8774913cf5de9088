//! `labctl run`, `replay` and `demo`: runs of the past, folded and shown like those of the present.

use super::context::Context;
use super::exit::{Failure, code};
use super::{screen, show, steer};
use crate::cli::{DemoArgs, OutputMode, Recording, ReplayArgs, RunVerb, Speed};
use crate::drill::evidence;
use crate::engine::journal::{self, Journal, RunHead, RunStatus};
use crate::model::run::{At, Color, Event, FinishedAs, Output, RunId, RunState, Verb, brief_time};
use crate::report::{self, Choice, FrontEnd, Mode, Paint, Surroundings};
use rand::Rng;
use serde::Serialize;
use std::io::{stderr, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Real runs, as their journals kept them.
fn journal_of(which: Recording) -> &'static [u8] {
    match which {
        Recording::Up => include_bytes!("demo/up.jsonl"),
        Recording::Drill => include_bytes!("demo/drill.jsonl"),
        Recording::Halted => include_bytes!("demo/halted.jsonl"),
    }
}

/// The present moment.
pub fn now() -> At {
    At(time::OffsetDateTime::now_utc())
}

/// `<UTC>-<verb>-<4 hex>`: sorts by time, and is a file name everywhere.
pub fn new_id(verb: Verb, lab: &str) -> RunId {
    let name = format!("{}-{lab}", format!("{verb:?}").to_lowercase());
    RunId::begun(now(), &name, rand::rng().random())
}

impl Context {
    /// Which front end a verb gets.
    pub fn front_end(&self, output: OutputMode, headless: bool) -> Choice {
        report::resolve(Surroundings {
            output: match output {
                OutputMode::Auto => Output::Auto,
                OutputMode::Screen => Output::Screen,
                OutputMode::Bars => Output::Bars,
                OutputMode::Lines => Output::Lines,
                OutputMode::Json => Output::Json,
            },
            color: match self.global.color {
                crate::cli::Color::Auto => Color::Auto,
                crate::cli::Color::Always => Color::Always,
                crate::cli::Color::Never => Color::Never,
            },
            headless,
            stdin_is_terminal: self.terminal.input,
            stdout_is_terminal: self.terminal.out,
            stderr_is_terminal: self.terminal.err,
            ci: self.terminal.ci,
            dumb: self.terminal.dumb,
            no_color: self.terminal.no_color,
        })
    }
}

/// The headless front end that was chosen; the terminal app is opened by its own room, and whoever comes here with it cannot open it.
pub fn front_end(choice: Choice) -> Box<dyn FrontEnd> {
    match choice.mode {
        Mode::Json => Box::new(report::Json::new(stdout())),
        Mode::Lines => Box::new(report::Lines::new(stderr(), paint(choice))),
        Mode::Bars | Mode::Screen => Box::new(report::Bars::stderr(paint(choice))),
    }
}

/// Colour or not, as chosen.
pub fn paint(choice: Choice) -> Paint {
    Paint { on: choice.color }
}

#[derive(Debug, Serialize)]
struct Row {
    run: RunId,
    verb: Verb,
    started: At,
    status: String,
}

/// Runs `labctl run`.
pub async fn run(context: &Context, verb: &RunVerb) -> Result<u8, Failure> {
    match verb {
        RunVerb::List { output } => {
            let rows: Vec<Row> = heads(context)?
                .into_iter()
                .map(|head| Row { status: status(&head), run: head.run, verb: head.verb, started: head.started })
                .collect();
            show::answer(*output, &rows, |rows| {
                let cells: Vec<_> = rows.iter().map(|row| vec![row.run.to_string(), row.started.to_string(), row.status.clone()]).collect();
                show::table(&["RUN", "STARTED", "STATUS"], &cells)
            })?;
        }
        RunVerb::Show { run, output } => {
            let state = read(&find(context, run.as_deref())?)?.state();
            show::answer(*output, &state.summary.clone().unwrap_or_default(), |_| steps(&state))?;
        }
        RunVerb::Verify { run } => verify(&find(context, run.as_deref())?)?,
        RunVerb::Steer(verb) => return steer::run(context, verb).await,
    }
    Ok(code::OK)
}

/// Rechecks the manifest beside the journal.
fn verify(journal: &Path) -> Result<(), Failure> {
    let folder = journal.parent().unwrap_or(Path::new("."));
    let changed = |message: String| Failure::new("LAB-DRILL-011", message);
    let verified = evidence::verify(folder)?
        .ok_or_else(|| changed(format!("{} was never sealed: it is no drill, or labctl was killed before its end", folder.display())))?;
    if !verified.problems.is_empty() {
        return Err(changed(format!("{}: {}", folder.display(), verified.problems.join("; "))));
    }
    show::out(&format!("{}: {} files are as they were sealed\n", folder.display(), verified.same));
    Ok(())
}

/// Runs `labctl replay`.
pub async fn replay(context: &Arc<Context>, args: &ReplayArgs) -> Result<u8, Failure> {
    let journal = read(&find(context, args.run.as_deref())?)?;
    let code = journal.state().summary.map_or(code::OK, |summary| summary.exit_code);
    play(context, journal.events, args.output, args.speed).await?;
    Ok(code)
}

/// The recorded run's events; a line without its end counts as torn, so the ends stay on.
fn recorded(which: Recording) -> Vec<Event> {
    journal_of(which).split_inclusive(|byte| *byte == b'\n').filter_map(|line| journal::decode(line).ok()).collect()
}

/// Runs `labctl demo`.
pub async fn demo(context: &Arc<Context>, args: &DemoArgs) -> Result<u8, Failure> {
    play(context, recorded(args.which), args.output, Some(args.speed)).await?;
    Ok(code::OK)
}

async fn play(context: &Arc<Context>, events: Vec<Event>, output: OutputMode, speed: Option<Speed>) -> Result<(), Failure> {
    let choice = context.front_end(output, false);
    let factor = match speed {
        Some(Speed::Times(factor)) => Some(factor),
        None if choice.mode == Mode::Screen => Some(10.0),
        Some(Speed::Max) | None => None,
    };
    let events: Arc<Vec<Arc<Event>>> = Arc::new(events.into_iter().map(Arc::new).collect());
    if choice.mode == Mode::Screen {
        screen::open(context, choice, screen::First::Recording { events: Arc::clone(&events), speed: factor }).await?;
    } else {
        let mut front_end = front_end(choice);
        // a reader that went away ends the show, and that is all
        let _shown = report::replay(events.iter().map(AsRef::as_ref), front_end.as_mut(), factor).await;
    }
    if choice.mode != Mode::Json {
        let mut text = Vec::new();
        let _written = report::summarize(&RunState::fold(events.iter().map(AsRef::as_ref)), paint(choice), &mut text);
        show::err(&String::from_utf8_lossy(&text));
    }
    Ok(())
}

pub fn heads(context: &Context) -> Result<Vec<RunHead>, Failure> {
    let mut heads =
        journal::list_runs(&context.paths.runs(&context.global.lab)).map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))?;
    heads.sort_by(|a, b| b.run.cmp(&a.run));
    Ok(heads)
}

fn status(head: &RunHead) -> String {
    let folder = head.journal.parent();
    let drilled = matches!(head.verb, Verb::Scenario | Verb::Load);
    let of_drill = folder.filter(|_| drilled).and_then(|folder| evidence::read_result(folder).ok()?);
    let of_runbook = Some(head).filter(|head| head.verb == Verb::Runbook).and_then(super::runbook::result);
    let of_gameday = Some(head).filter(|head| head.verb == Verb::Gameday).and_then(super::gameday::result);
    match &head.status {
        _ if of_drill.is_some() => of_drill.map(|result| format!("{}, rollback {}", result.verdict, result.rollback)).unwrap_or_default(),
        _ if of_runbook.is_some() => of_runbook.map(|result| result.result.to_string()).unwrap_or_default(),
        _ if of_gameday.is_some() => of_gameday.map(|result| format!("{} of {} goals met", result.met, result.of)).unwrap_or_default(),
        RunStatus::Finished(summary) if summary.ok => {
            let said = match head.verb {
                Verb::Up => "ready",
                Verb::Down => "gone",
                Verb::Recover => "all taken back",
                _ => "ended well",
            };
            format!("{said} in {}", brief_time(summary.duration_ms))
        }
        RunStatus::Finished(summary) if summary.cancelled => "cancelled".to_owned(),
        RunStatus::Finished(_) => "failed".to_owned(),
        RunStatus::Running => "at work".to_owned(),
        RunStatus::Unfinished => "unfinished: it was killed".to_owned(),
    }
}

/// The journal of the run whose id starts with `start`, or of the newest; a path is taken as it is.
pub fn find(context: &Context, start: Option<&str>) -> Result<PathBuf, Failure> {
    if let Some(path) = start.map(Path::new).filter(|path| path.is_file()) {
        return Ok(path.to_owned());
    }
    let heads = heads(context)?;
    let found: Vec<&RunHead> =
        heads.iter().filter(|head| start.is_none_or(|start| head.run.0.starts_with(start) || head.run.0.ends_with(start))).collect();
    match (found.as_slice(), start) {
        ([], None) => Err(Failure::new("LAB-RUN-001", format!("lab {} has no runs yet", context.global.lab))),
        ([], Some(start)) => {
            Err(Failure::new("LAB-RUN-001", format!("no run of lab {} starts or ends with `{start}`", context.global.lab)))
        }
        ([first, ..], None) | ([first], _) => Ok(first.journal.clone()),
        (several, Some(start)) => Err(Failure::new("LAB-RUN-001", format!("`{start}` fits {} runs; write more of it", several.len()))),
    }
}

pub fn read(path: &Path) -> Result<Journal, Failure> {
    Journal::read(path).map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))
}

fn steps(state: &RunState) -> String {
    let rows: Vec<Vec<String>> = state
        .steps
        .iter()
        .map(|step| {
            let took = step.ended.and_then(|ended| step.took_ms(ended)).map(brief_time).unwrap_or_default();
            let note = match &step.result {
                Some(FinishedAs::Changed { note } | FinishedAs::Unchanged { note }) => note.clone(),
                Some(FinishedAs::Skipped { why }) => why.clone(),
                Some(FinishedAs::Failed { error, .. }) => error.clone(),
                Some(FinishedAs::Cancelled) => "cancelled".to_owned(),
                None => String::new(),
            };
            vec![step.standing.glyph().to_string(), step.plan.id.to_string(), took, note]
        })
        .collect();
    let mut text = show::table(&["", "STEP", "TOOK", "RESULT"], &rows);
    if !state.notes.is_empty() {
        let rows: Vec<_> = state.notes.iter().map(|(at, note)| vec![at.to_string(), note.clone()]).collect();
        text.push('\n');
        text.push_str(&show::table(&["AT", "NOTE"], &rows));
    }
    let mut summary = Vec::new();
    let _written = report::summarize(state, Paint { on: false }, &mut summary);
    text.push('\n');
    text.push_str(&String::from_utf8_lossy(&summary));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario::{Rollback, Verdict};

    #[test]
    fn each_recording_is_a_whole_run_and_ends_as_it_says() {
        for (which, ends) in [(Recording::Up, None), (Recording::Drill, Some(Verdict::Pass)), (Recording::Halted, Some(Verdict::Aborted))] {
            let events = recorded(which);
            assert_eq!(events.len(), journal_of(which).split_inclusive(|byte| *byte == b'\n').count(), "{which:?}");
            let summary = RunState::fold(&events).summary.unwrap();
            let drill = summary.drill;
            assert_eq!(drill.as_ref().map(|drill| drill.verdict), ends, "{which:?}");
            assert_eq!(drill.map_or(Rollback::Clean, |drill| drill.rollback), Rollback::Clean, "{which:?}");
            assert!(summary.ok || which == Recording::Halted, "{which:?}");
        }
    }
}
