//! Taking over objects that kubectl or Helm applied before.
//!
//! Whoever applied an object owns its fields. Forcing ours on top makes us a second owner, and a field that we do not want would stay for ever,
//! since its first owner is never heard of again. So the fields of former appliers are made ours once, and the apply that follows drops what is
//! not wanted. Rule and names as kubectl's own migration has them:
//! <https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply>

use super::object::MANAGER;
use serde_json::{Map, Value, json};

/// Managers that apply whole manifests, as manager and operation. People who patched or edited by hand are not among them, nor is
/// `before-first-apply`: it also owns what the server itself filled in. Ourselves, where an object had to be made by POST.
const APPLIERS: [(&str, &str); 5] =
    [("kubectl-client-side-apply", "Update"), ("kubectl", "Apply"), ("helm", "Update"), ("helm", "Apply"), (MANAGER, "Update")];

/// The patch that makes the fields of former appliers ours; `None` when there is none of them. It is refused (409) when the object has changed
/// since it was read.
pub fn take_over(live: &Value, api_version: &str) -> Option<Value> {
    let entries = live["metadata"]["managedFields"].as_array()?;
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let here = |entry: &Value| text(entry, "apiVersion") == api_version && text(entry, "subresource").is_empty();
    let former = |entry: &Value| {
        let who = (text(entry, "manager"), text(entry, "operation"));
        here(entry) && APPLIERS.iter().any(|(manager, operation)| who.0 == *manager && who.1 == *operation)
    };
    let ours = |entry: &Value| here(entry) && text(entry, "manager") == MANAGER && text(entry, "operation") == "Apply";
    if !entries.iter().any(former) {
        return None;
    }
    let mut fields = Map::new();
    let mut kept = Vec::new();
    let mut stamp = Value::Null;
    for entry in entries {
        if former(entry) || ours(entry) {
            stamp = entry["time"].clone();
            if let Some(more) = entry["fieldsV1"].as_object() {
                join(&mut fields, more);
            }
        } else {
            kept.push(entry.clone());
        }
    }
    if fields.is_empty() {
        return None;
    }
    kept.push(json!({"manager": MANAGER, "operation": "Apply", "apiVersion": api_version, "time": stamp, "fieldsType": "FieldsV1", "fieldsV1": fields}));
    Some(json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": kept},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
    ]))
}

/// Adds every field of `more` to `fields`.
fn join(fields: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, below) in more {
        match (fields.get_mut(name), below) {
            (Some(Value::Object(known)), Value::Object(below)) => join(known, below),
            (Some(_), _) => {}
            (None, below) => drop(fields.insert(name.clone(), below.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "v1", "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    #[test]
    fn fields_of_former_appliers_become_ours_and_those_of_people_and_controllers_stay_theirs() {
        let live = json!({"metadata": {"resourceVersion": "7", "managedFields": [
            entry("kubectl-client-side-apply", "Update", &json!({"f:data": {"f:a": {}}})),
            entry("helm", "Apply", &json!({"f:data": {"f:b": {}}})),
            entry("kubectl-edit", "Update", &json!({"f:data": {"f:c": {}}})),
        ]}});
        let patch = take_over(&live, "v1").unwrap();
        let managers = patch[0]["value"].as_array().unwrap();
        assert_eq!(managers.len(), 2);
        assert_eq!(managers[0]["manager"], "kubectl-edit");
        assert_eq!(managers[1]["manager"], "labctl");
        assert_eq!(managers[1]["fieldsV1"], json!({"f:data": {"f:a": {}, "f:b": {}}}));
        assert_eq!(patch[1]["value"], "7", "an object that changed meanwhile must be read again");
    }

    #[test]
    fn what_we_made_by_post_is_ours_by_apply() {
        let live = json!({"metadata": {"managedFields": [entry("labctl", "Update", &json!({"f:spec": {"f:ports": {}}}))]}});
        let patch = take_over(&live, "v1").unwrap();
        let managers: Vec<_> = patch[0]["value"].as_array().unwrap().iter().map(|one| (&one["manager"], &one["operation"])).collect();
        assert_eq!(managers, [(&json!("labctl"), &json!("Apply"))]);
    }

    #[test]
    fn an_object_that_nobody_applied_is_left_as_it_is() {
        let live = json!({"metadata": {"managedFields": [entry("kube-controller-manager", "Update", &json!({"f:data": {}}))]}});
        assert_eq!(take_over(&live, "v1"), None);
    }
}
