//! Draws the list of workloads.

use super::aged::{age, mark};
use super::rows::{Row, Rows};
use crate::model::look::{Looks, PodRow, WorkloadRow};
use crate::model::run::At;
use crate::model::units::{Bytes, MilliCpu};
use crate::tui::text::{clip, fit, right, width};
use crate::tui::theme::{Meaning, Theme};
use crate::tui::widgets::first_shown;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// A column: its heading, its width, and how wide the list must be for it to be shown.
struct Column {
    head: &'static str,
    columns: usize,
    from: usize,
    cell: fn(&PodRow, &Looks, At) -> String,
}

const COLUMNS: [Column; 6] = [
    Column { head: "ready", columns: 5, from: 0, cell: |pod, _, _| format!("{}/{}", pod.ready.0, pod.ready.1) },
    Column { head: "restarts", columns: 8, from: 0, cell: |pod, _, now| restarts(pod, now) },
    Column { head: "age", columns: 6, from: 52, cell: |pod, _, now| age(pod.made, now) },
    Column { head: "cpu", columns: 6, from: 64, cell: |pod, looks, _| used(pod, looks, |(cpu, _)| MilliCpu(cpu).to_string()) },
    Column { head: "memory", columns: 8, from: 64, cell: |pod, looks, _| used(pod, looks, |(_, bytes)| Bytes(bytes).to_string()) },
    Column { head: "node", columns: 24, from: 110, cell: |pod, _, _| pod.node.clone() },
];

fn restarts(pod: &PodRow, now: At) -> String {
    match (pod.restarts, pod.last_restart) {
        (0, _) => "0".to_owned(),
        // what happened lately is news, what happened once is not
        (count, Some(last)) if now.millis_since(last) < 3_600_000 => format!("{count} {}", age(Some(last), now)),
        (count, _) => count.to_string(),
    }
}

fn used(pod: &PodRow, looks: &Looks, shown: impl Fn((u64, u64)) -> String) -> String {
    looks
        .usage
        .answer()
        .and_then(|usage| usage.of(&pod.namespace, &pod.name))
        .map_or("–".to_owned(), |used| shown((used.millicores, used.bytes)))
}

/// Draws headings and rows.
pub fn draw_list(rows: &Rows, looks: &Looks, now: At, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let wide = usize::from(area.width);
    let columns: Vec<&Column> = COLUMNS.iter().filter(|column| column.from <= wide).collect();
    let taken: usize = columns.iter().map(|column| column.columns + 1).sum();
    let name = wide.saturating_sub(taken + 3).max(8);
    let mut all = area.rows();
    let Some(top) = all.next() else { return };
    let heads: Vec<String> = columns.iter().map(|column| right(column.head, column.columns)).collect();
    let heads = format!(" {}", heads.join(" "));
    buffer.set_line(top.x, top.y, &theme.span(Meaning::Dim, format!("   {}{heads}", fit("name", name))).into(), top.width);
    let height = usize::from(area.height).saturating_sub(1);
    let first = first_shown(rows.at(), rows.shown.len(), height.max(1));
    for (at, (place, row)) in all.zip(rows.shown.iter().skip(first)).enumerate() {
        let line = match row {
            Row::Space(space, pods) => {
                let count = if *pods == 1 { "1 pod".to_owned() } else { format!("{pods} pods") };
                Line::from(vec![theme.span(Meaning::Title, clip(space, name + 2)), theme.span(Meaning::Dim, format!("  {count}"))])
            }
            Row::Workload(at) => {
                let Some(one) = looks.workloads.answer().and_then(|all| all.get(*at)) else { continue };
                workload(one, name, &columns, theme, wide)
            }
            Row::Pod(at, under) => {
                let Some(one) = looks.pods.answer().and_then(|all| all.get(*at)) else { continue };
                pod(one, *under, name, &columns, (looks, now), theme)
            }
        };
        buffer.set_line(place.x, place.y, &line, place.width);
        if first + at == rows.at() {
            buffer.set_style(place, theme.style(Meaning::Selected));
        }
    }
}

fn workload(one: &WorkloadRow, name: usize, columns: &[&Column], theme: Theme, wide: usize) -> Line<'static> {
    let [glyph, letter] = mark(one.condition, theme);
    let ready = columns.first().map_or(5, |column| column.columns);
    let kind = one.kind.name();
    let title = if wide > 60 { format!("{kind} {}", one.name) } else { one.name.clone() };
    let count = right(&format!("{}/{}", one.ready, one.wanted), ready);
    let mut spans = vec![glyph, letter, theme.span(Meaning::Text, " "), theme.span(Meaning::Strong, fit(&title, name))];
    spans.push(theme.span(Meaning::Text, format!(" {count}")));
    // what it lacks has the room that the columns of pods leave
    spans.push(theme.span(Meaning::Dim, clip(&format!("  {}", one.lacks), wide.saturating_sub(name + ready + 4))));
    Line::from(spans)
}

fn pod(one: &PodRow, under: bool, name: usize, columns: &[&Column], (looks, now): (&Looks, At), theme: Theme) -> Line<'static> {
    let [glyph, letter] = mark(one.condition, theme);
    let indent = if under { "  " } else { "" };
    // what is not simply running is said behind the name, which gives way to it
    let state = if one.status == "Running" || one.status == "Completed" { String::new() } else { format!(" {}", one.status) };
    let room = name.saturating_sub(width(&state)).max(name / 2);
    let title = clip(&format!("{indent}{}", one.name), room).into_owned();
    let rest = name.saturating_sub(width(&title));
    let mut spans: Vec<Span<'static>> = vec![glyph, letter, theme.span(Meaning::Text, format!(" {title}"))];
    spans.push(theme.span(Meaning::Warning, fit(&state, rest)));
    spans.extend(
        columns.iter().map(|column| theme.span(Meaning::Text, format!(" {}", right(&(column.cell)(one, looks, now), column.columns)))),
    );
    Line::from(spans)
}
