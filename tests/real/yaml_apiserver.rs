//! Our reading of YAML beside kubectl's: the same objects, or an error from both.
//!
//! `kubectl create --dry-run=client` asks the server only which kinds there are; what it prints is what it read.

#![expect(clippy::unwrap_used, reason = "helpers of tests say what they expect")]

use super::server::{kubeconfig, program, server};
use labctl::catalog::yaml::{Duplicates, read};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// What a scalar is: each stands as `v` in one ConfigMap, and as a key in another where it can.
const SCALARS: &[&str] = &[
    "true",
    "True",
    "TRUE",
    "yes",
    "Yes",
    "YES",
    "y",
    "Y",
    "on",
    "On",
    "ON",
    "false",
    "no",
    "No",
    "n",
    "N",
    "off",
    "OFF",
    "yEs",
    "oN",
    "tRUE",
    "null",
    "Null",
    "NULL",
    "~",
    "nULL",
    "0",
    "00",
    "-0",
    "+0",
    "0644",
    "0o644",
    "0O17",
    "0o8",
    "08",
    "0999",
    "-010",
    "0x1F",
    "0X1f",
    "-0x10",
    "0x",
    "0xg",
    "0b101",
    "-0b11",
    "0b2",
    "+0b1",
    "1_000",
    "0_7",
    "1__",
    "_1",
    "0x_1F",
    "+12",
    "12e3",
    "1e3",
    "1E3",
    "1e+3",
    "1e-3",
    "1e21",
    "1e20",
    "1e400",
    "-1e400",
    "1.0",
    "1.",
    "1.50",
    "1.2.3",
    ".5",
    "-.5",
    "+.5",
    ".5_5",
    "._5",
    ".5_",
    ".",
    "..",
    ".e5",
    ".5e5",
    "-",
    "+",
    "1e",
    "e5",
    "1e1_0",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999",
    "123456789012345678",
    "0.1",
    "1.5e-7",
    "100000000000000000000.0",
    "123456789.125",
    "3.14159265358979",
    "1:30",
    "190:20:30",
    "2001-01-01",
    "2001-1-1",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43",
    "12-30",
    "10Gi",
    "100m",
    "1.5Gi",
    "1s",
    "infinity",
    "Inf",
    "NaN",
    "nan",
    "0.0.0.0:80",
    "*.example.org",
    "a b",
    "a#b",
    "'yes'",
    "\"0644\"",
    "''",
    "!!str 0644",
    "!!int '3'",
    "!!int 0644",
    "!!float 3",
    "!!float 1.5",
    "!!bool 'yes'",
    "!!null ''",
    "!!binary aGVsbG8=",
    "!!timestamp 2001-01-01",
    "! 12",
    "! yes",
    "!own 12",
    "!own yes",
    "!!own 3",
    "=",
    "<<",
    "'<<'",
    "@a",
    "%a",
    "`a",
    "\"\\x41\\u00e9\\n\"",
    "'it''s'",
    "<a>",
    "{}",
    "[]",
    "a: b",
    "&x 1",
    "0777_7",
    "1_2.3_4",
    "- 1",
    "?",
    "? a",
    ":",
    "::",
    "a:",
    "-a",
    "--- a",
    "1e5_",
    "0b",
    "0B11",
    "08.5",
    "0x1.8p1",
    "+_1",
    "TRUE_",
    "~a",
    "null_",
    "\"a\\/b\"",
    "\"tab\\there\"",
    "'a\n  b'",
    "a\n  b",
];

/// Whole files.
const FILES: &[&str] = &[
    "",
    "---\n",
    "# nothing\n",
    "---\n---\n{O}a: 1\n---\n",
    "{O}a: 1\n---\n{O}b: 2\n",
    "{O}a: 1\n--- # next\n{O}b: 2\n",
    "{O}a: 1\n---\r\n{O}b: 2\r\n",
    "{O}a: 1\n--- {x: y}\n",
    "{O}a: 1\n----\n{O}b: 1\n",
    "{O}a: 1\n...\n",
    "{O}a: 1\n---\nnull\n---\n~\n",
    "\u{feff}{O}a: 1\n",
    "{O}a: 1\na: 2\n",
    "{O}a: {x: 1, x: 2}\n",
    "{O}on: 1\ntrue: 2\n",
    "{O}a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n",
    "{O}a: &x {k: 1, l: 2}\nb: {k: 3, <<: *x}\n",
    "{O}b: {<<: [{k: 1, l: 1}, {k: 2, m: 2}]}\n",
    "{O}b: {<<: {k: 1}, <<: {k: 2, l: 1}}\n",
    "{O}b: {'<<': 1}\n",
    "{O}b: {\"<<\": {k: 1}}\n",
    "{O}b: {!!merge <<: {k: 1}}\n",
    "{O}b: {<<: 1}\n",
    "{O}b: {<<: null}\n",
    "{O}a: &x [{k: 1}]\nb: {<<: *x}\n",
    "{O}a: &x [1, {b: c}]\nd: *x\n",
    "{O}a: &x 1\n*x : 2\n",
    "{O}a: &x yes\nb: *x\n",
    "{O}a: &x 1\nb: &x 2\nc: *x\n",
    "{O}a: &a [*a]\n",
    "{O}a: *none\n",
    "{O}a: &e\nb: *e\n",
    "{O}? a\n: b\n",
    "{O}? [a]\n: b\n",
    "{O}~: 1\n",
    "{O}null: 1\n",
    "{O}'': 1\n",
    "{O}a: .nan\n",
    "{O}a: .inf\n",
    "{O}a: [-.inf]\n",
    "{O}a: !!int x\n",
    "{O}a: !!bool 3\n",
    "{O}a: !!null x\n",
    "{O}a: !!binary '%'\n",
    "{O}a: !!map {b: c}\nb: !!seq [1]\n",
    "{O}a: !!seq {b: c}\n",
    "{O}a: !x {b: yes}\n",
    "{O}a: |\n  x\n  y\n",
    "{O}a: |-\n  x\n\n  y\n\n",
    "{O}a: |+\n  x\n\n",
    "{O}a: >\n  x\n  y\n\n  z\n",
    "{O}a: >-\n  x\n   y\n  z\n",
    "{O}a: |2\n    x\n  y\n",
    "{O}a: \"x\n  y\"\n",
    "{O}a: 'x\n\n  y'\n",
    "{O}a: x\n  y\n   z\n",
    "{O}a:\n- 1\n- 2\n",
    "{O}a:\n  - 1\n  -\n  - - 2\n    - 3\n",
    "{O}a: [1, 2, ]\n",
    "{O}a: [1, , 2]\n",
    "{O}a: [x: y, z]\n",
    "{O}a: {x, y: 1}\n",
    "{O}a: {x:1}\n",
    "{O}a: {\"x\":1}\n",
    "{O}a: [1 2]\n",
    "{O}a: [1\n",
    "{O}a:\n\t- x\n",
    "{O}a:\tx\n",
    "{O}a: x\t# c\n",
    "{O}a: x #c\nb: x#c\n",
    "{O}a: b: c\n",
    "{O}a: 'x\n",
    "{O} a: 1\n",
    "{O}a: 1\n b: 2\n",
    "{O}a: \"\\q\"\n",
    "{O}a: \u{1}\n",
    "{O}a: x\u{85}y\n",
    "{O}a: x\u{2028}y\n",
    "{O}a: \u{1F600} é\n",
    "%YAML 1.1\n---\n{O}a: 1\n",
    "- 1\n- 2\n",
    "hello\n",
    "kind: List\napiVersion: v1\nitems:\n- {kind: ConfigMap, apiVersion: v1, metadata: {name: a}, data: {x: on}}\n- {kind: ConfigMap, apiVersion: v1, metadata: {name: b}}\n",
    "kind: List\napiVersion: v1\nitems: []\n",
    "kind: ConfigMapList\napiVersion: v1\nitems:\n- {metadata: {name: a}}\n",
    "{\"kind\": \"ConfigMap\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"a\"}, \"a\": 1.0, \"b\": 1e3, \"c\": 1e21, \"d\": 0.5}\n",
    "{\"kind\": \"ConfigMap\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"a\"}}{\"kind\": \"ConfigMap\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"b\"}}",
    "{kind: ConfigMap, apiVersion: v1, metadata: {name: a}, a: yes}\n",
    "{\"kind\": \"ConfigMap\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"a\"}}\n---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: b}\na: yes\n",
    "{\"kind\": \"ConfigMap\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"a\"}, \"x\": 1, \"x\": 2}\n",
];

/// Ends of files that kubectl takes and we refuse, with the reason.
const STRICTER: &[(&str, &str)] = &[
    ("[-]\n", "the parser reads YAML 1.2, where a lone dash in brackets is no text"),
    ("[a:]\n", "a text `a:` in 1.1, a map in 1.2: not worth guessing about"),
];

/// Ends of files that kubectl refuses and we take, with the reason.
const LAXER: &[(&str, &str)] = &[
    ("\"a\\/b\"\n", "JSON's escape for a slash, which YAML 1.1 lacks; it can mean nothing else"),
    ("\"a\\/b\": v\n", "the same"),
    ("[\"a\\/b\"]\n", "the same"),
];

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/// What kubectl reads; `Err` with its words where it refuses.
fn theirs(kubectl: &Path, kubeconfig: &Path, text: &str) -> Result<Vec<Value>, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.yaml");
    std::fs::write(&file, text).unwrap();
    let done = Command::new(kubectl)
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(["create", "--dry-run=client", "--validate=false", "-o", "json", "-f"])
        .arg(&file)
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    // an empty file is no mistake of the file's
    if !done.status.success() && !said.contains("no objects passed to create") {
        return Err(said);
    }
    let mut found = Vec::new();
    for value in serde_json::Deserializer::from_slice(&done.stdout).into_iter::<Value>() {
        let mut value = value.unwrap();
        match value["items"].as_array() {
            Some(items) if value["kind"] == "List" => found.extend(items.iter().cloned()),
            _ => found.push(value.take()),
        }
    }
    Ok(found)
}

/// kubectl adds a namespace, and gives back floats that are whole as it pleases.
fn bare(objects: Vec<Value>) -> Vec<Value> {
    let mut objects = objects;
    for object in &mut objects {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.shift_remove("namespace");
        }
        same_numbers(object);
    }
    objects
}

fn same_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64().filter(|_| number.as_i64().is_none()) {
                *value = json!(float);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(same_numbers),
        Value::Object(map) => map.values_mut().for_each(same_numbers),
        _ => {}
    }
}

/// `None` when both agree.
fn difference(kubectl: &Path, kubeconfig: &Path, text: &str) -> Option<String> {
    let theirs = theirs(kubectl, kubeconfig, text);
    let ours = read(text, Duplicates::LastWins);
    match (theirs, ours) {
        (Ok(theirs), Ok(ours)) if bare(theirs.clone()) == bare(ours.clone()) => None,
        (Err(_), Err(_)) => None,
        (Ok(_), Err(_)) if STRICTER.iter().any(|(end, _)| text.ends_with(end)) => None,
        (Err(_), Ok(_)) if LAXER.iter().any(|(end, _)| text.ends_with(end)) => None,
        (theirs, ours) => Some(format!("{text:?}\n  kubectl: {theirs:?}\n  labctl:  {ours:?}")),
    }
}

#[tokio::test]
#[ignore = "needs an API server: scripts/test --real --tier apiserver"]
async fn yaml_means_to_us_what_it_means_to_kubectl() {
    let Some(_kube) = server().await else { return };
    let Some(kubectl) = program("kubectl") else {
        println!("NOT RUN: tier apiserver: kubectl is not beside the API server");
        return;
    };
    let kubeconfig = kubeconfig().await.unwrap();
    let mut files: Vec<String> = FILES.iter().map(|file| file.replace("{O}", HEAD)).collect();
    for scalar in SCALARS {
        files.push(format!("{HEAD}v: {scalar}\n"));
        files.push(format!("{HEAD}{scalar}: v\n"));
        files.push(format!("{HEAD}v: [{scalar}]\n"));
    }
    let differences: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = files
            .chunks(files.len().div_ceil(4))
            .map(|part| {
                let (kubectl, kubeconfig) = (&kubectl, &kubeconfig);
                scope.spawn(move || part.iter().filter_map(|text| difference(kubectl, kubeconfig, text)).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let known = STRICTER.len() + LAXER.len();
    println!("{} files read by both, {} differences beside {known} that are known", files.len(), differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
