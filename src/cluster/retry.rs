//! What an error answer means for the one object it is about, and how long to wait before trying again. Server-side apply may be repeated
//! safely, so everything that can pass is tried again until the component's deadline.

use super::error::{ClusterError, Hint};
use super::object::ObjectRef;
use crate::adapters::kube::{ApiError, ApiStatus};
use crate::support::progress::Sink;
use rand::Rng as _;
use std::collections::HashMap;
use std::future::Future;
use std::mem::{Discriminant, discriminant};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What to do about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// Something the object needs is not up: a webhook, its certificate, room in a quota.
    Blocked,
    /// The server asks for patience.
    Throttled(Option<Duration>),
    /// The connection or the server hiccuped.
    Transient,
    /// Its kind, namespace or account is still being made.
    NotYet,
    /// The named field cannot be changed in place.
    Immutable(String),
    /// It would be said again.
    Fatal,
}

/// Sorts an answer to a write.
pub fn classify(error: &ApiError) -> Class {
    match error {
        ApiError::Unreachable(_) | ApiError::Broken(_) | ApiError::Timeout { .. } | ApiError::Malformed(_) => Class::Transient,
        ApiError::Kubeconfig { .. } | ApiError::Certificate(_) | ApiError::Unauthorized(_) | ApiError::Fenced(_) => Class::Fatal,
        ApiError::Status(status) => by_status(status),
    }
}

fn by_status(status: &ApiStatus) -> Class {
    let message = status.message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["failed calling webhook", "failed calling admission webhook", "failed to call webhook", "conversion webhook for"]) {
        return Class::Blocked;
    }
    match status.code {
        429 => Class::Throttled(status.retry_after),
        404 => Class::NotYet,
        403 if says(&[
            "error looking up service account",
            "no api token found for service account",
            "serviceaccount \"default\" not found",
        ]) =>
        {
            Class::NotYet
        }
        403 if says(&["because it is being terminated"]) => Class::Blocked,
        403 if says(&["exceeded quota", "status unknown for quota"]) => Class::Blocked,
        409 if says(&["object is being deleted", "resourcequotas"]) => Class::Blocked,
        // a create that was cut off leaves the port or address of its Service taken until the API server has taken it back
        422 if says(&["provided port is already allocated", "provided ip is already allocated"]) => Class::Blocked,
        // a race with another writer, or a create that was answered twice; a list whose next page came too late begins anew
        409 | 410 => Class::Transient,
        422 | 403 | 400 => immutable_field(status).map_or(Class::Fatal, Class::Immutable),
        // an object whose fields have the wrong type is the server's 500, and stays wrong however often it is sent
        500 if status.message.contains("failed to create typed patch object") => Class::Fatal,
        408 | 500 | 502 | 503 | 504 => status.retry_after.map_or(Class::Transient, |after| Class::Throttled(Some(after))),
        _ => Class::Fatal,
    }
}

/// The field that an answer calls immutable.
fn immutable_field(status: &ApiStatus) -> Option<String> {
    const WORDS: [&str; 5] = [
        "immutable",
        "may not change once set",
        "cannot change roleref",
        "updates to statefulset spec for fields other than",
        "is forbidden after creation",
    ];
    let says = |text: &str| WORDS.iter().any(|word| text.to_lowercase().contains(word));
    if let Some(cause) = status.causes.iter().find(|cause| says(&cause.message)) {
        return Some(if cause.field.is_empty() { "(unnamed)".to_owned() } else { cause.field.clone() });
    }
    says(&status.message).then(|| "(unnamed)".to_owned())
}

/// How long one call has waited so far, by class of error: a throttled call that then hits a reset has not met many resets.
#[derive(Debug, Default)]
pub struct Pauses(HashMap<Discriminant<Class>, u32>);

impl Pauses {
    /// How long to wait after this error.
    pub fn after(&mut self, class: &Class) -> Duration {
        let met = self.0.entry(discriminant(class)).or_default();
        *met += 1;
        pause(class, *met)
    }
}

/// How long to wait after error number `met` of its class, from 1.
fn pause(class: &Class, met: u32) -> Duration {
    let grow = |first: u64, most: u64| Duration::from_millis((first << met.saturating_sub(1).min(8)).min(most));
    // spread, so that sixteen objects that were refused together do not come back together; never earlier than asked for. Who is told a time is
    // told whole seconds, and those were refused over some time already
    let (base, spread) = match class {
        // slots bound how many ask at once, so asking often costs the server little
        Class::Blocked => (Duration::from_millis(600), 0.3),
        Class::Throttled(Some(after)) => ((*after).min(Duration::from_secs(30)), 0.1),
        // at most so many calls are under way, so a server that comes back is not run over; longer pauses only make the unlucky ones late
        Class::Throttled(None) => (grow(250, 2_000), 0.3),
        Class::NotYet | Class::Transient | Class::Immutable(_) | Class::Fatal => (grow(50, 1_000), 0.3),
    };
    base.mul_f64(1.0 + rand::rng().random_range(0.0..spread))
}

/// How long a missing kind or namespace may take to appear when nothing else is known.
const NOT_YET: Duration = Duration::from_secs(30);

/// Bounds of one object's attempts.
pub struct Patience<'a> {
    pub sink: &'a Sink,
    pub cancel: &'a CancellationToken,
    pub started: Instant,
    pub deadline: Instant,
    /// Where there is one, each call takes a slot of it, for as long as the call lasts: who waits for a better moment stands in nobody's way.
    /// Once it is closed nothing is called any more.
    pub slots: Option<&'a Semaphore>,
}

impl Patience<'_> {
    /// Calls until it works, will never work, or the time is over.
    pub async fn until_accepted<T, F>(&self, object: &ObjectRef, mut call: impl FnMut() -> F) -> Result<T, ClusterError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        let begun = Instant::now();
        let mut attempt = 0;
        let mut pauses = Pauses::default();
        loop {
            let answer = tokio::select! {
                () = self.cancel.cancelled() => return Err(ClusterError::Cancelled),
                answer = self.in_slot(&mut call) => answer?,
            };
            let error = match answer {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let class = classify(&error);
            match &class {
                Class::Immutable(field) => {
                    return Err(ClusterError::Immutable { object: Box::new(object.clone()), field: field.clone() });
                }
                Class::Fatal => {
                    return Err(ClusterError::Refused { object: Box::new(object.clone()), hint: hint(&error), error });
                }
                _ => {}
            }
            attempt += 1;
            let wait = pauses.after(&class);
            let limit = if class == Class::NotYet { self.deadline.min(begun + NOT_YET) } else { self.deadline };
            if Instant::now() + wait > limit {
                let after = limit.duration_since(self.started);
                return Err(ClusterError::GaveUp { object: Box::new(object.clone()), after, last: error.to_string() });
            }
            self.sink.retry(attempt, wait, format!("{object}: {error}"));
            if matches!(class, Class::Blocked) {
                self.sink.waiting(format!("{object} to be accepted"), error.to_string());
            }
            tokio::select! {
                () = self.cancel.cancelled() => return Err(ClusterError::Cancelled),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn in_slot<T, F>(&self, call: &mut impl FnMut() -> F) -> Result<Result<T, ApiError>, ClusterError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        let Some(slots) = self.slots else { return Ok(call().await) };
        let Ok(_slot) = slots.acquire().await else { return Err(ClusterError::Cancelled) };
        Ok(call().await)
    }
}

fn hint(error: &ApiError) -> Hint {
    let ApiError::Status(status) = error else { return Hint::default() };
    let message = status.message.to_lowercase();
    Hint(match status.code {
        403 if message.contains("denied the request") => "a policy of the cluster denies it; change the object or the policy",
        403 if message.contains("podsecurity") => {
            "the namespace's pod security level denies it; change the object or the namespace's label"
        }
        403 => "the kubeconfig's user lacks the right to do this",
        400 if message.contains("unknown field") => "a field is misspelt, or stands in the wrong place",
        413 => "the object is too large for the API server",
        422 => "correct the field and run again",
        _ => "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::kube::FieldCause;
    use proptest::prelude::*;

    fn status(code: u16, message: &str) -> ApiError {
        ApiError::Status(Box::new(ApiStatus { code, message: message.into(), ..ApiStatus::default() }))
    }

    #[track_caller]
    fn check(error: &ApiError, class: &Class) {
        assert_eq!(&classify(error), class, "{error}");
    }

    #[test]
    fn each_answer_has_its_class() {
        check(&status(500, "Internal error occurred: failed calling webhook \"x\": connect: connection refused"), &Class::Blocked);
        check(&status(500, "failed calling webhook \"x\": tls: x509: certificate signed by unknown authority"), &Class::Blocked);
        check(&status(500, "conversion webhook for a/v1, Kind=B failed: Post"), &Class::Blocked);
        check(&status(500, "etcdserver: leader changed"), &Class::Transient);
        check(&status(500, "failed to create typed patch object (a/b; /v1, Kind=ConfigMap): .data.A: expected string"), &Class::Fatal);
        check(&status(503, "apiserver is shutting down"), &Class::Transient);
        check(&status(404, "the server could not find the requested resource"), &Class::NotYet);
        check(&status(404, "namespaces \"apps\" not found"), &Class::NotYet);
        check(
            &status(403, "pods \"x\" is forbidden: error looking up service account a/default: serviceaccount \"default\" not found"),
            &Class::NotYet,
        );
        check(&status(403, "unable to create new content in namespace a because it is being terminated"), &Class::Blocked);
        check(&status(403, "exceeded quota: q, requested: pods=1"), &Class::Blocked);
        check(&status(403, "User \"x\" cannot patch resource"), &Class::Fatal);
        check(&status(422, "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"), &Class::Blocked);
        check(&status(409, "Operation cannot be fulfilled on resourcequotas \"q\""), &Class::Blocked);
        check(&status(409, "the object has been modified"), &Class::Transient);
        check(&status(422, "spec.replicas: Invalid value"), &Class::Fatal);
        check(&status(410, "The provided continue parameter is too old"), &Class::Transient);
        check(&status(429, "Too many requests"), &Class::Throttled(None));
        check(&ApiError::Broken("connection reset by peer".into()), &Class::Transient);
        check(&ApiError::Certificate("x509".into()), &Class::Fatal);
    }

    #[test]
    fn an_immutable_field_is_named() {
        let error = ApiError::Status(Box::new(ApiStatus {
            code: 422,
            causes: vec![FieldCause { field: "spec.selector".into(), message: "Invalid value: field is immutable".into() }],
            ..ApiStatus::default()
        }));
        check(&error, &Class::Immutable("spec.selector".into()));
    }

    proptest! {
        #[test]
        fn a_pause_is_never_shorter_than_asked_for_and_never_without_bound(seconds in 0_u64..1000, attempt in 0_u32..100) {
            let asked = Duration::from_secs(seconds.min(30));
            let wait = pause(&Class::Throttled(Some(Duration::from_secs(seconds))), attempt);
            prop_assert!(wait >= asked && wait <= Duration::from_secs(40));
            prop_assert!(pause(&Class::Transient, attempt) <= Duration::from_millis(1_300));
        }
    }

    #[test]
    fn being_throttled_makes_no_later_reset_wait_longer() {
        let mut pauses = Pauses::default();
        for _ in 0..6 {
            pauses.after(&Class::Throttled(Some(Duration::from_secs(1))));
        }
        assert!(pauses.after(&Class::Transient) < Duration::from_millis(70));
        assert!(pauses.after(&Class::Transient) >= Duration::from_millis(100));
    }
}
