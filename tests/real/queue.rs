//! The queue adapter and its check against a real emulator.

use crate::tier::needs;
use labctl::adapters::kube::{Forwards, Objects};
use labctl::adapters::queue::Queues;
use labctl::checks::{Backends, EndpointRef, Lookup, Prober, Scope};
use labctl::model::check::{Check, Stage};
use labctl::model::run::Health;
use labctl::support::progress::Sink;
use std::net::ToSocketAddrs;
use tokio_util::sync::CancellationToken;

const BRING: &str = "start `moto_server` (PyPI: moto[server]) and set it to its address, http://127.0.0.1:5000";

fn emulator() -> Option<String> {
    needs("emulator", "LABCTL_TEST_AWS_ENDPOINT", BRING)
}

#[tokio::test]
#[ignore = "needs an AWS emulator: LABCTL_TEST_AWS_ENDPOINT=http://127.0.0.1:5000"]
async fn messages_go_in_and_come_out() {
    let Some(base) = emulator() else { return };
    let queues = Queues::new(&base, "us-east-1");
    let name = format!("labctl-test-{}", std::process::id());
    assert_eq!(queues.find(&name).await.unwrap(), None);
    let url = queues.create(&name).await.unwrap();
    assert_eq!(queues.find(&name).await.unwrap(), Some(url.clone()));
    queues.send(&url, "one").await.unwrap();
    let received = queues.receive(&url).await.unwrap();
    assert_eq!(received[0].body, "one");
    assert_eq!(queues.receive(&url).await.unwrap(), [], "it is invisible while somebody has it");
    queues.release(&url, &received[0].receipt).await.unwrap();
    let again = queues.receive(&url).await.unwrap();
    assert_eq!(again[0].body, "one", "what was given back comes again");
    queues.delete(&url, &again[0].receipt).await.unwrap();
    assert_eq!(queues.receive(&url).await.unwrap(), []);
    queues.remove(&url).await.unwrap();
    assert_eq!(queues.find(&name).await.unwrap(), None);
    let error = queues.send(&url, "late").await.unwrap_err().to_string();
    assert!(error.starts_with("sending: ") && error.contains("NonExistentQueue"), "{error}");
}

#[tokio::test]
#[ignore = "needs an AWS emulator: LABCTL_TEST_AWS_ENDPOINT=http://127.0.0.1:5000"]
async fn the_check_makes_its_queue_and_takes_it_away_again() {
    let Some(base) = emulator() else { return };
    let address = base.trim_start_matches("http://").trim_end_matches('/').to_socket_addrs().unwrap().next().unwrap();
    labctl::support::tls::install_provider();
    // no API server is asked: the emulator's address is known
    let client = kube::Client::try_from(kube::Config::new("http://127.0.0.1:9".parse().unwrap())).unwrap();
    let endpoint = EndpointRef { namespace: "apps".to_owned(), service: "aws".to_owned(), port: 5000, path: None };
    let forwards = Forwards::new(client.clone());
    forwards.pin(endpoint.key(), address);
    let backends = Backends { queues: Some(endpoint), ..Backends::default() };
    let prober = Prober::new(forwards, Objects::new(client), Lookup { backends, ..Lookup::default() }).unwrap();
    let queues = Queues::new(&base, "us-east-1");
    let mine = format!("labctl-kept-{}", std::process::id());
    let url = queues.create(&mine).await.unwrap();
    queues.send(&url, "of somebody else").await.unwrap();
    let new = format!("labctl-new-{}", std::process::id());
    let checks: Vec<Check> = serde_saphyr::from_str(&format!(
        "- {{name: there, within: 5s, queue: {{name: {mine}, exists: true}}}}
- {{name: round, within: 20s, queue: {{name: {mine}, roundTrip: true}}}}
- {{name: new, within: 20s, queue: {{name: {new}, roundTrip: true}}}}
- {{name: gone, within: 300ms, queue: {{name: {new}, exists: true}}}}
"
    ))
    .unwrap();
    let scope = Scope { component: "aws".to_owned(), namespace: "apps".to_owned(), stage: Stage::Proof };
    let results = prober.run(&scope, &checks, &Sink::silent(), &CancellationToken::new()).await;
    let health: Vec<Health> = results.iter().map(|result| result.health).collect();
    assert_eq!(health, [Health::Pass, Health::Pass, Health::Pass, Health::Fail], "{results:#?}");
    assert_eq!(queues.receive(&url).await.unwrap()[0].body, "of somebody else", "others' messages are left where they were");
    queues.remove(&url).await.unwrap();
}
