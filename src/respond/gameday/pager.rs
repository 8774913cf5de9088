//! The pager: the lab's own Alertmanager, asked for what fires and is neither silenced nor inhibited. What does not ring there did not ring.

use crate::adapters::alertmanager::{Alert, Alertmanager};
use crate::checks::Prober;
use std::collections::BTreeMap;

/// Alerts of the platform that always fire.
const ALWAYS: &str = "Watchdog";

/// What fires now; the sentence says why it cannot be known.
pub async fn firing(prober: &Prober) -> Result<Vec<Alert>, String> {
    let endpoint = prober.lookup().backends.alerts.clone();
    let endpoint = endpoint.ok_or_else(|| "this lab has no component that provides alerts".to_owned())?;
    let way = prober.way(&endpoint).await?;
    let alertmanager = Alertmanager::new(prober.http().clone(), &way.base);
    let alerts = alertmanager.firing().await.map_err(|error| way.why(&error))?;
    Ok(alerts.into_iter().filter(|alert| name(alert) != ALWAYS).collect())
}

/// Its name.
pub fn name(alert: &Alert) -> &str {
    alert.labels.get("alertname").map(String::as_str).unwrap_or_default()
}

/// The runbook that it leads to.
pub fn runbook(alert: &Alert) -> Option<&str> {
    let file = alert.annotations.get("runbook_url")?.split(['#', '?']).next()?.rsplit('/').next()?;
    Some(file.strip_suffix(".md").unwrap_or(file))
}

/// Those of `now` that did not fire in `before`.
pub fn new<'a>(now: &'a [Alert], before: &[BTreeMap<String, String>]) -> Vec<&'a Alert> {
    now.iter().filter(|alert| !before.contains(&alert.labels)).collect()
}
