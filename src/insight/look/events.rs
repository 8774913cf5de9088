//! Events as rows.

use super::pods::moment;
use crate::model::look::EventRow;
use crate::model::run::Object;
use serde_json::Value;
use std::sync::Arc;

/// All events, the newest last.
pub(super) fn rows(events: &[Arc<Value>]) -> Vec<EventRow> {
    let mut rows: Vec<EventRow> = events.iter().map(|event| row(event)).collect();
    rows.sort_by(|a, b| (a.last, &a.about, &a.reason).cmp(&(b.last, &b.about, &b.reason)));
    rows
}

fn row(event: &Value) -> EventRow {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let about = &event["involvedObject"];
    // those who write events.k8s.io count in a series
    let series = &event["series"];
    let last = [&series["lastObservedTime"], &event["lastTimestamp"], &event["eventTime"], &event["firstTimestamp"]];
    EventRow {
        last: last.into_iter().find_map(moment),
        warning: event["type"] != "Normal",
        reason: text(&event["reason"]),
        about: Object { kind: text(&about["kind"]), namespace: text(&about["namespace"]), name: text(&about["name"]) },
        count: series["count"].as_u64().or_else(|| event["count"].as_u64()).unwrap_or(1).max(1),
        message: text(&event["message"]).split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_forms_of_events_are_read_and_the_newest_is_last() {
        let old =
            json!({"type": "Normal", "reason": "Pulled", "count": 2, "lastTimestamp": "2026-01-01T00:00:05Z", "message": "two\n lines"});
        let new = json!({"type": "Warning", "reason": "Failed", "eventTime": "2026-01-01T00:00:01.5Z",
            "series": {"count": 7, "lastObservedTime": "2026-01-01T00:00:09.250000Z"}});
        let rows = rows(&[Arc::new(new), Arc::new(old), Arc::new(json!({"reason": "Timeless"}))]);
        let told: Vec<_> = rows.iter().map(|row| (row.reason.as_str(), row.count, row.warning)).collect();
        assert_eq!(told, [("Timeless", 1, true), ("Pulled", 2, false), ("Failed", 7, true)]);
        assert_eq!(rows[1].message, "two lines");
    }
}
