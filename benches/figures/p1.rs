//! P1: 1000 mixed objects in ten namespaces made from nothing, against kubectl, Helm and a bare loop.

use super::contest::{Field, Set, Who, of, show, warm_up};
use crate::rig::parts::Parts;
use crate::rig::race::{Times, order, run};
use crate::rig::record::{Figure, keep, rounds};
use crate::rig::room::Room;
use crate::rig::{Outcome, child, judge};

pub const FIELD: [Who; 5] = [Who::Labctl, Who::KubectlUnchecked, Who::Kubectl, Who::Helm, Who::Bare];
/// Ratios to each that must be reached.
const MUST: [(Who, f64, f64); 3] = [(Who::KubectlUnchecked, 0.55, 0.40), (Who::Kubectl, 0.06, 0.05), (Who::Helm, 0.36, 0.28)];

pub async fn measure() -> Outcome<bool> {
    let (parts, field) = (Parts::find()?, Field::find()?);
    let room = Room::start(&parts).await?;
    warm_up(&room, &field)?;
    let mut times: Vec<(Who, Times)> = FIELD.iter().map(|who| (*who, field.times(*who))).collect();
    for round in 0..rounds() {
        for place in order(round, FIELD.len()) {
            let who = FIELD[place];
            let set = Set::make(&room, who, &format!("p1-{round}"), 10, 100).await?;
            let (took, said) = run(&mut set.command(&room, &field, false)?)?;
            println!("round {round}: {} {:.3} s", who.name(), took.as_secs_f64());
            if who == Who::Labctl {
                let report = child::report(&said)?;
                println!(
                    "  {} created; read {:.0} ms, look {:.0} ms, write {:.0} ms; {} KiB",
                    report.created, report.phases[0], report.phases[1], report.phases[2], report.peak_kib
                );
            }
            let wrong = judge::differences(&set.objects, &judge::stored(&room.kube, &set.objects).await?);
            if let Some(first) = wrong.first() {
                return Err(format!("{} left {} of 1000 objects wrong: {first}", who.name(), wrong.len()).into());
            }
            times[place].1.seconds.push(took.as_secs_f64());
            set.wipe(&room).await?;
        }
    }
    show(&times);
    finish("P1", "create 1000 mixed objects", &times, &MUST, true, "")
}

/// Judges, keeps and prints the figure: ratios of labctl's time to each of `must`. `holds` is whether all else that must hold does.
pub fn finish(id: &str, what: &str, times: &[(Who, Times)], must: &[(Who, f64, f64)], holds: bool, also: &str) -> Outcome<bool> {
    let ours = of(times, Who::Labctl).median();
    let ratio = |who: Who| ours / of(times, who).median();
    let mut figures: Vec<Figure> = must
        .iter()
        .map(|(who, must, _)| Figure {
            what: format!("{what}, against {}", in_words(*who)),
            measured: format!("{:.3}x{also}", ratio(*who)),
            must: format!("{must}x"),
            raw: format!(
                "labctl {ours:.3} s, {} {:.3} s; medians of {}, side by side, whole processes",
                of(times, *who).name,
                of(times, *who).median(),
                rounds()
            ),
        })
        .collect();
    let ratios: Vec<String> = must.iter().map(|(who, ..)| format!("{:.3}x", ratio(*who))).collect();
    if times.iter().any(|(who, _)| *who == Who::Bare) {
        let bare = of(times, Who::Bare).median();
        figures.push(Figure {
            what: format!("{what}, a bare kube-rs loop in the place of labctl"),
            measured: must.iter().map(|(who, ..)| format!("{:.3}x", bare / of(times, *who).median())).collect::<Vec<_>>().join(" / "),
            must: "for comparison".to_owned(),
            raw: format!("{bare:.3} s; sixteen PATCHes at once, nothing read, nothing recorded"),
        });
    }
    keep(id, &figures)?;
    let ok = holds && must.iter().all(|(who, must, _)| ratio(*who) <= *must);
    let all = |pick: fn(&(Who, f64, f64)) -> f64| must.iter().map(|one| format!("{}x", pick(one))).collect::<Vec<_>>().join(" / ");
    println!("{id} {}{also} (must {}, goal {}) {}", ratios.join(" / "), all(|m| m.1), all(|m| m.2), if ok { "ok" } else { "short" });
    Ok(ok)
}

fn in_words(who: Who) -> &'static str {
    match who {
        Who::KubectlUnchecked => "`kubectl apply --server-side --validate=false`",
        Who::Kubectl => "`kubectl apply --server-side`",
        Who::Helm => "`helm install` or `helm upgrade` of one chart",
        Who::Labctl | Who::Bare => who.name(),
    }
}
