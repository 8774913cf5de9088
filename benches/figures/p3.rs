//! P3: one object in a hundred changed, against kubectl's best; and 100 drifts of ten kinds put in by somebody else: all found, all repaired,
//! and what somebody else added stays.

use super::contest::{Field, Set, Who, of, show, warm_up};
use crate::rig::audit::{Asked, Audit};
use crate::rig::parts::Parts;
use crate::rig::race::{Times, order, run};
use crate::rig::record::{Figure, keep, rounds};
use crate::rig::room::{Room, send};
use crate::rig::{Outcome, child, judge, objects};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const FIELD: [Who; 3] = [Who::Labctl, Who::KubectlUnchecked, Who::Kubectl];
const MUST: f64 = 0.20;
const CHANGED: usize = 10;
const DRIFTS: usize = 100;

pub async fn measure() -> Outcome<bool> {
    let (parts, field) = (Parts::find()?, Field::without_helm()?);
    let room = Room::start(&parts).await?;
    warm_up(&room, &field)?;
    let mut sets = Vec::new();
    for who in FIELD {
        let set = Set::make(&room, who, "p3", 10, 100).await?;
        run(&mut set.command(&room, &field, false)?)?;
        sets.push(set);
    }
    let mut times: Vec<(Who, Times)> = FIELD.iter().map(|who| (*who, field.times(*who))).collect();
    let mut exact = true;
    let mut record_writes = 0;
    let mut audit = Audit::begin(room.server.audit(), &room.kube).await?;
    for round in 0..rounds() {
        for place in order(round, FIELD.len()) {
            let set = &mut sets[place];
            let changed: BTreeSet<String> = objects::change_one_in_a_hundred(&mut set.objects, round + 1).into_iter().collect();
            set.write()?;
            audit.take(&room.kube).await?;
            let (took, _) = run(&mut set.command(&room, &field, true)?)?;
            println!("round {round}: {} {:.3} s", set.who.name(), took.as_secs_f64());
            times[place].1.seconds.push(took.as_secs_f64());
            let asked = audit.take(&room.kube).await?;
            let wrong = judge::differences(&set.objects, &judge::stored(&room.kube, &set.objects).await?);
            if let Some(first) = wrong.first() {
                return Err(format!("{} left {} objects wrong: {first}", set.who.name(), wrong.len()).into());
            }
            if set.who == Who::Labctl {
                let (written, record) = writes(&asked, &set.namespaces);
                println!("  {} of {} requests wrote objects, {} wrote labctl's own record", written.len(), asked.len(), record);
                let paths: BTreeSet<String> = written.iter().map(|asked| asked.path().to_owned()).collect();
                exact &= written.len() == CHANGED && paths == changed;
                record_writes = record_writes.max(record);
            }
        }
    }
    show(&times);
    let drifts = drift(&room, &field, &sets[0], &mut audit).await?;

    let ours = of(&times, Who::Labctl).median();
    let [one, other] = [Who::KubectlUnchecked, Who::Kubectl].map(|who| of(&times, who));
    let best = if one.median() <= other.median() { one } else { other };
    let ratio = ours / best.median();
    let ok = ratio <= MUST && exact && drifts.held();
    let writes = if exact { "10 writes" } else { "not 10 writes" };
    let figure = |what: &str, measured: String, must: String, raw: String| Figure { what: what.to_owned(), measured, must, raw };
    keep(
        "P3",
        &[
            figure(
                "1 of 100 objects changed, against the faster of two ways of `kubectl apply --server-side`",
                format!("{ratio:.3}x, {writes}"),
                format!("{MUST}x, {CHANGED} writes"),
                format!(
                    "labctl {ours:.3} s, {} {:.3} s; medians of {}; up to {record_writes} writes of labctl's own record besides",
                    best.name,
                    best.median(),
                    rounds()
                ),
            ),
            figure(
                "drifts put in by another manager: found / repaired; fields of others that stayed",
                format!("{} / {} of {DRIFTS}; {} of {}", drifts.found, drifts.repaired, drifts.kept, drifts.foreign),
                format!("{DRIFTS} / {DRIFTS} of {DRIFTS}; all"),
                format!(
                    "ten kinds of drift; {} dry runs, {} writes; {} writes by the run after",
                    drifts.rehearsed, drifts.written, drifts.after
                ),
            ),
        ],
    )?;
    println!(
        "P3 {ratio:.3}x, {writes}, {} found, {} repaired, {} of {} foreign fields kept (must {MUST}x, {CHANGED} writes, {DRIFTS}, {DRIFTS}, all, goal {MUST}x) {}",
        drifts.found,
        drifts.repaired,
        drifts.kept,
        drifts.foreign,
        if ok { "ok" } else { "short" }
    );
    Ok(ok)
}

/// Writes in the set's namespaces, and how many there were elsewhere (labctl's record, its lock).
fn writes<'a>(asked: &'a [Asked], namespaces: &[String]) -> (Vec<&'a Asked>, usize) {
    let inside = |asked: &&Asked| namespaces.iter().any(|name| asked.path().contains(&format!("/namespaces/{name}/")));
    let all: Vec<&Asked> = asked.iter().filter(|asked| asked.ours() && asked.writes()).collect();
    let (mine, other): (Vec<&Asked>, Vec<&Asked>) = all.into_iter().partition(inside);
    (mine, other.len())
}

struct Drifts {
    found: usize,
    repaired: usize,
    /// Fields of somebody else that were put in, and that are still there.
    foreign: usize,
    kept: usize,
    rehearsed: usize,
    written: usize,
    /// Writes of one more run.
    after: usize,
}

impl Drifts {
    fn held(&self) -> bool {
        self.found == DRIFTS && self.repaired == DRIFTS && self.kept == self.foreign && self.after == 0
    }
}

const NOTE: &str = "somebody.example.org/note";

/// What somebody does to an object, or `false` when there is nothing of that kind to do.
fn spoil(object: &mut Value, way: usize) -> bool {
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    let spoilt = match (way % 10, kind.as_str()) {
        (0, "ConfigMap") => set(object, "/data/mode", json!("slow")),
        (1, "ConfigMap") => remove(object, "/data", "number"),
        (2, "Secret") => set(object, "/data/password", json!("c3RvbGVu")),
        (3, "Service") => set(object, "/spec/ports/0/targetPort", json!(9)),
        (4, "Role") => set(object, "/rules/0/verbs", json!(["get", "list", "watch", "delete"])),
        (5, "Deployment") => set(object, "/spec/template/spec/containers/0/image", json!("registry.example.org/other:1")),
        (6, "Deployment") => set(object, "/spec/replicas", json!(7)),
        (7, "RoleBinding") => set(object, "/subjects", json!([])),
        (8, _) => remove(object, "/metadata/labels", "app.kubernetes.io/part-of"),
        (9, "ServiceAccount") => set(object, "/automountServiceAccountToken", json!(true)),
        _ => false,
    };
    if spoilt {
        object["metadata"]["annotations"][NOTE] = json!("kept");
        if kind == "ConfigMap" {
            object["data"]["foreign"] = json!("kept");
        }
    }
    spoilt
}

fn set(object: &mut Value, at: &str, to: Value) -> bool {
    object.pointer_mut(at).map(|value| *value = to).is_some()
}

fn remove(object: &mut Value, at: &str, name: &str) -> bool {
    object.pointer_mut(at).and_then(Value::as_object_mut).and_then(|map| map.shift_remove(name)).is_some()
}

async fn drift(room: &Room, field: &Field, set: &Set, audit: &mut Audit) -> Outcome<Drifts> {
    let mut drifted: BTreeSet<String> = BTreeSet::new();
    // a seventh of all in turn, so that each kind and namespace gets its part; one in eleven is deleted
    for object in set.objects.iter().step_by(7).chain(set.objects.iter().skip(3).step_by(7)) {
        if drifted.len() == DRIFTS {
            break;
        }
        let path = objects::path_of(object);
        if drifted.len() % 11 == 10 && !drifted.contains(&path) {
            room.kube.delete(&path, &json!({})).await?;
            drifted.insert(path);
            continue;
        }
        let mut live = room.kube.get(&path).await?;
        let start = drifted.len();
        if (start..start + 10).any(|way| spoil(&mut live, way)) {
            send(&room.kube, Method::PUT, "application/json", &format!("{path}?fieldManager=somebody"), &live).await?;
            drifted.insert(path);
        }
    }
    if drifted.len() != DRIFTS {
        return Err(format!("only {} drifts could be put in", drifted.len()).into());
    }
    let before = judge::stored(&room.kube, &set.objects).await?;
    let notes: Vec<&String> =
        before.iter().filter(|(_, live)| live["metadata"]["annotations"][NOTE] == "kept").map(|(path, _)| path).collect();
    audit.take(&room.kube).await?;
    let (_, said) = run(&mut set.command(room, field, true)?)?;
    let asked = audit.take(&room.kube).await?;
    let (written, _) = writes(&asked, &set.namespaces);
    let paths: BTreeSet<String> = written.iter().map(|asked| asked.path().to_owned()).collect();
    let after = judge::stored(&room.kube, &set.objects).await?;
    let wrong = judge::differences(&set.objects, &after);
    for text in wrong.iter().take(5) {
        println!("  not repaired: {text}");
    }
    let still = notes.iter().filter(|path| {
        let live = &after[path.as_str()];
        let data = before[path.as_str()]["data"]["foreign"] == live["data"]["foreign"];
        live["metadata"]["annotations"][NOTE] == "kept" && data
    });
    let report = child::report(&said)?;
    let result = Drifts {
        found: paths.intersection(&drifted).count().min(report.found.len()),
        repaired: DRIFTS.saturating_sub(wrong.len()),
        foreign: notes.len(),
        kept: still.count(),
        rehearsed: asked.iter().filter(|asked| asked.ours() && asked.uri.contains("dryRun=All")).count(),
        written: written.len(),
        after: {
            run(&mut set.command(room, field, true)?)?;
            let asked = audit.take(&room.kube).await?;
            asked.iter().filter(|asked| asked.ours() && asked.writes()).count()
        },
    };
    println!(
        "drifts: {} found, {} repaired, {} writes, {} dry runs, {} of {} notes kept",
        result.found, result.repaired, result.written, result.rehearsed, result.kept, result.foreign
    );
    Ok(result)
}
