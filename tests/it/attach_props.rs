//! Whenever a client joins, and however a run's events reach the disk, what it folds is the run.

use crate::rig::{Act, Scripted, run_plan, sleeper};
use labctl::engine::Plan;
use labctl::engine::attach::{Limits, Places, Serving, Told, connect, serve};
use labctl::engine::journal::JournalWriter;
use labctl::model::run::{ClientHello, EndReason, Event, RunState, ServerLine, StepEvent, Stream, Verb};
use proptest::prelude::*;
use std::time::Duration;
use tokio::sync::mpsc;

/// The events of a run of so many steps, some of which fail, each with so many lines of output.
fn a_run(steps: usize, lines: usize) -> Vec<Event> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let node = |at: usize| {
        let say = |line| Act::Say(StepEvent::Output { stream: Stream::Out, line: format!("{line} \u{2713} {}", "y".repeat(300)) });
        let mut acts: Vec<Act> = (0..lines).map(say).collect();
        acts.push(if at % 3 == 2 { Act::Fail("drawn") } else { Act::Sleep(5) });
        let node = Scripted::new(&format!("s{at}"), acts).node();
        if at % 4 == 3 { node.needs([format!("s{}", at - 1)]) } else { node }
    };
    let nodes = (0..steps).map(node).chain([sleeper("last", 1).finally()]).collect();
    runtime.block_on(run_plan(Plan::new(nodes).unwrap())).events
}

/// Writes `events` in commits of the drawn sizes; a client joins after `join` of them. What it was told.
async fn told(events: &[Event], sizes: &[usize], join: usize) -> Vec<Told> {
    let home = tempfile::tempdir().unwrap();
    let run = events[0].run.clone();
    let mut journal = JournalWriter::create(home.path(), &run).unwrap();
    let serving = Serving {
        run,
        lab: "lab".to_owned(),
        verb: Verb::Test,
        journal: journal.path().to_owned(),
        commits: journal.commits(),
        control: mpsc::channel(1).0,
        user: String::new(),
        limits: Limits { last: Duration::from_secs(30), ..Limits::default() },
    };
    let served = serve(Places { runtime: None, fallback: home.path().join("run") }, serving).await.unwrap();
    let (mut sizes, mut rest, mut commits, mut client) = (sizes.iter().copied().cycle(), events, 0, None);
    loop {
        if client.is_none() && (commits >= join || rest.is_empty()) {
            let (mut attached, steering) = connect(served.socket(), &ClientHello::new(true)).await.unwrap();
            client = Some(tokio::spawn(async move {
                let mut told = Vec::new();
                while let Some(line) = attached.next().await.unwrap() {
                    told.push(line);
                }
                drop(steering);
                told
            }));
        }
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
        for event in now {
            journal.append(event).unwrap();
        }
        journal.commit().unwrap();
        (rest, commits) = (later, commits + 1);
        tokio::task::yield_now().await;
    }
    drop(journal);
    let told = client.unwrap().await.unwrap();
    served.finish().await;
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_client_folds_the_final_state_whenever_it_joins(
        steps in 1..6_usize, lines in prop::sample::select(vec![0, 3, 200]), sizes in prop::collection::vec(1..40_usize, 1..5), join in 0..40_usize,
    ) {
        let events = a_run(steps, lines);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut told = runtime.block_on(told(&events, &sizes, join));
        prop_assert_eq!(told.pop(), Some(Told::Line(ServerLine::End { why: EndReason::Finished })));
        let seen: Vec<Event> = told.into_iter().filter_map(|line| match line {
            Told::Event(event) => Some(*event),
            Told::Line(_) => None,
        }).collect();
        prop_assert_eq!(&seen, &events);
        prop_assert_eq!(RunState::fold(&seen), RunState::fold(&events));
    }
}
