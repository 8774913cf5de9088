//! The alert rules of all components, as their manifests have them: Prometheus rule files within ConfigMaps.

use super::error::CatalogError;
use super::files::Files;
use super::yaml;
use serde_json::Value;
use std::path::Path;

/// One alert rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRule {
    /// Its name.
    pub name: String,
    /// The component whose manifest has it.
    pub component: String,
    /// `page`, `ticket`, `none`.
    pub severity: String,
    /// The annotation that leads to its runbook.
    pub runbook_url: Option<String>,
}

impl AlertRule {
    /// The name of its runbook: the last part of its address, without `.md` and `#…`.
    pub fn runbook(&self) -> Option<&str> {
        let file = self.runbook_url.as_ref()?.split(['#', '?']).next()?.rsplit('/').next()?;
        Some(file.strip_suffix(".md").unwrap_or(file))
    }
}

/// Every alert rule there is, in order of component and file.
pub fn alert_rules(files: &Files) -> Result<Vec<AlertRule>, CatalogError> {
    let mut rules = Vec::new();
    for component in files.components() {
        for path in files
            .list(&format!("manifests/{component}"))
            .into_iter()
            .filter(|path| Path::new(path).extension().is_some_and(|end| end == "yaml"))
        {
            let Some(text) = files.read(&path)?.filter(|text| text.contains("- alert:")) else { continue };
            for object in yaml::documents(&path, &text)?.into_iter().filter(|object| object["kind"] == "ConfigMap") {
                for file in object["data"].as_object().into_iter().flat_map(|data| data.values()).filter_map(Value::as_str) {
                    if file.contains("- alert:") {
                        yaml::documents(&path, file)?.iter().for_each(|file| take(file, &component, &mut rules));
                    }
                }
            }
        }
    }
    Ok(rules)
}

fn take(file: &Value, component: &str, rules: &mut Vec<AlertRule>) {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    for rule in list(file, "groups").iter().flat_map(|group| list(group, "rules")) {
        if let Some(name) = rule["alert"].as_str() {
            rules.push(AlertRule {
                name: name.to_owned(),
                component: component.to_owned(),
                severity: rule["labels"]["severity"].as_str().unwrap_or_default().to_owned(),
                runbook_url: rule["annotations"]["runbook_url"].as_str().map(str::to_owned),
            });
        }
    }
}
