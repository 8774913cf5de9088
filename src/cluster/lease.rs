//! Which run may write: a Lease in the cluster, so that two machines never work on one lab at once.
//!
//! As client-go's leader election does it (<https://pkg.go.dev/k8s.io/client-go/tools/leaderelection>), nobody's wall clock is trusted to say that a
//! lease has run out: whoever wants it must have seen it unchanged for its whole duration on a clock of their own. Before every write the age of
//! our own lease is looked at; a run that slept past it must renew it first, which fails when somebody else has it by now.

use super::inventory;
use super::object::MANAGER;
use super::retry::{Class, Pauses, classify};
use crate::adapters::kube::{ApiError, Kube};
use crate::support::holder::Holder;
use crate::support::progress::Sink;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a lease lasts without renewal.
const DURATION: Duration = Duration::from_secs(15);
/// Older than this, our own is renewed before anything is written: a request that is under way must end before others may begin.
const FRESH: Duration = Duration::from_secs(9);
const RENEW: Duration = Duration::from_secs(4);
const LOOK: Duration = Duration::from_millis(500);
/// A namespace that is on its way out takes seconds to go.
const TRIES: u32 = 30;
const HOLDER: &str = "labctl.dev/holder";

/// Why the lease was not had.
#[derive(Debug)]
pub enum Denied {
    /// Somebody else works on the lab.
    Held(String),
    Cancelled,
    Api(ApiError),
}

impl From<ApiError> for Denied {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// What one look at the lease brought.
enum Attempt {
    Taken,
    /// Something changed meanwhile.
    Again,
    Held {
        holder: String,
        /// Whether it was seen to renew it, or says so.
        alive: bool,
    },
}

/// The right to write, looked at before each write. Everybody may while no lease was taken.
#[derive(Debug, Clone, Default)]
pub struct Fence(Arc<tokio::sync::Mutex<Option<Held>>>);

#[derive(Debug)]
struct Held {
    kube: Kube,
    path: String,
    me: Holder,
    /// As last stored.
    lease: Value,
    /// When the last renewal was sent.
    renewed: Duration,
    /// Who has it now, if it was lost.
    lost: Option<String>,
}

/// Renews the lease until it is dropped.
#[derive(Debug)]
pub struct Renewal {
    fence: Fence,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Renewal {
    /// Gives the lease back, so that the next run need not wait.
    pub async fn release(self) {
        self.task.abort();
        if let Some(held) = self.fence.0.lock().await.take()
            && held.lost.is_none()
        {
            let mut lease = held.lease;
            lease["spec"]["holderIdentity"] = Value::from("");
            // best effort: it runs out by itself
            let _left = held.kube.replace(&held.path, MANAGER, &lease).await;
        }
    }
}

impl Fence {
    /// Passes when this run may write now.
    pub async fn pass(&self) -> Result<(), ApiError> {
        let mut state = self.0.lock().await;
        let Some(held) = state.as_mut() else { return Ok(()) };
        if held.lost.is_none() && boot_time().saturating_sub(held.renewed) > FRESH {
            held.renew().await?;
        }
        match &held.lost {
            None => Ok(()),
            Some(by) => Err(ApiError::Fenced(format!("the lock of this lab went to {by} while this run was asleep or cut off"))),
        }
    }

    /// Takes the lab's lease for `me`. Where somebody else has it: waits up to `wait`, or, without it, only until it is clear that they are alive.
    pub async fn take(
        &self,
        kube: &Kube,
        lab: &str,
        me: &Holder,
        wait: Option<Duration>,
        sink: &Sink,
        cancel: &CancellationToken,
    ) -> Result<Renewal, Denied> {
        let path = format!("{}/{lab}", collection());
        let begun = boot_time();
        let mut seen: Option<(String, Duration)> = None;
        let mut failures = 0;
        let mut pauses = Pauses::default();
        loop {
            let sent = boot_time();
            let pause = match self.attempt(kube, &path, lab, me, &mut seen, sent).await {
                Ok(Attempt::Taken) => return Ok(self.keep()),
                Ok(Attempt::Again) => Duration::ZERO,
                Ok(Attempt::Held { holder, alive }) => {
                    if alive && wait.is_none_or(|wait| sent.saturating_sub(begun) > wait) {
                        return Err(Denied::Held(holder));
                    }
                    sink.waiting("the lock of this lab", format!("{holder} has it"));
                    LOOK
                }
                Err(error) => {
                    let class = classify(&error);
                    failures += 1;
                    if failures > TRIES || matches!(class, Class::Fatal | Class::Immutable(_)) {
                        return Err(error.into());
                    }
                    sink.waiting("the lock of this lab", error.to_string());
                    pauses.after(&class)
                }
            };
            tokio::select! {
                () = cancel.cancelled() => return Err(Denied::Cancelled),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Looks at the lease once, and takes it when nobody has it.
    async fn attempt(
        &self,
        kube: &Kube,
        path: &str,
        lab: &str,
        me: &Holder,
        seen: &mut Option<(String, Duration)>,
        sent: Duration,
    ) -> Result<Attempt, ApiError> {
        let current = match kube.get(path).await {
            Ok(lease) => Some(lease),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        if let Some((lease, holder)) = current.as_ref().and_then(|lease| Some((lease, other(lease, me)?))) {
            let version = lease["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
            let (first, alive) = match seen.take() {
                Some((known, first)) if known == version => (first, false),
                // it was renewed under our eyes, or says that it was a moment ago
                earlier => (sent, earlier.is_some() || renewed_just_now(lease)),
            };
            *seen = Some((version, first));
            if sent.saturating_sub(first) <= DURATION {
                return Ok(Attempt::Held { holder, alive });
            }
        }
        let wanted = claim(lab, me, current.as_ref());
        let answer = match &current {
            Some(_) => kube.replace(path, MANAGER, &wanted).await,
            None => kube.create(&collection(), MANAGER, &wanted).await,
        };
        match answer {
            Ok(lease) => {
                let held = Held { kube: kube.clone(), path: path.to_owned(), me: me.clone(), lease, renewed: sent, lost: None };
                *self.0.lock().await = Some(held);
                Ok(Attempt::Taken)
            }
            // somebody was quicker
            Err(ApiError::Status(status)) if status.code == 409 => Ok(Attempt::Again),
            Err(error) if error.is_not_found() => {
                let (reference, object) = inventory::namespace_object();
                kube.apply(&inventory::namespaces().path(None, &reference.name), MANAGER, &object, false).await?;
                Ok(Attempt::Again)
            }
            Err(error) => Err(error),
        }
    }

    fn keep(&self) -> Renewal {
        let fence = self.clone();
        let kept = self.clone();
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEW).await;
                if let Some(held) = kept.0.lock().await.as_mut().filter(|held| held.lost.is_none()) {
                    // an API server that is away is told by the writes; the next round tries again
                    let _later = held.renew().await;
                }
            }
        });
        Renewal { fence, task }
    }
}

impl Held {
    async fn renew(&mut self) -> Result<(), ApiError> {
        let sent = boot_time();
        let mut wanted = self.lease.clone();
        wanted["spec"]["renewTime"] = Value::from(now());
        match self.kube.replace(&self.path, MANAGER, &wanted).await {
            Ok(lease) => {
                (self.lease, self.renewed) = (lease, sent);
                Ok(())
            }
            Err(ApiError::Status(status)) if status.code == 409 || status.code == 404 => {
                let sent = boot_time();
                match self.kube.get(&self.path).await {
                    // our own renewal whose answer was lost
                    Ok(lease) if other(&lease, &self.me).is_none() && identity(&lease) == self.me.run => {
                        (self.lease, self.renewed) = (lease, sent);
                    }
                    Ok(lease) => self.lost = Some(other(&lease, &self.me).unwrap_or_else(|| "nobody".to_owned())),
                    Err(error) if error.is_not_found() => self.lost = Some("nobody: it was deleted".to_owned()),
                    Err(error) => return Err(error),
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn collection() -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", inventory::NAMESPACE)
}

fn identity(lease: &Value) -> &str {
    lease["spec"]["holderIdentity"].as_str().unwrap_or_default()
}

/// Who has it, unless that is nobody, we, or a process of this machine that has ended.
fn other(lease: &Value, me: &Holder) -> Option<String> {
    let run = identity(lease);
    if run.is_empty() || run == me.run {
        return None;
    }
    let told = lease["metadata"]["annotations"][HOLDER].as_str().and_then(|text| serde_json::from_str::<Holder>(text).ok());
    match told {
        Some(holder) if holder.run == run => (!holder.is_gone()).then(|| holder.to_string()),
        _ => Some(run.to_owned()),
    }
}

fn renewed_just_now(lease: &Value) -> bool {
    let stamp = lease["spec"]["renewTime"]
        .as_str()
        .and_then(|text| time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok());
    stamp.is_some_and(|stamp| (time::OffsetDateTime::now_utc() - stamp).unsigned_abs() <= DURATION)
}

fn claim(lab: &str, me: &Holder, current: Option<&Value>) -> Value {
    let mut lease = current.cloned().unwrap_or_else(|| {
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": lab, "namespace": inventory::NAMESPACE,
            "labels": {"app.kubernetes.io/managed-by": "labctl"}}, "spec": {}})
    });
    let turns = lease["spec"]["leaseTransitions"].as_i64().unwrap_or_default();
    let now = now();
    lease["metadata"]["annotations"][HOLDER] = Value::from(serde_json::to_string(me).unwrap_or_default());
    lease["spec"] = json!({"holderIdentity": me.run, "leaseDurationSeconds": DURATION.as_secs(), "acquireTime": now, "renewTime": now,
        "leaseTransitions": turns + 1});
    lease
}

/// A `metav1.MicroTime`.
fn now() -> String {
    const MICRO_TIME: &[time::format_description::BorrowedFormatItem<'_>] =
        time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    time::OffsetDateTime::now_utc().format(MICRO_TIME).unwrap_or_default()
}

/// Time since the machine started, sleep included.
fn boot_time() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = rustix::time::ClockId::Monotonic;
    let spec = rustix::time::clock_gettime(clock);
    Duration::new(u64::try_from(spec.tv_sec).unwrap_or_default(), u32::try_from(spec.tv_nsec).unwrap_or_default())
}

/// The lease of one cluster handle, held from the first time something must be written until it is given back.
#[derive(Debug, Default)]
pub struct Lock {
    pub fence: Fence,
    renewal: Mutex<Option<Renewal>>,
}

impl Lock {
    pub fn keep(&self, renewal: Renewal) {
        *self.renewal.lock().unwrap_or_else(PoisonError::into_inner) = Some(renewal);
    }

    pub fn is_held(&self) -> bool {
        self.renewal.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub async fn release(&self) {
        let renewal = self.renewal.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(renewal) = renewal {
            renewal.release().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Holder {
        Holder::this_process("up", "mine", |_| None)
    }

    #[test]
    fn a_lease_of_the_dead_of_nobody_or_our_own_is_free() {
        let mine = claim("l", &me(), None);
        assert_eq!(other(&mine, &me()), None);
        let theirs = claim("l", &Holder { run: "theirs".into(), space: "far away".into(), ..me() }, Some(&mine));
        assert!(other(&theirs, &me()).unwrap().contains("run theirs"));
        assert_eq!(theirs["spec"]["leaseTransitions"], 2);
        let dead = claim("l", &Holder { run: "dead".into(), started: "1".into(), ..me() }, None);
        assert_eq!(other(&dead, &me()), None);
        let mut foreign = theirs;
        foreign["metadata"]["annotations"] = json!({});
        assert_eq!(other(&foreign, &me()).as_deref(), Some("theirs"));
        foreign["spec"]["holderIdentity"] = json!("");
        assert_eq!(other(&foreign, &me()), None);
    }

    #[test]
    fn times_have_six_digits_of_fraction() {
        let text = now();
        assert_eq!(text.len(), "2026-11-21T14:00:00.000000Z".len(), "{text}");
        assert!(renewed_just_now(&json!({"spec": {"renewTime": text}})));
        assert!(!renewed_just_now(&json!({"spec": {"renewTime": "2020-01-01T00:00:00.000000Z"}})));
    }
}
