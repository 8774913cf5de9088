//! `trace:` a trace is in the store, goes through all its services, and the consumer of a queue is linked to the producer.

use super::attempt::{Around, Seen, Way};
use crate::adapters::traces::{Span, SpanKind, TraceError, Traces};
use crate::model::check::{Linked, TraceCheck};
use std::collections::BTreeSet;

/// How many traces of a consumer are looked at for a link that leads from a trace of its own.
const NEIGHBOURS: u64 = 20;

pub(super) async fn look(check: &TraceCheck, around: &Around<'_>) -> Result<Seen, Seen> {
    let backend = around.lookup.backends.traces.as_ref();
    let way = around.backend(backend.map(|backend| &backend.endpoint), "traces").await?;
    let Some(kind) = backend.map(|backend| backend.kind) else {
        return Err(Seen::never("this lab has no trace store"));
    };
    let store = Traces::new(around.http.clone(), kind, &way.base);
    let unanswered = |error: TraceError| unanswered(&way, &error);
    match check {
        TraceCheck::Search { service, min } => {
            let found = store.search(service, (*min).clamp(1, 100)).await.map_err(unanswered)?.len();
            match u64::try_from(found).unwrap_or(u64::MAX) {
                0 => Err(Seen::no_data(format!("no trace of {service}"))),
                n if n < *min => Err(Seen::fail(format!("{n} traces of {service}, want {min}")).with_value(found as f64)),
                n => Ok(Seen::pass(format!("{n} traces of {service}")).with_value(found as f64)),
            }
        }
        TraceCheck::Id { id, services, linked } => {
            let Some(mut spans) = store.get(id).await.map_err(unanswered)? else {
                return Err(Seen::no_data(format!("trace {id} is not in the store")));
            };
            // a consumer may begin a trace of its own that links back to this one
            if let Some(Linked { consumer, .. }) = linked
                && !spans.iter().any(|span| span.service == *consumer)
            {
                let own: BTreeSet<String> = spans.iter().map(|span| span.trace.clone()).collect();
                for other in store.search(consumer, NEIGHBOURS).await.map_err(unanswered)? {
                    let neighbour = store.get(&other).await.map_err(unanswered)?.unwrap_or_default();
                    if neighbour.iter().flat_map(|span| &span.links).any(|link| own.contains(&link.trace)) {
                        spans.extend(neighbour);
                    }
                }
            }
            judge(id, &spans, services, linked.as_ref())
        }
    }
}

fn unanswered(way: &Way, error: &TraceError) -> Seen {
    match error {
        TraceError::Http(_) => Seen::no_data(way.why(error)),
        TraceError::Shape(_) => Seen::no_data(error.to_string()),
    }
}

fn judge(id: &str, spans: &[Span], services: &[String], linked: Option<&Linked>) -> Result<Seen, Seen> {
    let seen: BTreeSet<&str> = spans.iter().map(|span| span.service.as_str()).collect();
    let names = seen.iter().copied().collect::<Vec<_>>().join(", ");
    let count = spans.len();
    if let Some(missing) = services.iter().find(|service| !seen.contains(service.as_str())) {
        return Err(Seen::fail(format!("trace {id} has {count} spans of {names}, none of {missing}")));
    }
    let mut sentence = format!("trace {id}: {count} spans of {names}");
    if let Some(linked) = linked {
        let Linked { producer, consumer } = linked;
        match edge(spans, linked) {
            Ok(how) => sentence = format!("{sentence}; {consumer} is {how} {producer}"),
            Err(why) => return Err(Seen::fail(format!("trace {id}: {why}"))),
        }
    }
    Ok(Seen::pass(sentence).with_value(count as f64))
}

/// Finds the edge from the producer's span to the consumer's. Kinds must fit where the store says them: a plain HTTP call between the two is an
/// edge as well, and proves nothing about the queue.
fn edge(spans: &[Span], Linked { producer, consumer }: &Linked) -> Result<&'static str, String> {
    let mut near = None;
    for span in spans.iter().filter(|span| span.service == *consumer) {
        let parent = span.parent.iter().map(|parent| (span.trace.as_str(), parent.as_str(), "a child of"));
        let links = span.links.iter().map(|link| (link.trace.as_str(), link.span.as_str(), "linked to"));
        for (trace, id, how) in parent.chain(links) {
            let Some(from) = spans.iter().find(|span| span.trace == trace && span.id == id && span.service == *producer) else {
                continue;
            };
            let sends = matches!(from.kind, SpanKind::Producer | SpanKind::Client | SpanKind::Unknown);
            let receives = matches!(span.kind, SpanKind::Consumer | SpanKind::Unknown);
            if sends && receives {
                return Ok(how);
            }
            near = Some(format!(
                "{consumer} has span `{}` {how} `{}` of {producer}, but as {} and {}, not as consumer and producer",
                span.name,
                from.name,
                span.kind.as_str(),
                from.kind.as_str()
            ));
        }
    }
    Err(near.unwrap_or_else(|| format!("no span of {consumer} is a child of, or linked to, a span of {producer}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::traces::Link;

    fn span(service: &str, id: &str, parent: Option<&str>, kind: SpanKind) -> Span {
        Span {
            trace: "t".to_owned(),
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            service: service.to_owned(),
            kind,
            name: format!("{service} {id}"),
            links: Vec::new(),
        }
    }

    fn linked() -> Linked {
        Linked { producer: "api".to_owned(), consumer: "worker".to_owned() }
    }

    #[test]
    fn a_consumer_is_linked_as_child_or_by_a_span_link() {
        let send = span("api", "1", None, SpanKind::Producer);
        let child = span("worker", "2", Some("1"), SpanKind::Consumer);
        assert_eq!(edge(&[send.clone(), child], &linked()), Ok("a child of"));
        let mut own = span("worker", "3", None, SpanKind::Consumer);
        own.trace = "other".to_owned();
        own.links.push(Link { trace: "t".to_owned(), span: "1".to_owned() });
        assert_eq!(edge(&[send, own], &linked()), Ok("linked to"));
    }

    #[test]
    fn an_http_call_between_the_two_is_no_link_through_a_queue() {
        let spans = [span("api", "1", None, SpanKind::Client), span("worker", "2", Some("1"), SpanKind::Server)];
        let why = edge(&spans, &linked()).unwrap_err();
        assert!(why.contains("as server and client"), "{why}");
    }

    #[test]
    fn both_being_in_the_trace_is_not_enough() {
        let spans = [
            span("api", "1", None, SpanKind::Producer),
            span("gateway", "2", Some("1"), SpanKind::Producer),
            span("worker", "3", Some("2"), SpanKind::Consumer),
        ];
        assert!(edge(&spans, &linked()).is_err());
        assert!(judge("t", &spans, &[], None).is_ok());
        assert!(judge("t", &spans, &["other".to_owned()], None).unwrap_err().says.contains("none of other"));
    }
}
