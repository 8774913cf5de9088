//! YAML as kubectl reads it: what was learnt from the real one (tests/real/yaml_apiserver.rs), kept here so that it holds without one.

use labctl::catalog::yaml::{Duplicates, LIMITS, read};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Instant;

fn values(text: &str) -> Vec<Value> {
    read(text, Duplicates::LastWins).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// One scalar, as it stands behind `v:`.
#[track_caller]
fn scalar(text: &str, expected: impl Into<Value>) {
    assert_eq!(values(&format!("v: {text}\n")), [json!({ "v": expected.into() })], "{text}");
}

#[track_caller]
fn key(text: &str, expected: &str) {
    assert_eq!(values(&format!("{text}: 1\n")), [json!({ expected: 1 })], "{text}");
}

#[track_caller]
fn whole(text: &str, expected: &[Value]) {
    assert_eq!(values(text), expected, "{text}");
}

#[track_caller]
fn refused(text: &str, said: &[&str]) {
    let Err(error) = read(text, Duplicates::Refused) else { panic!("{text:?} was read") };
    let error = error.to_string();
    for part in said {
        assert!(error.contains(part), "{text:?}: `{part}` is not in: {error}");
    }
}

#[test]
fn truth_values_are_those_of_yaml_1_1() {
    for text in ["true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON"] {
        scalar(text, json!(true));
    }
    for text in ["false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF"] {
        scalar(text, json!(false));
    }
    for text in ["yEs", "oN", "tRUE", "yess", "\"yes\"", "'no'", "!!str on", "! off"] {
        assert!(values(&format!("v: {text}\n"))[0]["v"].is_string(), "{text}");
    }
    for text in ["null", "Null", "NULL", "~", "", "!!null ''"] {
        scalar(text, Value::Null);
    }
}

#[test]
fn numbers_are_those_of_go() {
    for (text, number) in
        [("0644", 420), ("0o644", 420), ("0O17", 15), ("0x1F", 31), ("0X1f", 31), ("-0x10", -16), ("0b101", 5), ("-0b11", -3)]
    {
        scalar(text, json!(number));
    }
    for (text, number) in [
        ("1_000", 1000),
        ("0_7", 7),
        ("+12", 12),
        ("-0", 0),
        ("0", 0),
        ("00", 0),
        ("08", 8),
        ("0999", 999),
        ("1.0", 1),
        ("1e3", 1000),
        ("1.", 1),
    ] {
        scalar(text, json!(number));
    }
    scalar("9223372036854775807", json!(i64::MAX));
    scalar("-9223372036854775808", json!(i64::MIN));
    scalar("-9223372036854775809", json!(-9_223_372_036_854_775_808_f64));
    scalar("9223372036854775808", json!(9_223_372_036_854_775_808_f64));
    scalar("99999999999999999999", json!(1e20));
    scalar("1e21", json!(1e21));
    scalar("1e400", json!("1e400"));
    scalar(".5", json!(0.5));
    scalar(".5_5", json!(0.55));
    scalar("1.5e-7", json!(1.5e-7));
    for text in [
        "0x",
        "0b2",
        "0o8",
        "1.2.3",
        ".",
        "._5",
        "1e",
        "e5",
        "+",
        "-x",
        "1:30",
        "190:20:30",
        "2001-01-01",
        "2001-01-01T00:00:00Z",
        "infinity",
        "nan",
        "1__",
        "10Gi",
        "100m",
    ] {
        if text == "1__" {
            scalar(text, json!(1));
        } else {
            scalar(text, json!(text));
        }
    }
}

#[test]
fn tags_decide_and_wrong_ones_are_refused() {
    scalar("!!str 0644", json!("0644"));
    scalar("!!int '3'", json!(3));
    scalar("!!float 3", json!(3));
    scalar("!!bool 'yes'", json!(true));
    scalar("!!binary aGk=", json!("hi"));
    scalar("!own 12", json!("12"));
    scalar("!!timestamp 2001-01-01", json!("2001-01-01"));
    refused("v: !!int x\n", &["!!int", "line 1"]);
    refused("v: !!bool 3\n", &["!!bool"]);
    refused("v: !!binary '%'\n", &["!!binary"]);
    for text in [".nan", ".inf", "-.inf"] {
        refused(&format!("v: {text}\n"), &["no form in JSON", "quotes"]);
    }
}

#[test]
fn keys_become_texts() {
    for (text, expected) in [
        ("on", "true"),
        ("n", "false"),
        ("0644", "420"),
        ("1.10", "1.1"),
        ("1e6", "1e+06"),
        ("1e-5", "1e-05"),
        ("'yes'", "yes"),
        ("2001-01-01", "2001-01-01"),
        ("123456789.0", "1.2345679e+08"),
        (".inf", ".inf"),
    ] {
        key(text, expected);
    }
    refused("~: 1\n", &["a key must be", "nothing"]);
    refused("[a]: 1\n", &["a key must be"]);
    refused("{{a: b}: c}\n", &["line 1"]);
}

#[test]
fn merge_keys_count_where_they_stand() {
    whole("a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n", &[json!({"a": {"k": 1, "l": 2}, "b": {"k": 3, "l": 2}})]);
    // go-yaml 2 lets a merge win over what stands before it
    whole("a: &x {k: 1}\nb: {k: 3, <<: *x}\n", &[json!({"a": {"k": 1}, "b": {"k": 1}})]);
    whole("b: {<<: [{k: 1, l: 1}, {k: 2, m: 2}]}\n", &[json!({"b": {"k": 1, "l": 1, "m": 2}})]);
    whole("b: {'<<': 1}\n", &[json!({"b": {"<<": 1}})]);
    refused("a: &x {k: 1}\nb: {k: 3, <<: *x}\n", &["line 2", "put `<<` first"]);
    refused("b: {<<: 1}\n", &["needs a map"]);
    refused("a: &x [{k: 1}]\nb: {<<: *x}\n", &["needs a map"]);
}

#[test]
fn a_key_that_stands_twice_is_refused_in_our_files_and_the_last_counts_in_charts() {
    refused("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", &["document 1, line 5", "`c`", "first on line 3"]);
    refused("on: 1\ntrue: 2\n", &["`true`"]);
    whole("a: 1\na: 2\n", &[json!({"a": 2})]);
}

#[test]
fn documents_are_cut_at_lines_of_dashes() {
    let two = [json!({"a": 1}), json!({"b": 2})];
    whole("a: 1\n---\nb: 2\n", &two);
    whole("---\n---\na: 1\n---\n# nothing\n---\nnull\n--- # next\nb: 2", &two);
    whole("a: 1\r\n---\r\nb: 2\r\n", &two);
    whole("\u{feff}a: 1\n", &two[..1]);
    whole("# only a comment\n", &[]);
    whole("", &[]);
    whole("a: 1\n...\n", &two[..1]);
    refused("a: 1\n--- {b: 2}\n", &["document 2, line 2", "line of its own"]);
    refused("a: 1\n...\nb: 2\n", &["behind the `...`"]);
    refused("%YAML 1.1\n---\na: 1\n", &["document 1, line 1"]);
    refused("- a\n", &["must be one object", "a list"]);
    refused("a: 1\n---\n\nhello\n", &["document 2, line 3", "a text"]);
}

#[test]
fn json_is_read_one_object_behind_the_other() {
    whole("{\"a\": 1.0}{\"b\": 2}\n", &[json!({"a": 1}), json!({"b": 2})]);
    whole(" {a: yes}\n---\nb: 2\n", &[json!({"a": true}), json!({"b": 2})]);
    whole("{\"a\": 1}\n---\nb: 2\n", &[json!({"a": 1}), json!({"b": 2})]);
    refused("{\"a\": 1}{\"b\": 2}{\"c\"\n", &["document 3", "JSON"]);
}

#[test]
fn lists_count_as_their_items() {
    whole(
        "kind: List\napiVersion: v1\nitems:\n- {kind: A, x: on}\n- {kind: B}\n",
        &[json!({"kind": "A", "x": true}), json!({"kind": "B"})],
    );
}

#[test]
fn errors_say_document_line_and_what_to_do() {
    refused("a: 1\n---\nb:\n\t- c\n", &["document 2, line 4", "spaces"]);
    refused("a: %{x}\n", &["line 1", "quotes"]);
    refused("a: b: c\n", &["line 1", "quotes"]);
    refused("a: *nobody\n", &["line 1"]);
    refused("a: [1, 2\nb: 3\n", &["document 1"]);
    // where YAML 1.1 and 1.2 part
    refused("a: 1\nb: x\u{2028}y\n", &["line 2", "U+2028"]);
    refused("a: [b:]\n", &["space behind the colon"]);
    refused("a: {b:[1]}\n", &["line 1"]);
    refused("a: [?]\n", &["quotes"]);
    refused("18446744073709551615: 1\n", &["above 64 bits"]);
    whole("a: {\"b\":[1], c: \"x:\", 'd':{}}\n", &[json!({"a": {"b": [1], "c": "x:", "d": {}}})]);
}

#[test]
fn bombs_do_not_go_off() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let before = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", ")));
    }
    refused(&bomb, &["aliases", "write the values out"]);
    refused("a: &a [*a]\n", &["never end"]);
    refused("a: &a {b: *a}\n", &["never end"]);
    refused(&format!("a: {}\n", "[".repeat(100_000)), &["document 1, line 1"]);
    refused(&format!("a: {}{}\n", "[".repeat(LIMITS.depth), "]".repeat(LIMITS.depth)), &["nested more than"]);
    let steps: Vec<String> = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    refused(&steps.concat(), &["nested more than"]);
    refused(&"x".repeat(LIMITS.document + 1), &["bytes", "split"]);
    refused(&format!("a: [{}]\n", "1,".repeat(LIMITS.values)), &["more than", "split"]);
}

/// Text made of what YAML cares about.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        prop::sample::select(vec![
            "a",
            "b",
            ": ",
            ":",
            "- ",
            "-",
            "\n",
            "\n  ",
            "\n\t",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "&a ",
            "*a",
            "<<: ",
            "<<",
            "'",
            "\"",
            "|\n",
            ">-\n",
            "---\n",
            "...\n",
            "# x\n",
            "!!int ",
            "!!map ",
            "!",
            "? ",
            "~",
            "0x1F",
            "1e9",
            ".inf",
            "%YAML 1.1\n",
            "\r\n",
            "\r",
            "\u{feff}",
            "\u{0}",
            "\u{85}",
            "\u{2028}",
            "\\",
            "\\x41",
            "kind: List\nitems:\n",
            "yes",
            "2001-01-01",
            "&a [*a]",
            "\u{1F600}",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
        "[ \\t\\n:{}\\[\\]&*!|>'\"%@`-]{0,8}",
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn hostile_text_is_read_or_refused_and_never_more(text in hostile()) {
        let started = Instant::now();
        let first = read(&text, Duplicates::LastWins);
        prop_assert!(started.elapsed().as_secs() < 5, "it took {:?}", started.elapsed());
        if let Err(error) = &first {
            prop_assert!(error.line >= 1 && error.line <= text.lines().count() + 2, "{error}");
        }
        // what is refused with doubled keys allowed is refused without, and what is read without is read the same with them
        match (first, read(&text, Duplicates::Refused)) {
            (Err(_), Ok(objects)) => prop_assert!(false, "{objects:?}"),
            (Ok(lax), Ok(strict)) => prop_assert_eq!(lax, strict),
            _ => {}
        }
    }

    #[test]
    fn json_is_read_as_json(value in json_value()) {
        let object = json!({ "kind": "X", "v": value });
        prop_assert_eq!(read(&object.to_string(), Duplicates::Refused), Ok(vec![object.clone()]));
        let pretty = serde_json::to_string_pretty(&object).unwrap();
        prop_assert_eq!(read(&format!("---\n{pretty}\n"), Duplicates::Refused), Ok(vec![object]));
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
