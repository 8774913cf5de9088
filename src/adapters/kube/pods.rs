//! Pods, their logs and events, for people who look.

use super::ApiError;
use futures::{AsyncBufRead, AsyncBufReadExt};
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

/// Which part of a container's log is read.
#[derive(Debug, Clone, Default)]
pub struct LogAsk {
    /// The last so many lines of what is there.
    pub tail: Option<i64>,
    /// From this moment on; the API takes whole seconds of it, so a few lines may come again.
    pub since: Option<time::OffsetDateTime>,
    /// Go on while lines come.
    pub follow: bool,
    /// Of the run before the present one.
    pub previous: bool,
    /// Each line begins with the time at which the container runtime read it, and a space.
    pub timestamps: bool,
}

/// Reads a container's log line by line, until it ends; one that is followed ends with its container. Bytes that are no UTF-8 become `\u{fffd}`.
pub async fn log(
    client: &kube::Client,
    namespace: &str,
    pod: &str,
    container: &str,
    ask: &LogAsk,
    line: impl FnMut(&str),
) -> Result<(), ApiError> {
    let pods: Api<v1::Pod> = Api::namespaced(client.clone(), namespace);
    let params = LogParams {
        container: Some(container.to_owned()),
        tail_lines: ask.tail,
        since_time: ask.since.and_then(|since| k8s_openapi::jiff::Timestamp::from_second(since.unix_timestamp()).ok()),
        follow: ask.follow,
        previous: ask.previous,
        timestamps: ask.timestamps,
        ..LogParams::default()
    };
    let opened = tokio::time::timeout(CALL, pods.log_stream(pod, &params)).await;
    let stream = opened.map_err(|_late| ApiError::Timeout { what: "the log".to_owned(), after: CALL })?;
    let stream = stream.map_err(|error| ApiError::from_kube(&error))?;
    lines(stream, line).await.map_err(|error| ApiError::Broken(error.to_string()))
}

/// Bytes of one line that are kept; what comes after them is left out, so that a program that never ends a line fills no memory.
const LONGEST: usize = 16 << 10;

async fn lines(mut stream: impl AsyncBufRead + Unpin, mut line: impl FnMut(&str)) -> std::io::Result<()> {
    let mut begun: Vec<u8> = Vec::new();
    let mut cut = false;
    loop {
        let bytes = stream.fill_buf().await?;
        if bytes.is_empty() {
            if !begun.is_empty() {
                line(&text(&begun, cut));
            }
            return Ok(());
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        let room = LONGEST - begun.len();
        cut |= part.len() > room;
        begun.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(end.is_some());
        stream.consume_unpin(used);
        if end.is_some() {
            line(&text(&begun, cut));
            begun.clear();
            cut = false;
        }
    }
}

fn text(bytes: &[u8], cut: bool) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    if text.ends_with('\r') {
        text.pop();
    }
    if cut {
        text.push('…');
    }
    text
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a stream that comes in pieces of so many bytes.
    #[track_caller]
    fn check(stream: &[u8], piece: usize, expected: &[&str]) {
        let mut got = Vec::new();
        let reader = futures::io::BufReader::with_capacity(piece, stream);
        futures::executor::block_on(lines(reader, |line| got.push(line.to_owned()))).unwrap();
        assert_eq!(got, expected, "in pieces of {piece}");
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        for piece in [1, 2, 3, 100] {
            check("one\r\ntwo\n\nwörld".as_bytes(), piece, &["one", "two", "", "wörld"]);
            check(b"broken \xff\xfe utf\nnext\n", piece, &["broken \u{fffd}\u{fffd} utf", "next"]);
        }
        check(b"", 8, &[]);
    }

    #[test]
    fn a_line_without_end_fills_no_memory() {
        let endless = b"x".repeat(5 * LONGEST);
        let kept = "x".repeat(LONGEST) + "…";
        check(&[&endless[..], b"\nnext"].concat(), 1000, &[&kept, "next"]);
    }
}
