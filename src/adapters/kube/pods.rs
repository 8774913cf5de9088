//! Pods, their logs and events, for people who look.

use super::ApiError;
use futures::{AsyncBufReadExt, TryStreamExt};
use k8s_openapi::api::core::v1;
use kube::Api;
use kube::api::{ListParams, LogParams};
use std::time::Duration;

/// A pod by name, with the containers it has.
#[derive(Debug, Clone)]
pub struct Pod {
    /// Where it runs.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Without init containers.
    pub containers: Vec<String>,
}

/// What Kubernetes said about an object.
#[derive(Debug, Clone)]
pub struct Event {
    /// RFC 3339; empty when it is not known.
    pub last: String,
    /// `Normal` or `Warning`.
    pub kind: String,
    /// One word, such as `FailedScheduling`.
    pub reason: String,
    /// Kind of the object it is about.
    pub object_kind: String,
    /// Name of the object it is about.
    pub object_name: String,
    /// How often it was said.
    pub count: u64,
    /// What was said.
    pub message: String,
}

const CALL: Duration = Duration::from_secs(20);

async fn within<T>(what: &str, call: impl Future<Output = kube::Result<T>>) -> Result<T, ApiError> {
    match tokio::time::timeout(CALL, call).await {
        Ok(done) => done.map_err(|error| ApiError::Broken(error.to_string())),
        Err(_) => Err(ApiError::Timeout { what: what.to_owned(), after: CALL }),
    }
}

/// The pods of a namespace.
pub async fn list(client: &kube::Client, namespace: &str) -> Result<Vec<Pod>, ApiError> {
    let pods: Api<v1::Pod> = Api::namespaced(client.clone(), namespace);
    let listed = within("list pods", pods.list(&ListParams::default())).await?;
    let pod = |pod: v1::Pod| Pod {
        namespace: namespace.to_owned(),
        name: pod.metadata.name.unwrap_or_default(),
        containers: pod.spec.map(|spec| spec.containers.into_iter().map(|container| container.name).collect()).unwrap_or_default(),
    };
    Ok(listed.items.into_iter().map(pod).collect())
}

/// Reads the last `tail` lines of a container's log, and goes on while they come when `follow` is set.
pub async fn log(
    client: &kube::Client,
    pod: &Pod,
    container: &str,
    tail: i64,
    follow: bool,
    mut line: impl FnMut(&str),
) -> Result<(), ApiError> {
    let pods: Api<v1::Pod> = Api::namespaced(client.clone(), &pod.namespace);
    let params = LogParams { container: Some(container.to_owned()), tail_lines: Some(tail), follow, ..LogParams::default() };
    let stream = within("read a log", pods.log_stream(&pod.name, &params)).await?;
    let mut lines = stream.lines();
    while let Some(text) = lines.try_next().await.map_err(|error| ApiError::Broken(error.to_string()))? {
        line(&text);
    }
    Ok(())
}

/// What was said about the objects of a namespace in the last hour (Kubernetes keeps no more).
pub async fn events(client: &kube::Client, namespace: &str) -> Result<Vec<Event>, ApiError> {
    let events: Api<v1::Event> = Api::namespaced(client.clone(), namespace);
    let listed = within("list events", events.list(&ListParams::default())).await?;
    let event = |event: v1::Event| {
        let micro = event.event_time.map(|time| time.0.to_string());
        Event {
            last: event.last_timestamp.map(|time| time.0.to_string()).or(micro).unwrap_or_default(),
            kind: event.type_.unwrap_or_default(),
            reason: event.reason.unwrap_or_default(),
            object_kind: event.involved_object.kind.unwrap_or_default(),
            object_name: event.involved_object.name.unwrap_or_default(),
            count: event.count.and_then(|count| u64::try_from(count).ok()).unwrap_or(1),
            message: event.message.unwrap_or_default(),
        }
    };
    Ok(listed.items.into_iter().map(event).collect())
}
