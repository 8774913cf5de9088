//! `labctl gameday`: drills in order, with people who respond, or with labctl in their place.

use super::context::Context;
use super::drill::{Work, carry_out, ground, new_id, up};
use super::exit::{Failure, code, of_drill, of_runbook};
use super::{detach, recover, runbook, runs, show};
use crate::catalog;
use crate::cli::{Format, GamedayArgs, GamedayVerb};
use crate::drill::{Drill, preview};
use crate::engine::Ending;
use crate::engine::journal::{JournalWriter, RunHead, RunStatus};
use crate::model::gameday::{Drawn, GameDay, GameDayResult, draw};
use crate::model::run::{RunId, RunState, Verb, brief_time};
use crate::model::scenario::Scenario;
use crate::model::units::HumanDuration;
use crate::report::Mode;
use crate::respond::{self, Day, Grades, Kept};
use rand::Rng;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    title: String,
    acts: usize,
    goals: Vec<String>,
}

/// What a game day would do to this lab.
#[derive(Debug, Serialize)]
struct Planned {
    gameday: String,
    title: String,
    lab: String,
    users: Option<String>,
    acts: Vec<PlannedAct>,
}

#[derive(Debug, Serialize)]
struct PlannedAct {
    act: String,
    /// Hidden unless it is asked for.
    scenarios: Option<Vec<String>>,
    starts_within: Option<String>,
    expects: Vec<String>,
    /// Why it could not be carried out now.
    refused: Vec<String>,
}

/// Runs it.
pub async fn run(context: &Arc<Context>, verb: &GamedayVerb) -> Result<u8, Failure> {
    match verb {
        GamedayVerb::List { output } => list(context, *output),
        GamedayVerb::Plan { which, show_injects, output } => plan(context, which, *show_injects, *output).await,
        GamedayVerb::Run(args) => carry(context, args).await,
        GamedayVerb::Ack { who } => ack(context, who.as_deref()),
        GamedayVerb::Score { run, output } => {
            let (folder, run) = find(context, run.as_deref())?;
            let result = respond::keep(&folder, &run, &context.global.lab)?;
            show::answer(*output, &result, table)?;
            Ok(code::OK)
        }
    }
}

fn list(context: &Context, output: Format) -> Result<u8, Failure> {
    let mut rows = Vec::new();
    for name in catalog::gameday_names(&context.files) {
        let day = catalog::gameday(&context.files, &name)?;
        rows.push(Row { name, title: day.metadata.title, acts: day.acts.len(), goals: day.goals });
    }
    show::answer(output, &rows, |rows| {
        let cells: Vec<_> = rows.iter().map(|row| vec![row.name.clone(), row.acts.to_string(), row.title.clone()]).collect();
        show::table(&["NAME", "ACTS", "TITLE"], &cells)
    })?;
    Ok(code::OK)
}

/// The scenario of an act as it is carried out: as long as the act says, and without a wait for metrics that the game day keeps itself.
fn scenario(context: &Context, day: &GameDay, act: usize, name: &str) -> Result<Scenario, Failure> {
    let mut scenario = catalog::scenario(&context.files, name)?.scenario;
    if scenario.brings_load() {
        let message = format!("{name} as act {}: it brings a load of its own; in a game day `users` make the requests", act + 1);
        return Err(Failure::new("LAB-USAGE-001", message));
    }
    scenario.evidence.pad_after = HumanDuration::from_secs(1);
    if let Some(lasts) = day.acts.get(act).and_then(|act| act.lasts) {
        scenario.inject.iter_mut().for_each(|inject| inject.duration = lasts);
    }
    let problems = scenario.problems();
    if problems.is_empty() {
        Ok(scenario)
    } else {
        Err(Failure::new("LAB-USAGE-001", format!("{} as act {}: {}", name, act + 1, problems.join("; "))))
    }
}

async fn plan(context: &Context, which: &str, show_injects: bool, output: Format) -> Result<u8, Failure> {
    let day = catalog::gameday(&context.files, which)?;
    let setup = up(context).await?;
    let ground = ground(context, &setup, None).await?;
    let mut acts = Vec::new();
    for (at, act) in day.acts.iter().enumerate() {
        let mut refused = Vec::new();
        for name in &act.scenario {
            let scenario = scenario(context, &day, at, name)?;
            let run = RunId::begun(runs::now(), &act.name, 0);
            let folder = context.paths.runs(&context.global.lab).join(&run.0);
            let drill = Drill::new(run, &context.global.lab, scenario, ground.clone(), folder);
            if let Err(why) = preview(&drill).await {
                refused.push(why);
            }
        }
        let expect = &act.expect;
        let mut expects: Vec<String> =
            expect.detected_by.iter().map(|by| format!("{} within {}", by.alerts.join(" or "), by.within)).collect();
        expects.extend(expect.mitigated_within.map(|within| format!("put right within {within}")));
        expects.extend(expect.runbook.iter().map(|wanted| format!("by runbook {}", wanted.name)));
        let hidden = day.rules.hide_injects && !show_injects;
        acts.push(PlannedAct {
            act: act.name.clone(),
            scenarios: (!hidden).then(|| act.scenario.clone()),
            starts_within: act.start_within.map(|window| window.to_string()),
            expects,
            refused,
        });
    }
    let users = day.users.as_ref().map(|users| format!("{} {} every {}", users.http.method.as_str(), users.http.endpoint, users.every));
    let planned = Planned { gameday: day.metadata.name, title: day.metadata.title, lab: context.global.lab.clone(), users, acts };
    show::answer(output, &planned, |planned| {
        let cells: Vec<_> = planned
            .acts
            .iter()
            .map(|act| {
                let scenarios = act.scenarios.as_ref().map_or_else(|| "hidden".to_owned(), |names| names.join(" or "));
                let ready = if act.refused.is_empty() { "may be done".to_owned() } else { format!("refused: {}", act.refused.join("; ")) };
                vec![act.act.clone(), scenarios, act.starts_within.clone().unwrap_or_default(), act.expects.join(", "), ready]
            })
            .collect();
        format!("{}: {}\n\n{}", planned.gameday, planned.title, show::table(&["ACT", "SCENARIO", "STARTS", "EXPECTS", "NOW"], &cells))
    })?;
    Ok(code::OK)
}

async fn carry(context: &Arc<Context>, args: &GamedayArgs) -> Result<u8, Failure> {
    if !args.in_background {
        return carry_here(context, args).await;
    }
    detach::leave_terminal();
    let ended = carry_here(context, args).await;
    if let Err(failure) = &ended {
        detach::refuse(failure);
    }
    ended
}

async fn carry_here(context: &Arc<Context>, args: &GamedayArgs) -> Result<u8, Failure> {
    show::writable(context, "gameday run")?;
    let day = catalog::gameday(&context.files, &args.which)?;
    if args.headless && day.headless.is_none() {
        let message =
            format!("{} does not say who responds where no person does: write headless: {{responder: runbook}}", day.metadata.name);
        return Err(Failure::new("LAB-USAGE-001", message));
    }
    let seed = args.seed.unwrap_or_else(|| u64::from(rand::rng().random::<u32>()));
    let drawn = draw(&day, seed);
    let scenarios =
        drawn.iter().enumerate().map(|(at, drawn)| scenario(context, &day, at, &drawn.scenario)).collect::<Result<Vec<_>, _>>()?;
    let setup = up(context).await?;
    show::confirm(
        context,
        &format!("Break lab {} on purpose, in {} acts of game day {}?", context.global.lab, day.acts.len(), day.metadata.name),
    )?;
    let runs = context.paths.runs(&context.global.lab);
    let run = new_id(&day.metadata.name);
    let holder = Context::holder("gameday run", &run);
    let _lock = context.lock(&holder, args.wait.time()).await?;
    let ground = ground(context, &setup, Some((holder, args.wait.time()))).await?;
    recover::before(context, &ground, args.no_recover).await?;
    let journal = JournalWriter::create(&runs, &run).map_err(|error| Failure::new("LAB-FILE-001", error.to_string()))?;
    let folder = runs.join(&run.0);
    respond::put_gameday(&folder, &Kept { day: day.clone(), seed, drawn: drawn.clone(), headless: args.headless })?;
    let env = runbook::surroundings(context, &setup)?;
    let day = Arc::new(Day {
        run: run.clone(),
        lab: context.global.lab.clone(),
        day,
        drawn,
        scenarios,
        headless: args.headless,
        ground,
        runs,
        files: context.files.clone(),
        env,
        grades: Grades { drill: of_drill, runbook: of_runbook },
    });
    let plan = respond::compile_gameday(&day).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    let choice = if args.in_background { detach::LOG } else { context.front_end(args.output, true) };
    if choice.mode != Mode::Json {
        show::err(&format!(
            "game day {}, seed {seed}; stop word: {} (then labctl halt on)\n",
            day.day.metadata.name, day.day.rules.stop_word
        ));
    }
    let finish = {
        let (folder, run, lab) = (folder.clone(), run.clone(), context.global.lab.clone());
        Box::new(move |state: &RunState| Ending {
            exit_code: ended(&folder, &run, &lab, state).map_or(code::BUG, |result| result.exit_code),
            ..Ending::default()
        })
    };
    let state = carry_out(
        context,
        Work { run: run.clone(), verb: Verb::Gameday, plan, journal, choice, in_background: args.in_background, finish },
    )
    .await?;
    day.ground.cluster.unlock().await;
    let result = ended(&folder, &run, &context.global.lab, &state)?;
    // before the seal: in the background, what is said goes to a log that is sealed too
    if choice.mode != Mode::Json {
        show::err(&format!(
            "\n{}\nevidence: {}\nhint: labctl postmortem new --run {} drafts the postmortem\n",
            table(&result),
            folder.display(),
            result.run
        ));
    }
    respond::seal_gameday(&folder, &result)?;
    Ok(result.exit_code)
}

/// The result, from the folder; a game day that a person has ended counts as that unless something is worse.
fn ended(folder: &Path, run: &RunId, lab: &str, state: &RunState) -> Result<GameDayResult, Failure> {
    let mut result = respond::keep(folder, run, lab)?;
    if state.cancelling.is_some() && result.exit_code != code::NOT_TAKEN_BACK {
        result.exit_code = code::STOPPED;
    }
    Ok(result)
}

fn table(result: &GameDayResult) -> String {
    let time = |time: Option<u64>| time.map_or_else(|| "unknown".to_owned(), brief_time);
    let drawn =
        |act: &str| result.drawn.iter().find(|drawn: &&Drawn| drawn.act == act).map(|drawn| drawn.scenario.clone()).unwrap_or_default();
    let acts: Vec<_> = result
        .acts
        .iter()
        .map(|act| vec![act.name.clone(), drawn(&act.name), time(act.ttd_ms), time(act.tta_ms), time(act.ttm_ms), time(act.ttr_ms)])
        .collect();
    let goals: Vec<_> = result
        .acts
        .iter()
        .flat_map(|act| {
            act.goals.iter().map(|goal| {
                let met = match goal.met {
                    Some(true) => "yes",
                    Some(false) => "NO",
                    None => "unknown",
                };
                vec![act.name.clone(), goal.goal.clone(), met.to_owned(), goal.seen.clone()]
            })
        })
        .collect();
    format!(
        "{}\n{}\n{}: {} of {} goals met\n",
        show::table(&["ACT", "SCENARIO", "DETECTED", "TAKEN", "PUT RIGHT", "RESOLVED"], &acts),
        show::table(&["ACT", "GOAL", "MET", "SEEN"], &goals),
        result.gameday,
        result.met,
        result.of
    )
}

/// What came of a run of a game day.
pub fn result(head: &RunHead) -> Option<GameDayResult> {
    respond::read_gameday_result(head.journal.parent()?).ok()?
}

/// The folder of the game day whose run's id starts or ends with `part`, or of the newest.
pub fn find(context: &Context, part: Option<&str>) -> Result<(std::path::PathBuf, RunId), Failure> {
    let fits = |head: &&RunHead| part.is_none_or(|part| head.run.0.starts_with(part) || head.run.0.ends_with(part));
    let heads = runs::heads(context)?;
    let head = heads.iter().filter(|head| head.verb == Verb::Gameday).find(fits);
    let head = head.ok_or_else(|| Failure::new("LAB-RUN-001", format!("lab {} has no such game day in its runs", context.global.lab)))?;
    Ok((head.journal.parent().unwrap_or(Path::new(".")).to_owned(), head.run.clone()))
}

/// A person takes the pager of the act at work.
fn ack(context: &Context, who: Option<&str>) -> Result<u8, Failure> {
    show::err(&format!("{}\n", acknowledge(context, who)?));
    Ok(code::OK)
}

/// Takes the pager of the act at work; says who has it.
pub fn acknowledge(context: &Context, who: Option<&str>) -> Result<String, Failure> {
    show::writable(context, "gameday ack")?;
    let heads = runs::heads(context)?;
    let at_work = heads.iter().find(|head| head.verb == Verb::Gameday && head.status == RunStatus::Running);
    let head = at_work.ok_or_else(|| Failure::new("LAB-GAMEDAY-001", format!("no game day of lab {} is at work", context.global.lab)))?;
    let state = runs::read(&head.journal)?.state();
    let act = state
        .steps
        .iter()
        .find(|step| step.standing == crate::model::run::Standing::Working)
        .and_then(|step| step.plan.id.0.strip_prefix("act/"));
    let act = act.ok_or_else(|| Failure::new("LAB-GAMEDAY-001", "no act is at work now, so the pager has not rung"))?;
    let who = who.map_or_else(|| std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned()), str::to_owned);
    respond::ack(head.journal.parent().unwrap_or(Path::new(".")), act, &format!("{who}, by labctl gameday ack"))?;
    Ok(format!("{who} has the pager of act {act}"))
}
