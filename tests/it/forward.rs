//! Port-forwards against an API server made of a socket and the real WebSocket protocol.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use crate::lab::client;
use futures::{SinkExt, StreamExt};
use labctl::adapters::kube::{Forward, ForwardError, Forwards, Key};
use labctl::support::http::{Call, Http};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The cluster as the API server shows it: each pod's name, whether it is ready, and where it really listens (`None`: it refuses).
type Pods = Arc<Mutex<Vec<(&'static str, bool, Option<SocketAddr>)>>>;

/// An API server with Service `ns/web`, port 80 → `http` (8080), and these pods.
async fn api_server(pods: Pods) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(stream, pods.clone()));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, pods: Pods) {
    let mut head = [0; 4096];
    let peeked = stream.peek(&mut head).await.unwrap();
    let line = String::from_utf8_lossy(&head[..peeked]).lines().next().unwrap_or_default().to_owned();
    if line.contains("/portforward") {
        let pod = line.split('/').nth(6).unwrap().to_owned();
        let found = pods.lock().unwrap().iter().find(|(name, ..)| *name == pod).copied();
        if let Some((_, _, to)) = found {
            forward(stream, to).await;
        } else {
            let gone = json!({"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404, "message": "pods not found"});
            write(stream, 404, &gone).await;
        }
        return;
    }
    let _head = stream.read(&mut head).await.unwrap();
    let body = if line.contains("/services/web ") || line.contains("/services/web?") {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"name": "http", "port": 80, "targetPort": "web"}]}})
    } else if line.contains("/endpointslices") {
        slices(&pods)
    } else {
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404, "message": "not found"})
    };
    let status = if body["kind"] == "Status" { 404 } else { 200 };
    write(stream, status, &body).await;
}

fn slices(pods: &Pods) -> Value {
    let endpoint = |(name, ready, _): &(&str, bool, Option<SocketAddr>)| json!({"addresses": ["10.0.0.1"], "conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": name}});
    let endpoints: Vec<Value> = pods.lock().unwrap().iter().map(endpoint).collect();
    json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSliceList", "metadata": {}, "items": [
        {"metadata": {"name": "web-1"}, "addressType": "IPv4", "ports": [{"name": "http", "port": 8080}], "endpoints": endpoints}]})
}

async fn write(mut stream: TcpStream, status: u16, body: &Value) {
    let body = body.to_string();
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
}

/// Speaks `portforward.k8s.io` as the API server does: channel 0 data, channel 1 errors, each begun with its port.
async fn forward(stream: TcpStream, to: Option<SocketAddr>) {
    #[expect(clippy::result_large_err, reason = "the callback's type is given")]
    let protocol = |_: &Request, mut response: Response| {
        response.headers_mut().insert("sec-websocket-protocol", "v5.channel.k8s.io".parse().unwrap());
        Ok(response)
    };
    let socket = tokio_tungstenite::accept_hdr_async(stream, protocol).await.unwrap();
    let (mut out, mut back) = socket.split();
    let port = 8080u16.to_le_bytes();
    for channel in [0, 1] {
        out.send(Message::Binary(Bytes::from(vec![channel, port[0], port[1]]))).await.unwrap();
    }
    let Some(to) = to else {
        let why = b"\x01an error occurred forwarding 8080 -> 8080: dial tcp4 127.0.0.1:8080: connect: connection refused".to_vec();
        out.send(Message::Binary(why.into())).await.unwrap();
        let _closed = out.close().await;
        return;
    };
    let (mut from_pod, mut to_pod) = TcpStream::connect(to).await.unwrap().into_split();
    let outward = async {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let n = from_pod.read(&mut buffer).await.unwrap_or(0);
            if n == 0 {
                let _closed = out.close().await;
                return;
            }
            let mut frame = vec![0];
            frame.extend_from_slice(&buffer[..n]);
            if out.send(Message::Binary(frame.into())).await.is_err() {
                return;
            }
        }
    };
    let inward = async {
        while let Some(Ok(message)) = back.next().await {
            if let Message::Binary(frame) = message
                && frame[0] == 0
                && to_pod.write_all(&frame[1..]).await.is_err()
            {
                return;
            }
        }
    };
    tokio::select! { () = outward => {}, () = inward => {} }
}

async fn pod(says: &str) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/")).respond_with(ResponseTemplate::new(200).set_body_string(says)).mount(&server).await;
    server
}

async fn ask(forward: &Forward) -> Result<String, String> {
    // a client of its own: no connection of an earlier call is used again
    let http = Http::local().unwrap();
    let answer = http.call(Call::get(&format!("http://{}", forward.address()), "/")).await;
    answer.map(|answer| answer.text()).map_err(|error| error.to_string())
}

async fn open(pods: &Pods) -> Result<Forward, ForwardError> {
    let api = api_server(pods.clone()).await;
    Forward::open(client(&format!("http://{api}")), "ns", "web", 80).await
}

#[tokio::test]
async fn bytes_go_to_a_ready_pod_and_back() {
    let (a, b) = (pod("not ready").await, pod("x".repeat(3 << 20).as_str()).await);
    let pods: Pods = Arc::new(Mutex::new(vec![("a", false, Some(*a.address())), ("b", true, Some(*b.address()))]));
    let forward = open(&pods).await.unwrap();
    assert!(forward.address().ip().is_loopback());
    assert_eq!(ask(&forward).await.unwrap().len(), 3 << 20);
    assert_eq!(forward.trouble(), None);
}

#[tokio::test]
async fn another_pod_is_found_when_the_first_goes_away() {
    let (a, b) = (pod("a").await, pod("b").await);
    let pods: Pods = Arc::new(Mutex::new(vec![("a", true, Some(*a.address())), ("b", true, Some(*b.address()))]));
    let forward = open(&pods).await.unwrap();
    assert_eq!(ask(&forward).await.unwrap(), "a");
    pods.lock().unwrap().remove(0);
    assert_eq!(ask(&forward).await.unwrap(), "b");
    pods.lock().unwrap()[0].1 = false;
    assert!(ask(&forward).await.is_err());
    assert_eq!(forward.trouble().unwrap(), "no ready endpoint behind ns/web:80: 1 known, none of them ready");
    pods.lock().unwrap()[0].1 = true;
    assert_eq!(ask(&forward).await.unwrap(), "b");
    assert_eq!(forward.trouble(), None, "what is over is forgotten");
}

#[tokio::test]
async fn a_pod_that_does_not_listen_is_named() {
    let pods: Pods = Arc::new(Mutex::new(vec![("a", true, None)]));
    let forward = open(&pods).await.unwrap();
    assert!(ask(&forward).await.is_err());
    // the connection is closed before the reason is written down: it is there a moment later
    let reason = async {
        loop {
            if let Some(why) = forward.trouble() {
                return why;
            }
            tokio::task::yield_now().await;
        }
    };
    let why = tokio::time::timeout(std::time::Duration::from_secs(10), reason).await.unwrap();
    assert_eq!(why, "pod a does not take connections on port 8080: connection refused");
}

#[tokio::test]
async fn what_cannot_be_forwarded_is_an_error_at_once() {
    let pods: Pods = Arc::new(Mutex::new(Vec::new()));
    let api = client(&format!("http://{}", api_server(pods).await));
    let error = Forward::open(api.clone(), "ns", "web", 80).await.unwrap_err();
    assert_eq!(error.to_string(), "no ready endpoint behind ns/web:80: no pod matches the service's selector");
    let error = Forward::open(api.clone(), "ns", "web", 81).await.unwrap_err();
    assert_eq!(error.to_string(), "the service has no such port: ns/web:81 (it has 80)");
    let error = Forward::open(api, "ns", "other", 80).await.unwrap_err();
    assert_eq!(error.to_string(), "no service other in namespace ns");
}

#[tokio::test]
async fn a_pool_opens_each_port_once_and_drops_with_its_last_user() {
    let a = pod("a").await;
    let pods: Pods = Arc::new(Mutex::new(vec![("a", true, Some(*a.address()))]));
    let pool = Forwards::new(client(&format!("http://{}", api_server(pods).await)));
    let key = Key { namespace: "ns".to_owned(), service: "web".to_owned(), port: 80 };
    let (one, two) = tokio::join!(pool.get(&key), pool.get(&key));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(Arc::ptr_eq(&one, &two));
    let address = one.address();
    assert_eq!(ask(&one).await.unwrap(), "a");
    drop((pool, one, two));
    let closed = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), closed).await.expect("the port is closed with the pool");
}

#[tokio::test]
async fn a_failed_forward_is_tried_again_by_the_next_who_asks() {
    let a = pod("a").await;
    let pods: Pods = Arc::new(Mutex::new(vec![("a", false, Some(*a.address()))]));
    let pool = Forwards::new(client(&format!("http://{}", api_server(pods.clone()).await)));
    let key = Key { namespace: "ns".to_owned(), service: "web".to_owned(), port: 80 };
    assert!(matches!(pool.get(&key).await, Err(ForwardError::NoReadyEndpoint { known: 1, .. })));
    pods.lock().unwrap()[0].1 = true;
    assert_eq!(ask(&pool.get(&key).await.unwrap()).await.unwrap(), "a");
}
