//! Components that come as charts: what Helm has to be asked for, and what its answer means.

use super::error::CatalogError;
use super::files::Files;
use super::hooks::{self, LeftOut};
use super::load::Lab;
use super::render::marks_of;
use super::yaml::{self, Duplicates};
use crate::model::component::ChartSource;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What Helm has to render for one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartRequest {
    /// Name of the component.
    pub component: String,
    /// What Helm calls the release.
    pub release: String,
    /// Where the release goes.
    pub namespace: String,
    /// The chart, pinned.
    pub chart: ChartSource,
    /// The chart on this host, for one that comes from a path.
    pub path: Option<PathBuf>,
    /// Texts of values (JSON, which is YAML too), later ones win.
    pub values: Vec<String>,
}

/// The charts of a lab's parts. Files of values have their marks filled in.
pub fn charts(files: &Files, lab: &Lab) -> Result<Vec<ChartRequest>, CatalogError> {
    let mut requests = Vec::new();
    let exports = lab.exports();
    for (name, part) in &lab.parts {
        let Some(chart) = &part.component.source.chart else { continue };
        let mut values = Vec::new();
        for file in &chart.values {
            let path = format!("manifests/{name}/{file}");
            let Some(text) = files.read(&path)? else {
                return Err(CatalogError::Parse {
                    path: format!("manifests/{name}/component.yaml"),
                    message: format!("`source.chart.values` names {file}, which is not beside it"),
                });
            };
            for document in yaml::documents(&path, &text)? {
                values.push(marks_of(&lab.name, part, &exports).walk(&path, document)?.to_string());
            }
        }
        requests.push(ChartRequest {
            component: name.clone(),
            release: chart.release.clone().unwrap_or_else(|| name.clone()),
            namespace: part.component.namespace.clone(),
            path: chart.path.as_ref().map(|path| files.real(&format!("manifests/{name}"), path)),
            chart: chart.clone(),
            values,
        });
    }
    Ok(requests)
}

/// What a chart brings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChartObjects {
    /// To be applied, hooks with their phase on them.
    pub objects: Vec<Value>,
    /// Hooks that labctl does not run.
    pub left_out: Vec<LeftOut>,
}

/// Reads what Helm rendered for `component`, as kubectl would read it.
pub fn chart_objects(component: &str, rendered: &str) -> Result<ChartObjects, CatalogError> {
    let objects = yaml::read(rendered, Duplicates::LastWins)
        .map_err(|error| CatalogError::Parse { path: format!("what the chart of `{component}` renders"), message: error.to_string() })?;
    let (objects, left_out) = hooks::sort(component, objects)?;
    Ok(ChartObjects { objects, left_out })
}

/// What the definitions among `objects` add to the API: `group/version` and `group/version/Kind`, as charts ask for them.
pub fn apis_of<'a>(objects: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for object in objects.into_iter().filter(|object| object["kind"] == "CustomResourceDefinition") {
        let spec = &object["spec"];
        let (Some(group), Some(kind)) = (spec["group"].as_str(), spec["names"]["kind"].as_str()) else { continue };
        for version in spec["versions"].as_array().into_iter().flatten().filter(|version| version["served"] != false) {
            let Some(version) = version["name"].as_str() else { continue };
            found.insert(format!("{group}/{version}"));
            found.insert(format!("{group}/{version}/{kind}"));
        }
    }
    found
}

impl Lab {
    /// What the parts of the lab may refer to as `%{export:NAME}`.
    pub(super) fn exports(&self) -> BTreeMap<String, String> {
        self.parts.values().flat_map(|part| part.component.exports.clone()).collect()
    }
}

impl Files {
    /// Where `path` is on this host when it is named in a file of `folder`. Only a folder of the user's can hold charts.
    fn real(&self, folder: &str, path: &str) -> PathBuf {
        if Path::new(path).is_absolute() {
            return PathBuf::from(path);
        }
        self.over().unwrap_or(Path::new(".")).join(folder).join(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn definitions_say_what_they_add_to_the_api() {
        let definition = json!({"kind": "CustomResourceDefinition", "spec": {"group": "a.io", "names": {"kind": "Thing"},
            "versions": [{"name": "v1", "served": true}, {"name": "v1alpha1", "served": false}]}});
        let found: Vec<String> = apis_of([&definition, &json!({"kind": "Service"})]).into_iter().collect();
        assert_eq!(found, ["a.io/v1", "a.io/v1/Thing"]);
    }

    #[test]
    fn what_a_chart_renders_is_read_as_kubectl_reads_it() {
        let text = "---\n# Source: a\nkind: ConfigMap\nmetadata: {name: a}\ndata: {on: yes, a: 1, a: 2}\n---\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n";
        let found = chart_objects("c", text).unwrap();
        assert_eq!(found.objects, [json!({"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"true": true, "a": 2}})]);
        assert_eq!(found.left_out, [LeftOut { object: "Pod t".into(), hooks: "test".into() }]);
        let error = chart_objects("c", "a: [\n").unwrap_err().to_string();
        assert!(error.contains("the chart of `c`") && error.contains("document 1"), "{error}");
    }
}
