//! P9: 10 000 objects: making them, a run that changes nothing, and the most memory that took. The terminal app's part is a rig of its own, TUI.

use super::contest::{Field, Set, Who};
use crate::rig::parts::Parts;
use crate::rig::race::{median, run};
use crate::rig::record::{Figure, keep, rounds};
use crate::rig::room::Room;
use crate::rig::{Outcome, child, judge};

const CREATE: (f64, usize) = (15.0, 3);
const NOOP: (f64, usize) = (1.5, 5);
const MEMORY: f64 = 150.0;

pub async fn measure() -> Outcome<bool> {
    let room = Room::start(&Parts::find()?).await?;
    let field = Field::empty();
    let (mut create, mut noop, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    let (creates, noops) = (CREATE.1.min(rounds()), NOOP.1.min(rounds()));
    for round in 0..creates {
        let set = Set::make(&room, Who::Labctl, &format!("p9-{round}"), 10, 1000).await?;
        let (took, said) = run(&mut set.command(&room, &field, false)?)?;
        let report = child::report(&said)?;
        println!("create: {:.2} s, {} KiB at most, {:?} ms", took.as_secs_f64(), report.peak_kib, report.phases);
        create.push(took.as_secs_f64());
        memory.push(report.peak_kib as f64 / 1024.0);
        let wrong = judge::differences(&set.objects, &judge::stored(&room.kube, &set.objects).await?);
        if let Some(first) = wrong.first() {
            return Err(format!("{} of 10 000 objects are wrong: {first}", wrong.len()).into());
        }
        if round + 1 == creates {
            for _ in 0..noops {
                let (took, said) = run(&mut set.command(&room, &field, true)?)?;
                let report = child::report(&said)?;
                println!(
                    "no-op: {:.2} s, {} KiB at most, {:?} ms, {} unchanged",
                    took.as_secs_f64(),
                    report.peak_kib,
                    report.phases,
                    report.unchanged
                );
                if report.unchanged != set.objects.len() {
                    return Err(format!("a run that was to change nothing found {:?}", report.found.first()).into());
                }
                noop.push(took.as_secs_f64());
                memory.push(report.peak_kib as f64 / 1024.0);
            }
        }
        set.wipe(&room).await?;
    }
    let (create, noop, memory) = (median(&create), median(&noop), memory.into_iter().fold(0.0, f64::max));
    let ok = create <= CREATE.0 && noop <= NOOP.0 && memory <= MEMORY;
    let measured = format!("{create:.2} s / {noop:.2} s / {memory:.0} MiB");
    let must = format!("{} s / {} s / {MEMORY} MB", CREATE.0, NOOP.0);
    let raw = format!("medians of {creates} and {noops}, the highest memory of all runs; whole processes");
    let what = "10 000 objects: create / no-op / peak memory".to_owned();
    keep("P9", &[Figure { what, measured: measured.clone(), must: must.clone(), raw }])?;
    println!("P9 {measured} (must {must}, goal {must}) {}", if ok { "ok" } else { "short" });
    Ok(ok)
}
