//! Checks as files write them.
#![expect(clippy::panic, reason = "clippy knows tests only by #[test]; these are their helpers")]

use labctl::model::check::{Check, Expect, HttpCheck, LokiCheck, Method, Op, PromCheck, QueueAction, Stage, TraceCheck, What, problems};
use serde::Deserialize;
use std::path::Path;

/// One list as it stands in a component; everything else of the file is left out.
#[derive(Deserialize)]
struct Lists {
    #[serde(default)]
    ready: Vec<Check>,
    #[serde(default)]
    proof: Vec<Check>,
}

#[track_caller]
fn read(yaml: &str) -> Vec<Check> {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"))
}

#[track_caller]
fn refused(yaml: &str, says: &[&str]) {
    let error = serde_saphyr::from_str::<Vec<Check>>(yaml).map(|read| panic!("{yaml} was read as {read:?}")).unwrap_err().to_string();
    for part in says {
        assert!(error.contains(part), "{yaml}\nshould say {part:?}, says:\n{error}");
    }
}

#[test]
fn every_type_is_read() {
    let checks = read(
        r#"
- {name: answers, within: 10s, http: {endpoint: api, path: /ready, status: 204, contains: ok}}
- name: order
  http: {endpoint: app/http, method: POST, path: /orders, headers: {X-Probe: "@{nonce}"}, json: {item: "@{nonce}", n: 2}, status: 202, where: {/state: new, /n: 2}, capture: {order: /id, trace: /trace_id}}
- {name: up, prom: {query: 'sum(up{job="x"})', op: ">=", value: 1, unit: targets}}
- {name: exemplar, prom: {exemplars: 'x_bucket{route="/orders"}', min: 2, where_trace: "@{trace}"}}
- {name: logs, loki: {query: '{app="x"}'}}
- {name: round-map, loki: {push: {app: probe, env: lab}, line: "hello @{nonce}", find: "@{nonce}"}}
- {name: round-set, loki: {push: '{app="probe", env="lab"}', line: "hello @{nonce}", find: '{app="probe"} |= "@{nonce}"'}}
- {name: trace, trace: {id: "@{trace}", services: [a, b], linked: {producer: a, consumer: b}}}
- {name: search, trace: {search: a, min: 3}}
- {name: there, queue: {name: orders, exists: true}}
- {name: round, queue: {name: probe, roundTrip: true}}
- {name: alert, alert: {fire: LabctlProof, inbox: inbox/http}}
- {name: deployed, k8s: {kind: Deployment, name: loki, namespace: other, expect: available}}
"#,
    );
    let What::Http(http) = &checks[0].what else { panic!("{:?}", checks[0]) };
    assert_eq!((http.status, http.method, http.contains.as_deref()), (204, Method::Get, Some("ok")));
    assert_eq!(checks[0].within.unwrap().to_string(), "10s");
    let What::Http(HttpCheck { method: Method::Post, capture, wants, .. }) = &checks[1].what else { panic!("{:?}", checks[1]) };
    assert_eq!((capture["trace"].as_str(), wants["/n"].as_u64()), ("/trace_id", Some(2)));
    assert!(matches!(&checks[2].what, What::Prom(PromCheck::Query { op: Op::Ge, .. })));
    assert!(matches!(&checks[3].what, What::Prom(PromCheck::Exemplars { min: 2, where_trace: Some(_), .. })));
    assert!(matches!(&checks[4].what, What::Loki(LokiCheck::Query { min: 1, .. })));
    let labels = |check: &Check| match &check.what {
        What::Loki(LokiCheck::RoundTrip { push, .. }) => push.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(labels(&checks[5]), r#"{app="probe", env="lab"}"#);
    assert_eq!(labels(&checks[5]), labels(&checks[6]), "a map and a label set are the same labels");
    assert!(matches!(&checks[7].what, What::Trace(TraceCheck::Id { linked: Some(_), .. })));
    assert!(matches!(&checks[8].what, What::Trace(TraceCheck::Search { min: 3, .. })));
    assert!(matches!(&checks[9].what, What::Queue(queue) if queue.action == QueueAction::Exists));
    assert!(matches!(&checks[10].what, What::Queue(queue) if queue.action == QueueAction::RoundTrip));
    assert!(matches!(&checks[11].what, What::Alert(alert) if alert.inbox == "inbox/http"));
    assert!(matches!(&checks[12].what, What::K8s(k8s) if k8s.expect == Expect::Available));
    assert_eq!(problems(&checks, Stage::Proof), Vec::<String>::new());

    let written = serde_json::to_string(&checks).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Check>>(&written).unwrap(), checks, "what is written is read back");
}

#[test]
fn unknown_keys_are_refused_with_their_place() {
    refused("- name: a\n  http: {endpoint: api}\n  retries: 3\n", &["retries", "line 3", "column 3"]);
    refused("- name: a\n  http: {endpoint: api, stauts: 200}\n", &["stauts", "line 2"]);
    refused("- name: a\n  prom:\n    query: up\n    opp: '>'\n", &["opp", "line 4"]);
    refused("- {name: a, loki: {query: x, limit: 1}}", &["limit"]);
    refused("- {name: a, trace: {id: x, service: y}}", &["service"]);
    refused("- {name: a, trace: {id: x, linked: {producer: a, consumer: b, via: c}}}", &["via"]);
    refused("- {name: a, queue: {name: q, round_trip: true}}", &["round_trip"]);
    refused("- {name: a, alert: {fire: x, inbox: y, receiver: z}}", &["receiver"]);
    refused("- {name: a, k8s: {kind: Pod, name: x, expect: ready, ns: y}}", &["ns"]);
}

#[test]
fn what_cannot_be_meant_is_refused_in_words() {
    refused("- {name: a}", &["check `a` needs exactly one of http, prom", "it has none"]);
    refused("- {name: a, http: {endpoint: x}, k8s: {kind: Pod, name: x, expect: ready}}", &["exactly one", "http, k8s"]);
    refused("- {name: a, within: 30, http: {endpoint: x}}", &["30", "no unit", "30s"]);
    refused("- {name: a, http: {endpoint: x, status: 20}}", &["20 is not an HTTP status"]);
    refused("- {name: a, http: {endpoint: x, path: ready}}", &["begins with /"]);
    refused("- {name: a, http: {endpoint: x, where: {state: ok}}}", &["`state` is not a JSON pointer"]);
    refused("- {name: a, http: {endpoint: x, capture: {Trace-Id: /id}}}", &["`Trace-Id` cannot be captured"]);
    refused("- {name: a, http: {endpoint: x, method: FETCH}}", &["FETCH"]);
    refused("- {name: a, prom: {query: up}}", &["either {query, op, value} or {exemplars"]);
    refused("- {name: a, prom: {query: up, op: '>', value: 1, exemplars: x}}", &["either"]);
    refused("- {name: a, prom: {query: up, op: '=>', value: 1}}", &["=>"]);
    refused("- {name: a, prom: {query: up, op: '>', value: .nan}}", &["finite"]);
    refused("- {name: a, prom: {exemplars: x, min: 0}}", &["always holds"]);
    refused("- {name: a, loki: {query: x, min: 0}}", &["always holds"]);
    refused("- {name: a, loki: {query: x, line: y}}", &["either {query, min} or {push, line, find}"]);
    refused("- {name: a, loki: {push: {a: b}, line: x}}", &["@{nonce}", "earlier run would pass"]);
    refused("- {name: a, loki: {push: {a: b}, line: 'x @{nonce}', find: 'y @{nonce}'}}", &["could never be found"]);
    refused("- {name: a, loki: {push: {}, line: 'x @{nonce}'}}", &["at least one label"]);
    refused("- {name: a, loki: {push: 'app=x', line: 'x @{nonce}'}}", &["`app=x` is not a set of labels"]);
    refused("- {name: a, trace: {search: x, linked: {producer: a, consumer: b}}}", &["either {id, services, linked} or {search, min}"]);
    refused("- {name: a, queue: {name: q}}", &["either {name, exists: true}, {name, roundTrip: true} or {name, messages, op, value}"]);
    refused("- {name: a, queue: {name: q, exists: true, roundTrip: true}}", &["either"]);
    refused("- {name: a, k8s: {kind: Pod, name: x, expect: bound}}", &["is for PersistentVolumeClaim"]);
    refused("- {name: a, k8s: {kind: Pod, name: x, expect: happy}}", &["happy"]);
}

#[test]
fn lists_are_judged_as_a_whole() {
    let of = |yaml: &str, stage| problems(&read(yaml), stage).join("\n");
    assert_eq!(of("- {name: a, trace: {id: '@{trace}'}}", Stage::Proof), "check `a`: @{trace} is not known here: known are @{nonce}");
    let late = "- {name: a, trace: {id: '@{t}'}}\n- {name: b, http: {endpoint: x, capture: {t: /t}}}";
    assert!(of(late, Stage::Proof).contains("check `a`: @{t} is not known here"), "captured later is too late");
    let itself = "- {name: b, http: {endpoint: x, path: '/@{t}', capture: {t: /t}}}";
    assert!(of(itself, Stage::Proof).contains("@{t} is not known here"));
    let deep = "- {name: b, http: {endpoint: x, json: {a: [{b: '@{lost}'}]}}}";
    assert!(of(deep, Stage::Proof).contains("@{lost} is not known here"));
    let twice = "- {name: a, http: {endpoint: x}}\n- {name: a, http: {endpoint: y}}";
    assert!(of(twice, Stage::Ready).contains("two checks are called `a`"));
    let writes = "- {name: a, http: {endpoint: x, method: POST}}\n- {name: b, queue: {name: q, roundTrip: true}}";
    assert_eq!(of(writes, Stage::Ready).lines().count(), 2);
    assert_eq!(of(writes, Stage::Proof), "");
    let taken = "- {name: a, http: {endpoint: x, capture: {nonce: /n}}}";
    assert!(of(taken, Stage::Proof).contains("`nonce`, which is taken"));
}

#[test]
fn the_schema_names_every_type() {
    let schema = serde_json::to_value(schemars::schema_for!(Check)).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    for key in ["name", "within", "http", "prom", "loki", "trace", "queue", "alert", "k8s"] {
        assert!(properties.contains_key(key), "{key}: {schema}");
    }
    assert_eq!(schema["additionalProperties"], false);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let check = serde_json::json!({"name": "a", "within": "1h30m", "prom": {"query": "up", "op": ">=", "value": 1}});
    assert!(validator.is_valid(&check));
    for wrong in [serde_json::json!({"name": "a", "within": "30"}), serde_json::json!({"name": "a", "prom": {"query": "up", "opp": ">"}})] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

/// Every component that ships must be readable; until the folder is there this looks at nothing and says so.
#[test]
fn the_checks_of_every_component_are_read() {
    let folder =
        std::env::var_os("LABCTL_TEST_MANIFESTS").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests"), Into::into);
    let Ok(components) = std::fs::read_dir(&folder) else {
        println!("NOT RUN: there is no {}", folder.display());
        return;
    };
    let mut read = 0;
    for component in components {
        let file = component.unwrap().path().join("component.yaml");
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let lists: Lists = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(problems(&lists.ready, Stage::Ready), Vec::<String>::new(), "{}", file.display());
        assert_eq!(problems(&lists.proof, Stage::Proof), Vec::<String>::new(), "{}", file.display());
        read += lists.ready.len() + lists.proof.len();
    }
    assert!(read > 0, "no check was read in {}", folder.display());
}
