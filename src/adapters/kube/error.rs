//! What can go wrong between us and an API server, told apart by what a person (or a retry) should do about it.

use serde_json::Value;
use std::error::Error as StdError;
use std::fmt::Write as _;
use std::time::Duration;

/// Why a call to an API server failed.
#[expect(missing_docs, reason = "each message names its fields")]
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// The kubeconfig cannot be read, or lacks the context.
    #[error("cannot use kubeconfig {path}: {reason}")]
    Kubeconfig { path: String, reason: String },
    /// No connection: refused, no route, name not found.
    #[error("API server is unreachable: {0}; is the cluster running?")]
    Unreachable(String),
    /// The connection broke while a call was under way.
    #[error("connection to the API server broke: {0}")]
    Broken(String),
    /// No complete answer within the deadline of one call.
    #[error("API server did not answer {what} within {} s", .after.as_secs())]
    Timeout { what: String, after: Duration },
    /// TLS: the server's certificate does not fit the kubeconfig, or ours was refused.
    #[error("API server's certificate was not accepted: {0}; the kubeconfig may be of an older cluster of the same name")]
    Certificate(String),
    /// 401.
    #[error("API server does not know these credentials: {0}; the kubeconfig may be of an older cluster of the same name")]
    Unauthorized(String),
    /// Any other answer that is not a success.
    #[error("{0}")]
    Status(Box<ApiStatus>),
    /// A write that was not sent, because the lab's lock is no longer ours.
    #[error("not sent: {0}")]
    Fenced(String),
    /// An answer that is not what the API promises.
    #[error("API server gave an answer that cannot be read: {0}")]
    Malformed(String),
}

/// A `metav1.Status` with the parts that decide what to do next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiStatus {
    /// The HTTP code.
    pub code: u16,
    /// One word, such as `Invalid`.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// What is wrong, field by field.
    pub causes: Vec<FieldCause>,
    /// From the header, else from the body.
    pub retry_after: Option<Duration>,
}

/// One entry of `details.causes`: which field, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldCause {
    /// Its path, such as `spec.selector`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl std::fmt::Display for ApiStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "API server answered {}", self.code)?;
        if !self.reason.is_empty() {
            write!(f, " {}", self.reason)?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

impl ApiError {
    /// The HTTP code, when the server answered at all.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(status.code),
            Self::Unauthorized(_) => Some(401),
            _ => None,
        }
    }

    /// 404 in whatever form.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// Reads an error answer; `retry_after` is the header's value.
    pub(crate) fn from_answer(code: u16, retry_after: Option<&str>, body: &[u8]) -> Self {
        let mut status = ApiStatus { code, ..ApiStatus::default() };
        if let Ok(json) = serde_json::from_slice::<Value>(body)
            && json["kind"] == "Status"
        {
            json["reason"].as_str().unwrap_or_default().clone_into(&mut status.reason);
            json["message"].as_str().unwrap_or_default().clone_into(&mut status.message);
            status.retry_after = json["details"]["retryAfterSeconds"].as_u64().filter(|s| *s > 0).map(Duration::from_secs);
            for cause in json["details"]["causes"].as_array().into_iter().flatten() {
                status.causes.push(FieldCause {
                    field: cause["field"].as_str().unwrap_or_default().to_owned(),
                    message: cause["message"].as_str().unwrap_or_default().to_owned(),
                });
            }
        } else {
            // API Priority and Fairness, proxies and unknown paths answer in plain text
            status.message = String::from_utf8_lossy(body).trim().chars().take(500).collect();
        }
        if let Some(seconds) = retry_after.and_then(|text| text.trim().parse().ok()) {
            status.retry_after = Some(Duration::from_secs(seconds));
        }
        if code == 401 {
            return Self::Unauthorized(if status.message.is_empty() { "401".to_owned() } else { status.message });
        }
        Self::Status(Box::new(status))
    }

    /// Sorts what the HTTP client says, by its chain of causes.
    pub(crate) fn from_kube(error: &kube::Error) -> Self {
        let text = chain(error);
        if let kube::Error::Api(status) = error {
            return Self::Status(Box::new(ApiStatus {
                code: status.code,
                reason: status.reason.clone(),
                message: status.message.clone(),
                ..ApiStatus::default()
            }));
        }
        let lower = text.to_lowercase();
        if lower.contains("certificate") || lower.contains("unknownissuer") || lower.contains("alert") {
            Self::Certificate(text)
        } else if ["refused", "dns error", "unreachable", "no route", "failed to lookup", "connect"].iter().any(|w| lower.contains(w))
            && !lower.contains("reset")
        {
            Self::Unreachable(text)
        } else {
            Self::Broken(text)
        }
    }
}

/// An error with all its sources, each said once.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let said = source.to_string();
        if !text.contains(&said) {
            let _infallible = write!(text, ": {said}");
        }
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn status_keeps_field_causes_and_prefers_the_header_of_retry_after() {
        let body = json!({"kind": "Status", "code": 422, "reason": "Invalid", "message": "m",
            "details": {"retryAfterSeconds": 9, "causes": [{"field": "spec.selector", "message": "field is immutable"}]}});
        let ApiError::Status(status) = ApiError::from_answer(422, Some("2"), body.to_string().as_bytes()) else { panic!("not a status") };
        assert_eq!(status.retry_after, Some(Duration::from_secs(2)));
        assert_eq!(status.causes[0].field, "spec.selector");
    }

    #[test]
    fn plain_text_answers_keep_their_text() {
        let error = ApiError::from_answer(429, Some("1"), b"Too many requests, please try again later.\n");
        assert!(error.to_string().contains("429: Too many requests"), "{error}");
    }

    #[test]
    fn unauthorized_is_told_apart() {
        assert!(matches!(ApiError::from_answer(401, None, b""), ApiError::Unauthorized(_)));
    }
}
