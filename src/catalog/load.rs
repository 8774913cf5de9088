//! From the name of a stack to the parts of a lab: `extends` followed, components found, capabilities resolved, sizes and parameters settled.

use super::error::{CatalogError, near};
use super::files::{Files, read_file};
use super::yaml;
use crate::model::check::{Stage, problems};
use crate::model::component::{Component, Param, ParamKind};
use crate::model::stack::{API_VERSION, Adjusted, ComponentChoice, Stack};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A lab as the files say it: the merged stack and its parts.
#[derive(Debug, Clone)]
pub struct Lab {
    /// The lab's own name: part of the cluster's name, of host names and of folders.
    pub name: String,
    /// The stack, with all it extends laid under it.
    pub stack: Stack,
    /// By component name.
    pub parts: BTreeMap<String, Part>,
}

/// One component of a lab with its parameters settled.
#[derive(Debug, Clone)]
pub struct Part {
    /// As its file has it.
    pub component: Component,
    /// Value of each parameter: default, then size, then what the stack sets.
    pub params: BTreeMap<String, Value>,
    /// Names of the parts that must be ready first (capabilities resolved).
    pub needs: Vec<String>,
    /// Names of the parts that come before when they are there.
    pub after: Vec<String>,
}

/// Names of the shipped stacks.
pub fn stack_names(files: &Files) -> Vec<String> {
    let names = files.list("stacks");
    names.iter().filter_map(|path| path.strip_prefix("stacks/")?.strip_suffix(".yaml")).map(str::to_owned).collect()
}

/// Names of the shipped components.
pub fn component_names(files: &Files) -> Vec<String> {
    files.components()
}

/// The component called `name`.
pub fn component(files: &Files, name: &str, wanted_by: &str) -> Result<Component, CatalogError> {
    let path = format!("manifests/{name}/component.yaml");
    let Some(text) = files.read(&path)? else {
        let known = files.components();
        return Err(CatalogError::NoComponent {
            name: name.to_owned(),
            near: near(name, known.iter().map(String::as_str)),
            wanted_by: wanted_by.to_owned(),
        });
    };
    let component: Component = yaml::typed(&path, &text)?;
    check_version(&path, &component.api_version)?;
    match component.source.problem() {
        None => Ok(component),
        Some(message) => Err(CatalogError::Parse { path, message }),
    }
}

/// The stack `which` (a shipped name, or a path) as a lab called `name`.
pub fn lab(files: &Files, which: &str, name: &str) -> Result<Lab, CatalogError> {
    lab_adjusted(files, which, name, &Adjusted::default())
}

/// The same, with what a person changed about the stack.
pub fn lab_adjusted(files: &Files, which: &str, name: &str, by: &Adjusted) -> Result<Lab, CatalogError> {
    let whole = stack(files, which, &mut Vec::new())?;
    let known: Vec<String> = whole.components.keys().chain(&whole.apps).cloned().collect();
    let title = whole.metadata.name.clone();
    let stack = whole.adjusted(by).map_err(|missing| CatalogError::NoComponent {
        near: near(&missing, known.iter().map(String::as_str)),
        name: missing,
        wanted_by: format!("`--without`: stack `{title}` has no such component"),
    })?;
    let mut components = BTreeMap::new();
    for (component_name, choice) in stack.enabled() {
        let wanted_by = format!("stack `{}`", stack.metadata.name);
        components.insert(component_name.to_owned(), (component(files, component_name, &wanted_by)?, choice.clone()));
    }
    for app in &stack.apps {
        if !components.contains_key(app) {
            let wanted_by = format!("`apps` of stack `{}`", stack.metadata.name);
            components.insert(app.clone(), (component(files, app, &wanted_by)?, ComponentChoice::default()));
        }
    }
    let providers = providers(&stack, &components)?;
    let mut parts = BTreeMap::new();
    for (component_name, (component, choice)) in &components {
        let mut needs = Vec::new();
        for need in &component.needs {
            let Some(provider) = find(need, &components, &providers) else {
                return Err(CatalogError::Unprovided {
                    component: component_name.clone(),
                    need: need.clone(),
                    candidates: candidates(files, need).join(", "),
                });
            };
            needs.push(provider);
        }
        let after = component.after.iter().filter_map(|other| find(other, &components, &providers)).collect();
        let size = choice.size.or(stack.size).unwrap_or_default();
        let params = params(component, choice, size)?;
        let component = filled(component, &params, name)?;
        parts.insert(component_name.clone(), Part { component, params, needs, after });
    }
    Ok(Lab { name: name.to_owned(), stack, parts })
}

/// The component with `%{lab}` and its own parameters filled in where it speaks of itself: exports, endpoints and checks.
fn filled(component: &Component, params: &BTreeMap<String, Value>, lab: &str) -> Result<Component, CatalogError> {
    let path = format!("manifests/{}/component.yaml", component.metadata.name);
    let broken = |error: serde_json::Error| CatalogError::Parse { path: path.clone(), message: error.to_string() };
    let mut value = serde_json::to_value(component).map_err(broken)?;
    for key in ["exports", "endpoints", "ready", "proof"] {
        if let Some(part) = value.get_mut(key) {
            fill(part, params, lab);
        }
    }
    let component: Component = serde_json::from_value(value).map_err(broken)?;
    let mut wrong = problems(&component.ready, Stage::Ready);
    wrong.extend(problems(&component.proof, Stage::Proof));
    if wrong.is_empty() { Ok(component) } else { Err(CatalogError::Parse { path, message: wrong.join("; ") }) }
}

fn fill(value: &mut Value, params: &BTreeMap<String, Value>, lab: &str) {
    match value {
        Value::String(text) if text.contains("%{") => {
            let mut new = text.replace("%{lab}", lab);
            for (name, value) in params {
                let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                new = new.replace(&format!("%{{{name}}}"), &shown);
            }
            *text = new;
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, params, lab)),
        Value::Object(entries) => entries.values_mut().for_each(|entry| fill(entry, params, lab)),
        _ => {}
    }
}

fn stack(files: &Files, which: &str, chain: &mut Vec<String>) -> Result<Stack, CatalogError> {
    if chain.iter().any(|seen| seen == which) {
        chain.push(which.to_owned());
        return Err(CatalogError::ExtendsCycle { name: which.to_owned(), chain: chain.join(" → ") });
    }
    chain.push(which.to_owned());
    let is_path = which.contains('/') || Path::new(which).extension().is_some_and(|end| end == "yaml" || end == "yml");
    let (path, text) = if is_path {
        (which.to_owned(), read_file(Path::new(which))?)
    } else {
        let path = format!("stacks/{which}.yaml");
        let text = files.read(&path)?.ok_or_else(|| {
            let known = stack_names(files);
            CatalogError::NoStack { name: which.to_owned(), near: near(which, known.iter().map(String::as_str)), known: known.join(", ") }
        })?;
        (path, text)
    };
    let own: Stack = yaml::typed(&path, &text)?;
    check_version(&path, &own.api_version)?;
    match own.extends.clone() {
        Some(base) => {
            // a file names its base relative to itself
            let base = match Path::new(&path).parent() {
                Some(folder) if is_path && base.contains('/') => folder.join(&base).display().to_string(),
                _ => base,
            };
            Ok(own.over(stack(files, &base, chain)?))
        }
        None => Ok(own),
    }
}

pub(super) fn check_version(path: &str, version: &str) -> Result<(), CatalogError> {
    if version == API_VERSION {
        return Ok(());
    }
    Err(CatalogError::Parse { path: path.to_owned(), message: format!("apiVersion is `{version}`; this labctl reads `{API_VERSION}`") })
}

type Chosen = BTreeMap<String, (Component, ComponentChoice)>;

/// Which component provides each capability; two that do is an error unless the stack chose.
fn providers(stack: &Stack, components: &Chosen) -> Result<BTreeMap<String, String>, CatalogError> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, (component, _)) in components {
        for capability in &component.provides {
            all.entry(capability.clone()).or_default().push(name.clone());
        }
    }
    for (capability, chosen) in &stack.choices {
        if !all.get(capability).is_some_and(|names| names.contains(chosen)) {
            return Err(CatalogError::NoComponent {
                name: chosen.clone(),
                near: near(chosen, all.get(capability).into_iter().flatten().map(String::as_str)),
                wanted_by: format!("`choices: {{{capability}: {chosen}}}`: no enabled component of that name provides `{capability}`"),
            });
        }
    }
    let mut single = BTreeMap::new();
    for (capability, names) in all {
        match names.as_slice() {
            [only] => {
                single.insert(capability, only.clone());
            }
            several => {
                let providers = several.join(" and ");
                return Err(CatalogError::Ambiguous { capability, providers });
            }
        }
    }
    Ok(single)
}

fn find(name: &str, components: &Chosen, providers: &BTreeMap<String, String>) -> Option<String> {
    components.get_key_value(name).map(|(name, _)| name.clone()).or_else(|| providers.get(name).cloned())
}

/// Shipped components that are called or provide `need`.
fn candidates(files: &Files, need: &str) -> Vec<String> {
    let provides = |name: &String| component(files, name, "").is_ok_and(|found| found.provides.iter().any(|capability| capability == need));
    let found: Vec<_> = files.components().into_iter().filter(|name| name == need || provides(name)).collect();
    if found.is_empty() { vec!["(none is shipped)".to_owned()] } else { found }
}

fn params(
    component: &Component,
    choice: &ComponentChoice,
    size: crate::model::stack::Size,
) -> Result<BTreeMap<String, Value>, CatalogError> {
    let problem =
        |param: &str, problem: String| CatalogError::Param { component: component.metadata.name.clone(), param: param.to_owned(), problem };
    let mut values: BTreeMap<String, Value> = component.params.iter().map(|(name, param)| (name.clone(), param.default.clone())).collect();
    let sized = component.sizes.get(&size).map(|spec| &spec.set);
    for (name, value) in sized.into_iter().flatten().chain(&choice.set) {
        if !component.params.contains_key(name) {
            let hint = near(name, component.params.keys().map(String::as_str));
            return Err(problem(name, format!("does not exist{hint}")));
        }
        values.insert(name.clone(), value.clone());
    }
    for (name, value) in &mut values {
        if let Some(param) = component.params.get(name) {
            *value = checked(param, value).map_err(|text| problem(name, text))?;
        }
    }
    Ok(values)
}

/// The value in the form manifests get it, or what is wrong with it.
fn checked(param: &Param, value: &Value) -> Result<Value, String> {
    use crate::model::units;
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let bad = |wanted: &str| Err(format!("is `{text}`; it must be {wanted}"));
    match param.kind {
        ParamKind::Int => text.parse::<i64>().map(Value::from).or_else(|_| bad("a whole number")),
        ParamKind::Bool => text.parse::<bool>().map(Value::from).or_else(|_| bad("true or false")),
        ParamKind::Duration => match text.parse::<units::HumanDuration>() {
            Ok(_) => Ok(Value::String(text)),
            Err(error) => Err(format!("is `{text}`: {error}")),
        },
        ParamKind::Quantity if text.parse::<units::Bytes>().is_err() && text.parse::<units::MilliCpu>().is_err() => {
            bad("a quantity such as 256Mi or 100m")
        }
        ParamKind::Enum if !param.values.contains(&text) => bad(&format!("one of {}", param.values.join(", "))),
        ParamKind::String | ParamKind::Quantity | ParamKind::Enum => Ok(Value::String(text)),
    }
}
