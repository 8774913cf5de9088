//! `loki:` lines that are there, or one that goes in and comes out again.

use super::attempt::{Around, Memory, Seen, brief, last_hour, now};
use crate::adapters::loki::{Loki, LokiError};
use crate::model::check::{Labels, LokiCheck};

/// The query a check asks: its own, or the pushed stream filtered by the text.
pub(super) fn query(check: &LokiCheck) -> String {
    match check {
        LokiCheck::Query { query, .. } => query.clone(),
        LokiCheck::RoundTrip { find, .. } if find.starts_with('{') => find.clone(),
        LokiCheck::RoundTrip { push, find, .. } => format!("{push} |= {find:?}"),
    }
}

pub(super) async fn look(check: &LokiCheck, around: &Around<'_>, memory: &mut Memory) -> Result<Seen, Seen> {
    let way = around.backend(around.lookup.backends.logs.as_ref(), "logs").await?;
    let loki = Loki::new(around.http.clone(), &way.base);
    let unanswered = |error: &LokiError| match error {
        LokiError::NotLines(_) => Seen::never(error.to_string()),
        LokiError::Http(_) => Seen::no_data(way.why(error)),
    };
    let query = query(check);
    let min = match check {
        LokiCheck::Query { min, .. } => *min,
        LokiCheck::RoundTrip { push: Labels(labels), line, .. } => {
            if memory.written.is_none() {
                let at = now();
                loki.push(labels, line, at).await.map_err(|error| Seen::fail(format!("push: {}", way.why(&error))))?;
                memory.written = Some(at);
            }
            1
        }
    };
    let (from, to) = last_hour();
    let lines = loki.query_range(&query, from, to, min.clamp(1, 1000)).await.map_err(|error| unanswered(&error))?;
    let found = match check {
        LokiCheck::Query { .. } => lines.len(),
        // the very line, not one that a careless query also matches
        LokiCheck::RoundTrip { line, .. } => lines.iter().filter(|found| found.text == *line).count(),
    };
    let short = brief(&query);
    match u64::try_from(found).unwrap_or(u64::MAX) {
        0 if memory.written.is_some() => Err(Seen::no_data(format!("pushed, but {short} does not find it"))),
        0 => Err(Seen::no_data(format!("{short} → no lines"))),
        n if n < min => Err(Seen::fail(format!("{short} → {n} lines, want {min}")).with_value(found as f64)),
        n => Ok(Seen::pass(format!("{short} → {n} {}", if n == 1 { "line" } else { "lines" })).with_value(found as f64)),
    }
}
