//! Real k6 against the real lab: its figures are those of Prometheus, what cannot be judged is no pass, and nothing of it outlives a killed labctl.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use super::bed::{Bed, events, lent, told};
use labctl::adapters::process::marked;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Output, Stdio};

/// A run that came to its end: its exit code, its folder, its result.
struct Ran {
    code: i32,
    folder: PathBuf,
    result: Value,
    output: Output,
}

fn folder(bed: &Bed, run: &str) -> PathBuf {
    bed.home.join(".local/state/labctl/labs").join(&bed.name).join("runs").join(run)
}

fn load_run(bed: &Bed, which: &str) -> Ran {
    let output = bed.labctl(&["load", "run", which, "--yes", "--wait-lock=300", "--output", "json"]);
    let all = events(&String::from_utf8(output.stdout.clone()).unwrap());
    let run = all.first().ok_or_else(|| format!("it did not begin: {}", told(&output))).unwrap()["run"].as_str().unwrap().to_owned();
    let folder = folder(bed, &run);
    let result = serde_json::from_slice(&std::fs::read(folder.join("result.json")).unwrap()).unwrap();
    Ran { code: output.status.code().unwrap(), folder, result, output }
}

/// A scenario of our own around `load`, in a folder with `script`.
fn own(bed: &Bed, load: &str, script: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir_in(&bed.home).unwrap();
    let text = format!(
        "apiVersion: labctl.dev/v1\nkind: Scenario\nmetadata: {{name: own, title: Own}}\n\
         target: {{namespace: apps, selector: {{app.kubernetes.io/name: app-python}}, blast: {{maxPods: 1}}}}\n\
         steadyState: {{baseline: 0s, checks: [{{name: api, http: {{endpoint: app-python/http, path: /healthz/ready}}}}]}}\n\
         load: {load}\nevidence: {{padAfter: 0s}}\n"
    );
    std::fs::write(folder.path().join("own.js"), script).unwrap();
    let path = folder.path().join("own.yaml");
    std::fs::write(&path, text).unwrap();
    (folder, path.display().to_string())
}

fn value_of(answer: &Value) -> Option<f64> {
    answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
}

#[tokio::test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
async fn figures_of_a_smoke_load_are_those_that_prometheus_has() {
    let Some(bed) = lent() else { return };
    let served = "/api/v1/query?query=sum(http_server_requests_total%7Bjob%3D%22app-python%22%2Croute%3D~%22%2Forders.*%22%7D)";
    let before = bed.await_answer("prometheus", served, value_of).await;
    let ran = load_run(bed, "smoke");
    assert_eq!((ran.code, ran.result["verdict"].as_str()), (0, Some("pass")), "{}", told(&ran.output));
    let row = &ran.result["loads"][0];
    let requests = row["requests"].as_f64().unwrap();
    assert!(requests >= 100.0, "60 rounds of two requests: {row}");
    assert!(row["p95_ms"].as_f64().unwrap() > 0.0 && row["tool"].as_str().unwrap().starts_with("k6 1."), "{row}");
    let all = events(std::str::from_utf8(&ran.output.stdout).unwrap());
    let live = all.iter().filter(|event| event["event"]["says"]["type"] == "load");
    assert!((10..=30).contains(&live.clone().count()), "once a second for 20 s");
    assert!(live.clone().any(|event| event["event"]["says"]["requests_per_s"].as_f64().unwrap() > 1.0));
    // what k6 pushed, by the run's own name
    let run = ran.result["run"].as_str().unwrap();
    let pushed = format!("/api/v1/query?query=sum(last_over_time(k6_http_reqs_total%7Btestid%3D%22{run}%22%7D%5B10m%5D))");
    let got = bed.await_answer("prometheus", &pushed, |answer| value_of(answer).filter(|got| *got >= requests)).await;
    assert!((got - requests).abs() < 0.5, "Prometheus was told of {got} requests, the summary has {requests}");
    // what the app counted itself; others may ask it at the same time
    bed.await_answer("prometheus", served, |answer| value_of(answer).filter(|now| now - before >= requests)).await;
    let p95 = format!("/api/v1/query?query=max(last_over_time(k6_http_req_duration_p95%7Btestid%3D%22{run}%22%7D%5B10m%5D))");
    assert!(bed.await_answer("prometheus", &p95, value_of).await > 0.0);
}

#[tokio::test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
async fn without_a_sample_there_is_no_pass_and_the_scripts_own_summary_is_kept() {
    let Some(bed) = lent() else { return };
    let script = "import { sleep } from 'k6';\nexport const options = { iterations: 2, thresholds: { http_req_duration: ['p(95)<300'] } };\n\
                  export default function () { sleep(0.2); }\nexport function handleSummary(data) { return { stdout: `OWN ${Object.keys(data.metrics).length > 0}\\n` }; }\n";
    let (_folder, path) = own(bed, "{duration: 20s, k6: {endpoint: app-python/http, script: own.js}}", script);
    let ran = load_run(bed, &path);
    assert_eq!((ran.code, ran.result["verdict"].as_str()), (11, Some("inconclusive")), "{}", told(&ran.output));
    assert!(ran.result["why"].as_str().unwrap().contains("not one sample"), "{:#}", ran.result);
    let said = std::fs::read_to_string(ran.folder.join("k6/output.txt")).unwrap();
    assert!(said.contains("OWN true"), "{said}");
    assert!(ran.folder.join("k6/summary.json").is_file());
    assert_eq!(std::fs::read_to_string(ran.folder.join("k6/script.js")).unwrap(), script);
}

#[tokio::test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
async fn a_threshold_that_is_crossed_fails_and_a_script_that_is_none_is_told() {
    let Some(bed) = lent() else { return };
    let load = "{duration: 3s, k6: {endpoint: app-python/http, rate: 2/s, requests: [{path: /healthz/ready}], thresholds: {http_req_duration: ['p(95)<0.001']}}}";
    let (_folder, path) = own(bed, load, "");
    let ran = load_run(bed, &path);
    assert_eq!((ran.code, ran.result["verdict"].as_str()), (10, Some("fail")), "{}", told(&ran.output));
    assert_eq!(ran.result["loads"][0]["exit_code"], 99);
    for (script, code) in [
        ("export default function () { throw new Error('own'); ", 15),
        ("export const options = { thresholds: { nothing: ['p(95)<1'] } };\nexport default function () {}", 2),
    ] {
        let (_folder, path) = own(bed, "{duration: 5s, k6: {endpoint: app-python/http, script: own.js}}", script);
        let ran = load_run(bed, &path);
        assert_eq!((ran.code, ran.result["verdict"].as_str()), (code, Some("error")), "{}", told(&ran.output));
    }
}

#[tokio::test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
async fn a_killed_labctl_leaves_no_k6_and_recover_settles_its_run() {
    let Some(bed) = lent() else { return };
    let load = "{duration: 2m, k6: {endpoint: app-python/http, rate: 2/s, requests: [{path: /healthz/ready}], thresholds: {http_req_failed: ['rate<1']}}}";
    let (_folder, path) = own(bed, load, "");
    let mut child =
        bed.command(&["load", "run", &path, "--yes", "--wait-lock=300", "--output", "json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut run = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        event["run"].as_str().unwrap_or_default().clone_into(&mut run);
        if event["event"]["says"]["type"] == "load" {
            break;
        }
    }
    let marker = format!("LABCTL_DRILL={run}/load");
    assert_eq!(marked(&marker).len(), 1, "k6 is at work");
    child.kill().unwrap();
    child.wait().unwrap();
    let output = bed.labctl(&["scenario", "recover", &run, "--yes", "--wait-lock=300"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(marked(&marker), [], "nothing of it is left");
    let result: Value = serde_json::from_slice(&std::fs::read(folder(bed, &run).join("result.json")).unwrap()).unwrap();
    assert_eq!((result["rollback"].as_str(), result["verdict"].as_str()), (Some("clean"), Some("error")), "{result:#}");
}
