//! Loki: lines in and lines out. <https://grafana.com/docs/loki/latest/reference/loki-http-api/>

use crate::model::run::At;
use crate::support::http::{Call, Http, HttpError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// A Loki at some address.
#[derive(Debug, Clone)]
pub struct Loki {
    http: Http,
    base: String,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum LokiError {
    /// No answer, or none that can be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A metric query where lines are needed.
    #[error("the query gives a {0}, not log lines")]
    NotLines(String),
}

/// A log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Labels of its stream.
    pub labels: BTreeMap<String, String>,
    /// Nanoseconds since 1970.
    pub at: i128,
    /// As it was written, without line end.
    pub text: String,
}

#[derive(Deserialize)]
struct Envelope {
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Stream {
    stream: BTreeMap<String, String>,
    /// Time and line; a third member with structured metadata may follow.
    values: Vec<Vec<serde_json::Value>>,
}

impl Loki {
    /// One at `base`.
    pub fn new(http: Http, base: impl Into<String>) -> Self {
        Self { http, base: base.into() }
    }

    /// At most `limit` lines between two moments, newest first.
    pub async fn query_range(&self, logql: &str, from: At, to: At, limit: u64) -> Result<Vec<Line>, LokiError> {
        let call = Call::get(&self.base, "/loki/api/v1/query_range")
            .query("query", logql)
            .query("start", from.0.unix_timestamp_nanos().to_string())
            .query("end", to.0.unix_timestamp_nanos().to_string())
            .query("limit", limit.to_string())
            .query("direction", "backward")
            .within(Duration::from_secs(10));
        let Envelope { data } = self.http.json(call).await?;
        if data.result_type != "streams" {
            return Err(LokiError::NotLines(data.result_type));
        }
        let streams: Vec<Stream> =
            serde_json::from_value(data.result).map_err(|error| LokiError::NotLines(format!("list of another shape ({error})")))?;
        let mut lines = Vec::new();
        for Stream { stream, values } in streams {
            for value in values {
                let (Some(at), Some(text)) = (value.first().and_then(|v| v.as_str()), value.get(1).and_then(|v| v.as_str())) else {
                    return Err(LokiError::NotLines("list of another shape (a value without time or text)".to_owned()));
                };
                lines.push(Line { labels: stream.clone(), at: at.parse().unwrap_or(0), text: text.to_owned() });
            }
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.at));
        Ok(lines)
    }

    /// Puts one line in. `Ok` means that Loki took it, not that it can be found already.
    pub async fn push(&self, labels: &BTreeMap<String, String>, line: &str, at: At) -> Result<(), LokiError> {
        let body = serde_json::json!({"streams": [{"stream": labels, "values": [[at.0.unix_timestamp_nanos().to_string(), line]]}]});
        self.http.call(Call::new("POST", &self.base, "/loki/api/v1/push").json(body)).await?.ok()?;
        Ok(())
    }
}
