//! P2: the same 1000 objects brought about again when nothing has changed: time against the field, writes and requests by the audit log.

use super::contest::{Field, Set, Who, show, warm_up};
use super::p1::{FIELD, finish};
use crate::rig::Outcome;
use crate::rig::audit::Audit;
use crate::rig::parts::Parts;
use crate::rig::race::{Times, order, run};
use crate::rig::record::rounds;
use crate::rig::room::Room;

const MUST: [(Who, f64, f64); 3] = [(Who::KubectlUnchecked, 0.12, 0.07), (Who::Kubectl, 0.01, 0.007), (Who::Helm, 0.04, 0.02)];
const MOST_REQUESTS: usize = 30;

pub async fn measure() -> Outcome<bool> {
    let (parts, field) = (Parts::find()?, Field::find()?);
    let room = Room::start(&parts).await?;
    warm_up(&room, &field)?;
    let mut sets = Vec::new();
    for who in FIELD {
        let set = Set::make(&room, who, "p2", 10, 100).await?;
        run(&mut set.command(&room, &field, false)?)?;
        sets.push(set);
    }
    let mut times: Vec<(Who, Times)> = FIELD.iter().map(|who| (*who, field.times(*who))).collect();
    let (mut requests, mut writes) = (0, 0);
    let mut audit = Audit::begin(room.server.audit(), &room.kube).await?;
    for round in 0..rounds() {
        for place in order(round, FIELD.len()) {
            let who = FIELD[place];
            audit.take(&room.kube).await?;
            let (took, said) = run(&mut sets[place].command(&room, &field, true)?)?;
            println!("round {round}: {} {:.3} s", who.name(), took.as_secs_f64());
            times[place].1.seconds.push(took.as_secs_f64());
            if who == Who::Labctl {
                let asked = audit.take(&room.kube).await?;
                let asked: Vec<_> = asked.iter().filter(|asked| asked.ours()).collect();
                let written: Vec<_> = asked.iter().filter(|asked| asked.writes()).collect();
                println!("  {} requests, {} writes; {}", asked.len(), written.len(), said.trim());
                for asked in asked.iter().filter(|_| asked.len() > MOST_REQUESTS || !written.is_empty()).take(50) {
                    println!("  {} {}", asked.verb, asked.uri);
                }
                requests = requests.max(asked.len());
                writes = writes.max(written.len());
            }
        }
    }
    show(&times);
    let also = format!(", {writes} writes, {requests} requests");
    finish("P2", "no-op of the same 1000 objects", &times, &MUST, writes == 0 && requests <= MOST_REQUESTS, &also)
}
