//! From a scenario to a plan of the engine.

use super::ground::Drill;
use super::inject::faults;
use super::load::LOAD;
use super::steps::{Baseline, Flows, InjectStep, Keep, LoadStep, Observe, Preflight, Recover, Rollback, Verify, Watch};
use crate::engine::{Node, Plan, PlanError, ResourceClass};
use crate::model::check::Check;
use crate::model::scenario::{PlannedChange, PlannedFault};
use crate::model::units::HumanDuration;
use std::sync::Arc;
use std::time::Duration;

/// Beyond what a step is known to take: an API server that is asked a few times.
const SLACK: Duration = Duration::from_mins(2);

/// The plan. Preflight and baseline come first, and nothing is broken unless both succeed; faults follow each other; rollback, recovery and verification run
/// whatever happened before them.
pub fn compile(drill: &Arc<Drill>) -> Result<Plan, PlanError> {
    let scenario = &drill.scenario;
    let rollback = scenario.rollback.timeout.get();
    let settle =
        |checks: &[Check]| checks.iter().map(|check| check.within.map_or(Duration::from_secs(30), HumanDuration::get)).sum::<Duration>();
    let claims: Vec<Check> = scenario.checks().cloned().collect();
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let wait = drill.ground.holder.as_ref().and_then(|(_, wait)| *wait).unwrap_or_default();
    let mut nodes = vec![
        Node::new("preflight", "Preflight", Arc::new(Preflight(Arc::clone(drill))))
            .group("before")
            .class(ResourceClass::Cluster)
            .deadline(SLACK + wait),
        Node::new("baseline", "Steady state before", Arc::new(Baseline(Arc::clone(drill))))
            .group("before")
            .needs(["preflight"])
            .deadline(settle(&claims) + scenario.steady_state.baseline.get() + SLACK)
            .estimate_ms(millis(scenario.steady_state.baseline.get()))
            .yielding(),
    ];
    let mut before = "baseline".to_owned();
    let mut made = Vec::new();
    let load = scenario.load.as_ref();
    if let Some(load) = load {
        let lasts = load.lasts().get();
        let step = LoadStep { drill: Arc::clone(drill), load: load.clone() };
        let node = Node::new(LOAD, "Load", Arc::new(step)).group("load").needs(["baseline"]).yielding();
        nodes.push(node.deadline(lasts + SLACK * 2).estimate_ms(millis(lasts)));
        if scenario.inject.is_empty() {
            made.push(LOAD.to_owned());
        } else {
            let flows = Flows { drill: Arc::clone(drill), before: load.start_before.get() };
            let node = Node::new("load/flows", "Load flows", Arc::new(flows)).group("load").needs(["baseline"]).yielding();
            nodes.push(node.deadline(load.start_before.get() + SLACK).estimate_ms(millis(load.start_before.get())));
            "load/flows".clone_into(&mut before);
        }
    }
    for inject in &scenario.inject {
        let (fault, lasting) = (format!("inject/{}", inject.name), format!("observe/{}", inject.name));
        let step = InjectStep { drill: Arc::clone(drill), inject: inject.clone(), step: fault.clone() };
        let landed = inject.landed.as_ref().and_then(|landed| landed.check.within).map_or(Duration::ZERO, HumanDuration::get);
        nodes.push(
            Node::new(fault.as_str(), format!("Fault {}", inject.name), Arc::new(step))
                .group("fault")
                .class(ResourceClass::Cluster)
                .needs([before.as_str()])
                .deadline(landed * 2 + SLACK)
                .estimate_ms(5_000)
                .yielding(),
        );
        nodes.push(
            Node::new(
                lasting.as_str(),
                format!("Watch {}", inject.name),
                Arc::new(Observe { drill: Arc::clone(drill), name: inject.name.clone(), duration: inject.duration }),
            )
            .group("fault")
            .needs([fault.as_str()])
            .deadline(inject.duration.get() + SLACK)
            .estimate_ms(millis(inject.duration.get()))
            .yielding(),
        );
        before.clone_from(&lasting);
        made.extend([fault, lasting]);
    }
    let faults = u32::try_from(scenario.inject.len()).unwrap_or(u32::MAX).saturating_add(1);
    nodes.extend([
        Node::new("watch", "Looks again and again", Arc::new(Watch(Arc::clone(drill))))
            .group("fault")
            .needs(["baseline"])
            .until(["recover"])
            .deadline(scenario.max_duration.get() + rollback * 3 + SLACK * faults.saturating_mul(2)),
        Node::new("rollback", "Take back", Arc::new(Rollback(Arc::clone(drill))))
            .group("after")
            .class(ResourceClass::Cluster)
            .after(made)
            .finally()
            .deadline(rollback * faults + SLACK),
        Node::new("recover", "Steady state again", Arc::new(Recover(Arc::clone(drill))))
            .group("after")
            .after(["rollback"])
            .finally()
            .deadline(rollback + SLACK)
            .estimate_ms(15_000),
        Node::new("verify", "Claims of the end", Arc::new(Verify(Arc::clone(drill))))
            .group("after")
            .after(["recover", "watch"].into_iter().chain(load.map(|_| LOAD)))
            .finally()
            .deadline(settle(&claims) + SLACK),
        Node::new("evidence", "Evidence", Arc::new(Keep(Arc::clone(drill))))
            .group("after")
            .after(["verify"])
            .finally()
            .deadline(scenario.evidence.pad_after.get() + SLACK)
            .estimate_ms(millis(scenario.evidence.pad_after.get())),
    ]);
    Plan::new(nodes).map(Plan::unwinding)
}

/// What the drill would change now, fault by fault. Reads only; an error says why it would be refused.
pub async fn preview(drill: &Drill) -> Result<Vec<PlannedFault>, String> {
    drill.fits()?;
    let mut all = Vec::new();
    for inject in &drill.scenario.inject {
        let planned = faults(drill, inject).await?;
        let changes = planned.into_iter().map(|planned| PlannedChange { undo: planned.undo_words(), what: planned.what }).collect();
        all.push(PlannedFault { name: inject.name.clone(), changes });
    }
    Ok(all)
}
