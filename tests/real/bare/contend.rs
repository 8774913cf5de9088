//! R3 of the design: many `up` at once, holders that are killed, holders that are stopped and wake up. Each contender has a home and a user of its
//! own, so the API server's audit log tells who wrote what and when.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a rig says what it expects and what it measures")]

use super::rig::{Rig, UP, told};
use crate::server::{self, CONTENDERS};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use std::process::{Child, Output};
use std::time::{Duration, Instant};

const COMPONENTS: usize = 3;
const OBJECTS: usize = 30;
/// Every so many rounds a holder is stopped for longer than its lease lasts.
const SLEEPER_EVERY: usize = 10;

pub async fn r3(rounds: usize, seed: u64) -> bool {
    let rig = Rig::new("contend", COMPONENTS, OBJECTS).await.unwrap();
    rig.up("w0").await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut faults: Vec<String> = Vec::new();
    let (mut slowest_loser, mut slowest_heir, mut slept) = (Duration::ZERO, Duration::ZERO, 0);
    for round in 0..rounds {
        let content = format!("{round}");
        (0..COMPONENTS).for_each(|index| rig.component(index, OBJECTS, &content));
        let mark = server::audit_length().await.unwrap();
        let result = if round % SLEEPER_EVERY == SLEEPER_EVERY - 1 {
            slept += 1;
            sleeper(&rig).await
        } else if round % 2 == 1 {
            killed(&rig, random.random_range(20..400)).await.map(|heir| slowest_heir = slowest_heir.max(heir))
        } else {
            crowd(&rig).await.map(|loser| slowest_loser = slowest_loser.max(loser))
        };
        faults.extend(result.err().map(|fault| format!("round {round}: {fault}")));
        faults.extend(interleaved(&server::audited_since(mark).await.unwrap()).map(|fault| format!("round {round}: {fault}")));
        rig.up("w0").await;
        let now = rig.state().await;
        let wrong =
            now.iter().filter(|(path, object)| path.contains("configmaps/") && object["data"]["content"] != content.as_str()).count();
        if wrong > 0 {
            faults.push(format!("round {round}: {wrong} objects are not as the last writer wanted"));
        }
        if round % 10 == 9 {
            println!("{} of {rounds} rounds, {} faults", round + 1, faults.len());
        }
    }
    rig.down("w0").await;
    for fault in &faults {
        println!("{fault}");
    }
    println!(
        "{rounds} rounds ({slept} with a sleeper): losers named the holder at most {} ms after their start (must 1000), a killed holder's heir was done after at most {} ms (must 16000), {} faults",
        slowest_loser.as_millis(),
        slowest_heir.as_millis(),
        faults.len()
    );
    let ok = faults.is_empty() && slowest_heir <= Duration::from_secs(16) && slowest_loser <= Duration::from_secs(1);
    println!("R3 {} of {rounds} (must {rounds}, goal {rounds}) {}", rounds - faults.len().min(rounds), if ok { "ok" } else { "short" });
    ok
}

async fn start(rig: &Rig, who: &str, more: &[&str]) -> Child {
    let args: Vec<&str> = UP.iter().chain(more).copied().collect();
    rig.command(who, &args).await.spawn().unwrap()
}

/// All at once: some work, the others say who does. How long the slowest of those took to say so.
async fn crowd(rig: &Rig) -> Result<Duration, String> {
    let mut running = Vec::new();
    for who in CONTENDERS {
        let child = start(rig, who, &[]).await;
        let began = Instant::now();
        running.push(std::thread::spawn(move || (child.wait_with_output().unwrap(), began.elapsed())));
    }
    let ends: Vec<(Output, Duration)> = running.into_iter().map(|end| end.join().unwrap()).collect();
    let worked = ends.iter().filter(|(output, _)| output.status.code() == Some(0)).count();
    let mut slowest = Duration::ZERO;
    for (output, took) in &ends {
        match output.status.code() {
            Some(0) => {}
            Some(4) if told(output).contains("another labctl is at work on this lab: labctl up by") => slowest = slowest.max(*took),
            _ => return Err(format!("a contender ended otherwise: {}", told(output))),
        }
    }
    if worked == 0 { Err("nobody worked".to_owned()) } else { Ok(slowest) }
}

/// One is killed after `millis`; how long the next one takes to be done.
async fn killed(rig: &Rig, millis: u64) -> Result<Duration, String> {
    let mut victim = start(rig, "w1", &[]).await;
    tokio::time::sleep(Duration::from_millis(millis)).await;
    victim.kill().unwrap();
    victim.wait().unwrap();
    let began = Instant::now();
    let heir = start(rig, "w2", &[]).await.wait_with_output().unwrap();
    if heir.status.code() == Some(0) { Ok(began.elapsed()) } else { Err(format!("the heir failed: {}", told(&heir))) }
}

/// The holder is stopped, another takes over, the first wakes up: it must write nothing any more and say why it ends.
async fn sleeper(rig: &Rig) -> Result<(), String> {
    let lease = format!("/apis/coordination.k8s.io/v1/namespaces/labctl-system/leases/{}", rig.name);
    let child = start(rig, "w3", &[]).await;
    let process = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    let began = Instant::now();
    loop {
        let held =
            rig.kube.get(&lease).await.is_ok_and(|lease| lease["spec"]["holderIdentity"].as_str().is_some_and(|run| !run.is_empty()));
        if held {
            break;
        }
        if began.elapsed() > Duration::from_secs(20) {
            return Err(format!("it never held the lock: {}", told(&child.wait_with_output().unwrap())));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rustix::process::kill_process(process, rustix::process::Signal::STOP).unwrap();
    let heir = start(rig, "w4", &["--wait-lock=60"]).await.wait_with_output().unwrap();
    let mark = server::audit_length().await.unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::CONT).unwrap();
    let woken = child.wait_with_output().unwrap();
    if heir.status.code() != Some(0) {
        return Err(format!("the heir failed: {}", told(&heir)));
    }
    let late: Vec<String> = server::audited_since(mark)
        .await
        .unwrap()
        .iter()
        .filter(|write| write["user"]["username"] == "w3" && succeeded(write))
        .map(|write| write["requestURI"].to_string())
        .collect();
    if !late.is_empty() {
        return Err(format!("the sleeper wrote after it woke: {late:?}"));
    }
    // 0: it was stopped before its last look, and found on waking that the heir had left nothing to do
    if matches!(woken.status.code(), Some(0 | 4)) { Ok(()) } else { Err(format!("the sleeper ended otherwise: {}", told(&woken))) }
}

fn succeeded(write: &Value) -> bool {
    write["responseStatus"]["code"].as_u64().is_some_and(|code| code < 400)
}

/// Whether writes of two contenders lie between each other: who wrote must have been done before the next one began.
fn interleaved(writes: &[Value]) -> Option<String> {
    let mut all: Vec<&Value> = writes
        .iter()
        .filter(|write| succeeded(write) && !write["requestURI"].as_str().is_some_and(|uri| uri.contains("/leases")))
        .collect();
    all.sort_by_key(|write| write["requestReceivedTimestamp"].as_str().unwrap_or_default().to_owned());
    let mut turns: Vec<&str> = Vec::new();
    for write in all {
        let who = write["user"]["username"].as_str().unwrap_or_default();
        if turns.last() != Some(&who) {
            if turns.contains(&who) {
                return Some(format!("{who} wrote, then {}, then {who} again: {}", turns.last().unwrap_or(&""), write["requestURI"]));
            }
            turns.push(who);
        }
    }
    None
}

#[test]
fn writes_between_each_other_are_noticed() {
    let write = |who: &str, at: &str| serde_json::json!({"user": {"username": who}, "requestReceivedTimestamp": at, "requestURI": "/x", "responseStatus": {"code": 200}});
    assert!(interleaved(&[write("a", "1"), write("b", "2"), write("a", "3")]).is_some());
    assert!(interleaved(&[write("a", "1"), write("a", "2"), write("b", "3")]).is_none());
}
