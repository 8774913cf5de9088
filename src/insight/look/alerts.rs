//! What fires: as Alertmanager has it, and where the lab has none, as Prometheus works it out.

use crate::adapters::alertmanager::Alertmanager;
use crate::adapters::prometheus::Prometheus;
use crate::checks::Prober;
use crate::model::look::AlertRow;
use std::collections::BTreeMap;

/// Labels that tell nothing to a person: those that have a column of their own, and those that everything has.
const KNOWN: [&str; 5] = ["alertname", "severity", "alertstate", "__name__", "prometheus"];

/// Asks once.
pub(super) async fn ask(prober: &Prober) -> Result<Vec<AlertRow>, String> {
    let backends = &prober.lookup().backends;
    let mut rows = match (&backends.alerts, &backends.metrics) {
        (Some(endpoint), _) => {
            let way = prober.way(endpoint).await?;
            let firing = Alertmanager::new(prober.http().clone(), &way.base).firing().await.map_err(|error| way.why(&error))?;
            firing
                .into_iter()
                .map(|alert| {
                    let said = |name: &str| alert.annotations.get(name).filter(|text| !text.is_empty()).cloned();
                    let summary = said("summary").or_else(|| said("description")).unwrap_or_default();
                    AlertRow { since: Some(alert.starts_at), summary, ..row(&alert.labels) }
                })
                .collect()
        }
        (None, Some(endpoint)) => {
            let way = prober.way(endpoint).await?;
            let samples = Prometheus::new(prober.http().clone(), &way.base).query("ALERTS{alertstate=\"firing\"}").await;
            samples.map_err(|error| way.why(&error))?.iter().map(|sample| row(&sample.labels)).collect::<Vec<_>>()
        }
        (None, None) => return Err("this lab has no component that provides alerts or metrics".to_owned()),
    };
    rows.sort_by(|a, b| (rank(&a.severity), &a.name, &a.labels).cmp(&(rank(&b.severity), &b.name, &b.labels)));
    Ok(rows)
}

/// The worst first.
fn rank(severity: &str) -> u8 {
    match severity {
        "critical" | "page" => 0,
        "warning" | "ticket" => 1,
        _ => 2,
    }
}

fn row(labels: &BTreeMap<String, String>) -> AlertRow {
    let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
    AlertRow {
        name: label("alertname"),
        severity: label("severity"),
        summary: String::new(),
        labels: labels.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str())).map(|(name, value)| format!("{name}={value}")).collect(),
        since: None,
    }
}
