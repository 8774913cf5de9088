//! R4: runs of 1000 objects through a proxy that throttles, fails, resets, truncates, stalls and drops watches, and with the API server killed
//! under them. Each run must end well and leave just what was wanted, each object made once.

use crate::rig::audit::{Asked, Audit};
use crate::rig::parts::Parts;
use crate::rig::proxy::{Faults, Proxy};
use crate::rig::race::{median, percentile, run};
use crate::rig::room::{Room, kill_and_wait, kubeconfig_to, send};
use crate::rig::{Outcome, child, judge, objects};
use http::Method;
use labctl::adapters::kube::Kube;
use labctl::adapters::kube::client::ListForm;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

const CLEAN_RUNS: usize = 5;
const KILLS: usize = 3;
/// In one run of this many the API server is killed three times.
const KILL_EVERY: usize = 5;
const MOST: f64 = 3.0;
const SEED: u64 = 4;

/// What one run brings about.
struct Plan {
    lab: String,
    namespaces: Vec<String>,
    definitions: Vec<Value>,
    objects: Vec<Value>,
    file: PathBuf,
}

impl Plan {
    /// Ten namespaces of mixed objects, with 20 pods and two custom kinds with objects of theirs: 1000 in all.
    async fn make(room: &Room, name: &str) -> Outcome<Self> {
        let namespaces = objects::namespaces(name, 10);
        room.make(&namespaces).await?;
        let group = format!("{name}.example.org");
        let definitions = objects::definitions(&group, 2);
        let mut objects: Vec<Value> = namespaces.iter().flat_map(|namespace| objects::mixed(namespace, 97)).collect();
        objects.extend(objects::pods(&namespaces[0], 20));
        objects.extend(definitions.iter().cloned().chain(objects::custom(&group, 2, 4, &namespaces[1])));
        let file = objects::write(&room.file(&format!("{name}.yaml"))?, &objects)?;
        Ok(Self { lab: name.to_owned(), namespaces, definitions, objects, file })
    }

    async fn wipe(&self, room: &Room) -> Outcome<()> {
        room.undefine(&self.definitions).await?;
        room.wipe(&self.namespaces).await?;
        room.forget(&self.lab).await
    }
}

struct Run {
    seconds: f64,
    /// While the API server was killed and not back yet.
    outage: f64,
    /// Milliseconds of looking, and of writing and waiting.
    phases: [f64; 2],
    wrong: Vec<String>,
}

pub async fn measure(points: usize) -> Outcome<bool> {
    let mut room = Room::start(&Parts::find()?).await?;
    let proxy = Proxy::start(&room.kubeconfig(), &room.server.folder.join("certs"), SEED).await?;
    let kubeconfig = room.file("through-proxy")?;
    kubeconfig_to(&room.kubeconfig(), &format!("https://127.0.0.1:{}", proxy.port), &kubeconfig)?;

    let mut clean = Vec::new();
    for round in 0..CLEAN_RUNS {
        let done = one(&mut room, &kubeconfig, &format!("clean-{round}"), 0).await?;
        if let Some(first) = done.wrong.first() {
            return Err(format!("a run without faults went wrong: {first}").into());
        }
        println!("clean run: {:.2} s, {:.0?} ms", done.seconds, done.phases);
        clean.push(done.seconds);
    }
    let clean = median(&clean);

    proxy.set(Faults::R4);
    let (mut right, mut ratios, mut kills) = (0, Vec::new(), 0);
    for round in 0..points {
        let killed = if round % KILL_EVERY == KILL_EVERY - 1 { KILLS } else { 0 };
        kills += killed;
        let done = one(&mut room, &kubeconfig, &format!("r4-{round}"), killed).await?;
        let ratio = (done.seconds - done.outage) / clean;
        let word = if done.wrong.is_empty() { "right" } else { "WRONG" };
        println!(
            "run {round}: {:.2} s, {killed} kills ({:.2} s without a server), {:.0?} ms, {ratio:.2}x, {word}",
            done.seconds, done.outage, done.phases
        );
        for text in done.wrong.iter().take(5) {
            println!("  {text}");
        }
        right += usize::from(done.wrong.is_empty());
        ratios.push(ratio);
    }
    println!("faults: {}", proxy.counts().iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", "));
    println!(
        "clean {clean:.2} s; with faults, time without a server taken off: median {:.2}x, most {:.2}x",
        median(&ratios),
        percentile(&ratios, 1.0)
    );
    let slowest = median(&ratios);
    let ok = right == points && slowest <= MOST && points > 0;
    println!(
        "R4 {right} of {points} runs right, {kills} kills, {slowest:.2}x clean time (must {points} of {points}, {MOST}x, goal {points} of {points}, {MOST}x) {}",
        if ok { "ok" } else { "short" }
    );
    Ok(ok)
}

async fn one(room: &mut Room, kubeconfig: &std::path::Path, name: &str, kills: usize) -> Outcome<Run> {
    let plan = Plan::make(room, name).await?;
    let mut audit = Audit::begin(room.server.audit(), &room.kube).await?;
    let mut command = child::up(kubeconfig, &plan.lab, std::slice::from_ref(&plan.file), true)?;
    let working = tokio::task::spawn_blocking(move || run(&mut command).map_err(|error| error.to_string()));
    let kubelet = tokio::spawn(start_pods(room.kube.clone(), plan.namespaces[0].clone()));
    let mut outage = Duration::ZERO;
    for kill in 0..kills {
        let pause = Duration::from_millis(300 + 400 * u64::try_from(kill)? + rand::random::<u64>() % 400);
        tokio::time::sleep(pause).await;
        if !working.is_finished() {
            outage += kill_and_wait(&mut room.server).await?;
        }
    }
    let done = working.await?;
    kubelet.abort();
    let mut wrong = Vec::new();
    let (seconds, phases) = match done {
        Ok((took, said)) => (took.as_secs_f64(), child::report(&said)?.phases),
        Err(error) => {
            wrong.push(error);
            (f64::NAN, [f64::NAN; 3])
        }
    };
    wrong.extend(judge::differences(&plan.objects, &judge::stored(&room.kube, &plan.objects).await?));
    wrong.extend(done_twice(&audit.take(&room.kube).await?, &plan));
    plan.wipe(room).await?;
    Ok(Run { seconds, outage: outage.as_secs_f64(), phases: [phases[1], phases[2]], wrong })
}

/// Objects that were made more than once, or deleted. Repeating an apply that went through is no side effect: it stores nothing.
fn done_twice(asked: &[Asked], plan: &Plan) -> Vec<String> {
    let mut made: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let ours = |asked: &&Asked| plan.objects.iter().any(|object| asked.path() == objects::path_of(object));
    for one in asked.iter().filter(|asked| asked.ours() && (asked.code == 201 || asked.verb.starts_with("delete"))).filter(ours) {
        if one.code == 201 {
            *made.entry(one.path()).or_default() += 1;
        } else {
            wrong.push(format!("{} was deleted", one.path()));
        }
    }
    wrong.extend(made.iter().filter(|(_, count)| **count > 1).map(|(path, count)| format!("{path} was made {count} times")));
    wrong
}

/// Says of each pod that it runs, as soon as it is there. It asks again and again, since what it watches for is killed under it.
async fn start_pods(kube: Kube, namespace: String) {
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let Ok(pods) = kube.list(&format!("/api/v1/namespaces/{namespace}/pods"), ListForm::Whole).await else { continue };
        for pod in pods.iter().filter(|pod| pod["status"]["phase"] != "Running") {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/status?fieldManager=kubelet&force=true");
            let status = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
            let _again_next_time = send(&kube, Method::PATCH, "application/apply-patch+yaml", &path, &status).await;
        }
    }
}
