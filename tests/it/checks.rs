//! Every check type against wire mocks: what passes, and above all what does not.

use crate::lab::Lab;
use labctl::adapters::traces::StoreKind;
use labctl::model::run::{Health, StepEvent};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::{body_partial_json, method, path, path_regex, query_param};
use wiremock::{Mock, ResponseTemplate};

/// Answers `GET at` with JSON.
async fn get(lab: &Lab, at: &str, body: serde_json::Value) {
    Mock::given(method("GET")).and(path(at)).respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(&lab.server).await;
}

fn vector(values: &[&str]) -> serde_json::Value {
    let rows: Vec<_> = values.iter().enumerate().map(|(i, v)| json!({"metric": {"i": i.to_string()}, "value": [1.5, v]})).collect();
    json!({"status": "success", "data": {"resultType": "vector", "result": rows}})
}

const UP: &str = "- {name: up, prom: {query: up, op: '>=', value: 0}}";

#[track_caller]
fn saw(result: &labctl::checks::CheckResult, health: Health, says: &str) {
    assert_eq!(result.health, health, "{result:?}");
    assert!(result.seen.contains(says), "should say {says:?}: {result:?}");
}

#[tokio::test]
async fn a_query_passes_with_exactly_one_finite_number() {
    for (values, health, says) in [
        (&["3"][..], Health::Pass, "query up → 3"),
        (&["0.25"], Health::Pass, "query up → 0.2500"),
        (&["-1"], Health::Fail, "query up → -1, want >= 0"),
        (&[], Health::NoData, "query up → no data"),
        (&["NaN"], Health::NoData, "NaN"),
        (&["+Inf"], Health::NoData, "no number to judge"),
        (&["1", "1"], Health::NoData, "2 rows, want exactly one"),
    ] {
        let mut lab = Lab::new().await;
        get(&lab, "/api/v1/query", vector(values)).await;
        let result = lab.one(UP).await;
        saw(&result, health, says);
        assert_eq!(result.query, "up");
        assert_eq!(result.value.is_some(), health != Health::NoData, "{result:?}");
    }
}

#[tokio::test]
async fn hostile_answers_of_a_metrics_backend_are_no_data() {
    let page = ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><title>Login</title>", "text/html");
    let cut = ResponseTemplate::new(200).set_body_string(r#"{"status":"success","data":{"resultType":"vec"#);
    let range = json!({"status": "success", "data": {"resultType": "matrix", "result": []}});
    let shape = json!({"status": "success", "data": {"resultType": "vector", "result": [{"value": "1"}]}});
    let refused = json!({"status": "error", "errorType": "bad_data", "error": "parse error: unexpected end"});
    for (answer, says) in [
        (page, "an HTML page, not JSON"),
        (cut, "cut off"),
        (ResponseTemplate::new(500).set_body_string("out of memory\nstack"), "500 Internal Server Error: out of memory"),
        (ResponseTemplate::new(200), "the answer is empty"),
        (ResponseTemplate::new(200).set_body_json(range), "a matrix, not a number"),
        (ResponseTemplate::new(200).set_body_json(shape), "of another shape"),
        (ResponseTemplate::new(400).set_body_json(refused), "refuses the query: parse error"),
        (ResponseTemplate::new(200).set_body_json(json!({"status": "success"})), "holds no data"),
        (ResponseTemplate::new(302).insert_header("location", "http://127.0.0.1:1/"), "302 Found"),
    ] {
        let mut lab = Lab::new().await;
        Mock::given(path("/api/v1/query")).respond_with(answer).mount(&lab.server).await;
        saw(&lab.one(UP).await, Health::NoData, says);
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_ends_with_the_checks_own_time() {
    let mut lab = Lab::new().await;
    let slow = ResponseTemplate::new(200).set_delay(std::time::Duration::from_mins(10));
    Mock::given(path("/api/v1/query")).respond_with(slow).mount(&lab.server).await;
    let short = UP.replace("name: up", "name: up, within: 100ms");
    saw(&lab.one(&short).await, Health::NoData, "no answer in time");
}

#[tokio::test]
async fn exemplars_count_only_for_their_trace() {
    let mut lab = Lab::new().await;
    let one = json!({"labels": {"trace_id": "ABC"}, "value": "0.1", "timestamp": 1.0});
    let other = json!({"labels": {"span_id": "x"}, "value": "0.1", "timestamp": 1.0});
    get(&lab, "/api/v1/query_exemplars", json!({"status": "success", "data": [{"seriesLabels": {}, "exemplars": [one, other]}]})).await;
    let ask = |rest: &str| format!("- {{name: e, prom: {{exemplars: b, {rest}}}}}");
    saw(&lab.one(&ask("min: 2")).await, Health::Pass, "2 exemplars");
    saw(&lab.one(&ask("min: 3")).await, Health::Fail, "want 3");
    saw(&lab.one(&ask("where_trace: abc")).await, Health::Pass, "1 exemplars of trace abc");
    saw(&lab.one(&ask("where_trace: def")).await, Health::NoData, "no exemplar of trace def");
}

#[tokio::test]
async fn http_looks_at_status_text_and_json() {
    let mut lab = Lab::new().await;
    get(&lab, "/own", json!({"state": "done", "n": 1, "list": [{"id": 7}], "none": null})).await;
    let ask = |rest: &str| format!("- {{name: h, http: {{endpoint: api, {rest}}}}}");
    saw(&lab.one(&ask("status: 200")).await, Health::Pass, "GET /own → 200 OK");
    saw(&lab.one(&ask("path: /none")).await, Health::Fail, "GET /none → 404 Not Found, want 200");
    saw(&lab.one(&ask("contains: done")).await, Health::Pass, "200");
    saw(&lab.one(&ask("contains: gone")).await, Health::Fail, "does not contain gone");
    saw(&lab.one(&ask("where: {/state: done, /n: 1.0, /list/0/id: 7}")).await, Health::Pass, "200");
    saw(&lab.one(&ask("where: {/state: new}")).await, Health::Fail, r#"/state is "done", want "new""#);
    saw(&lab.one(&ask("where: {/n: '1'}")).await, Health::Fail, "/n is 1");
    saw(&lab.one(&ask("where: {/lost: 1}")).await, Health::Fail, "no /lost in the answer");
    saw(&lab.one(&ask("capture: {x: /none}")).await, Health::Fail, "no /none in the answer");
    saw(&lab.one("- {name: h, http: {endpoint: other/api}}").await, Health::NoData, "no endpoint other/api");
    saw(&lab.one("- {name: h, http: {endpoint: nowhere}}").await, Health::NoData, "no endpoint app/nowhere");
}

#[tokio::test]
async fn a_service_without_ready_pods_is_named_as_the_cause() {
    let mut lab = Lab::new().await;
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "gone"}, "spec": {"ports": [{"port": 80}]}});
    get(&lab, "/api/v1/namespaces/lab/services/gone", service).await;
    let slices = json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSliceList", "metadata": {}, "items": []});
    get(&lab, "/apis/discovery.k8s.io/v1/namespaces/lab/endpointslices", slices).await;
    let result = lab.one("- {name: h, http: {endpoint: gone}}").await;
    saw(&result, Health::Fail, "GET /own → no ready endpoint behind lab/gone:80");
}

#[tokio::test]
async fn captures_flow_to_later_checks_and_a_missing_one_is_no_data() {
    let lab = Lab::new().await;
    let accepted = ResponseTemplate::new(202).set_body_json(json!({"id": 7, "trace_id": "0af7651916cd43dd8448eb211c80319c"}));
    Mock::given(method("POST")).and(path("/orders")).respond_with(accepted).mount(&lab.server).await;
    get(&lab, "/orders/7", json!({"id": 7, "state": "processed"})).await;
    let results = lab
        .run(
            r#"
- {name: post, http: {endpoint: api, method: POST, path: /orders, json: {item: "x-@{nonce}"}, status: 202, capture: {order: /id, trace: /trace_id}}}
- {name: read, http: {endpoint: api, path: "/orders/@{order}", where: {/id: "@{order}"}}}
- {name: lost, within: 1s, http: {endpoint: api, path: /nowhere, capture: {later: /x}}}
- {name: uses-lost, http: {endpoint: api, path: "/@{later}"}}
"#,
        )
        .await;
    let health: Vec<Health> = results.iter().map(|result| result.health).collect();
    assert_eq!(health, [Health::Pass, Health::Pass, Health::Fail, Health::NoData], "{results:?}");
    assert_eq!(results[1].query, "GET /orders/7");
    assert!(results[3].seen.contains("@{later} was not captured"), "{results:?}");
    let posted: serde_json::Value = lab.server.received_requests().await.unwrap()[0].body_json().unwrap();
    let item = posted["item"].as_str().unwrap();
    assert!(item.starts_with("x-") && item.len() == 14 && !item.contains('@'), "{item}");
}

#[tokio::test]
async fn a_check_that_passes_later_has_said_what_it_waited_for() {
    let mut lab = Lab::new().await;
    let first = ResponseTemplate::new(503);
    Mock::given(path("/own")).respond_with(first).up_to_n_times(3).with_priority(1).mount(&lab.server).await;
    get(&lab, "/own", json!({})).await;
    let result = lab.looks(u32::MAX, "- {name: h, http: {endpoint: api}}").await;
    saw(&result, Health::Pass, "200 OK");
    let mut said = Vec::new();
    while let Ok(event) = lab.events.try_recv() {
        said.push(match event {
            StepEvent::Probe { health, .. } => format!("{health:?}"),
            StepEvent::Waiting { on, last_reason, .. } => format!("{on}: {last_reason}"),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(said, ["Fail", "h: GET /own → 503 Service Unavailable, want 200", "Pass"], "each change once");
}

#[tokio::test]
async fn a_cancelled_list_has_an_entry_for_every_check_and_no_pass() {
    let lab = Lab::new().await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let results = lab.run_until("- {name: a, http: {endpoint: api}}\n- {name: b, http: {endpoint: api}}", &cancel).await;
    assert_eq!(results.len(), 2);
    for result in &results {
        saw(result, Health::NoData, "cancelled");
    }
}

fn streams(lines: &[&str]) -> serde_json::Value {
    let values: Vec<_> = lines.iter().map(|line| json!(["1700000000000000000", line])).collect();
    json!({"status": "success", "data": {"resultType": "streams", "result": [{"stream": {"app": "x"}, "values": values}]}})
}

#[tokio::test]
async fn log_lines_are_counted_and_none_is_no_data() {
    for (answer, health, says) in [
        (streams(&["a", "b"]), Health::Pass, "→ 2 lines"),
        (streams(&["a"]), Health::Fail, "→ 1 lines, want 2"),
        (streams(&[]), Health::NoData, "→ no lines"),
        (json!({"status": "success", "data": {"resultType": "matrix", "result": []}}), Health::NoData, "a matrix, not log lines"),
        (
            json!({"status": "success", "data": {"resultType": "streams", "result": [{"stream": {}, "values": [[1, 2]]}]}}),
            Health::NoData,
            "another shape",
        ),
    ] {
        let mut lab = Lab::new().await;
        get(&lab, "/loki/api/v1/query_range", answer).await;
        saw(&lab.one(r#"- {name: l, loki: {query: '{app="x"}', min: 2}}"#).await, health, says);
    }
}

const ROUND: &str = r#"- {name: l, loki: {push: {app: probe}, line: "hello @{nonce}", find: "@{nonce}"}}"#;

#[tokio::test]
async fn a_pushed_line_must_come_back_as_it_went_in() {
    let mut lab = Lab::new().await;
    Mock::given(method("POST")).and(path("/loki/api/v1/push")).respond_with(ResponseTemplate::new(204)).expect(1).mount(&lab.server).await;
    get(&lab, "/loki/api/v1/query_range", streams(&["hello somebody else"])).await;
    saw(&lab.looks(3, ROUND).await, Health::NoData, "pushed, but");

    let mut lab = Lab::new().await;
    Mock::given(path("/loki/api/v1/push"))
        .respond_with(ResponseTemplate::new(400).set_body_string("stream limit"))
        .mount(&lab.server)
        .await;
    saw(&lab.one(ROUND).await, Health::Fail, "400 Bad Request: stream limit");

    let mut lab = Lab::new().await;
    Mock::given(path("/loki/api/v1/push")).respond_with(ResponseTemplate::new(204)).mount(&lab.server).await;
    // plays Loki: gives back the line whose word is asked for
    let echo = |request: &wiremock::Request| {
        let query = request.url.query_pairs().find(|(name, _)| name == "query").unwrap().1.into_owned();
        let word = query.split('"').nth(3).unwrap().to_owned();
        ResponseTemplate::new(200).set_body_json(streams(&[&format!("hello {word}")]))
    };
    Mock::given(path("/loki/api/v1/query_range")).respond_with(echo).mount(&lab.server).await;
    saw(&lab.one(ROUND).await, Health::Pass, "→ 1 line");
}

const ID: &str = "0af7651916cd43dd8448eb211c80319c";

fn jaeger_span(id: &str, process: &str, kind: &str, references: &serde_json::Value) -> serde_json::Value {
    json!({"traceID": ID, "spanID": id, "operationName": "op", "references": references, "processID": process,
           "tags": [{"key": "span.kind", "type": "string", "value": kind}]})
}

fn trace_check(rest: &str) -> String {
    format!("- {{name: t, trace: {{id: {ID}, {rest}}}}}")
}

const LINKED: &str = "services: [api, worker], linked: {producer: api, consumer: worker}";

#[tokio::test]
async fn a_trace_in_jaeger_must_have_its_services_and_its_edge() {
    let processes = json!({"p1": {"serviceName": "api"}, "p2": {"serviceName": "worker"}});
    let parent = json!([{"refType": "CHILD_OF", "traceID": ID, "spanID": "1"}]);
    let link = json!([{"refType": "FOLLOWS_FROM", "traceID": ID, "spanID": "1"}]);
    let send = jaeger_span("1", "p1", "producer", &json!([]));
    for (spans, health, says) in [
        (json!([send, jaeger_span("2", "p2", "consumer", &parent)]), Health::Pass, "worker is a child of api"),
        (json!([send, jaeger_span("2", "p2", "consumer", &link)]), Health::Pass, "worker is linked to api"),
        (json!([send, jaeger_span("2", "p2", "consumer", &json!([]))]), Health::Fail, "no span of worker is a child of"),
        (json!([send, jaeger_span("2", "p2", "server", &parent)]), Health::Fail, "as server and producer"),
        (json!([]), Health::NoData, "is not in the store"),
    ] {
        let mut lab = Lab::new().await;
        get(&lab, &format!("/api/traces/{ID}"), json!({"data": [{"traceID": ID, "spans": spans, "processes": processes}]})).await;
        get(&lab, "/api/traces", json!({"data": []})).await;
        saw(&lab.one(&trace_check(LINKED)).await, health, says);
    }
    let mut lab = Lab::new().await;
    let missing = ResponseTemplate::new(404).set_body_json(json!({"data": null, "errors": [{"code": 404, "msg": "trace not found"}]}));
    Mock::given(path_regex("^/api/traces/")).respond_with(missing).mount(&lab.server).await;
    saw(&lab.one(&trace_check("services: [api]")).await, Health::NoData, "is not in the store");
    saw(&lab.one("- {name: t, trace: {id: ../../admin}}").await, Health::NoData, "is not a trace id");
}

#[tokio::test]
async fn a_consumer_with_a_trace_of_its_own_is_found_by_its_link() {
    let mut lab = Lab::new().await;
    let other = "f".repeat(32);
    let send = json!({"traceID": ID, "spanID": "1", "operationName": "send", "processID": "p1",
                      "tags": [{"key": "span.kind", "value": "producer"}]});
    let receive = json!({"traceID": other, "spanID": "2", "operationName": "process", "processID": "p1",
                         "references": [{"refType": "FOLLOWS_FROM", "traceID": ID, "spanID": "1"}],
                         "tags": [{"key": "span.kind", "value": "consumer"}]});
    let trace = |id: &str, span: &serde_json::Value, service: &str| json!({"data": [{"traceID": id, "spans": [span], "processes": {"p1": {"serviceName": service}}}]});
    get(&lab, &format!("/api/traces/{ID}"), trace(ID, &send, "api")).await;
    get(&lab, &format!("/api/traces/{other}"), trace(&other, &receive, "worker")).await;
    let search = ResponseTemplate::new(200).set_body_json(trace(&other, &receive, "worker"));
    Mock::given(path("/api/traces")).and(query_param("service", "worker")).respond_with(search).mount(&lab.server).await;
    saw(&lab.one(&trace_check(LINKED)).await, Health::Pass, "worker is linked to api");
}

#[tokio::test]
async fn a_trace_in_tempo_is_read_with_its_base64_ids() {
    let mut lab = Lab::with(StoreKind::Tempo).await;
    let service = |name: &str| json!({"attributes": [{"key": "service.name", "value": {"stringValue": name}}]});
    let send = json!({"traceId": "CvdlGRbNQ92ESOshHIAxnA==", "spanId": "t61rcWkgMzE=", "name": "send", "kind": "SPAN_KIND_PRODUCER"});
    let receive = json!({"traceId": "CvdlGRbNQ92ESOshHIAxnA==", "spanId": "t61rcWkgMzI=", "parentSpanId": "t61rcWkgMzE=", "name": "process", "kind": 5});
    let trace = json!({"batches": [
        {"resource": service("api"), "scopeSpans": [{"spans": [send]}]},
        {"resource": service("worker"), "scopeSpans": [{"spans": [receive]}]},
    ]});
    get(&lab, &format!("/api/traces/{ID}"), trace).await;
    saw(&lab.one(&trace_check(LINKED)).await, Health::Pass, "2 spans of api, worker; worker is a child of api");
    get(&lab, "/api/search", json!({"traces": [{"traceID": "abc"}]})).await;
    saw(&lab.one("- {name: t, trace: {search: api}}").await, Health::Pass, "1 traces of api");
    saw(&lab.one("- {name: t, trace: {search: api, min: 2}}").await, Health::Fail, "want 2");
}

#[tokio::test]
async fn an_alert_passes_only_when_this_very_one_is_in_the_inbox() {
    let check = "- {name: a, alert: {fire: LabctlProof, inbox: app/api}}";
    let mut lab = Lab::new().await;
    Mock::given(method("POST")).and(path("/api/v2/alerts")).respond_with(ResponseTemplate::new(200)).expect(1).mount(&lab.server).await;
    get(&lab, "/own", json!({"alerts": [{"labels": {"alertname": "LabctlProof", "probe": "of-an-earlier-run"}}]})).await;
    saw(&lab.looks(3, check).await, Health::NoData, "has not arrived");

    let mut lab = Lab::new().await;
    let posted = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let keep = posted.clone();
    let take = move |request: &wiremock::Request| {
        *keep.lock().unwrap() = String::from_utf8_lossy(&request.body).into_owned();
        ResponseTemplate::new(200)
    };
    let post =
        Mock::given(method("POST")).and(path("/api/v2/alerts")).and(body_partial_json(json!([{"labels": {"alertname": "LabctlProof"}}])));
    post.respond_with(take).expect(2).mount(&lab.server).await;
    let show = move |_: &wiremock::Request| ResponseTemplate::new(200).set_body_string(posted.lock().unwrap().clone());
    Mock::given(method("GET")).and(path("/own")).respond_with(show).mount(&lab.server).await;
    saw(&lab.one(check).await, Health::Pass, "went through Alertmanager");
}

#[tokio::test]
async fn objects_are_read_by_kind_and_a_missing_one_fails() {
    let mut lab = Lab::new().await;
    let service = json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1beta1.x"},
                         "status": {"conditions": [{"type": "Available", "status": "False", "message": "endpoints missing"}]}});
    get(&lab, "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.x", service).await;
    let result = lab.one("- {name: k, k8s: {kind: APIService, name: v1beta1.x, expect: available}}").await;
    saw(&result, Health::Fail, "APIService v1beta1.x is not available: endpoints missing");
    let none =
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404, "message": "not found"});
    Mock::given(path_regex("^/apis/apps/")).respond_with(ResponseTemplate::new(404).set_body_json(none)).mount(&lab.server).await;
    let result = lab.one("- {name: k, k8s: {kind: Deployment, name: x, expect: available}}").await;
    saw(&result, Health::Fail, "there is no Deployment x");
    assert_eq!(result.query, "Deployment lab/x");
}

#[tokio::test]
async fn an_emulator_that_is_none_fails_the_queue() {
    let mut lab = Lab::new().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_raw("<html>hello</html>", "text/html"))
        .mount(&lab.server)
        .await;
    let result = lab.one("- {name: q, queue: {name: orders, exists: true}}").await;
    assert_ne!(result.health, Health::Pass, "{result:?}");
    let mut lab = Lab::new().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(500).set_body_string("boom")).mount(&lab.server).await;
    let result = lab.one("- {name: q, queue: {name: orders, roundTrip: true}}").await;
    saw(&result, Health::Fail, "queue orders: asking for the queue");
}
