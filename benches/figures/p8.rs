//! P8: 100 custom kinds and 300 objects of them, against kubectl apply run twice: its first run cannot know the kinds it has just defined. Each
//! contestant gets an API server of its own, since one that has digested 100 definitions is busy for a while.

use crate::rig::parts::{Parts, kubectl};
use crate::rig::race::{Times, order, run};
use crate::rig::record::{Figure, keep, rounds};
use crate::rig::room::Room;
use crate::rig::{Outcome, child, judge, objects};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const KINDS: usize = 100;
const EACH: usize = 3;
const MUST: f64 = 0.5;
const GROUP: &str = "figures.example.org";
const NAMESPACE: &str = "p8";
/// How kubectl is called: as people type it, which is what the figure is about, and as fast as it can be had, shown beside.
const KUBECTL: [(&str, &[&str]); 2] =
    [("kubectl apply, twice", &[]), ("kubectl apply --server-side --validate=false, twice", &["--server-side", "--validate=false"])];

pub async fn measure() -> Outcome<bool> {
    let (parts, kubectl) = (Parts::find()?, kubectl()?);
    let definitions = objects::definitions(GROUP, KINDS);
    let all: Vec<Value> = definitions.iter().cloned().chain(objects::custom(GROUP, KINDS, EACH, NAMESPACE)).collect();
    let mut times = vec![Times::new("labctl")];
    times.extend(KUBECTL.iter().map(|(name, _)| Times::new(name)));
    let mut failures = 0;
    for round in 0..rounds() {
        for place in order(round, times.len()) {
            let room = Room::start(&parts).await?;
            room.make(&[NAMESPACE.to_owned()]).await?;
            let file = objects::write(&room.file("all.yaml")?, &all)?;
            let took = match place.checked_sub(1) {
                None => match run(&mut child::up(&room.kubeconfig(), "p8", std::slice::from_ref(&file), false)?) {
                    Ok((took, said)) => {
                        println!("  {}", said.trim().chars().rev().take(120).collect::<String>().chars().rev().collect::<String>());
                        took
                    }
                    Err(error) => {
                        println!("labctl: {error}");
                        failures += 1;
                        continue;
                    }
                },
                Some(way) => twice(&room, &kubectl, KUBECTL[way].1, &file)?,
            };
            println!("round {round}: {} {:.3} s", times[place].name, took.as_secs_f64());
            let wrong = judge::differences(&all, &judge::stored(&room.kube, &all).await?);
            match wrong.first() {
                Some(first) if place == 0 => {
                    println!("labctl left {} objects wrong: {first}", wrong.len());
                    failures += 1;
                }
                Some(first) => println!("  {} objects are not there after two runs: {first}", wrong.len()),
                None => {}
            }
            times[place].seconds.push(took.as_secs_f64());
        }
    }
    for times in &times {
        println!("{}", times.line());
    }
    let ours = times[0].median();
    let ratios: Vec<f64> = times[1..].iter().map(|times| ours / times.median()).collect();
    let ok = ratios[0] <= MUST && failures == 0;
    let figures: Vec<Figure> = times[1..]
        .iter()
        .zip(&ratios)
        .zip([format!("{MUST}x, 0 failures"), "for comparison".to_owned()])
        .map(|((times, ratio), must)| Figure {
            what: format!("{KINDS} CRDs and {} objects of them, against `{}", KINDS * EACH, times.name.replace(", twice", "` run twice")),
            measured: format!("{ratio:.3}x, {failures} failures"),
            must,
            raw: format!("labctl {ours:.3} s, kubectl {:.3} s; medians of {}, each on an API server of its own", times.median(), rounds()),
        })
        .collect();
    keep("P8", &figures)?;
    let words: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.3}x")).collect();
    println!(
        "P8 {}, {failures} failures (must {MUST}x, 0 failures, goal {MUST}x, 0 failures) {}",
        words.join(" / "),
        if ok { "ok" } else { "short" }
    );
    Ok(ok)
}

/// Both runs' time. The first fails, as it must.
fn twice(room: &Room, kubectl: &Path, how: &[&str], file: &PathBuf) -> Outcome<Duration> {
    let begun = Instant::now();
    for _ in 0..2 {
        let mut command = Command::new(kubectl);
        command.arg("--kubeconfig").arg(room.kubeconfig()).arg("--cache-dir").arg(room.file("kubectl-cache")?);
        command.arg("apply").args(how).arg("-f").arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status()?;
    }
    Ok(begun.elapsed())
}
