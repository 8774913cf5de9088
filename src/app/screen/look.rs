//! What the Start screen asks: which stacks there are, how this host is, whether it can carry a lab, and what bringing one up would change.

use super::effects::trouble;
use crate::app::context::Context;
use crate::app::doctor::{self, Seen};
use crate::app::exit::Failure;
use crate::app::plan;
use crate::catalog;
use crate::cli::{self, StackArgs};
use crate::engine::{Estimates, Plan};
use crate::model::host::EngineFacts;
use crate::model::run::{Event, EventKind, RunId, RunState, Verb};
use crate::model::stack::{Adjusted, Size};
use crate::model::units::Bytes;
use crate::steps;
use crate::tui::{Judgement, News, Order, PartInfo, StackInfo};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Mutex;

/// This host as it was last looked at; looking takes its time, and every tick on the screen asks.
pub type Host = Arc<Mutex<Option<Arc<Seen>>>>;

/// The file that `up` prefers to every shipped stack.
const OWN: &str = "lab.yaml";

/// The same choice as flags of the command line.
fn which(context: &Context, order: &Order) -> StackArgs {
    StackArgs {
        stack: Some(order.stack.clone()),
        bundle: context.bundle.clone(),
        without: order.adjusted.without.clone(),
        size: order.adjusted.size.map(|size| match size {
            Size::Small => cli::Size::Small,
            Size::Medium => cli::Size::Medium,
            Size::Large => cli::Size::Large,
        }),
    }
}

/// The shipped stacks, and the user's own.
pub fn stacks(context: &Context) -> News {
    let mut names = catalog::stack_names(&context.files);
    let own = Path::new(OWN).is_file().then(|| std::path::absolute(OWN).map_or_else(|_| OWN.to_owned(), |path| path.display().to_string()));
    names.extend(own.clone());
    let state = context.state().unwrap_or_default();
    let in_use = own.or_else(|| state.stack.clone()).or_else(|| context.stack_in_use().ok());
    let stacks = names.into_iter().map(|name| {
        let current = in_use.as_ref() == Some(&name);
        let adjusted = if state.stack.as_ref() == Some(&name) { state.adjusted.clone() } else { Adjusted::default() };
        match catalog::lab(&context.files, &name, &context.global.lab) {
            Ok(lab) => {
                let parts = lab.parts.into_values().map(|part| PartInfo {
                    name: part.component.metadata.name,
                    title: part.component.metadata.title,
                    group: part.component.metadata.group,
                    version: part.component.version,
                });
                StackInfo { size: lab.stack.size.unwrap_or_default(), parts: parts.collect(), name, current, adjusted, trouble: None }
            }
            Err(error) => StackInfo { name, current, adjusted, trouble: Some(trouble(&error.into())), ..StackInfo::default() },
        }
    });
    News::Stacks(stacks.collect())
}

/// Looks at the host anew.
pub async fn findings(context: &Context, host: &Host) -> Vec<News> {
    let mut kept = host.lock().await;
    let setup = match context.setup(None, false) {
        Ok(setup) => setup,
        Err(failure) => return vec![News::Findings(Err(trouble(&failure)))],
    };
    let seen = Arc::new(doctor::host(context, &setup).await);
    let found = doctor::findings(&seen, &setup);
    let words = words(&seen);
    *kept = Some(seen);
    vec![News::Host(words), News::Findings(Ok(found))]
}

/// `8 CPU · 15.3 GiB (6.1 GiB free) · 41 GiB disk · docker 28.2 · cgroup v2`.
fn words(seen: &Seen) -> String {
    let facts = &seen.facts;
    let mut words = vec![format!("{} CPU", facts.cpus)];
    if let (Some(total), Some(free)) = (facts.mem_total, facts.mem_available) {
        words.push(format!("{} ({} free)", Bytes(total), Bytes(free)));
    }
    words.extend(facts.disk.as_ref().map(|disk| format!("{} disk free", Bytes(disk.free))));
    words.push(match &seen.engine {
        EngineFacts::Reached(engine) => format!("docker {}", engine.version),
        EngineFacts::Unreachable { .. } => "no engine".to_owned(),
    });
    words.extend(facts.cgroup.map(|version| format!("cgroup v{version}")));
    words.join(" · ")
}

/// Whether this host can carry it, how long it takes, and what decides that.
pub async fn judge(context: &Context, host: &Host, order: Order) -> News {
    let judgement = weigh(context, host, &order).await.map_err(|failure| trouble(&failure));
    News::Judged { order, judgement: Box::new(judgement) }
}

async fn weigh(context: &Context, host: &Host, order: &Order) -> Result<Judgement, Failure> {
    let setup = context.setup(Some(&which(context, order)), false)?;
    let seen = {
        let mut kept = host.lock().await;
        match kept.as_ref() {
            Some(seen) => Arc::clone(seen),
            None => Arc::clone(kept.insert(Arc::new(doctor::host(context, &setup).await))),
        }
    };
    let runs = context.paths.runs(&context.global.lab);
    let past = crate::engine::journal::list_runs(&runs).map_or(0, |heads| heads.iter().filter(|head| head.verb == Verb::Up).count());
    let estimates = Estimates::from_runs(&runs).unwrap_or_default();
    let usage = |error: crate::engine::PlanError| Failure::new("LAB-USAGE-001", error.to_string());
    let planned = Plan::new(steps::up(&setup)?).map_err(usage)?.estimated(&estimates).data();
    // the forecast of a run that has only begun is that of the whole run
    let at = crate::app::runs::now();
    let begun = EventKind::RunStarted { verb: Verb::Up, lab: context.global.lab.clone(), plan: planned };
    let state = RunState::fold([&Event { v: 1, seq: 1, at, run: RunId(String::new()), event: begun }]);
    let forecast = state.forecast(at);
    let title = |id| state.step(id).map(|step| step.plan.title.clone());
    // an engine that does not answer is a finding; here it only means that nothing is known to be there
    let cluster_is_there = setup.is_existing() || setup.nodes().await.is_ok_and(|nodes| !nodes.is_empty());
    Ok(Judgement {
        budget: plan::judge(&setup, &seen),
        size: setup.lab.stack.size.unwrap_or_default().name().to_owned(),
        from_bundle: setup.images.bundle().is_some(),
        takes_ms: forecast.end,
        past_runs: past,
        path: forecast.critical.iter().filter_map(title).collect(),
        cluster_is_there,
    })
}

/// The plan as `labctl plan` says it.
pub async fn planned(context: &Context, order: &Order) -> News {
    match plan::lines(context, &which(context, order)).await {
        Ok(lines) => News::Planned(lines),
        Err(failure) => News::Failed(trouble(&failure)),
    }
}
