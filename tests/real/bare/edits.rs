//! R8 of the design: random edits of the plan among objects of other people, some of which bear the lab's own labels. After each `up` the cluster
//! holds what the plan says, and whatever labctl did not make is untouched.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a rig says what it expects and what it measures")]

use super::rig::{Rig, UP, told};
use futures::{StreamExt as _, stream};
use labctl::adapters::kube::client::ListForm;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const PARTS: usize = 5;
const DECOYS: usize = 10_000;
/// So many of them bear the labels that labctl gives its own objects.
const DISGUISED: usize = 500;

pub async fn r8(rounds: usize, seed: u64) -> bool {
    let rig = Rig::new("edits", PARTS, 20).await.unwrap();
    let id = rig.id().await;
    let decoys = format!("decoys-{}", rig.name);
    plant(&rig, &decoys).await;
    let before = versions(&rig, &decoys).await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut faults: Vec<String> = Vec::new();
    for round in 0..rounds {
        // part0 brings the definitions that others use
        let chosen: Vec<usize> = (0..PARTS).filter(|part| *part == 0 || random.random_range(0..3) > 0).collect();
        // part2 needs part1
        let chosen: Vec<usize> = chosen.iter().copied().filter(|part| *part != 2 || chosen.contains(&1)).collect();
        let mut wanted: BTreeMap<(usize, usize), String> = BTreeMap::new();
        for part in &chosen {
            let (each, content) = (random.random_range(1..40), format!("{}", random.random_range(0..3)));
            rig.component(*part, each, &content);
            wanted.extend((0..each).map(|number| ((*part, number), content.clone())));
        }
        rig.stack(&id, &chosen.iter().map(|part| format!("part{part}")).collect::<Vec<_>>());
        let output = rig.labctl("a", &UP).await;
        if output.status.code() != Some(0) {
            faults.push(format!("round {round}: {}", told(&output)));
            continue;
        }
        faults.extend(compare(&rig, &wanted).await.map(|fault| format!("round {round}: {fault}")));
        if round % 20 == 19 || round + 1 == rounds {
            let now = versions(&rig, &decoys).await;
            let touched = before.iter().filter(|(name, version)| now.get(*name) != Some(version)).count();
            if touched > 0 {
                faults.push(format!("round {round}: {touched} objects of others were changed or deleted"));
            }
            println!("{} of {rounds} rounds, {} faults", round + 1, faults.len());
        }
    }
    let output = rig.labctl("a", &["down", "--yes"]).await;
    if output.status.code() != Some(0) {
        faults.push(format!("down: {}", told(&output)));
    }
    let decoy = format!("/{decoys}/");
    let left: Vec<String> = rig.state().await.into_keys().filter(|name| !name.contains(&decoy)).collect();
    if !left.is_empty() {
        faults.push(format!("left behind: {left:?}"));
    }
    let now = versions(&rig, &decoys).await;
    if now != before {
        faults.push("after down, objects of others are not as they were".to_owned());
    }
    for fault in &faults {
        println!("{fault}");
    }
    let ok = faults.is_empty();
    println!(
        "R8 {} of {rounds} rounds among {DECOYS} decoys (must {rounds}, goal {rounds}) {}",
        rounds - faults.len().min(rounds),
        if ok { "ok" } else { "short" }
    );
    ok
}

async fn plant(rig: &Rig, namespace: &str) {
    let space = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    rig.kube.create("/api/v1/namespaces", "somebody", &space).await.unwrap();
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let work: Vec<_> = (0..DECOYS)
        .map(|number| {
            let labels = if number < DISGUISED {
                json!({"app.kubernetes.io/managed-by": "labctl", "labctl.dev/lab": rig.name, "labctl.dev/component": format!("part{}", number % PARTS)})
            } else {
                json!({})
            };
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("o{number}"), "labels": labels}, "data": {"mine": "yes"}});
            let (path, kube) = (path.clone(), rig.kube.clone());
            async move { drop(kube.create(&path, "somebody", &object).await.unwrap()) }
        })
        .collect();
    stream::iter(work).buffer_unordered(16).collect::<Vec<()>>().await;
}

/// Name and resource version of every decoy.
async fn versions(rig: &Rig, namespace: &str) -> BTreeMap<String, String> {
    let all = rig.kube.list(&format!("/api/v1/namespaces/{namespace}/configmaps"), ListForm::Metadata).await.unwrap();
    let own = all.iter().filter(|one| one["metadata"]["name"] != "kube-root-ca.crt");
    own.map(|one| (one["metadata"]["name"].to_string(), one["metadata"]["resourceVersion"].to_string())).collect()
}

/// What is not as wanted, by names in every namespace of the lab, and by content where an object says its content plainly.
async fn compare(rig: &Rig, wanted: &BTreeMap<(usize, usize), String>) -> Option<String> {
    let state = rig.state().await;
    let mut names: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (path, object) in &state {
        let [.., namespace, name] = path.split('/').collect::<Vec<_>>()[..] else { continue };
        let part = namespace.strip_prefix(&format!("{}-", rig.name)).and_then(|part| part.parse::<usize>().ok());
        let number = name.strip_prefix('o').and_then(|number| number.parse::<usize>().ok());
        let (Some(part), Some(number)) = (part, number) else { continue };
        names.insert((part, number));
        let said = if object["kind"] == "Widget" || path.contains("widgets/") {
            object["spec"]["content"].as_str()
        } else {
            object["data"]["content"].as_str()
        };
        if let (Some(said), Some(content)) = (said, wanted.get(&(part, number)))
            && said != content
        {
            return Some(format!("{path} says {said}, not {content}"));
        }
    }
    let missing: Vec<_> = wanted.keys().filter(|key| !names.contains(key)).take(3).collect();
    let extra: Vec<_> = names.iter().filter(|key| !wanted.contains_key(key)).take(3).collect();
    (!missing.is_empty() || !extra.is_empty()).then(|| format!("missing {missing:?}, left over {extra:?}"))
}
