//! What the screens of drills ask: which there are, what one would do now; and the command line of one that is carried out.

use super::effects::trouble;
use crate::app::context::Context;
use crate::app::exit::Failure;
use crate::app::{drill, runs, scenario};
use crate::catalog;
use crate::drill::{evidence, left};
use crate::model::run::Verb;
use crate::model::scenario::{Claim, DrillResult, Scenario};
use crate::model::stack::Adjusted;
use crate::tui::{DrillInfo, DrillKind, Drills, LastDrill, News};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// All there are, with what the lab lacks for each and what came of it last.
pub fn list(context: &Context) -> News {
    let lasts = lasts(context).unwrap_or_default();
    let provided = provided(context).ok();
    let info = |(name, file): (String, String)| {
        let last = lasts.get(&name).cloned();
        match catalog::scenario(&context.files, &name) {
            Ok(found) => DrillInfo { file, last, ..told(&found.scenario, provided.as_ref()) },
            Err(error) => DrillInfo { name, file, last, trouble: Some(trouble(&error.into())), ..DrillInfo::default() },
        }
    };
    let halt = drill::halt(context);
    News::Drills(Box::new(Drills {
        all: catalog::scenario_names(&context.files).into_iter().map(info).collect(),
        halted: halt.exists().then(|| std::fs::read_to_string(&halt).unwrap_or_default().trim().to_owned()),
        left: left(&context.paths.runs(&context.global.lab)).unwrap_or_default().into_iter().map(|(run, _)| run.0).collect(),
    }))
}

fn told(scenario: &Scenario, provided: Option<&BTreeSet<String>>) -> DrillInfo {
    let needs = scenario.requires.components.iter();
    let blast = scenario.target.blast;
    let some = |count: u32, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        count => Some(format!("{count} {what}s")),
    };
    let most: Vec<String> = some(blast.max_pods, "pod").into_iter().chain(some(blast.max_nodes, "node")).collect();
    let lasts: u128 = scenario.inject.iter().map(|inject| inject.duration.get().as_millis()).sum();
    let load = scenario.load.as_ref();
    let thresholds = load
        .iter()
        .flat_map(|load| &load.k6.thresholds)
        .flat_map(|(metric, claims)| claims.iter().map(move |claim| format!("{metric} {claim}")));
    let blast = if scenario.inject.is_empty() {
        format!("nothing: it only asks, of what is in {}", scenario.target.namespace)
    } else {
        match most.as_slice() {
            [] => "no pod and no node".to_owned(),
            most => format!("at most {}, {} of those found, in {}", most.join(" and "), blast.max_percent, scenario.target.namespace),
        }
    };
    DrillInfo {
        name: scenario.metadata.name.clone(),
        title: scenario.metadata.title.clone(),
        tags: scenario.metadata.tags.clone(),
        faults: scenario.inject.iter().map(|inject| format!("{} for {}", inject.fault, inject.duration)).collect(),
        kind: if scenario.inject.is_empty() { DrillKind::Load } else { DrillKind::Chaos },
        load: load.map(|load| format!("{} for {}", load.k6, load.lasts())),
        blast,
        needs: needs.map(|name| (name.clone(), provided.map(|provided| provided.contains(name)))).collect(),
        steady: scenario.steady_state.checks.iter().map(|check| check.name.clone()).collect(),
        claims: scenario
            .hypotheses
            .iter()
            .map(|hypothesis| format!("{} ({})", hypothesis.name, when(&hypothesis.claim)))
            .chain(thresholds)
            .collect(),
        aborts: scenario.abort.iter().map(|abort| format!("{} for {}", abort.check.name, abort.lasts)).collect(),
        broken_ms: u64::try_from(lasts).unwrap_or(u64::MAX),
        ..DrillInfo::default()
    }
}

fn when(claim: &Claim) -> String {
    match claim {
        Claim::Check { mode, .. } => mode.to_string(),
        Claim::Recovery(recovery) => format!("within {}", recovery.within),
        Claim::Baseline(claim) => format!("{} worse by {} at most", claim.metric, claim.worse_at_most),
    }
}

/// What the lab has, as far as its stack says it.
fn provided(context: &Context) -> Result<BTreeSet<String>, Failure> {
    let state = context.state()?;
    let stack = context.stack_in_use()?;
    let adjusted = if state.stack.as_ref() == Some(&stack) { state.adjusted } else { Adjusted::default() };
    let lab = catalog::lab_adjusted(&context.files, &stack, &context.global.lab, &adjusted)?;
    Ok(drill::provided(&lab))
}

/// The last drill of each scenario that came to its end.
fn lasts(context: &Context) -> Result<BTreeMap<String, LastDrill>, Failure> {
    let mut lasts = BTreeMap::new();
    for head in runs::heads(context)?.into_iter().filter(|head| matches!(head.verb, Verb::Scenario | Verb::Load)) {
        let Some(folder) = head.journal.parent() else { continue };
        if let Ok(Some(result)) = evidence::read_result(folder) {
            let DrillResult { scenario, verdict, rollback, why, ended, .. } = result;
            // newest first
            lasts.entry(scenario).or_insert(LastDrill { run: head.run.0, journal: head.journal, at: ended, verdict, rollback, why });
        }
    }
    Ok(lasts)
}

/// What it would do now, by the same code as `labctl scenario plan`.
pub async fn planned(context: &Context, which: String) -> News {
    let plan = scenario::planned(context, &which).await.map_err(|failure| trouble(&failure));
    News::DrillPlanned { which, plan: Box::new(plan) }
}

/// The command line of a drill in the background. The person has said yes already.
pub fn args(context: &Context, which: &str) -> Vec<OsString> {
    let global = &context.global;
    let mut args: Vec<OsString> = vec!["--lab".into(), global.lab.clone().into(), "--yes".into()];
    args.extend(global.dir.iter().flat_map(|dir| ["--dir".into(), dir.into()]));
    args.extend(["scenario".into(), "run".into(), "--in-background".into(), which.into()]);
    args
}
