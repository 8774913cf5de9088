//! Waits until objects are ready, or says why they are not.

use super::causes::{self, Cause, Patience as CausePatience};
use super::error::ClusterError;
use super::facade::Cluster;
use super::hub::KindWatch;
use super::kinds::Resource;
use super::object::{ObjectRef, is_empty, selects};
use super::readiness::{Around as _, Judgement, judge_in, needs_waiting, note};
use super::retry::Patience;
use super::surroundings::{FIRST_STATUS, Surroundings};
use crate::adapters::kube::client::encode;
use crate::model::run::{Because, StepEvent};
use crate::support::progress::Sink;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// An object that is not ready, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Pending {
    pub object: ObjectRef,
    pub reason: String,
}

/// Objects did not become ready.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct NotReady {
    pub after: Duration,
    /// True when waiting was ended early, since it could not get better.
    pub hopeless: bool,
    pub pending: Vec<Pending>,
    /// The most telling first.
    pub causes: Vec<Cause>,
}

impl std::fmt::Display for NotReady {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = self.pending.iter().take(3).map(|p| format!("{} ({})", p.object, p.reason)).collect();
        let more = if self.pending.len() > 3 { format!(" and {} more", self.pending.len() - 3) } else { String::new() };
        write!(f, "not ready after {} s: {}{more}", self.after.as_secs(), names.join(", "))?;
        for cause in self.causes.iter().take(2) {
            write!(f, "; {}; {}", cause.sentence, cause.fix)?;
        }
        Ok(())
    }
}

const LOG_LINES: u32 = 20;

impl Cluster {
    /// Waits until every object is ready. Says through `sink` what it waits on and why, each time that changes. Ends early when something cannot
    /// get better by waiting; kinds that are ready by being there cost nothing. While a node provably pulls an image of theirs the time is not
    /// counted: how long that takes is up to the network, and the container runtime itself ends a pull that makes no progress.
    pub async fn wait_ready(
        &self,
        objects: &[ObjectRef],
        within: Duration,
        sink: &Sink,
        cancel: &CancellationToken,
    ) -> Result<(), ClusterError> {
        self.wait(objects, within, true, sink, cancel).await
    }

    /// The same for a look that takes no longer than `within`, whatever is being pulled.
    pub async fn glance(&self, objects: &[ObjectRef], within: Duration, cancel: &CancellationToken) -> Result<(), ClusterError> {
        self.wait(objects, within, false, &Sink::silent(), cancel).await
    }

    async fn wait(
        &self,
        objects: &[ObjectRef],
        within: Duration,
        pulls_are_free: bool,
        sink: &Sink,
        cancel: &CancellationToken,
    ) -> Result<(), ClusterError> {
        let started = Instant::now();
        let mut patience = Patience { sink, cancel, started, deadline: started + within, slots: None };
        let mut waiting: Vec<(ObjectRef, Arc<KindWatch>)> = Vec::new();
        let mut changes = self.hub.changes();
        for object in objects.iter().filter(|object| needs_waiting(object)) {
            waiting.push((object.clone(), self.watch_of(object, &patience).await?));
        }
        let mut round = Round::new(self, sink);
        let mut looked = started;
        loop {
            changes.mark_unchanged();
            let since = looked;
            looked = Instant::now();
            if pulls_are_free && !round.pulled.is_empty() {
                patience.deadline += looked - since;
            }
            let (pending, failed, settled_at) = round.judge_all(&waiting);
            if pending.is_empty() {
                round.say_notes(&waiting);
                return Ok(());
            }
            let late = Instant::now() >= patience.deadline;
            // half of what is around gives a cause that is half told
            let looked_around = late || !round.listing_around(&pending);
            let found = if looked_around { round.causes(&pending).await } else { Vec::new() };
            round.say(&pending, &found);
            let next = round.lasting.next_verdict(&found, Instant::now());
            let hopeless = looked_around && (failed || next.is_some_and(|at| at <= Instant::now()));
            if hopeless || late {
                let pending = pending.into_iter().map(|(object, _, reason)| Pending { object, reason }).collect();
                let not_ready = NotReady { after: started.elapsed(), hopeless, pending, causes: found };
                for cause in &not_ready.causes {
                    sink.say(StepEvent::Cause { id: cause.id.to_owned(), sentence: cause.sentence.clone(), fix: cause.fix.clone() });
                }
                return Err(ClusterError::NotReady(not_ready));
            }
            let until = [next, settled_at].into_iter().flatten().fold(patience.deadline, Instant::min);
            tokio::select! {
                () = cancel.cancelled() => return Err(ClusterError::Cancelled),
                _ = changes.changed() => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// Waits until the object (with this uid) is gone.
    pub(super) async fn wait_gone(&self, object: &ObjectRef, uid: Option<&str>, patience: &Patience<'_>) -> Result<(), ClusterError> {
        let mut changes = self.hub.changes();
        let watch = self.watch_of(object, patience).await?;
        // most are gone in a moment
        let worth_telling = Instant::now() + Duration::from_secs(1);
        let mut said = false;
        loop {
            changes.mark_unchanged();
            let there = watch.get(object.namespace.as_deref(), &object.name);
            let same = there.as_ref().filter(|there| uid.is_none_or(|uid| there["metadata"]["uid"] == uid));
            if watch.synced() && same.is_none() {
                return Ok(());
            }
            let finalizers =
                same.map(|there| &there["metadata"]["finalizers"]).filter(|list| !list.is_null()).map(Value::to_string).unwrap_or_default();
            if Instant::now() >= patience.deadline {
                let after = patience.deadline.duration_since(patience.started);
                return Err(ClusterError::StillThere { object: Box::new(object.clone()), after, finalizers });
            }
            if !said && Instant::now() >= worth_telling {
                patience.sink.waiting(format!("{object} to be gone"), finalizers);
                said = true;
            }
            let until = if said { patience.deadline } else { worth_telling.min(patience.deadline) };
            tokio::select! {
                () = patience.cancel.cancelled() => return Err(ClusterError::Cancelled),
                _ = changes.changed() => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// The causes of one object, as they are now.
    pub(super) async fn explain(&self, object: &ObjectRef, there: Arc<Value>) -> Vec<Cause> {
        let sink = Sink::silent();
        Round::new(self, &sink).causes(&[(object.clone(), Some(there), String::new())]).await
    }

    async fn watch_of(&self, object: &ObjectRef, patience: &Patience<'_>) -> Result<Arc<KindWatch>, ClusterError> {
        let resolve = || async { self.kinds.of(&self.kube, object).await };
        let resource = patience.until_accepted(object, resolve).await?;
        let unknown = || ClusterError::UnknownKind { api_version: object.api_version.clone(), kind: object.kind.clone() };
        Ok(self.hub.watch(&resource.ok_or_else(unknown)?))
    }
}

/// A pending object with what it looks like (if it is there) and what it lacks.
type Open = (ObjectRef, Option<Arc<Value>>, String);

struct Round<'c> {
    cluster: &'c Cluster,
    sink: &'c Sink,
    said: String,
    lasting: Lasting,
    /// Last lines of containers that ended, by pod, container and restarts.
    logs: HashMap<(String, String, u64), String>,
    /// Images that were being pulled for what is pending.
    pulled: BTreeSet<String>,
    /// Since when a container that just started is seen running, by pod, container and restarts.
    settling: HashMap<(String, String, u64), Instant>,
}

impl<'c> Round<'c> {
    fn new(cluster: &'c Cluster, sink: &'c Sink) -> Self {
        Self {
            cluster,
            sink,
            said: String::new(),
            lasting: Lasting::default(),
            logs: HashMap::new(),
            pulled: BTreeSet::new(),
            settling: HashMap::new(),
        }
    }
}

impl Round<'_> {
    /// What is not ready, whether something of it has failed, and when to look again if nothing happens.
    fn judge_all(&mut self, waiting: &[(ObjectRef, Arc<KindWatch>)]) -> (Vec<Open>, bool, Option<Instant>) {
        let mut failed = false;
        let mut open = Vec::new();
        let mut again: Option<Instant> = None;
        let around = Surroundings { hub: &self.cluster.hub };
        for (object, watch) in waiting {
            let there = watch.get(object.namespace.as_deref(), &object.name);
            let reason = match there.as_deref().map(|there| judge_in(there, &around)) {
                Some(Judgement::Ready) => match there.as_deref().and_then(|there| self.settling(object, there)) {
                    Some((reason, at)) => {
                        again = at.into_iter().chain(again).min();
                        reason
                    }
                    None => continue,
                },
                Some(Judgement::InProgress(reason) | Judgement::Terminating(reason)) => {
                    // nothing may happen to an object whose status never comes
                    if there.as_deref().is_some_and(|there| is_empty(&there["status"]) && around.awaits_status(there) == Some(true)) {
                        again = Some(Instant::now() + FIRST_STATUS).into_iter().chain(again).min();
                    }
                    reason
                }
                Some(Judgement::Failed(reason)) => {
                    failed = true;
                    reason
                }
                None if watch.synced() => "it does not exist".to_owned(),
                None => watch.trouble().map_or_else(|| "not seen yet".to_owned(), |trouble| format!("cannot be watched: {trouble}")),
            };
            open.push((object.clone(), there, reason));
        }
        (open, failed, again)
    }

    /// A container without a readiness probe is "ready" the moment it runs, also when it is about to crash, again. So a workload that is ready by
    /// its counts is looked at once more while one of its containers has only just started; what stays to be waited for, and until when.
    fn settling(&mut self, object: &ObjectRef, there: &Value) -> Option<(String, Option<Instant>)> {
        if object.group() != "apps" || there["spec"]["paused"] == true {
            return None;
        }
        let pods = self.cluster.hub.watch(&core("Pod", "pods"));
        if !pods.synced() {
            return Some((pods.trouble().unwrap_or_else(|| "its pods are not seen yet".to_owned()), None));
        }
        let now = Instant::now();
        for pod in pods_of(&pods, object, there) {
            // the workload's counts follow its pods a moment later
            if let Some(container) = causes::stopped_container(&pod) {
                return Some((format!("container {container} has stopped again"), None));
            }
            for container in causes::fresh_containers(&pod, time::OffsetDateTime::now_utc()) {
                let since = *self.settling.entry((container.pod, container.container.clone(), container.restarts)).or_insert(now);
                // the bound is counted by our own clock too, so a node whose clock is off delays and does not block
                if now < since + container.watch_for {
                    let times = if container.restarts > 0 { format!(" for the {}. time", container.restarts + 1) } else { String::new() };
                    return Some((
                        format!("container {} has only just started{times}", container.container),
                        Some(since + container.watch_for),
                    ));
                }
            }
        }
        None
    }

    /// What causes are found in: pods, events, claims, nodes. None where none can be found.
    fn around(&self, open: &[Open]) -> Option<[Arc<KindWatch>; 4]> {
        let explained = |(object, _, _): &Open| causes::has_pods(object) || object.kind == "PersistentVolumeClaim";
        open.iter().any(explained).then(|| around_pods().map(|resource| self.cluster.hub.watch(&resource)))
    }

    /// Whether some of it is still on its way.
    fn listing_around(&self, open: &[Open]) -> bool {
        self.around(open).is_some_and(|watches| watches.iter().any(|watch| watch.listing()))
    }

    /// Joins pods, events, claims and logs of what is pending to causes.
    async fn causes(&mut self, open: &[Open]) -> Vec<Cause> {
        let mut found = Vec::new();
        self.pulled.clear();
        let Some([pods, events, claims, nodes]) = self.around(open) else { return found };
        let nodes = nodes.filter(|_| true);
        let placed = pods.filter(|pod| pod["spec"]["nodeName"].is_string());
        for (object, there, _) in open {
            let Some(there) = there else { continue };
            // what its pods do says nothing before the controller has looked at this generation
            if !super::readiness::generation_observed(there) {
                continue;
            }
            let namespace = object.namespace.as_deref().unwrap_or_default();
            let here = |value: &Value| value["metadata"]["namespace"] == namespace;
            let of_pods: Vec<Arc<Value>> = match object.kind.as_str() {
                "Pod" => vec![there.clone()],
                _ if awaits_first_pod(there) => Vec::new(),
                _ => pods_of(&pods, object, there),
            };
            let said = events.filter(|event| event["involvedObject"]["namespace"] == namespace);
            let claims = claims.filter(here);
            let logs = self.logs_of(&of_pods).await;
            let scene = causes::Scene {
                object,
                live: there,
                pods: &of_pods.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
                events: &said.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
                claims: &claims.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
                nodes: &nodes.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
                placed: &placed.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
                logs: &logs,
            };
            found.extend(causes::find(&scene));
            self.pulled.extend(causes::being_pulled(&scene));
        }
        found.sort_by_key(Cause::rank);
        found
    }

    /// The last lines of each container that ended badly, fetched once per restart.
    async fn logs_of(&mut self, pods: &[Arc<Value>]) -> BTreeMap<(String, String), String> {
        let mut logs = BTreeMap::new();
        for pod in pods {
            for ended in causes::ended_containers(pod) {
                let key = (ended.pod.clone(), ended.container.clone(), ended.restarts);
                if !self.logs.contains_key(&key) {
                    let previous = if ended.previous { "&previous=true" } else { "" };
                    let path = format!(
                        "/api/v1/namespaces/{}/pods/{}/log?container={}&tailLines={LOG_LINES}{previous}",
                        ended.namespace,
                        ended.pod,
                        encode(&ended.container)
                    );
                    let text = self.cluster.kube.get_text(&path).await.unwrap_or_default();
                    self.logs.insert(key.clone(), text);
                }
                if let Some(text) = self.logs.get(&key) {
                    logs.insert((key.0, key.1), text.clone());
                }
            }
        }
        logs
    }

    /// What of the objects that are ready is not as one might think.
    fn say_notes(&self, waiting: &[(ObjectRef, Arc<KindWatch>)]) {
        let around = Surroundings { hub: &self.cluster.hub };
        for (object, watch) in waiting {
            if let Some(note) = watch.get(object.namespace.as_deref(), &object.name).and_then(|there| note(&there, &around)) {
                self.sink.line(format!("{object}: {note}"));
            }
        }
    }

    fn say(&mut self, open: &[Open], found: &[Cause]) {
        let on: Vec<String> = open.iter().take(3).map(|(object, _, _)| object.to_string()).collect();
        let more = if open.len() > 3 { format!(" and {} more", open.len() - 3) } else { String::new() };
        let reason = match (found.first(), self.pulled.first()) {
            (Some(cause), _) => cause.sentence.clone(),
            (None, Some(image)) => format!("image {image} is being pulled"),
            (None, None) => open[0].2.clone(),
        };
        let text = format!("{}{more}: {reason}", on.join(", "));
        if text != self.said {
            let on = format!("{}{more}", on.join(", "));
            match found.first() {
                Some(cause) => self.sink.waiting_because(on, reason, Because { id: cause.id.to_owned(), fix: cause.fix.clone() }),
                None => self.sink.waiting(on, reason),
            }
            self.said = text;
        }
    }
}

/// Causes that are there, each since when; and of those that were last reported before anybody looked, that report.
#[derive(Default)]
struct Lasting(HashMap<(String, &'static str), (Instant, Option<String>)>);

impl Lasting {
    /// When the first of the causes has lasted too long, if any ever does. Causes that went away are forgotten; those that are only reported count from
    /// the first report that is news.
    fn next_verdict(&mut self, found: &[Cause], now: Instant) -> Option<Instant> {
        let current: Vec<(String, &'static str)> = found.iter().map(|cause| (cause.object.to_string(), cause.id)).collect();
        self.0.retain(|key, _| current.contains(key));
        found
            .iter()
            .zip(current)
            .filter_map(|(cause, key)| {
                let (first, old) = self.0.entry(key).or_insert_with(|| (now, cause.reported.clone()));
                if old.is_some() {
                    if *old == cause.reported {
                        return None;
                    }
                    (*first, *old) = (now, None);
                }
                match cause.patience {
                    CausePatience::Now => Some(now),
                    CausePatience::After(bound) => Some(*first + bound),
                    CausePatience::Hold => None,
                }
            })
            .min()
    }
}

/// A core kind, whose place is always the same.
fn core(kind: &str, plural: &str) -> Resource {
    Resource { api_version: "v1".into(), kind: kind.into(), plural: plural.into(), namespaced: true }
}

/// What causes are found in: pods, events, claims, nodes.
pub(super) fn around_pods() -> [Resource; 4] {
    [
        core("Pod", "pods"),
        core("Event", "events"),
        core("PersistentVolumeClaim", "persistentvolumeclaims"),
        Resource { namespaced: false, ..core("Node", "nodes") },
    ]
}

/// Whether a rollout has not made a pod of its new template yet. What there is then are pods of an older one, and their trouble may be the very
/// reason for the change.
fn awaits_first_pod(there: &Value) -> bool {
    let count = |name: &str| there["status"][name].as_u64().unwrap_or(0);
    let rolls = matches!(there["kind"].as_str(), Some("Deployment" | "StatefulSet"));
    rolls && count("updatedReplicas") == 0 && count("replicas") > 0
}

/// A workload's pods of the newest template that are not on their way out.
fn pods_of(pods: &KindWatch, object: &ObjectRef, there: &Value) -> Vec<Arc<Value>> {
    causes::youngest(pods.filter(|pod| {
        pod["metadata"]["namespace"].as_str() == object.namespace.as_deref()
            && selects(&there["spec"]["selector"], &pod["metadata"]["labels"])
            && !pod["metadata"]["deletionTimestamp"].is_string()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test(start_paused = true)]
    async fn what_was_reported_before_anybody_looked_counts_only_when_it_is_reported_again() {
        let bound = Duration::from_secs(20);
        let cause = |reported: Option<&str>| Cause {
            id: "LAB-QUOTA-001",
            object: ObjectRef { api_version: "apps/v1".into(), kind: "Deployment".into(), namespace: Some("n".into()), name: "d".into() },
            sentence: String::new(),
            fix: String::new(),
            patience: CausePatience::After(bound),
            reported: reported.map(str::to_owned),
        };
        let mut lasting = Lasting::default();
        let began = Instant::now();
        assert_eq!(lasting.next_verdict(&[cause(Some("02:08:31Z"))], began), None);
        assert_eq!(lasting.next_verdict(&[cause(Some("02:08:31Z"))], began + bound * 2), None, "it may be mended since");
        let again = began + bound * 3;
        assert_eq!(lasting.next_verdict(&[cause(Some("02:11:15Z"))], again), Some(again + bound));
        assert_eq!(lasting.next_verdict(&[cause(Some("02:11:16Z"))], again + bound / 2), Some(again + bound));
        assert_eq!(lasting.next_verdict(&[], again + bound), None);
        assert_eq!(lasting.next_verdict(&[cause(None)], began), Some(began + bound), "what is seen counts at once");
    }

    #[test]
    fn pods_of_an_older_template_are_not_held_against_a_rollout_that_has_only_begun() {
        let status = |updated: u64| json!({"kind": "Deployment", "status": {"replicas": 1, "updatedReplicas": updated}});
        assert!(awaits_first_pod(&status(0)));
        assert!(!awaits_first_pod(&status(1)));
        assert!(!awaits_first_pod(&json!({"kind": "Deployment", "status": {}})), "nothing is there yet, so nothing is old");
        assert!(!awaits_first_pod(&json!({"kind": "ReplicaSet", "status": {"replicas": 1}})));
    }
}
