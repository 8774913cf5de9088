//! Whether the live object has what we want in the fields we own.
//!
//! This only ever says "same" when it is sure. A difference may still turn out to be the server's own spelling of the same thing; the caller
//! settles that with a dry run of that one object. Two facts make "sure" possible: another writer who changes a field takes it out of our
//! managed fields, and the managed fields tell which lists have keys, so no schema is needed.

use super::owners::{FieldTree, item};
use super::quantity::same_quantity;
use crate::cluster::object::{built_in, group_of, is_empty};
use serde_json::{Map, Value};

/// One field that is not as wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `spec.template.spec.containers[name=app].image`
    pub path: String,
}

/// Every difference between `desired` and `live` in what `owned` says is ours, plus what we want and do not own yet.
pub fn compare(desired: &Value, live: &Value, owned: &FieldTree) -> Vec<Difference> {
    let api_version = desired["apiVersion"].as_str().unwrap_or_default();
    let kind = desired["kind"].as_str().unwrap_or_default();
    let quantities = built_in(group_of(api_version)) && !matches!(kind, "ConfigMap" | "Secret");
    let mut walk = Walk { found: Vec::new(), path: Vec::new(), quantities };
    walk.map(desired.as_object(), live, owned, true);
    walk.found
}

struct Walk {
    found: Vec<Difference>,
    path: Vec<String>,
    /// Whether this kind's resource amounts are rewritten by the server.
    quantities: bool,
}

impl Walk {
    fn differs(&mut self) {
        let path = self.path.concat();
        self.found.push(Difference { path: path.trim_start_matches('.').to_owned() });
    }

    fn under(&mut self, step: String, work: impl FnOnce(&mut Self)) {
        self.path.push(step);
        work(self);
        self.path.pop();
    }

    fn map(&mut self, desired: Option<&Map<String, Value>>, live: &Value, owned: &FieldTree, root: bool) {
        static NONE: Value = Value::Null;
        for (name, wanted) in desired.into_iter().flatten() {
            if root && matches!(name.as_str(), "apiVersion" | "kind") {
                continue;
            }
            let identity = self.path.len() == 1 && self.path[0] == ".metadata" && matches!(name.as_str(), "name" | "namespace");
            if identity {
                continue;
            }
            let found = live.get(name).unwrap_or(&NONE);
            self.under(step(name), |walk| match owned.fields.get(name) {
                Some(below) => walk.value(wanted, found, below),
                // the server keeps no trace of an empty value
                None if is_empty(wanted) && is_empty(found) => {}
                // a parent that has only identity in it (metadata with just a name) is owned by nobody
                None if root && name == "metadata" => walk.map(wanted.as_object(), found, &FieldTree::default(), false),
                None => walk.differs(),
            });
        }
        for (name, below) in &owned.fields {
            let wanted = desired.is_some_and(|map| map.contains_key(name));
            if !wanted && live.get(name).is_some_and(|value| !is_empty(value) && below.present_in(value)) {
                self.under(step(name), Self::differs);
            }
        }
    }

    fn value(&mut self, desired: &Value, live: &Value, owned: &FieldTree) {
        if is_empty(desired) && is_empty(live) {
            return;
        }
        if owned.is_leaf() {
            if !self.same(desired, live) {
                self.differs();
            }
            return;
        }
        match desired {
            Value::Array(wanted) if !owned.keyed.is_empty() => self.keyed(wanted, live, owned),
            Value::Array(wanted) if !owned.values.is_empty() => self.set(wanted, live, owned),
            Value::Object(map) => self.map(Some(map), live, owned, false),
            // we own things below and no longer want any, or it became something else
            _ if is_empty(desired) && !owned.present_in(live) => {}
            _ => self.differs(),
        }
    }

    /// A list whose items have keys: each wanted item must be ours and as wanted, each of ours must still be wanted, in the order wanted.
    fn keyed(&mut self, desired: &[Value], live: &Value, owned: &FieldTree) {
        let mut wanted_by = vec![None; desired.len()];
        for (position, (key, _)) in owned.keyed.iter().enumerate() {
            match pick(desired, key, &wanted_by) {
                Some(index) => wanted_by[index] = Some(position),
                None if item(live, key).is_some() => self.under(bracket(key), Self::differs),
                None => {}
            }
        }
        let list = live.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut furthest = 0;
        for (wanted, position) in desired.iter().zip(&wanted_by) {
            let Some((key, below)) = position.and_then(|p| owned.keyed.get(p)) else {
                self.under(bracket(wanted), Self::differs);
                continue;
            };
            let Some(found) = item(live, key) else {
                self.under(bracket(key), Self::differs);
                continue;
            };
            // order matters in places (containers, environment), so it is part of what we want
            let index = list.iter().position(|other| std::ptr::eq(other, found)).unwrap_or_default();
            if index < furthest {
                self.differs();
            }
            furthest = index;
            self.under(bracket(key), |walk| walk.value(wanted, found, below));
        }
    }

    fn set(&mut self, desired: &[Value], live: &Value, owned: &FieldTree) {
        let list = live.as_array().map(Vec::as_slice).unwrap_or_default();
        let missing = desired.iter().any(|value| !list.contains(value) || !owned.values.contains(value));
        let surplus = owned.values.iter().any(|value| !desired.contains(value) && list.contains(value));
        if missing || surplus {
            self.differs();
        }
    }

    /// Whether a value owned as one piece is the same but for what the server fills in or drops.
    fn same(&self, desired: &Value, live: &Value) -> bool {
        match (desired, live) {
            (Value::Object(a), Value::Object(b)) => {
                a.iter().all(|(name, wanted)| b.get(name).map_or_else(|| zero(wanted), |found| self.same(wanted, found)))
                    && b.iter().all(|(name, found)| a.contains_key(name) || is_empty(found) || filled_in(name, found))
            }
            (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same(a, b)),
            (Value::Number(a), Value::Number(b)) => a == b || (a.as_f64() == b.as_f64() && (a.is_f64() || b.is_f64())),
            (a, b) if a == b => true,
            (a, Value::Null) => zero(a),
            (a, b) => self.quantities && self.in_amounts() && same_quantity(a, b),
        }
    }

    /// Whether the path leads through a place where Kubernetes keeps amounts.
    fn in_amounts(&self) -> bool {
        const PLACES: [&str; 14] = [
            ".limits",
            ".requests",
            ".capacity",
            ".hard",
            ".sizeLimit",
            ".divisor",
            ".averageValue",
            ".overhead",
            ".volumeClaimTemplates",
            ".metrics",
            ".default",
            ".defaultRequest",
            ".max",
            ".min",
        ];
        self.path.iter().any(|step| PLACES.contains(&step.as_str()))
    }
}

/// What the server may drop because it is the zero of its type.
fn zero(value: &Value) -> bool {
    match value {
        Value::Bool(set) => !set,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.values().all(zero),
        other => is_empty(other),
    }
}

/// Defaults that the server writes into pieces owned as a whole: <https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/>.
/// Leaving one out means the same as writing it, so taking it for "same" is safe.
fn filled_in(name: &str, value: &Value) -> bool {
    match name {
        "apiVersion" => value == "v1",
        "divisor" => value == "0",
        "protocol" => value == "TCP",
        "volumeMode" => value == "Filesystem",
        "kind" => value == "PersistentVolumeClaim",
        "expirationSeconds" => value == 3600,
        "status" => value["phase"] == "Pending",
        _ => false,
    }
}

/// The wanted item an owned key stands for: one with all the key's fields, else one that leaves out those with defaults.
fn pick(desired: &[Value], key: &Value, taken: &[Option<usize>]) -> Option<usize> {
    let fields = key.as_object()?;
    let free = |index: &usize| taken[*index].is_none();
    let exact = |index: &usize| fields.iter().all(|(name, value)| desired[*index].get(name) == Some(value));
    let loose = |index: &usize| {
        let wanted = &desired[*index];
        fields.iter().any(|(name, value)| wanted.get(name) == Some(value))
            && fields.iter().all(|(name, value)| wanted.get(name).is_none_or(|v| v == value))
    };
    (0..desired.len()).filter(free).find(exact).or_else(|| (0..desired.len()).filter(free).find(loose))
}

fn step(name: &str) -> String {
    if name.contains(['.', '/']) { format!("[{name}]") } else { format!(".{name}") }
}

/// `[name=app]` for an item, by the fields that usually tell items apart.
fn bracket(key: &Value) -> String {
    const TELLING: [&str; 8] = ["name", "containerPort", "port", "mountPath", "ip", "type", "key", "topologyKey"];
    let shown = |name: &&str| key.get(name).map(|v| format!("[{name}={}]", v.as_str().map_or_else(|| v.to_string(), str::to_owned)));
    TELLING.iter().find_map(shown).unwrap_or_else(|| "[…]".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "tables read better without a reference on each value")]
    #[track_caller]
    fn check(desired: Value, live: Value, owned: Value, paths: &[&str]) {
        let found: Vec<String> = compare(&desired, &live, &FieldTree::parse(&owned)).into_iter().map(|d| d.path).collect();
        assert_eq!(found, paths);
    }

    #[expect(clippy::needless_pass_by_value, reason = "tables read better without a reference on each value")]
    fn deployment(containers: Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"containers": containers}})
    }

    #[test]
    fn foreign_fields_and_defaults_are_no_difference() {
        check(
            deployment(json!([{"name": "a", "image": "x", "ports": [{"containerPort": 80}]}])),
            deployment(json!([
                {"name": "istio-proxy", "image": "p"},
                {"name": "a", "image": "x", "imagePullPolicy": "Always", "ports": [{"containerPort": 80, "protocol": "TCP"}]}])),
            json!({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}, "f:image": {},
                "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}}}}}}),
            &[],
        );
    }

    #[test]
    fn a_field_taken_over_by_somebody_is_drift() {
        check(
            deployment(json!([{"name": "a", "image": "x"}])),
            deployment(json!([{"name": "a", "image": "y"}])),
            json!({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}}}}}),
            &["spec.containers[name=a].image"],
        );
    }

    #[test]
    fn a_field_we_own_and_no_longer_want_is_found_wherever_it_is() {
        check(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "labels": {"a": "1"}}, "data": {"x": "1"}}),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "labels": {"a": "1", "b": "2"}}, "data": {"x": "1", "y": "2"}}),
            json!({"f:metadata": {"f:labels": {"f:a": {}, "f:b": {}}}, "f:data": {"f:x": {}, "f:y": {}}}),
            &["metadata.labels.b", "data.y"],
        );
        check(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"y": "2"}}),
            json!({"f:data": {"f:y": {}}}),
            &["data"],
        );
    }

    #[test]
    fn amounts_are_sizes_in_workloads_and_text_in_configuration() {
        let owned = json!({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {"f:name": {}, "f:resources": {"f:limits": {"f:cpu": {}}}}}}});
        let with = |cpu: &str| deployment(json!([{"name": "a", "resources": {"limits": {"cpu": cpu}}}]));
        check(with("1000m"), with("1"), owned.clone(), &[]);
        check(with("1000m"), with("2"), owned, &["spec.containers[name=a].resources.limits.cpu"]);
        let text = |v: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"limits": v}});
        check(text("1000m"), text("1"), json!({"f:data": {"f:limits": {}}}), &["data.limits"]);
    }

    #[test]
    fn what_is_empty_or_zero_may_be_dropped_by_the_server() {
        check(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"args": [], "nodeSelector": {}, "x": null, "hostPID": false}}),
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {}}),
            json!({"f:spec": {"f:hostPID": {}}}),
            &[],
        );
    }

    #[test]
    fn text_and_number_are_not_the_same_port() {
        check(
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"targetPort": "80"}}),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"targetPort": 80}}),
            json!({"f:spec": {"f:targetPort": {}}}),
            &["spec.targetPort"],
        );
    }

    #[test]
    fn an_order_that_changed_is_a_difference() {
        let owned = json!({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {"f:name": {}}, "k:{\"name\":\"b\"}": {"f:name": {}}}}});
        check(
            deployment(json!([{"name": "b"}, {"name": "a"}])),
            deployment(json!([{"name": "a"}, {"name": "b"}])),
            owned,
            &["spec.containers"],
        );
    }

    #[test]
    fn sets_and_whole_pieces() {
        check(
            json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "s", "finalizers": ["a"]}, "spec": {"selector": {"app": "x"}}}),
            json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "s", "finalizers": ["a", "other"]}, "spec": {"selector": {"app": "x", "old": "1"}}}),
            json!({"f:metadata": {"f:finalizers": {"v:\"a\"": {}}}, "f:spec": {"f:selector": {}}}),
            &["spec.selector"],
        );
        check(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "s"}, "spec": {"env": {"fieldRef": {"fieldPath": "metadata.name"}}}}),
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "s"}, "spec": {"env": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}}}),
            json!({"f:spec": {"f:env": {"f:fieldRef": {}}}}),
            &[],
        );
    }
}
