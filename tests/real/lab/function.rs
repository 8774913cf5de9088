//! The lab works. The oracles are the backends' own APIs, asked through the gateway; labctl's checks are only compared with them.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use super::bed::bed;
use serde_json::{Value, json};
use std::process::Command;

fn schema(kind: &str) -> jsonschema::Validator {
    let output = Command::new(env!("CARGO_BIN_EXE_labctl")).args(["schema", kind]).output().unwrap();
    jsonschema::validator_for(&serde_json::from_slice(&output.stdout).unwrap()).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn status_finds_every_component_ready_and_fits_its_schema() {
    let Some(bed) = bed() else { return };
    let schema = schema("status");
    for args in [&["status", "-o", "json"][..], &["status", "-o", "json", "--prove"]] {
        let status = bed.ask(args);
        let wrong: Vec<String> = schema.iter_errors(&status).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(status["ready"], true, "{status:#}");
        let components = status["components"].as_array().unwrap();
        assert!(components.len() >= 12, "{}", components.len());
        for component in components {
            assert!(component["ready"] == true && component["drifted"] == 0, "{component:#}");
            let checks = component["checks"].as_array().unwrap();
            assert!(!checks.is_empty(), "{} is called ready, and no check of function says so", component["name"]);
            assert!(checks.iter().all(|check| check["health"] == "pass"), "{component:#}");
        }
    }
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn status_sees_what_is_broken() {
    let Some(bed) = bed() else { return };
    bed.kubectl(&["-n", "observability", "scale", "deployment/jaeger", "--replicas=0"]);
    let output = bed.labctl(&["status", "-o", "json"]);
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    bed.up_again();
    bed.assert_ready();
    assert_eq!(output.status.code(), Some(5), "a lab that is not ready has its own exit code");
    let jaeger = status["components"].as_array().unwrap().iter().find(|component| component["name"] == "jaeger").unwrap();
    assert!(status["ready"] == false && jaeger["ready"] == false, "{jaeger:#}");
}

#[tokio::test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
async fn an_order_through_the_gateway_leaves_its_tracks_everywhere() {
    let Some(bed) = bed() else { return };
    let item = format!("test-{}", std::process::id());
    let (code, order) = bed.call("POST", "app-python", "/orders", Some(json!({"item": item, "quantity": 2}))).await;
    assert_eq!(code, 202, "{order}");
    let (id, trace) = (text(&order["id"]), text(&order["trace_id"]));
    assert_eq!(trace.len(), 32, "{order}");
    bed.await_answer("app-python", &format!("/orders/{id}"), |order| (order["state"] == "processed").then_some(())).await;

    // the trace: a consumer's span of the worker under, or linked to, a producer's span of the API; each process sends its spans when it likes
    let spans = bed
        .await_answer("jaeger", &format!("/api/traces/{trace}"), |answer| {
            let trace = answer.pointer("/data/0")?;
            let kinds = spans(trace);
            let has = |service: &str, kind: &str| kinds.iter().any(|span| span.service == service && span.kind == kind);
            (has("app-python", "producer") && has("app-python-worker", "consumer")).then_some(kinds)
        })
        .await;
    let producer = spans.iter().find(|span| span.service == "app-python" && span.kind == "producer").unwrap();
    let joined = |span: &&Span| span.service == "app-python-worker" && span.kind == "consumer" && span.refers_to.contains(&producer.id);
    assert!(spans.iter().any(|span| joined(&span)), "no span of the worker refers to the producer's {}: {spans:#?}", producer.id);

    for service in ["app-python", "app-python-worker"] {
        let query = encode(&format!("{{service_name=\"{service}\"}} | trace_id=\"{trace}\""));
        let lines = bed
            .await_answer("loki", &format!("/loki/api/v1/query_range?query={query}&limit=10"), |answer| {
                let streams = answer.pointer("/data/result")?.as_array()?;
                (!streams.is_empty()).then_some(streams.len())
            })
            .await;
        assert!(lines > 0);
    }

    let red = encode(r#"sum(http_server_requests_total{job="app-python",method="POST",route="/orders",status="202"})"#);
    bed.await_answer("prometheus", &format!("/api/v1/query?query={red}"), |answer| {
        text(answer.pointer("/data/result/0/value/1")?).parse::<f64>().ok().filter(|count| *count >= 1.0)
    })
    .await;
    let exemplars = encode(r#"http_server_request_duration_seconds_bucket{job="app-python",route="/orders"}"#);
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let window = format!("start={}&end={}", now - 300, now + 300);
    bed.await_answer("prometheus", &format!("/api/v1/query_exemplars?query={exemplars}&{window}"), |answer| {
        let series = answer.pointer("/data")?.as_array()?;
        let mut all = series.iter().filter_map(|one| one["exemplars"].as_array()).flatten();
        all.any(|exemplar| exemplar["labels"]["trace_id"] == Value::String(trace.clone())).then_some(())
    })
    .await;
}

#[derive(Debug)]
struct Span {
    id: String,
    service: String,
    kind: String,
    /// Parent and links alike.
    refers_to: Vec<String>,
}

fn spans(trace: &Value) -> Vec<Span> {
    let all = trace["spans"].as_array().unwrap();
    all.iter()
        .map(|span| Span {
            id: text(&span["spanID"]),
            service: text(&trace["processes"][text(&span["processID"])]["serviceName"]),
            kind: span["tags"]
                .as_array()
                .unwrap()
                .iter()
                .find(|tag| tag["key"] == "span.kind")
                .map(|tag| text(&tag["value"]))
                .unwrap_or_default(),
            refers_to: span["references"].as_array().unwrap().iter().map(|reference| text(&reference["spanID"])).collect(),
        })
        .collect()
}

fn encode(query: &str) -> String {
    query.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Before kube-proxy knows a Service, its address would leave by the default route, and whoever answers there would be taken for the Service.
#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn an_address_of_services_that_nobody_has_never_leaves_a_node() {
    let Some(bed) = bed() else { return };
    let script = "timeout 5 bash -c '</dev/tcp/10.96.255.254/443' 2>&1; true";
    let told = super::bed::docker(&["exec", &bed.plane(), "sh", "-c", script]);
    assert!(told.contains("refused"), "{told:?}");
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn kubectl_top_shows_the_node() {
    let Some(bed) = bed() else { return };
    let told = bed.kubectl(&["top", "nodes", "--no-headers"]);
    assert!(told.contains(&bed.plane()), "{told:?}");
}
