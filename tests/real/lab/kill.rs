//! `up` is killed, or told to stop, at any moment; the next `up` ends where an uninterrupted one would have.
//!
//! `tests/torture/kill-up` takes random moments, as many as one likes; CI runs the points chosen here.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "clippy knows tests only by #[test]; these are their helpers")]
#![expect(clippy::disallowed_methods, reason = "nothing else runs beside it, and the moment itself is what is tested")]

use super::bed::{Bed, bed, containers, processes, told};
use rand::{Rng, SeedableRng};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// When a run is hit.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after its start.
    After(Duration),
    /// So long after a step said that it began.
    Into(&'static str, Duration),
}

impl Moment {
    fn sooner(self) -> Self {
        match self {
            Self::After(time) => Self::After(time.mul_f64(0.7)),
            Self::Into(step, time) => Self::Into(step, time.mul_f64(0.7)),
        }
    }
}

/// From what state the run starts that is hit.
#[derive(Debug, Clone, Copy)]
enum From {
    /// Nothing of the lab is there.
    Nothing,
    /// One component is missing.
    Without(&'static str, &'static str),
}

/// What hits it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hit {
    Kill,
    Interrupt,
}

const COMPONENTS: [(&str, &str); 5] = [
    ("observability", "prometheus"),
    ("observability", "loki"),
    ("apps", "app-python"),
    ("observability", "jaeger"),
    ("aws", "aws-emulator"),
];

/// Starts `up` and hits it. `None` when it had ended by itself before.
fn hit(bed: &Bed, moment: Moment, hit: Hit) -> Option<ExitStatus> {
    let path = bed.home.join("hit.jsonl");
    let mut child = bed.command(&["up", "--headless", "--output", "json"]).stdout(File::create(&path).unwrap()).spawn().unwrap();
    let mut due = match moment {
        Moment::After(time) => Some(Instant::now() + time),
        Moment::Into(..) => None,
    };
    loop {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        if let (None, Moment::Into(step, time)) = (due, moment) {
            let began = format!("\"kind\":\"step_started\",\"step\":\"{step}\"");
            due = std::fs::read_to_string(&path).unwrap().contains(&began).then(|| Instant::now() + time);
        }
        if due.is_some_and(|due| Instant::now() >= due) {
            return Some(strike(&mut child, hit));
        }
        // it is the moment itself that is tested: no event marks it
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn strike(child: &mut Child, hit: Hit) -> ExitStatus {
    match hit {
        Hit::Kill => child.kill().unwrap(),
        Hit::Interrupt => {
            let pid = rustix::process::Pid::from_child(child);
            rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        }
    }
    child.wait().unwrap()
}

fn prepare(bed: &Bed, from: From) {
    match from {
        From::Nothing => {
            let output = bed.labctl(&["down", "--yes"]);
            assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        }
        From::Without(namespace, name) => {
            let label = format!("app.kubernetes.io/name={name}");
            bed.kubectl(&["-n", namespace, "delete", "deployment,statefulset,daemonset,service,configmap", "-l", &label]);
        }
    }
}

/// The lab is as an uninterrupted run leaves it: ready, and everything once.
fn assert_whole(bed: &Bed, objects: &BTreeSet<String>) {
    bed.assert_ready();
    let now = bed.objects();
    let (more, fewer): (Vec<_>, Vec<_>) = (now.difference(objects).collect(), objects.difference(&now).collect());
    assert!(more.is_empty() && fewer.is_empty(), "more than an uninterrupted run: {more:?}; fewer: {fewer:?}");
    assert_eq!(containers(&format!("io.x-k8s.kind.cluster={}", bed.name)), [bed.plane()]);
    assert_eq!(containers("dev.labctl.role=registry").len(), 1);
    let contexts = std::fs::read_to_string(bed.home.join(".kube/config")).unwrap();
    assert_eq!(contexts.matches(&format!("name: kind-{}\n", bed.name)).count(), 3, "cluster, user and context, each once");
    assert_eq!(left_at_work(bed), Vec::<String>::new(), "processes that should have ended");
}

/// Children of labctl that outlived it: kind, or docker at work for kind.
fn left_at_work(bed: &Bed) -> Vec<String> {
    let all = processes(&bed.name).into_iter();
    all.filter(|line| line.contains("kind ") || line.contains("docker exec") || line.contains("docker run") || line.contains("labctl "))
        .collect()
}

/// One point: state, hit, `up`, and all is whole.
fn survive(bed: &Bed, from: From, moment: Moment, objects: &BTreeSet<String>) {
    let mut moment = moment;
    let status = loop {
        prepare(bed, from);
        if let Some(status) = hit(bed, moment, Hit::Kill) {
            break status;
        }
        println!("  {from:?}, {moment:?}: it had ended before, so once more and sooner");
        moment = moment.sooner();
    };
    assert_eq!(status.code(), None, "it was killed, so it has no exit code");
    let was_at = at_work(bed);
    let started = Instant::now();
    bed.up_again();
    println!("  {from:?}, killed at {moment:?} in [{was_at}]: up again took {:.1} s", started.elapsed().as_secs_f64());
    assert_whole(bed, objects);
}

/// The steps that were at work in the run that was hit.
fn at_work(bed: &Bed) -> String {
    let text = std::fs::read_to_string(bed.home.join("hit.jsonl")).unwrap();
    let mut steps: Vec<String> = Vec::new();
    // the last line may be cut in two
    for event in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let step = event["event"]["step"].as_str().unwrap_or_default().to_owned();
        match event["event"]["kind"].as_str() {
            Some("step_started") => steps.push(step),
            Some("step_finished") => steps.retain(|other| *other != step),
            _ => {}
        }
    }
    steps.join(" ")
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn five_chosen_moments() {
    let Some(bed) = bed() else { return };
    let objects = bed.objects();
    let millis = Duration::from_millis;
    survive(bed, From::Without("observability", "prometheus"), Moment::Into("component/prometheus", millis(400)), &objects);
    survive(bed, From::Without("apps", "app-python"), Moment::Into("component/app-python", millis(3000)), &objects);
    survive(bed, From::Without("observability", "loki"), Moment::Into("survey", millis(50)), &objects);
    survive(bed, From::Nothing, Moment::Into("cluster", millis(6000)), &objects);
    survive(bed, From::Nothing, Moment::Into("component/otel-collector", millis(1500)), &objects);
}

/// What a kill leaves behind that comes while the runc in the node has a pod's cgroup frozen; there it is a matter of luck, so here it is done by hand.
#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn a_node_with_frozen_processes_can_be_taken_away() {
    let Some(bed) = bed() else { return };
    let freeze = "cd /sys/fs/cgroup/freezer 2>/dev/null || { echo v2; exit; }\n\
        mkdir -p stuck && { sleep 1000 & } && echo $! > stuck/cgroup.procs && echo FROZEN > stuck/freezer.state && echo frozen";
    let said = super::bed::docker(&["exec", &bed.plane(), "sh", "-c", freeze]);
    if said.trim() == "v2" {
        println!("NOT RUN: this host has cgroup v2, where a frozen process can be killed");
        return;
    }
    assert_eq!(said.trim(), "frozen");
    let output = bed.labctl(&["down", "--yes"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("trying again"), "{}", told(&output));
    assert!(containers(&format!("io.x-k8s.kind.cluster={}", bed.name)).is_empty());
    bed.up_again();
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn ctrl_c_at_three_stages() {
    let Some(bed) = bed() else { return };
    let objects = bed.objects();
    prepare(bed, From::Nothing);
    let seconds = Duration::from_secs;
    // each goes on where the one before stopped
    for moment in [Moment::Into("cluster", seconds(5)), Moment::Into("nodes", seconds(0)), Moment::Into("component/prometheus", seconds(2))]
    {
        let started = Instant::now();
        let status = hit(bed, moment, Hit::Interrupt).unwrap();
        println!(
            "  Ctrl-C at {moment:?} in [{}]: ended with {status}, {:.1} s after the start",
            at_work(bed),
            started.elapsed().as_secs_f64()
        );
        assert_eq!(status.code(), Some(130), "{moment:?}");
        assert_eq!(left_at_work(bed), Vec::<String>::new());
    }
    bed.up_again();
    assert_whole(bed, &objects);
}

/// `points` moments spread over the length of a run: every second one from nothing, the others from a lab that lacks a component.
pub fn any_moment(points: u32) {
    let Some(bed) = bed() else { return };
    let seed = std::env::var("LABCTL_TORTURE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let objects = bed.objects();
    let length = |from: From| {
        prepare(bed, from);
        let started = Instant::now();
        bed.up_again();
        started.elapsed()
    };
    let (whole, repair) = (length(From::Nothing), length(From::Without(COMPONENTS[0].0, COMPONENTS[0].1)));
    println!("seed {seed}, {points} points; uninterrupted: {whole:.1?} from nothing, {repair:.1?} without one component");
    for point in 0..points {
        let (from, length) = if point % 2 == 0 {
            (From::Nothing, whole)
        } else {
            let (namespace, name) = COMPONENTS[random.random_range(0..COMPONENTS.len())];
            (From::Without(namespace, name), repair)
        };
        // one in each slice of the run, so that no part of it is left out by chance
        let (slice, slices) = (point / 2, points.div_ceil(2));
        let share = (f64::from(slice) + random.random::<f64>()) / f64::from(slices);
        print!("point {}: ", point + 1);
        survive(bed, from, Moment::After(length.mul_f64(share)), &objects);
    }
}
