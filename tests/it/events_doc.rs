//! docs/events.md says what the types say. `UPDATE_DOCS=1 cargo test --test it events_doc` writes it.

use labctl::model::run::event_schema;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "\
# Events

Written by `tests/it/events_doc.rs` from the types in `src/model/run`; do not edit.

A run says everything it does as events. `labctl up --output json` prints each as one JSON object a line on stdout, when it happens. The same
events are kept in `runs/<run>/events.jsonl`, where each line has a checksum in front:

```text
3b2ac1f0 {\"v\":1,\"seq\":1,\"at\":\"2026-01-02T03:04:05.000Z\",\"run\":\"20260102T030405Z-dev-local-00ff\",\"event\":{\"kind\":\"run_started\", ...}}
```

Eight hex digits of CRC-32 (as in zip) over the JSON text, a space, the JSON text, a newline. A line that is cut off or does not fit its checksum
ends the journal: neither it nor what follows counts. A journal whose last event is not `run_finished` is of a run that is still going on (it holds
a lock on the file) or was killed.

## What a reader may rely on

- The first event is `run_started`, with the whole plan; the last is `run_finished`. `seq` counts from 1 without gaps; `at` never goes back.
- Each step of the plan has exactly one `step_finished`, cancelled and left-out ones included, and one more after each `step_rearmed`. A step that
  got to run has a `step_started` before it; what it says of itself lies between the two.
- An event is on its way to the disk before anybody sees it. An `intent` is on the disk before what it announces is done.
- Fields and kinds are added, never renamed or given another meaning under the same `v`. Skip kinds, `type`s and fields you do not know.
- A slow reader of the live stream may miss `output` lines; how many is said in a `note`. The journal has all.
- Secrets are in no event.

";

fn describe(value: &Value) -> String {
    value["description"].as_str().unwrap_or_default().replace('\n', " ")
}

/// `string`, `list of StepId`, `Stream or nothing`: the type of a field as a person says it.
fn type_of(value: &Value) -> String {
    if let Some(reference) = value["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(any) = value["anyOf"].as_array() {
        return any.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    }
    if let Some(items) = value["prefixItems"].as_array() {
        return format!("pair of {}", items.iter().map(type_of).collect::<Vec<_>>().join(" and "));
    }
    match &value["type"] {
        Value::String(name) if name == "array" => format!("list of {}", type_of(&value["items"])),
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            names.iter().map(|name| name.as_str().unwrap_or("?").replace("null", "nothing")).collect::<Vec<_>>().join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

fn fields(value: &Value, tag: Option<&str>, to: &mut String) {
    let Some(properties) = value["properties"].as_object() else {
        return;
    };
    let required: Vec<&str> = value["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in properties.iter().filter(|(name, _)| Some(name.as_str()) != tag) {
        let optional = if required.contains(&name.as_str()) { "" } else { ", may be missing" };
        let text = describe(field);
        let text = if text.is_empty() { String::new() } else { format!(": {text}") };
        writeln!(to, "- `{name}` ({}{optional}){text}", type_of(field)).unwrap();
    }
}

fn definition(name: &str, value: &Value, to: &mut String) {
    write!(to, "## {name}\n\n").unwrap();
    let text = describe(value);
    if !text.is_empty() {
        write!(to, "{text}\n\n").unwrap();
    }
    if let Some(variants) = value["oneOf"].as_array() {
        for variant in variants {
            let tag = ["kind", "type", "as", "control"].into_iter().find(|tag| variant["properties"][*tag]["const"].is_string());
            let names: Vec<&str> = match tag {
                Some(tag) => variant["properties"][tag]["const"].as_str().into_iter().collect(),
                None => variant["const"]
                    .as_str()
                    .into_iter()
                    .chain(variant["enum"].as_array().into_iter().flatten().filter_map(Value::as_str))
                    .collect(),
            };
            let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            match tag {
                Some(tag) => write!(to, "### {tag} {names}\n\n").unwrap(),
                None => write!(to, "- {names}").unwrap(),
            }
            let text = describe(variant);
            match tag {
                Some(_) if !text.is_empty() => write!(to, "{text}\n\n").unwrap(),
                None if !text.is_empty() => writeln!(to, ": {text}").unwrap(),
                None => to.push('\n'),
                Some(_) => {}
            }
            let before = to.len();
            fields(variant, tag, to);
            if to.len() > before {
                to.push('\n');
            }
        }
    } else if let Some(values) = value["enum"].as_array() {
        let values: Vec<String> = values.iter().filter_map(Value::as_str).map(|value| format!("`{value}`")).collect();
        writeln!(to, "One of {}.", values.join(", ")).unwrap();
    } else if value["properties"].is_object() {
        fields(value, None, to);
    } else {
        writeln!(to, "A {}.", type_of(value)).unwrap();
    }
    while to.ends_with("\n\n") {
        to.pop();
    }
    to.push('\n');
}

#[test]
fn events_md_is_what_the_types_say() {
    let schema = serde_json::to_value(event_schema()).unwrap();
    let mut text = HEAD.to_owned();
    definition("Event", &schema, &mut text);
    for (name, value) in schema["$defs"].as_object().unwrap() {
        definition(name, value, &mut text);
    }
    let text = format!("{}\n", text.trim_end());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/events.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/events.md is not what the types say: run UPDATE_DOCS=1 cargo test --test it events_doc");
}

#[test]
fn output_md_has_the_table_of_the_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = std::fs::read_to_string(root.join("src/report/resolve.rs")).unwrap();
    let page = std::fs::read_to_string(root.join("docs/output.md")).unwrap();
    let rows: Vec<&str> = code.lines().filter_map(|line| line.strip_prefix("/// |")).collect();
    assert!(rows.len() > 10);
    assert_eq!(page.lines().filter_map(|line| line.strip_prefix('|')).collect::<Vec<_>>(), rows);
}
