//! What adapters offer beyond what checks use.

use labctl::adapters::prometheus::Prometheus;
use labctl::adapters::traces::{StoreKind, Traces};
use labctl::support::http::{Call, Http, HttpError};
use serde_json::json;
use std::time::Duration;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

async fn answering(at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path(at)).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn targets_and_rules_are_read() {
    let targets = json!({"status": "success", "data": {"activeTargets": [
        {"labels": {"job": "x"}, "scrapeUrl": "http://x/metrics", "health": "down", "lastError": "refused", "scrapePool": "x"}]}});
    let server = answering("/api/v1/targets", ResponseTemplate::new(200).set_body_json(targets)).await;
    let rules = json!({"status": "success", "data": {"groups": [{"name": "g", "rules": [
        {"name": "Watchdog", "type": "alerting", "health": "ok", "state": "firing"},
        {"name": "a:b", "type": "recording", "health": "err", "lastError": "many-to-many"}]}]}});
    Mock::given(path("/api/v1/rules")).respond_with(ResponseTemplate::new(200).set_body_json(rules)).mount(&server).await;
    let prometheus = Prometheus::new(Http::local().unwrap(), server.uri());
    let targets = prometheus.targets().await.unwrap();
    assert_eq!((targets[0].health.as_str(), targets[0].last_error.as_str()), ("down", "refused"));
    let rules = prometheus.rules().await.unwrap();
    assert_eq!((rules[0].state.as_str(), rules[1].last_error.as_str()), ("firing", "many-to-many"));
}

#[tokio::test]
async fn services_are_listed_by_both_stores() {
    let jaeger = answering("/api/services", ResponseTemplate::new(200).set_body_json(json!({"data": ["a", "b"]}))).await;
    let store = Traces::new(Http::local().unwrap(), StoreKind::Jaeger, jaeger.uri());
    assert_eq!(store.services().await.unwrap(), ["a", "b"]);
    let tempo =
        answering("/api/search/tag/service.name/values", ResponseTemplate::new(200).set_body_json(json!({"tagValues": ["a"]}))).await;
    let store = Traces::new(Http::local().unwrap(), StoreKind::Tempo, tempo.uri());
    assert_eq!(store.services().await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_call_has_a_deadline_and_says_what_it_was_for() {
    let server = answering("/slow", ResponseTemplate::new(200).set_delay(Duration::from_mins(10))).await;
    let http = Http::local().unwrap();
    let error = http.call(Call::get(&server.uri(), "/slow?token=s3cret").within(Duration::from_millis(50))).await.unwrap_err();
    assert!(matches!(error, HttpError::Late { .. }), "{error:?}");
    assert_eq!(error.to_string(), "GET /slow → no answer within 50ms", "the query is not for messages");
}

#[tokio::test]
async fn nobody_there_is_said_without_a_chain_of_wrappers() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Http::local().unwrap().call(Call::get(&format!("http://{free}"), "/x")).await.unwrap_err().to_string();
    assert!(error.starts_with("GET /x → ") && error.to_lowercase().contains("refused"), "{error}");
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let server = answering("/big", ResponseTemplate::new(200).set_body_bytes(vec![b'x'; (16 << 20) + 1])).await;
    let error = Http::local().unwrap().call(Call::get(&server.uri(), "/big")).await.unwrap_err();
    assert!(error.to_string().contains("more than 16 MiB"), "{error}");
}
