//! `labctl component` and `schema`: what labctl knows.

use super::context::Context;
use super::exit::{Failure, code};
use super::{edit, show};
use crate::catalog::{self, Images};
use crate::cli::{ComponentVerb, SchemaKind};
use crate::model::component::Component;
use crate::model::image::LockedImage;
use crate::model::schema;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    title: String,
    group: String,
    version: String,
    provides: Vec<String>,
    stacks: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Info {
    component: Component,
    /// As the image lock or bundle in use has them.
    images: Vec<LockedImage>,
}

/// Runs `labctl component`.
pub fn component(context: &Context, verb: &ComponentVerb) -> Result<u8, Failure> {
    match verb {
        ComponentVerb::List { output } => {
            let rows = rows(context)?;
            show::answer(*output, &rows, |rows| {
                let cells: Vec<_> = rows
                    .iter()
                    .map(|row| {
                        vec![
                            row.name.clone(),
                            row.version.clone(),
                            row.group.clone(),
                            row.provides.join(","),
                            row.stacks.join(","),
                            row.title.clone(),
                        ]
                    })
                    .collect();
                show::table(&["NAME", "VERSION", "GROUP", "PROVIDES", "STACKS", "TITLE"], &cells)
            })?;
        }
        ComponentVerb::Info { name, output } => {
            let component = catalog::component(&context.files, name, "labctl component info")?;
            let images = match context.state()?.bundle.filter(|path| path.exists()) {
                Some(path) => Images::Bundle(Box::new(catalog::OpenBundle::open(&path)?)),
                None => Images::lock(&context.files)?,
            };
            let found = component.images.iter().filter_map(|image| images.find(&image.name, Some(&image.tag))).collect();
            show::answer(*output, &Info { component, images: found }, text)?;
        }
        ComponentVerb::Add { name } => return edit::select(context, name, true),
        ComponentVerb::Remove { name } => return edit::select(context, name, false),
    }
    Ok(code::OK)
}

fn rows(context: &Context) -> Result<Vec<Row>, Failure> {
    let mut stacks = Vec::new();
    for name in catalog::stack_names(&context.files) {
        stacks.push(catalog::lab(&context.files, &name, "any")?);
    }
    let mut rows = Vec::new();
    for name in catalog::component_names(&context.files) {
        let component = catalog::component(&context.files, &name, "labctl component list")?;
        rows.push(Row {
            stacks: stacks.iter().filter(|lab| lab.parts.contains_key(&name)).map(|lab| lab.stack.metadata.name.clone()).collect(),
            name,
            title: component.metadata.title,
            group: component.metadata.group,
            version: component.version,
            provides: component.provides,
        });
    }
    Ok(rows)
}

fn text(info: &Info) -> String {
    let component = &info.component;
    let mut text = format!("{} {}  {}\n", component.metadata.name, component.version, component.metadata.title);
    let mut line = |title: &str, value: String| {
        if !value.is_empty() {
            text.push_str(&format!("  {title:10} {value}\n"));
        }
    };
    line("namespace", component.namespace.clone());
    line("provides", component.provides.join(", "));
    line("needs", component.needs.join(", "));
    for image in &info.images {
        let origin = format!("{:?}", image.origin).to_lowercase();
        let note = if image.note.is_empty() { String::new() } else { format!("; {}", image.note) };
        line("image", format!("{}  origin {origin}{note}", image.reference()));
    }
    for (name, param) in &component.params {
        line("parameter", format!("{name} = {}  {}", param.default, param.doc));
    }
    for endpoint in &component.endpoints {
        let public = if endpoint.public { ", behind the gateway" } else { "" };
        line("endpoint", format!("{} {}:{}{public}", endpoint.name, endpoint.service, endpoint.port));
    }
    for check in &component.ready {
        line("ready", check.name.clone());
    }
    for check in &component.proof {
        line("proof", check.name.clone());
    }
    line("page", component.metadata.page.clone());
    text
}

/// Runs `labctl schema`.
pub fn schema(kind: SchemaKind) -> Result<u8, Failure> {
    let schema = match kind {
        SchemaKind::Stack => schema::of::<crate::model::stack::Stack>(),
        SchemaKind::Component => schema::of::<Component>(),
        SchemaKind::Scenario => schema::of::<crate::model::scenario::Scenario>(),
        SchemaKind::Result => schema::of::<crate::model::scenario::DrillResult>(),
        SchemaKind::Gameday => schema::of::<crate::model::gameday::GameDay>(),
        SchemaKind::GamedayResult => schema::of::<crate::model::gameday::GameDayResult>(),
        SchemaKind::RunbookResult => schema::of::<crate::model::runbook::RunbookResult>(),
        SchemaKind::Bundle => schema::of::<crate::model::image::Bundle>(),
        SchemaKind::Event => schema::of::<crate::model::run::Event>(),
        SchemaKind::Status => schema::of::<crate::model::status::LabStatus>(),
    };
    let text = serde_json::to_string_pretty(&schema).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    show::out(&format!("{text}\n"));
    Ok(code::OK)
}
