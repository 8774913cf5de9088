//! Scenarios as files write them: what is read, what is refused and where, what is written is read back.
#![expect(clippy::panic, clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use labctl::catalog::{Files, scenario, scenario_names};
use labctl::model::scenario::{Claim, Fault, K8sFault, Mode, Scenario};
use labctl::model::schema;

const GOOD: &str = r#"apiVersion: labctl.dev/v1
kind: Scenario
metadata: {name: own, title: Something holds}
target: {namespace: apps, selector: {app: orders}, blast: {maxPods: 2, maxPercent: 50%}}
steadyState:
  checks:
    - {name: answers, http: {endpoint: orders/http, path: /ready}}
inject:
  - name: gone
    k8s: {podDelete: {}}
    duration: 1m30s
    landed: {within: 20s, prom: {query: up, op: "<", value: 1}}
  - {name: none-left, k8s: {scale: {replicas: 0}}}
hypotheses:
  - {name: fast, tolerate: 2.5%, prom: {query: p99, op: "<=", value: 800, unit: ms}}
  - {name: whole, mode: EOT, within: 1m, k8s: {kind: Deployment, name: orders, expect: available}}
  - {name: recovers, recovery: {within: 60s}}
abort:
  - {name: down, for: 15s, prom: {query: up, op: "==", value: 0}}
"#;

fn read(text: &str) -> Result<Scenario, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.yaml");
    std::fs::write(&path, text).unwrap();
    scenario(&Files::default(), &path.display().to_string()).map(|found| found.scenario).map_err(|error| error.to_string())
}

/// `GOOD` with `from` replaced is refused with all of `words`.
#[track_caller]
fn refused(from: &str, to: &str, words: &[&str]) {
    assert!(GOOD.contains(from), "{from}");
    let error = read(&GOOD.replacen(from, to, 1)).map(|read| panic!("{to} was read as {read:?}")).unwrap_err();
    for word in words {
        assert!(error.contains(word), "should say {word:?}, says:\n{error}");
    }
}

#[test]
fn every_part_is_read_and_what_is_written_is_read_back() {
    let own = read(GOOD).unwrap();
    assert_eq!(own.target.blast.max_percent.to_string(), "50%");
    assert!(matches!(&own.inject[0].fault, Fault::K8s(K8sFault::PodDelete(pods)) if pods.count == 1));
    assert_eq!((own.inject[0].duration.to_string(), own.inject[1].duration.to_string()), ("1m30s".to_owned(), "30s".to_owned()));
    assert_eq!(own.inject[0].landed.as_ref().unwrap().check.within.unwrap().to_string(), "20s");
    assert!(matches!(&own.hypotheses[0].claim, Claim::Check { mode: Mode::OnChaos, tolerate, .. } if tolerate.to_string() == "2.5%"));
    assert!(matches!(&own.hypotheses[2].claim, Claim::Recovery(recovery) if recovery.consecutive == 3));
    assert_eq!(own.abort[0].lasts.to_string(), "15s");
    let json = serde_json::to_string(&own).unwrap();
    assert_eq!(serde_json::from_str::<Scenario>(&json).unwrap(), own);
    let yaml = serde_saphyr::to_string(&own).unwrap();
    assert_eq!(read(&yaml).unwrap(), own, "{yaml}");
}

#[test]
fn what_is_unknown_is_refused_with_its_place_and_the_nearest_name() {
    refused("steadyState:", "steadyStat:", &["own.yaml", "steadyStat", "line 5", "column", "did you mean `steadyState`"]);
    refused("blast: {maxPods: 2", "blast: {maxPod: 2", &["maxPod", "line 4", "did you mean `maxPods`"]);
    refused("mode: EOT", "mode: EOF", &["EOF", "line 16"]);
    refused("k8s: {podDelete: {}}", "k9s: {podDelete: {}}", &["k9s", "line 10"]);
    refused("k8s: {podDelete: {}}", "k8s: {podDelte: {}}", &["podDelte", "line 10"]);
}

#[test]
fn figures_have_units() {
    refused("duration: 1m30s", "duration: 90", &["has no unit", "90s", "line"]);
    refused("maxPercent: 50%", "maxPercent: 50", &["write it like 50%", "line 4"]);
    refused("tolerate: 2.5%", "tolerate: 0.025", &["write it like 50%"]);
}

#[test]
fn a_check_or_a_fault_is_exactly_one_thing() {
    refused("k8s: {scale: {replicas: 0}}", "k8s: {}", &["exactly one of podDelete, scale, image, config"]);
    refused("k8s: {scale: {replicas: 0}}", "k8s: {scale: {replicas: 0}, podDelete: {}}", &["exactly one of"]);
    refused(", k8s: {scale: {replicas: 0}}", "", &["none-left", "exactly one backend"]);
    refused("http: {endpoint: orders/http, path: /ready}", "", &["exactly one of http", "none"]);
    refused("recovery: {within: 60s}", "recovery: {within: 60s}, mode: EOT", &["`recovery` stands alone"]);
    refused("mode: EOT, within: 1m", "mode: EOT, tolerate: 5%", &["`tolerate` is for modes that look again"]);
    refused("tolerate: 2.5%", "within: 5s", &["Continuous and OnChaos judge every look"]);
}

/// `GOOD` with its first fault replaced.
fn with_fault(fault: &str) -> Result<Scenario, String> {
    read(&GOOD.replacen("k8s: {podDelete: {}}", fault, 1))
}

#[test]
fn faults_of_nodes_and_queues_are_read_written_back_and_bounded() {
    for (fault, says) in [
        ("node: {role: control-plane, cpu: {workers: 2}}", "2 processes use the CPUs of every control-plane node"),
        ("node: {memory: {size: 256Mi}}", "256 MiB of the memory of every node are taken"),
        ("aws: {queueStopped: {queue: orders}}", "queue orders delivers nothing new"),
        ("aws: {poisonMessage: {queue: orders}}", "goes into queue orders"),
    ] {
        let text = GOOD.replacen("k8s: {podDelete: {}}", fault, 1).replace("maxPods: 2", "maxPods: 2, maxNodes: 1");
        let own = read(&text).unwrap();
        assert!(own.inject[0].fault.to_string().contains(says), "{}", own.inject[0].fault);
        assert_eq!(read(&serde_saphyr::to_string(&own).unwrap()).unwrap(), own);
    }
    let says = |fault: &str, words: &str| {
        let error = with_fault(fault).unwrap_err();
        assert!(error.contains(words), "{fault} should say {words:?}, says:\n{error}");
    };
    says("node: {pause: {}}", "maxNodes is 0");
    says("node: {pause: {}}", "a node stands still and maxDuration is 15m");
    says("node: {cpu: {workers: 0}}", "use 1 to 64");
    says("node: {cpu: {workers: 1}, memory: {size: 1Gi}}", "exactly one of pause, cpu, memory");
    says("node: {memory: {size: 4Ki}}", "use 1 MiB or more");
    says("aws: {queueStopped: {queue: ''}}", "a queue has a name");
    says("aws: {queueStopped: {queue: q}, poisonMessage: {queue: q}}", "exactly one of queueStopped, poisonMessage");
    says("aws: {poisonMessage: {queue: q}}\n    k8s: {podDelete: {}}", "it has k8s, aws");
}

#[test]
fn whom_faults_of_pods_touch_needs_no_saying_where_there_are_none() {
    let text = GOOD.replacen("k8s: {podDelete: {}}", "aws: {poisonMessage: {queue: orders}}", 1);
    let text = text.replacen("  - {name: none-left, k8s: {scale: {replicas: 0}}}\n", "", 1);
    let text = text.replacen(
        "target: {namespace: apps, selector: {app: orders}, blast: {maxPods: 2, maxPercent: 50%}}",
        "target: {namespace: apps}",
        1,
    );
    read(&text).unwrap();
    let long = text.replace("poisonMessage", "queueStopped").replace("duration: 1m30s", "duration: 14m30s");
    assert!(read(&long).unwrap_err().contains("holds messages back for 840 s at most"));
}

#[test]
fn what_must_be_done_before_a_fault_can_be_seen_is_read_and_its_endpoint_is_looked_at() {
    let after = |endpoint: &str| {
        let landed = format!("landed: {{within: 20s, after: {{endpoint: {endpoint}, method: POST}}, prom:");
        read(&GOOD.replacen("landed: {within: 20s, prom:", &landed, 1))
    };
    assert_eq!(after("orders/http").unwrap().inject[0].landed.as_ref().unwrap().after.as_ref().unwrap().endpoint, "orders/http");
    assert!(after("http").unwrap_err().contains("landed.after"));
}

#[test]
fn a_drill_that_could_not_fail_or_that_reaches_too_far_is_refused() {
    refused("namespace: apps", "namespace: kube-system", &["kube-system", "platform"]);
    refused("namespace: apps", "namespace: observability", &["observability", "platform"]);
    refused("selector: {app: orders}", "selector: {}", &["selector is empty"]);
    refused("maxPods: 2", "maxPods: 0", &["maxPods is 0"]);
    refused("name: whole", "name: fast", &["two are called `fast`"]);
    refused("name: own", "name: Own", &["`Own` is no name"]);
    refused("duration: 1m30s", "duration: 20m", &["longer than maxDuration"]);
    refused("endpoint: orders/http", "endpoint: http", &["needs its component"]);
    refused("prom: {query: p99, op: \"<=\", value: 800, unit: ms}", "queue: {name: q, roundTrip: true}", &["only hypotheses of mode SOT"]);
    let without = |from: &str, until: &str| {
        let (start, rest) = GOOD.split_once(from).unwrap();
        format!("{start}{from} []\n{}", &rest[rest.find(until).unwrap()..])
    };
    assert!(read(&without("hypotheses:", "abort:")).unwrap_err().contains("could never fail"));
    assert!(read(&without("  checks:", "inject:")).unwrap_err().contains("steady state"));
}

const LOAD: &str = r#"apiVersion: labctl.dev/v1
kind: Scenario
metadata: {name: own, title: Something holds}
target: {namespace: apps, selector: {app: orders}, blast: {maxPods: 2}}
steadyState:
  checks:
    - {name: answers, http: {endpoint: orders/http, path: /ready}}
load:
  duration: 1m
  k6:
    endpoint: orders/http
    rate: 20/s
    requests:
      - {method: POST, path: /orders, json: {item: "@{nonce}"}, status: 202, capture: {id: /id}}
      - {path: "/orders/@{id}"}
    thresholds: {http_req_failed: ["rate<0.01"]}
hypotheses:
  - {name: no-slower, baseline: {metric: p95, worseAtMost: 20%}}
"#;

#[test]
fn a_load_alone_is_a_scenario_and_is_written_as_it_is_read() {
    let own = read(LOAD).unwrap();
    assert!(own.inject.is_empty() && own.brings_load());
    let load = own.load.as_ref().unwrap();
    assert_eq!((load.lasts().to_string(), load.k6.to_string()), ("1m".to_owned(), "20/s against orders/http".to_owned()));
    let yaml = serde_saphyr::to_string(&own).unwrap();
    assert_eq!(read(&yaml).unwrap(), own, "{yaml}");
    let validator = jsonschema::validator_for(&schema::of::<Scenario>()).unwrap();
    assert!(validator.is_valid(&serde_saphyr::from_str::<serde_json::Value>(LOAD).unwrap()));
}

#[test]
fn a_load_that_could_not_fail_or_does_not_fit_is_refused() {
    for (from, to, says) in [
        (
            "    thresholds: {http_req_failed: [\"rate<0.01\"]}\nhypotheses:\n  - {name: no-slower, baseline: {metric: p95, worseAtMost: 20%}}\n",
            "",
            "could never fail",
        ),
        ("  duration: 1m\n", "", "how long it lasts is not said"),
        ("  duration: 1m\n", "  duration: 20m\n", "longer than maxDuration"),
        ("rate: 20/s", "rate: 20", "write it like 20/s"),
        ("endpoint: orders/http\n    rate", "endpoint: http\n    rate", "needs its component"),
        ("/orders/@{id}", "/orders/@{other}", "@{other} is not known here"),
        ("rate: 20/s", "rat: 20/s", "did you mean `rate`"),
        ("worseAtMost: 20%}}", "worseAtMost: 20%}, mode: EOT}", "`baseline` stands alone"),
        ("    rate: 20/s\n", "    rate: 20/s\n    stages: [{rate: 5/s, duration: 1m}]\n", "use one"),
    ] {
        assert!(LOAD.contains(from), "{from}");
        let error = read(&LOAD.replacen(from, to, 1)).map(|read| panic!("{to} was read as {read:?}")).unwrap_err();
        assert!(error.contains(says), "should say {says:?}, says:\n{error}");
    }
    let short = LOAD.replace("hypotheses:", "inject: [{name: gone, k8s: {podDelete: {}}, duration: 2m}]\nhypotheses:");
    assert!(read(&short).map(drop).unwrap_err().contains("would end before the faults do"));
    let none = GOOD.replace("hypotheses:", "hypotheses:\n  - {name: b, baseline: {metric: p95, worseAtMost: 20%}}");
    assert!(read(&none).map(drop).unwrap_err().contains("there is no `load`"));
}

#[test]
fn every_shipped_scenario_is_right_and_named_as_its_file() {
    let files = Files::default();
    let names = scenario_names(&files);
    assert!(names.len() >= 4, "{names:?}");
    for (name, _) in &names {
        scenario(&files, name).unwrap_or_else(|error| panic!("{error}"));
    }
    let error = scenario(&files, "worker-scaled-to-zer").unwrap_err().to_string();
    assert!(error.contains("did you mean `worker-scaled-to-zero`"), "{error}");
}

#[test]
fn the_schema_takes_what_is_read_and_refuses_what_is_not() {
    let schema = schema::of::<Scenario>();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let json = |text: &str| serde_saphyr::from_str::<serde_json::Value>(text).unwrap();
    assert!(validator.is_valid(&json(GOOD)), "{:?}", validator.iter_errors(&json(GOOD)).map(|e| e.to_string()).collect::<Vec<_>>());
    for (from, to) in [
        ("steadyState:", "steadyStat:"),
        ("duration: 1m30s", "duration: 90"),
        ("maxPercent: 50%", "maxPercent: 50"),
        ("mode: EOT", "mode: EOF"),
    ] {
        assert!(!validator.is_valid(&json(&GOOD.replacen(from, to, 1))), "{to}");
    }
    for (name, path) in scenario_names(&Files::default()) {
        let text = Files::default().read(&path).unwrap().unwrap();
        assert!(validator.is_valid(&json(&text)), "{name}");
    }
}
