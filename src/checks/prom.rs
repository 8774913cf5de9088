//! `prom:` one number of a query, or exemplars. Anything but exactly one finite number is no data.

use super::attempt::{Around, Seen, Way, brief, last_hour};
use crate::adapters::prometheus::{Prometheus, PrometheusError};
use crate::model::check::PromCheck;

pub(super) async fn look(check: &PromCheck, around: &Around<'_>) -> Result<Seen, Seen> {
    let way = around.backend(around.lookup.backends.metrics.as_ref(), "metrics").await?;
    let prometheus = Prometheus::new(around.http.clone(), &way.base);
    match check {
        PromCheck::Query { query, op, value: wanted, unit } => {
            let short = brief(query);
            let rows = prometheus.query(query).await.map_err(|error| unanswered(&way, &error))?;
            let value = match rows.as_slice() {
                [] => return Err(Seen::no_data(format!("query {short} → no data"))),
                [row] if row.value.is_finite() => row.value,
                [row] => return Err(Seen::no_data(format!("query {short} → {}, which is no number to judge", row.value))),
                rows => return Err(Seen::no_data(format!("query {short} → {} rows, want exactly one", rows.len()))),
            };
            let counts = unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
            let want = if op.holds(value, *wanted) { String::new() } else { format!(", want {op} {wanted}{counts}") };
            let seen = Seen::judged(want.is_empty(), format!("query {short} → {}{counts}{want}", figure(value)));
            Ok(seen.with_value(value).held_against(*op, *wanted, unit.clone()))
        }
        PromCheck::Exemplars { selector, min, where_trace } => {
            let (from, to) = last_hour();
            let all = prometheus.exemplars(selector, from, to).await.map_err(|error| unanswered(&way, &error))?;
            let wanted = |id: Option<&str>| where_trace.as_ref().is_none_or(|trace| id.is_some_and(|id| id.eq_ignore_ascii_case(trace)));
            let count = all.iter().filter(|exemplar| wanted(exemplar.trace_id())).count();
            let of = where_trace.as_ref().map(|trace| format!(" of trace {trace}")).unwrap_or_default();
            let short = brief(selector);
            let seen = format!("{count} exemplars{of} at {short}");
            match u64::try_from(count).unwrap_or(u64::MAX) {
                0 => Err(Seen::no_data(format!("no exemplar{of} at {short}, {} others", all.len()))),
                n if n < *min => Err(Seen::fail(format!("{seen}, want {min}")).with_value(count as f64)),
                _ => Ok(Seen::pass(seen).with_value(count as f64)),
            }
        }
    }
}

/// A query that Prometheus refuses stays refused; all else may pass.
fn unanswered(way: &Way, error: &PrometheusError) -> Seen {
    match error {
        PrometheusError::Refused(_) => Seen::no_data(error.to_string()),
        PrometheusError::NotNumbers(_) => Seen::never(error.to_string()),
        PrometheusError::Http(_) => Seen::no_data(way.why(error)),
    }
}

/// As many digits as mean something.
fn figure(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { format!("{value:.4}") }
}
