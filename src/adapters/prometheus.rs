//! Prometheus: instant and range queries, exemplars, targets and rules. <https://prometheus.io/docs/prometheus/latest/querying/api/>

use crate::model::run::At;
use crate::support::http::{Call, Http, HttpError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::time::Duration;

/// A Prometheus at some address.
#[derive(Debug, Clone)]
pub struct Prometheus {
    http: Http,
    base: String,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum PrometheusError {
    /// No answer, or none that can be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It understood and said no: a query that does not parse, say.
    #[error("Prometheus refuses the query: {0}")]
    Refused(String),
    /// A text or a range where rows with one number each are needed.
    #[error("the query gives a {0}, not a number")]
    NotNumbers(String),
}

/// A row of an instant query.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What tells it from other rows.
    pub labels: BTreeMap<String, String>,
    /// May be NaN or infinite.
    pub value: f64,
}

/// A sample that leads to a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar {
    /// Labels of its series.
    pub series: BTreeMap<String, String>,
    /// Its own labels: `trace_id`, mostly.
    pub labels: BTreeMap<String, String>,
    /// What was measured.
    pub value: f64,
}

impl Exemplar {
    /// The trace it leads to, under any of the names in use.
    pub fn trace_id(&self) -> Option<&str> {
        ["trace_id", "traceID", "traceId"].iter().find_map(|name| self.labels.get(*name)).map(String::as_str)
    }
}

/// What Prometheus scrapes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// `job`, `instance` and the rest, after relabelling.
    pub labels: BTreeMap<String, String>,
    /// What is fetched.
    pub scrape_url: String,
    /// `up`, `down` or `unknown`.
    pub health: String,
    /// Why the last scrape failed; empty when it did not.
    #[serde(default)]
    pub last_error: String,
}

/// A rule it evaluates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Of the alert, or of the series that is recorded.
    pub name: String,
    /// `alerting` or `recording`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `ok`, `err` or `unknown`.
    pub health: String,
    /// Why the last evaluation failed; empty when it did not.
    #[serde(default)]
    pub last_error: String,
    /// For alerts: `firing`, `pending` or `inactive`.
    #[serde(default)]
    pub state: String,
}

#[derive(Deserialize)]
struct Envelope<T> {
    status: String,
    data: Option<T>,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryData {
    result_type: String,
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExemplarSeries {
    series_labels: BTreeMap<String, String>,
    exemplars: Vec<RawExemplar>,
}

#[derive(Deserialize)]
struct RawExemplar {
    labels: BTreeMap<String, String>,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Targets {
    active_targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

impl Prometheus {
    /// One at `base` (`http://127.0.0.1:9090`, with a path prefix if it has one).
    pub fn new(http: Http, base: impl Into<String>) -> Self {
        Self { http, base: base.into() }
    }

    /// The rows of an instant query, as of now. A scalar is one row without labels.
    pub async fn query(&self, promql: &str) -> Result<Vec<Sample>, PrometheusError> {
        let call = Call::get(&self.base, "/api/v1/query").query("query", promql).query("timeout", "8s").within(Duration::from_secs(10));
        let data: QueryData = self.ask(call).await?;
        let shape = |error: serde_json::Error| PrometheusError::NotNumbers(format!("{} of another shape ({error})", data.result_type));
        match data.result_type.as_str() {
            "vector" => {
                let rows: Vec<Row> = serde_json::from_value(data.result).map_err(shape)?;
                rows.into_iter().map(|row| Ok(Sample { labels: row.metric, value: number(&row.value.1)? })).collect()
            }
            "scalar" => {
                let (_, value): (f64, String) = serde_json::from_value(data.result).map_err(shape)?;
                Ok(vec![Sample { labels: BTreeMap::new(), value: number(&value)? }])
            }
            other => Err(PrometheusError::NotNumbers(other.to_owned())),
        }
    }

    /// The series of a query between two moments, a point every `step` seconds, as Prometheus has them (`resultType` and `result`).
    pub async fn query_range(&self, promql: &str, from: At, to: At, step: i64) -> Result<serde_json::Value, PrometheusError> {
        let call = Call::get(&self.base, "/api/v1/query_range")
            .query("query", promql)
            .query("start", from.0.unix_timestamp().to_string())
            .query("end", to.0.unix_timestamp().to_string())
            .query("step", step.to_string())
            .query("timeout", "8s")
            .within(Duration::from_secs(10));
        self.ask(call).await
    }

    /// Exemplars of a selector between two moments.
    pub async fn exemplars(&self, selector: &str, from: At, to: At) -> Result<Vec<Exemplar>, PrometheusError> {
        let call = Call::get(&self.base, "/api/v1/query_exemplars")
            .query("query", selector)
            .query("start", from.0.unix_timestamp().to_string())
            .query("end", to.0.unix_timestamp().to_string())
            .within(Duration::from_secs(10));
        let series: Vec<ExemplarSeries> = self.ask(call).await?;
        let mut all = Vec::new();
        for one in series {
            for raw in one.exemplars {
                all.push(Exemplar { series: one.series_labels.clone(), labels: raw.labels, value: number(&raw.value)? });
            }
        }
        Ok(all)
    }

    /// What it scrapes now.
    pub async fn targets(&self) -> Result<Vec<Target>, PrometheusError> {
        let targets: Targets = self.ask(Call::get(&self.base, "/api/v1/targets").query("state", "active")).await?;
        Ok(targets.active_targets)
    }

    /// The rules of all groups.
    pub async fn rules(&self) -> Result<Vec<Rule>, PrometheusError> {
        let groups: Groups = self.ask(Call::get(&self.base, "/api/v1/rules")).await?;
        Ok(groups.groups.into_iter().flat_map(|group| group.rules).collect())
    }

    /// Errors come as JSON too, with a status of 400, 422 or 503.
    async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, PrometheusError> {
        let answer = self.http.call(call).await?;
        if let Ok(Envelope::<serde_json::Value> { status, error, .. }) = answer.json()
            && status == "error"
        {
            return Err(PrometheusError::Refused(error));
        }
        let answer = answer.ok()?;
        let envelope: Envelope<T> = answer.json()?;
        envelope.data.ok_or_else(|| PrometheusError::Refused("the answer holds no data".to_owned()))
    }
}

/// Sample values are strings, so that NaN and infinities can be written.
fn number(text: &str) -> Result<f64, PrometheusError> {
    text.parse().map_err(|_| PrometheusError::NotNumbers(format!("value `{text}`")))
}
