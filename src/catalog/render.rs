//! From a part of a lab to the objects it is made of: marks filled in, images pinned by the lock in use, namespaces set.

use super::bundle::Images;
use super::charts::chart_objects;
use super::error::{CatalogError, near};
use super::files::Files;
use super::load::{Lab, Part};
use super::yaml;
use crate::model::image::{LockedImage, split_reference};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A component as objects.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Name of the component.
    pub name: String,
    /// Where its namespaced objects go.
    pub namespace: String,
    /// Kubernetes objects, ready to apply.
    pub objects: Vec<Value>,
    /// What its pods will pull.
    pub images: Vec<LockedImage>,
}

/// ConfigMaps with this annotation get marks in their file contents filled in too; the annotation itself is left out.
const SUBSTITUTE: &str = "labctl.dev/substitute";

/// Kinds that live outside namespaces. Custom kinds of ours join when a component brings them.
const CLUSTER_SCOPED: &[&str] = &[
    "Namespace",
    "Node",
    "PersistentVolume",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "APIService",
    "StorageClass",
    "PriorityClass",
    "IngressClass",
    "RuntimeClass",
    "CSIDriver",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];

/// Renders every part of `lab` with the images of `images`. `charts` is what Helm made of each chart, by component.
pub fn render(files: &Files, lab: &Lab, images: &Images, charts: &BTreeMap<String, String>) -> Result<Vec<Rendered>, CatalogError> {
    let exports = lab.exports();
    let mut missing = Vec::new();
    let mut rendered = Vec::new();
    for (name, part) in &lab.parts {
        let mut objects = own_objects(files, lab, name, part, &exports)?;
        if part.component.source.chart.is_some() {
            let text = charts.get(name).ok_or_else(|| CatalogError::NotRendered { component: name.clone() })?;
            objects.extend(chart_objects(name, text)?.objects.into_iter().map(|object| finish(object, part)));
        }
        let used = pin(&mut objects, part, images, &mut missing)?;
        rendered.push(Rendered { name: name.clone(), namespace: part.component.namespace.clone(), objects, images: used });
    }
    if !missing.is_empty() {
        return Err(images.not_there(&missing));
    }
    Ok(rendered)
}

/// The objects of every part's own manifests, charts left out.
pub fn plain_objects(files: &Files, lab: &Lab) -> Result<Vec<Value>, CatalogError> {
    let exports = lab.exports();
    let mut objects = Vec::new();
    for (name, part) in &lab.parts {
        objects.extend(own_objects(files, lab, name, part, &exports)?);
    }
    Ok(objects)
}

fn own_objects(files: &Files, lab: &Lab, name: &str, part: &Part, exports: &BTreeMap<String, String>) -> Result<Vec<Value>, CatalogError> {
    let marks = marks_of(&lab.name, part, exports);
    let mut objects = Vec::new();
    for path in manifests(files, name, part) {
        let text = files.read(&path)?.unwrap_or_default();
        for document in yaml::documents(&path, &text)? {
            objects.push(finish(marks.fill(&path, document)?, part));
        }
    }
    Ok(objects)
}

/// The YAML files of a component that its globs name, in alphabetical order.
fn manifests(files: &Files, name: &str, part: &Part) -> Vec<String> {
    let folder = format!("manifests/{name}");
    let listed = files.list(&folder);
    let matches = |path: &str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        let values = part.component.source.chart.iter().any(|chart| chart.values.iter().any(|values| values == file));
        file != "component.yaml"
            && !values
            && part.component.source.manifests.iter().any(|glob| match glob.split_once('*') {
                Some((start, end)) => file.len() >= start.len() + end.len() && file.starts_with(start) && file.ends_with(end),
                None => glob == file,
            })
    };
    listed.into_iter().filter(|path| matches(path)).collect()
}

/// Sets the namespace where one belongs.
fn finish(mut object: Value, part: &Part) -> Value {
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    if !CLUSTER_SCOPED.contains(&kind.as_str()) && object["metadata"]["namespace"].is_null() {
        object["metadata"]["namespace"] = json!(part.component.namespace);
    }
    object
}

/// The marks a part's files may have.
pub(super) fn marks_of<'a>(lab: &'a str, part: &'a Part, exports: &'a BTreeMap<String, String>) -> Marks<'a> {
    Marks { lab, part, exports }
}

pub(super) struct Marks<'a> {
    lab: &'a str,
    part: &'a Part,
    exports: &'a BTreeMap<String, String>,
}

impl Marks<'_> {
    fn fill(&self, path: &str, mut object: Value) -> Result<Value, CatalogError> {
        let is_config = object["kind"] == "ConfigMap";
        let opted_in = object["metadata"]["annotations"][SUBSTITUTE] == "true";
        let data = if is_config { object["data"].take() } else { Value::Null };
        let mut filled = self.walk(path, object)?;
        if let Value::Object(entries) = data {
            let texts = entries.into_iter().map(|(key, value)| match value {
                // a ConfigMap holds texts, whatever type the parameter has
                Value::String(text) if opted_in => Ok((key, Value::String(self.filled(path, &text)?))),
                other => Ok((key, other)),
            });
            filled["data"] = Value::Object(texts.collect::<Result<_, CatalogError>>()?);
        }
        if let Some(annotations) = filled["metadata"]["annotations"].as_object_mut() {
            annotations.remove(SUBSTITUTE);
            if annotations.is_empty()
                && let Some(metadata) = filled["metadata"].as_object_mut()
            {
                metadata.remove("annotations");
            }
        }
        // indexing to look may have left nulls behind, which an API server would take for "remove this"
        prune_nulls(&mut filled);
        Ok(filled)
    }

    /// `value` with the marks in all its texts filled in.
    pub(super) fn walk(&self, path: &str, value: Value) -> Result<Value, CatalogError> {
        Ok(match value {
            Value::String(text) => self.text(path, &text)?,
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.walk(path, item)).collect::<Result<_, _>>()?),
            Value::Object(entries) => {
                Value::Object(entries.into_iter().map(|(key, item)| Ok((key, self.walk(path, item)?))).collect::<Result<_, _>>()?)
            }
            other => other,
        })
    }

    /// A text that is one mark takes the type of its value; marks within a text become text.
    fn text(&self, path: &str, text: &str) -> Result<Value, CatalogError> {
        if let Some(name) = text.strip_prefix("%{").and_then(|rest| rest.strip_suffix('}'))
            && !name.contains('}')
        {
            return self.value(path, name);
        }
        Ok(Value::String(self.filled(path, text)?))
    }

    /// The text with each mark in it as text.
    fn filled(&self, path: &str, text: &str) -> Result<String, CatalogError> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("%{") {
            out.push_str(before);
            let Some((name, behind)) = after.split_once('}') else {
                out.push_str("%{");
                rest = after;
                continue;
            };
            match self.value(path, name)? {
                Value::String(value) => out.push_str(&value),
                other => out.push_str(&other.to_string()),
            }
            rest = behind;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn value(&self, path: &str, name: &str) -> Result<Value, CatalogError> {
        if name == "lab" {
            return Ok(Value::String(self.lab.to_owned()));
        }
        let found = match name.strip_prefix("export:") {
            Some(export) => self.exports.get(export).map(|value| Value::String(value.clone())),
            None => self.part.params.get(name).cloned(),
        };
        found.ok_or_else(|| CatalogError::UnknownMark {
            path: path.to_owned(),
            name: name.to_owned(),
            component: self.part.component.metadata.name.clone(),
            near: near(name.trim_start_matches("export:"), self.part.params.keys().chain(self.exports.keys()).map(String::as_str)),
        })
    }
}

fn prune_nulls(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            entries.retain(|_, entry| !entry.is_null());
            entries.values_mut().for_each(prune_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(prune_nulls),
        _ => {}
    }
}

/// Replaces each container's image by the pinned reference of the lock in use; collects what is missing there.
fn pin(objects: &mut [Value], part: &Part, images: &Images, missing: &mut Vec<String>) -> Result<Vec<LockedImage>, CatalogError> {
    let component = &part.component;
    let mut used: Vec<LockedImage> = Vec::new();
    let mut problem = None;
    for object in objects {
        each_container(object, &mut |container| {
            let Some(reference) = container["image"].as_str() else { return };
            let (name, tag) = split_reference(reference);
            if !component.images.iter().any(|image| image.name == name) {
                problem = Some(CatalogError::UnlistedImage { component: component.metadata.name.clone(), image: name });
                return;
            }
            match images.find(&name, tag.as_deref()) {
                Some(image) => {
                    // a chart may pin what the lock does not: then its own words stay
                    if image.digest.is_some() || tag.as_deref() != Some(image.tag.as_str()) {
                        container["image"] = Value::String(image.pinned());
                    }
                    if !used.contains(&image) {
                        used.push(image);
                    }
                }
                None => missing.push(format!("component `{}` ({name})", component.metadata.name)),
            }
        });
    }
    missing.dedup();
    problem.map_or(Ok(used), Err)
}

fn each_container(object: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    let path = match object["kind"].as_str() {
        Some("Pod") => "/spec",
        Some("CronJob") => "/spec/jobTemplate/spec/template/spec",
        Some("Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job") => "/spec/template/spec",
        _ => return,
    };
    let Some(spec) = object.pointer_mut(path) else { return };
    for list in ["initContainers", "containers"] {
        if let Some(containers) = spec.get_mut(list).and_then(Value::as_array_mut) {
            containers.iter_mut().for_each(&mut *visit);
        }
    }
}
