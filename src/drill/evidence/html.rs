//! `report.html`: the page of `report.md` and a chart of each query, in one file that needs no network.

use super::{chart, report};
use crate::model::scenario::DrillResult;
use pulldown_cmark::{Event, Options, Parser, html};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

/// Readable on paper as well as on a screen, light or dark.
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}\
table{border-collapse:collapse;width:100%;font-size:14px}th,td{border:1px solid #c8c8c8;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
th{background:#f1f1f1}code{font-size:13px;overflow-wrap:anywhere}figure{margin:1.5rem 0}figure svg{max-width:100%;height:auto;background:#fff}figcaption{font-size:13px}\
@media (prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}th{background:#2a2a2a}th,td{border-color:#444}}";

/// The page. `folder` is that of the run, where the series are.
pub fn page(folder: &Path, result: &DrillResult) -> String {
    let text = report::markdown(result);
    // what the lab has said may look like HTML, and is shown as what it is
    let events = Parser::new_ext(&text, Options::ENABLE_TABLES).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        other => other,
    });
    let title = escaped(&format!("{}: {}, rollback {}", result.scenario, result.verdict, result.rollback));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n"
    );
    html::push_html(&mut page, events);
    page.push_str(&charts(folder, result));
    page.push_str("</body></html>\n");
    page
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    let _infallible = pulldown_cmark_escape::escape_html(&mut out, text);
    out
}

fn charts(folder: &Path, result: &DrillResult) -> String {
    let Some(injected) = result.injected else { return String::new() };
    let seconds = |at: crate::model::run::At| at.0.unix_timestamp_nanos() as f64 / 1e9;
    let shade = Some((seconds(injected), seconds(result.rolled_back.unwrap_or(result.ended))));
    let mut files: Vec<_> = std::fs::read_dir(folder.join("metrics")).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut text = String::new();
    for path in files {
        let Some(file) = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok()) else { continue };
        let word = |key: &str| file[key].as_str().unwrap_or_default();
        let unit = file["unit"].as_str().map(|unit| format!(", {unit}")).unwrap_or_default();
        let (name, query) = (escaped(word("check")), escaped(word("query")));
        let Some(svg) = chart::svg(&file, shade, injected) else {
            let _infallible = writeln!(text, "<p>{name}: the query gave no number. <code>{query}</code></p>");
            continue;
        };
        let _infallible = writeln!(text, "<figure>{svg}<figcaption>{name}{unit} · <code>{query}</code></figcaption></figure>");
    }
    if text.is_empty() {
        return text;
    }
    format!("<h2>What was measured</h2>\n<p>Time is counted from the first fault; shaded is the time until all was taken back.</p>\n{text}")
}
