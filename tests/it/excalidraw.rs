//! docs/ARCHITECTURE.excalidraw, drawn from the component catalogue: a row per group, a column per step of the way from what needs nothing to what
//! needs most, an arrow from each component to what it needs (solid) or comes after (dashed). `make docs` (UPDATE_DOCS=1) writes it; otherwise an out-of-date page fails.

use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const BOX: (i64, i64) = (210, 90);
/// Characters of a line in a box.
const LINE: usize = 24;
const GAP: (i64, i64) = (90, 30);
const MARGIN: i64 = 40;
const HEAD: i64 = 40;

/// What the picture needs of a component file.
#[derive(Debug, Clone, Deserialize)]
struct Component {
    metadata: Metadata,
    #[serde(default)]
    needs: Vec<String>,
    /// Order only.
    #[serde(default)]
    after: Vec<String>,
    #[serde(default)]
    provides: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    name: String,
    #[serde(default)]
    title: String,
    #[serde(default = "other")]
    group: String,
}

fn other() -> String {
    "other".to_owned()
}

/// Compares a generated page with the one in the tree, or writes it under `UPDATE_DOCS=1`. `make` gets the page as it stands, empty if there is none.
#[track_caller]
pub fn keep(page: &str, make: impl FnOnce(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let wanted = make(&there);
    if there == wanted {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, wanted).unwrap();
    } else {
        panic!("{page} is out of date: `make docs` writes it anew");
    }
}

fn catalogue(folder: &Path) -> Vec<Component> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path().join("component.yaml"))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files.iter().map(|path| parse(&std::fs::read_to_string(path).unwrap(), &path.display().to_string())).collect()
}

fn parse(yaml: &str, file: &str) -> Component {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// An arrow: from a component to one it needs, or only comes after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: usize,
    to: usize,
    order_only: bool,
}

/// From each component to the components it names: by name, or by all that provide the capability.
fn edges(components: &[Component]) -> Vec<Edge> {
    let mut edges = BTreeSet::new();
    for (from, component) in components.iter().enumerate() {
        for (names, order_only) in [(&component.needs, false), (&component.after, true)] {
            for (to, other) in components.iter().enumerate() {
                let named = names.iter().any(|name| other.metadata.name == *name || other.provides.contains(name));
                // needing implies coming after: one arrow is enough
                if to != from && named && !edges.contains(&Edge { from, to, order_only: false }) {
                    edges.insert(Edge { from, to, order_only });
                }
            }
        }
    }
    edges.into_iter().collect()
}

/// Longest way down to something that needs nothing. A cycle (which the catalogue refuses elsewhere) ends at the number of components.
fn depths(count: usize, edges: &[Edge]) -> Vec<i64> {
    let mut depths = vec![0; count];
    for _ in 0..count {
        for &Edge { from, to, .. } in edges {
            depths[from] = depths[from].max(depths[to] + 1).min(i64::try_from(count).unwrap());
        }
    }
    depths
}

/// A stable number for an element: the picture must not change when nothing did.
fn seed(id: &str) -> u32 {
    id.bytes().fold(2_166_136_261_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619)) >> 1
}

struct Place {
    x: i64,
    y: i64,
}

/// The fields that every element has.
fn element(kind: &str, id: &str, at: &Place, size: (i64, i64), frame: Option<&str>) -> Value {
    json!({
        "id": id, "type": kind, "x": at.x, "y": at.y, "width": size.0, "height": size.1, "angle": 0,
        "strokeColor": "#1e1e1e", "backgroundColor": "transparent", "fillStyle": "solid", "strokeWidth": 1, "strokeStyle": "solid",
        "roughness": 0, "opacity": 100, "groupIds": [], "frameId": frame, "index": null, "roundness": null, "seed": seed(id),
        "version": 1, "versionNonce": seed(&format!("{id}/nonce")), "isDeleted": false, "boundElements": [], "updated": 1, "link": null, "locked": false
    })
}

fn with(mut element: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        element[key] = value.clone();
    }
    element
}

fn text(id: &str, within: &str, at: &Place, text: &str, frame: Option<&str>) -> Value {
    let lines = i64::try_from(text.lines().count()).unwrap();
    let height = lines * 20;
    let at = Place { x: at.x + 5, y: at.y + (BOX.1 - height) / 2 };
    with(
        element("text", id, &at, (BOX.0 - 10, height), frame),
        &json!({
            "text": text, "originalText": text, "fontSize": 16, "fontFamily": 2, "textAlign": "center", "verticalAlign": "middle",
            "containerId": within, "autoResize": true, "lineHeight": 1.25
        }),
    )
}

/// What stands in a box: the title, and what it provides, in lines that fit.
fn words(component: &Component) -> String {
    let title = if component.metadata.title.is_empty() { &component.metadata.name } else { &component.metadata.title };
    let mut lines = vec![title.clone()];
    for capability in &component.provides {
        match lines.last_mut() {
            Some(line) if line.starts_with('(') && line.len() + capability.len() + 2 <= LINE => {
                line.push_str(", ");
                line.push_str(capability);
            }
            _ => lines.push(format!("({capability}")),
        }
    }
    lines.iter().map(|line| if line.starts_with('(') { format!("{line})") } else { line.clone() }).collect::<Vec<_>>().join("\n")
}

fn colour(group: &str) -> &'static str {
    const COLOURS: [&str; 6] = ["#a5d8ff", "#b2f2bb", "#ffec99", "#ffd8a8", "#eebefa", "#99e9f2"];
    COLOURS[usize::try_from(seed(group)).unwrap() % COLOURS.len()]
}

/// The whole picture.
fn draw(components: &[Component]) -> Value {
    let edges = edges(components);
    let depths = depths(components.len(), &edges);
    let columns = depths.iter().max().map_or(1, |deepest| deepest + 1);
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, component) in components.iter().enumerate() {
        groups.entry(&component.metadata.group).or_default().push(index);
    }
    // groups that others stand on come first
    let mut rows: Vec<(&str, Vec<usize>)> = groups.into_iter().collect();
    rows.sort_by_key(|(name, members)| (members.iter().map(|&member| depths[member]).min(), *name));

    let mut places: Vec<Place> = components.iter().map(|_| Place { x: 0, y: 0 }).collect();
    let mut frames = Vec::new();
    let mut top = 0;
    for (group, members) in &rows {
        let mut used: BTreeMap<i64, i64> = BTreeMap::new();
        for &member in members {
            let slot = used.entry(depths[member]).or_default();
            places[member] = Place { x: MARGIN + depths[member] * (BOX.0 + GAP.0), y: top + HEAD + *slot * (BOX.1 + GAP.1) };
            *slot += 1;
        }
        let tallest = used.values().max().copied().unwrap_or(1);
        let height = HEAD + tallest * (BOX.1 + GAP.1);
        let width = MARGIN * 2 + columns * (BOX.0 + GAP.0) - GAP.0;
        frames.push(with(
            element("frame", &format!("group/{group}"), &Place { x: 0, y: top }, (width, height), None),
            &json!({"name": group, "strokeColor": "#bbbbbb", "strokeWidth": 2}),
        ));
        top += height + GAP.1 * 2;
    }

    let mut elements = Vec::new();
    for (index, component) in components.iter().enumerate() {
        let (name, frame) = (&component.metadata.name, format!("group/{}", component.metadata.group));
        let mut bound = vec![json!({"id": format!("text/{name}"), "type": "text"})];
        let touching = edges.iter().filter(|edge| edge.from == index || edge.to == index);
        bound.extend(touching.map(|edge| json!({"id": arrow_id(components, *edge), "type": "arrow"})));
        elements.push(with(
            element("rectangle", &format!("box/{name}"), &places[index], BOX, Some(&frame)),
            &json!({"backgroundColor": colour(&component.metadata.group), "roundness": {"type": 3}, "boundElements": bound}),
        ));
        elements.push(text(&format!("text/{name}"), &format!("box/{name}"), &places[index], &words(component), Some(&frame)));
    }
    elements.extend(frames);
    elements.extend(edges.iter().map(|edge| arrow(components, &places, *edge)));
    json!({
        "type": "excalidraw", "version": 2, "source": "https://github.com/labctl/labctl",
        "elements": elements, "appState": {"gridSize": null, "viewBackgroundColor": "#ffffff"}, "files": {}
    })
}

fn arrow_id(components: &[Component], edge: Edge) -> String {
    let kind = if edge.order_only { "after" } else { "needs" };
    format!("{kind}/{}/{}", components[edge.from].metadata.name, components[edge.to].metadata.name)
}

/// From the left side of a box to the right side of what it needs, a small gap before both.
fn arrow(components: &[Component], places: &[Place], edge: Edge) -> Value {
    const GAP: i64 = 4;
    let (from, to) = (&places[edge.from], &places[edge.to]);
    let start = Place { x: from.x - GAP, y: from.y + BOX.1 / 2 };
    let (dx, dy) = (to.x + BOX.0 + GAP - start.x, to.y + BOX.1 / 2 - start.y);
    let bind = |index: usize| json!({"elementId": format!("box/{}", components[index].metadata.name), "focus": 0, "gap": GAP});
    with(
        element("arrow", &arrow_id(components, edge), &start, (dx.abs(), dy.abs()), None),
        &json!({
            "points": [[0, 0], [dx, dy]], "lastCommittedPoint": null, "startBinding": bind(edge.from), "endBinding": bind(edge.to),
            "startArrowhead": null, "endArrowhead": "arrow", "elbowed": false, "strokeColor": "#868e96", "roundness": {"type": 2},
            "strokeStyle": if edge.order_only { "dashed" } else { "solid" }
        }),
    )
}

#[test]
fn the_picture_shows_the_catalogue() {
    let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    let picture = "docs/ARCHITECTURE.excalidraw";
    if !manifests.is_dir() {
        // no catalogue, no picture of one
        assert!(!manifests.with_file_name(picture).exists(), "{picture} shows components that are not in the tree");
        return;
    }
    let components = catalogue(&manifests);
    keep(picture, |_| serde_json::to_string_pretty(&draw(&components)).unwrap() + "\n");
}

#[cfg(test)]
mod drawn {
    use super::*;

    fn example() -> Vec<Component> {
        let yaml = |name: &str, group: &str, rest: &str| parse(&format!("metadata: {{name: {name}, group: {group}}}\n{rest}"), name);
        vec![
            yaml("app", "apps", "needs: [traces, queue]\nafter: [collector, sqs]"),
            yaml("collector", "observability", "needs: [loki, traces]\nversion: 1"),
            yaml("jaeger", "observability", "provides: [traces]"),
            yaml("loki", "observability", "provides: [logs]"),
            yaml("sqs", "cloud", "provides: [queue]"),
        ]
    }

    fn ids(elements: &[Value], kind: &str) -> BTreeSet<String> {
        elements.iter().filter(|one| one["type"] == kind).map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn needs_and_order_are_drawn_once_by_name_and_by_capability() {
        let picture = draw(&example());
        let arrows = ids(picture["elements"].as_array().unwrap(), "arrow");
        let expected = ["needs/app/jaeger", "needs/app/sqs", "needs/collector/loki", "needs/collector/jaeger", "after/app/collector"];
        assert_eq!(arrows, expected.map(str::to_owned).into());
    }

    #[test]
    fn every_arrow_is_bound_to_two_boxes_that_know_it() {
        let picture = draw(&example());
        let elements = picture["elements"].as_array().unwrap();
        for arrow in elements.iter().filter(|one| one["type"] == "arrow") {
            for end in ["startBinding", "endBinding"] {
                let within = elements.iter().find(|one| one["id"] == arrow[end]["elementId"]).expect("the box is there");
                assert!(within["boundElements"].as_array().unwrap().iter().any(|bound| bound["id"] == arrow["id"]));
            }
        }
    }

    #[test]
    fn what_needs_more_stands_further_right_and_no_boxes_overlap() {
        let components = example();
        let picture = draw(&components);
        let elements = picture["elements"].as_array().unwrap();
        let at = |name: &str| elements.iter().find(|one| one["id"] == format!("box/{name}")).unwrap();
        assert!(at("app")["x"].as_i64() > at("jaeger")["x"].as_i64());
        let boxes: Vec<(i64, i64)> = components
            .iter()
            .map(|one| (at(&one.metadata.name)["x"].as_i64().unwrap(), at(&one.metadata.name)["y"].as_i64().unwrap()))
            .collect();
        for (index, a) in boxes.iter().enumerate() {
            for b in &boxes[index + 1..] {
                assert!((a.0 - b.0).abs() >= BOX.0 || (a.1 - b.1).abs() >= BOX.1, "{a:?} and {b:?} overlap");
            }
        }
    }

    #[test]
    fn ids_are_unique_and_the_picture_is_the_same_each_time() {
        let picture = draw(&example());
        let elements = picture["elements"].as_array().unwrap();
        let all: BTreeSet<&str> = elements.iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(all.len(), elements.len());
        assert_eq!(picture, draw(&example()));
    }
}
