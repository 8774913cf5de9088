//! Alertmanager: a test alert in, and out again; what fires now. <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>

use crate::model::run::At;
use crate::support::http::{Call, Http, HttpError};
use serde::Deserialize;
use std::collections::BTreeMap;

/// An Alertmanager at some address.
#[derive(Debug, Clone)]
pub struct Alertmanager {
    http: Http,
    base: String,
}

/// An alert it holds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// `alertname`, `severity` and the rest.
    pub labels: BTreeMap<String, String>,
    /// `summary`, `description` and the rest.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Since when.
    pub starts_at: At,
}

/// Why an alert could not be posted, or those there are not be read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct AlertmanagerError(#[from] HttpError);

impl Alertmanager {
    /// One at `base`.
    pub fn new(http: Http, base: impl Into<String>) -> Self {
        Self { http, base: base.into() }
    }

    /// Posts an alert that counts as firing from `from` until `to`; posting it again with an end in the past resolves it.
    pub async fn post(&self, labels: &BTreeMap<String, String>, summary: &str, from: At, to: At) -> Result<(), AlertmanagerError> {
        let body = serde_json::json!([{
            "labels": labels,
            "annotations": {"summary": summary},
            "startsAt": rfc3339(from),
            "endsAt": rfc3339(to),
        }]);
        self.http.call(Call::new("POST", &self.base, "/api/v2/alerts").json(body)).await?.ok()?;
        Ok(())
    }

    /// What fires now and is neither silenced nor inhibited by another.
    pub async fn firing(&self) -> Result<Vec<Alert>, AlertmanagerError> {
        let call = Call::get(&self.base, "/api/v2/alerts").query("active", "true").query("silenced", "false").query("inhibited", "false");
        Ok(self.http.call(call).await?.ok()?.json()?)
    }
}

fn rfc3339(at: At) -> String {
    at.to_string()
}
