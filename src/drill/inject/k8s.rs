//! Backend `k8s`: faults made through the Kubernetes API, to pods and workloads.

use super::Planned;
use crate::cluster::{Cluster, ObjectRef};
use crate::drill::change::{Change, Field, RUN_LABEL};
use crate::drill::target::{Found, name, reference};
use crate::model::run::RunId;
use crate::model::scenario::{BadConfig, BadImage, K8sFault, PodDelete, Scale};
use serde_json::{Value, json};

/// Until when what a drill changed should be there at most, in Unix seconds: for a sweep when all files are lost.
pub const EXPIRES: &str = "labctl.dev/expires";

/// How many pods the fault touches.
pub fn touched(fault: &K8sFault, found: &Found) -> usize {
    match fault {
        K8sFault::PodDelete(PodDelete { count }) => usize::try_from(*count).unwrap_or(usize::MAX),
        K8sFault::Scale(_) | K8sFault::BadImage(_) | K8sFault::BadConfig(_) => found.pods.len(),
    }
}

/// The changes that the fault means now, in the order they are made; or why it cannot be made.
pub async fn plan(cluster: &Cluster, fault: &K8sFault, found: &Found, run: &RunId, expires: i64) -> Result<Vec<Planned>, String> {
    if found.pods.is_empty() {
        return Err("the selector finds no pod".to_owned());
    }
    match fault {
        K8sFault::PodDelete(delete) => pods(delete, found),
        fault if found.workloads.is_empty() => {
            Err(format!("no Deployment or StatefulSet has pods with these labels, so this cannot be done: {fault:?}"))
        }
        K8sFault::Scale(scale) => {
            let mut all = Vec::new();
            for workload in &found.workloads {
                let object = reference(workload)?;
                if let Some(scaler) = cluster.scaler_of(&object).await.map_err(|error| error.to_string())? {
                    return Err(format!("{object}: HorizontalPodAutoscaler {scaler} decides how many pods there are and would undo it"));
                }
                all.push(scaled(scale, workload, &object, run, expires)?);
            }
            Ok(all)
        }
        K8sFault::BadImage(image) => found.workloads.iter().map(|workload| with_image(image, workload, run, expires)).collect(),
        K8sFault::BadConfig(config) => configured(cluster, config, found, run, expires).await,
    }
}

fn pods(delete: &PodDelete, found: &Found) -> Result<Vec<Planned>, String> {
    let count = usize::try_from(delete.count).unwrap_or(usize::MAX);
    if found.pods.len() < count {
        return Err(format!("{count} pods are to be deleted and there are {}", found.pods.len()));
    }
    let mut oldest: Vec<&Value> = found.pods.iter().collect();
    oldest.sort_by_key(|pod| (pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned(), name(pod).to_owned()));
    oldest
        .into_iter()
        .take(count)
        .map(|pod| {
            let owned =
                pod["metadata"]["ownerReferences"].as_array().is_some_and(|all| all.iter().any(|owner| owner["controller"] == true));
            if !owned {
                return Err(format!("pod {} has no controller, so that nothing would bring it back", name(pod)));
            }
            let object = reference(pod)?;
            let what = format!("{object}: deleted");
            Ok(planned(pod, object, what, Change::PodEnded))
        })
        .collect()
}

fn scaled(scale: &Scale, workload: &Value, object: &ObjectRef, run: &RunId, expires: i64) -> Result<Planned, String> {
    let before = workload["spec"]["replicas"].as_u64().ok_or_else(|| format!("{object} does not say how many pods it wants"))?;
    if before == u64::from(scale.replicas) {
        return Err(format!("{object} is at {before} already, so that nothing would change"));
    }
    let field = Field::set("/spec/replicas", Some(json!(before)), scale.replicas);
    let what = format!("{object}: replicas {before} → {}", scale.replicas);
    Ok(fields(workload, object.clone(), what, vec![field], run, expires))
}

fn with_image(image: &BadImage, workload: &Value, run: &RunId, expires: i64) -> Result<Planned, String> {
    let object = reference(workload)?;
    let containers = workload.pointer("/spec/template/spec/containers").and_then(Value::as_array).cloned().unwrap_or_default();
    let index = containers.iter().position(|container| container["name"] == image.container.as_str()).ok_or_else(|| {
        let known: Vec<&str> = containers.iter().filter_map(|container| container["name"].as_str()).collect();
        format!("{object} has no container `{}`; it has {}", image.container, known.join(", "))
    })?;
    let before = &containers[index]["image"];
    if *before == image.image.as_str() {
        return Err(format!("{object}: container {} has this image already", image.container));
    }
    let at = |key: &str| format!("/spec/template/spec/containers/{index}/{key}");
    let what = format!("{object}: image of {} {} → {}", image.container, before.as_str().unwrap_or_default(), image.image);
    let change =
        vec![Field::guard(at("name"), image.container.as_str()), Field::set(at("image"), Some(before.clone()), image.image.as_str())];
    Ok(fields(workload, object, what, change, run, expires))
}

/// A copy with the bad value, then the workloads pointed to it: taken back in reverse, no pod is ever without its ConfigMap.
async fn configured(cluster: &Cluster, config: &BadConfig, found: &Found, run: &RunId, expires: i64) -> Result<Vec<Planned>, String> {
    let BadConfig { config_map, key, value } = config;
    let namespace = found.workloads.first().and_then(|workload| workload["metadata"]["namespace"].as_str()).map(str::to_owned);
    let object = ObjectRef { api_version: "v1".into(), kind: "ConfigMap".into(), namespace, name: config_map.clone() };
    let there = cluster.read(&object).await.map_err(|error| error.to_string())?;
    let there = there.ok_or_else(|| format!("there is no {object}"))?;
    let mut data = there["data"].as_object().cloned().unwrap_or_default();
    let before = data.get(key).and_then(Value::as_str).map(str::to_owned);
    let before =
        before.ok_or_else(|| format!("{object} has no key `{key}`; it has {}", data.keys().cloned().collect::<Vec<_>>().join(", ")))?;
    if before == *value {
        return Err(format!("{object}: {key} is {value} already"));
    }
    data.insert(key.clone(), json!(value));
    let copy = copy_name(config_map, run);
    let whole = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": data,
        "metadata": {"name": copy, "namespace": object.namespace, "labels": {RUN_LABEL: run.0, "app.kubernetes.io/managed-by": "labctl"},
            "annotations": {EXPIRES: expires.to_string()}},
    });
    let made = ObjectRef { name: copy.clone(), ..object.clone() };
    let what = format!("{made}: made as {config_map} with {key} {before} → {value}");
    let mut all =
        vec![Planned { object: made, uid: String::new(), resource_version: String::new(), what, change: Change::Made { object: whole } }];
    for workload in &found.workloads {
        let user = reference(workload)?;
        let template = &workload["spec"]["template"]["spec"];
        let mut places = Vec::new();
        references(template, "/spec/template/spec", config_map, &mut places);
        if places.is_empty() {
            return Err(format!("{user} does not read ConfigMap {config_map}"));
        }
        let what = format!("{user}: reads ConfigMap {config_map} → {copy}");
        let change = places.into_iter().map(|place| Field::set(place, Some(json!(config_map)), copy.as_str())).collect();
        all.push(fields(workload, user, what, change, run, expires));
    }
    Ok(all)
}

/// Unique to the run, and a name for whatever the ConfigMap is called.
pub(super) fn copy_name(config_map: &str, run: &RunId) -> String {
    let salt = run.0.rsplit('-').next().unwrap_or_default();
    let most = config_map.len().min(200);
    format!("{}-drill-{salt}", config_map.get(..most).unwrap_or(config_map))
}

/// JSON pointers of all places where a pod's template names a ConfigMap as the source of something.
fn references(value: &Value, at: &str, config_map: &str, places: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, below) in map {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                if matches!(key.as_str(), "configMapRef" | "configMapKeyRef" | "configMap") && below["name"] == config_map {
                    places.push(format!("{at}/name"));
                } else {
                    references(below, &at, config_map, places);
                }
            }
        }
        Value::Array(items) => {
            for (index, below) in items.iter().enumerate() {
                references(below, &format!("{at}/{index}"), config_map, places);
            }
        }
        _ => {}
    }
}

/// A change of fields, with the marks by which a sweep finds it.
fn fields(there: &Value, object: ObjectRef, what: String, mut change: Vec<Field>, run: &RunId, expires: i64) -> Planned {
    let marks = [("labels", RUN_LABEL, run.0.clone()), ("annotations", EXPIRES, expires.to_string())];
    for (map, name, value) in marks {
        let before = there["metadata"][map].get(name).cloned();
        change.push(Field::set(format!("/metadata/{map}/{}", name.replace('/', "~1")), before, value));
    }
    let owners = there["metadata"]["managedFields"].clone();
    planned(there, object, what, Change::Fields { fields: change, owners })
}

fn planned(there: &Value, object: ObjectRef, what: String, change: Change) -> Planned {
    let text = |key: &str| there["metadata"][key].as_str().unwrap_or_default().to_owned();
    Planned { object, uid: text("uid"), resource_version: text("resourceVersion"), what, change }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_that_names_the_config_map_is_found_and_no_other() {
        let template = json!({
            "containers": [{"name": "a", "envFrom": [{"configMapRef": {"name": "c"}}, {"configMapRef": {"name": "other"}}],
                "env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "x"}}}, {"name": "c", "value": "c"}]}],
            "volumes": [{"name": "c", "configMap": {"name": "c"}}, {"name": "p", "projected": {"sources": [{"configMap": {"name": "c"}}]}}],
        });
        let mut places = Vec::new();
        references(&template, "/t", "c", &mut places);
        assert_eq!(
            places,
            [
                "/t/containers/0/envFrom/0/configMapRef/name",
                "/t/containers/0/env/0/valueFrom/configMapKeyRef/name",
                "/t/volumes/0/configMap/name",
                "/t/volumes/1/projected/sources/0/configMap/name"
            ]
        );
    }

    #[test]
    fn a_pod_that_nothing_would_bring_back_is_not_deleted() {
        let lone = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lone", "namespace": "n"}});
        let found = Found { pods: vec![lone], workloads: Vec::new() };
        assert!(pods(&PodDelete { count: 1 }, &found).unwrap_err().contains("no controller"));
        assert!(pods(&PodDelete { count: 2 }, &found).unwrap_err().contains("there are 1"));
    }
}
