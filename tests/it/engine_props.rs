//! What holds for every plan, however it fails and whenever it is cancelled.

use crate::rig::{Act, Ran, Scripted, run_steered};
use labctl::engine::{Node, Plan, ResourceClass, Slots};
use labctl::model::run::{CancelReason, Control, EventKind, FinishedAs, RunState, StepEvent};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

#[derive(Debug, Clone)]
struct Drawn {
    needs: Vec<usize>,
    after: Vec<usize>,
    finally: bool,
    class: usize,
    script: u8,
    millis: u64,
    estimate: u64,
}

fn drawn(at: usize) -> impl Strategy<Value = Drawn> {
    let before = || prop::collection::vec(0..at.max(1), 0..=3.min(at));
    (before(), before(), prop::bool::weighted(0.15), 0..5_usize, 0..12_u8, 0..40_u64, 0..100_u64).prop_map(
        |(needs, after, finally, class, script, millis, estimate)| Drawn { needs, after, finally, class, script, millis, estimate },
    )
}

fn plans() -> impl Strategy<Value = Vec<Drawn>> {
    (1..14_usize).prop_flat_map(|count| (0..count).map(drawn).collect::<Vec<_>>())
}

fn name(at: usize) -> String {
    format!("s{at}")
}

fn build(drawn: &[Drawn]) -> Vec<Node> {
    let node = |(at, drawn): (usize, &Drawn)| {
        let mut acts = vec![Act::Sleep(drawn.millis)];
        match drawn.script {
            0 => acts.push(Act::Fail("drawn")),
            1 => acts.push(Act::Panic),
            2 => acts.push(Act::Hang),
            3 => acts.push(Act::Wait),
            4 => acts.push(Act::Intend("something")),
            5 => acts.push(Act::Say(StepEvent::Waiting { on: "x".to_owned(), last_reason: "y".to_owned(), cause: None })),
            _ => {}
        }
        let step = Scripted::new(&name(at), acts);
        let step = if drawn.script == 6 { step.done() } else { step };
        let node = step.node().class(ResourceClass::ALL[drawn.class]).deadline(Duration::from_millis(60)).estimate_ms(drawn.estimate);
        let node = node.needs(drawn.needs.iter().copied().map(name)).after(drawn.after.iter().copied().map(name));
        if drawn.finally { node.finally() } else { node }
    };
    drawn.iter().enumerate().map(node).collect()
}

/// Runs the plan in paused time; at event `cancel.0` sends `cancel.1`.
fn go(drawn: &[Drawn], slots: [usize; 5], unwind: bool, cancel: Option<(u64, CancelReason)>) -> Ran {
    let plan = Plan::new(build(drawn)).unwrap();
    let plan = if unwind { plan.unwinding() } else { plan };
    let slots = ResourceClass::ALL.into_iter().zip(slots).fold(Slots::default(), |slots, (class, count)| slots.with(class, count));
    let steer = move |event: &labctl::model::run::Event| match cancel {
        Some((seq, why)) if seq == event.seq => vec![Control::Cancel { why }],
        _ => vec![],
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(run_steered(
        plan,
        |mut options| {
            options.slots = slots;
            options
        },
        steer,
    ))
}

fn check(drawn: &[Drawn], slots: [usize; 5], ran: &Ran, cancel: Option<CancelReason>) -> Result<(), TestCaseError> {
    let mut running: HashSet<usize> = HashSet::new();
    let mut ended: HashMap<usize, FinishedAs> = HashMap::new();
    let mut started: HashSet<usize> = HashSet::new();
    let at = |id: &labctl::model::run::StepId| id.0[1..].parse::<usize>().unwrap();
    let mut state = RunState::default();
    for (index, event) in ran.journal.events.iter().enumerate() {
        prop_assert_eq!(event.seq, index as u64 + 1);
        state.apply(event);
        prop_assert_eq!(state.counts().total() as usize, state.steps.len());
        let _folds = (state.critical_path(), state.phases(), state.remaining_ms(event.at));
        match &event.event {
            EventKind::StepStarted { step } => {
                let node = at(step);
                prop_assert!(started.insert(node), "started twice");
                for need in &drawn[node].needs {
                    let Some(result) = ended.get(need) else {
                        return Err(TestCaseError::fail("started before what it needs"));
                    };
                    let success = matches!(result, FinishedAs::Changed { .. } | FinishedAs::Unchanged { .. });
                    prop_assert!(success || drawn[node].finally, "started though what it needs failed");
                }
                prop_assert!(drawn[node].after.iter().all(|before| ended.contains_key(before)), "started before what it is after");
                running.insert(node);
                let class = drawn[node].class;
                prop_assert!(running.iter().filter(|other| drawn[**other].class == class).count() <= slots[class], "more than slots");
            }
            EventKind::StepFinished { step, result } => {
                running.remove(&at(step));
                prop_assert!(ended.insert(at(step), result.clone()).is_none(), "ended twice");
            }
            _ => {}
        }
    }
    prop_assert_eq!(ended.len(), drawn.len(), "not every step is accounted for");
    prop_assert!(started.iter().all(|node| ended.contains_key(node)));
    let last = ran.journal.events.last().map(|event| &event.event);
    prop_assert!(matches!(last, Some(EventKind::RunFinished { .. })), "{:?}", last);
    prop_assert_eq!(&state, ran.state(), "the fold of the journal is not the live state");
    prop_assert_eq!(&ran.events, &ran.journal.events, "the front end saw something else than the journal");
    if cancel != Some(CancelReason::Abandon) {
        for (node, _) in drawn.iter().enumerate().filter(|(_, drawn)| drawn.finally) {
            prop_assert!(started.contains(&node), "finally did not run");
        }
    }
    if cancel.is_none() {
        prop_assert!(ended.values().all(|result| *result != FinishedAs::Cancelled));
    }
    Ok(())
}

fn stages() -> impl Strategy<Value = CancelReason> {
    prop::sample::select(vec![CancelReason::Requested, CancelReason::Now, CancelReason::Abandon])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_keeps_order_slots_and_books(drawn in plans(), slots in prop::array::uniform5(1..4_usize), unwind: bool) {
        let ran = go(&drawn, slots, unwind, None);
        check(&drawn, slots, &ran, None)?;
    }

    #[test]
    fn every_cancel_at_any_event_accounts_for_every_step(
        drawn in plans(), slots in prop::array::uniform5(1..4_usize), unwind: bool, seq in 1..60_u64, why in stages(),
    ) {
        let ran = go(&drawn, slots, unwind, Some((seq, why)));
        let cancelled = ran.state().cancelling;
        check(&drawn, slots, &ran, cancelled)?;
    }
}
