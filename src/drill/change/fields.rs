//! Fields of an object that get other values: what is still to be set, in one write tied to the version that was seen, and what stands in the way.

use super::{ChangeError, RUN_LABEL, Undone};
use crate::cluster::{Cluster, ObjectRef, Tied};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One field of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Where, as JSON pointer.
    pub pointer: String,
    /// What was there; nothing where the field was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What is put there; the same as `before` for a field that must be as it was for the others to mean anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

const TRIES: u32 = 10;

impl Field {
    /// A field that gets another value.
    pub fn set(pointer: impl Into<String>, before: Option<Value>, after: impl Into<Value>) -> Self {
        Self { pointer: pointer.into(), before, after: Some(after.into()) }
    }

    /// A field that must be as it was.
    pub fn guard(pointer: impl Into<String>, value: impl Into<Value>) -> Self {
        let value = Some(value.into());
        Self { pointer: pointer.into(), before: value.clone(), after: value }
    }

    fn is_guard(&self) -> bool {
        self.before == self.after
    }

    fn turned(&self) -> Self {
        Self { pointer: self.pointer.clone(), before: self.after.clone(), after: self.before.clone() }
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), ToString::to_string)
}

/// Which of `fields` are still to be set in `live` to bring all from `before` to `after`; or what stands in the way.
fn open<'f>(fields: &'f [Field], live: &Value) -> (Vec<&'f Field>, Vec<String>) {
    let mut open = Vec::new();
    let mut strange = Vec::new();
    for field in fields {
        let there = live.pointer(&field.pointer);
        if there == field.after.as_ref() {
            continue;
        }
        if there == field.before.as_ref() {
            open.push(field);
        } else {
            let (pointer, there) = (&field.pointer, shown(there));
            strange.push(format!("{pointer} is {there}, neither {} nor {}", shown(field.before.as_ref()), shown(field.after.as_ref())));
        }
    }
    (open, strange)
}

/// JSON patch operations that set `fields` in `live`.
fn operations(fields: &[&Field], live: &Value) -> Vec<Value> {
    let mut operations = Vec::new();
    let mut made: Vec<&str> = Vec::new();
    for field in fields {
        let parent = field.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        if field.after.is_some() && live.pointer(parent).is_none() && !made.contains(&parent) {
            // the API server drops empty maps, so one that was made for a field goes with it
            operations.push(json!({"op": "add", "path": parent, "value": {}}));
            made.push(parent);
        }
        operations.push(match (&field.before, &field.after) {
            (Some(_), Some(after)) => json!({"op": "replace", "path": field.pointer, "value": after}),
            (None, after) => json!({"op": "add", "path": field.pointer, "value": after}),
            (Some(_), None) => json!({"op": "remove", "path": field.pointer}),
        });
    }
    operations
}

/// Sets `fields`, those that are not set yet.
pub(super) async fn make(cluster: &Cluster, object: &ObjectRef, uid: &str, fields: &[Field]) -> Result<(), ChangeError> {
    let moved = |what: String| ChangeError::Moved { object: object.clone(), what };
    for _ in 0..TRIES {
        let live = cluster.read(object).await?.filter(|live| live["metadata"]["uid"] == uid);
        let live = live.ok_or_else(|| moved("it is gone".to_owned()))?;
        let (open, strange) = open(fields, &live);
        if !strange.is_empty() {
            return Err(moved(strange.join("; ")));
        }
        if open.is_empty() {
            return Ok(());
        }
        if let Tied::Done(_) = cluster.patch(object, &live, &operations(&open, &live)).await? {
            return Ok(());
        }
    }
    Err(ChangeError::Restless { object: object.clone() })
}

/// Sets `fields` back and gives them to those who owned them (`owners`).
pub(super) async fn undo(
    cluster: &Cluster,
    object: &ObjectRef,
    uid: &str,
    run: &str,
    fields: &[Field],
    owners: &Value,
    keep_theirs: bool,
) -> Result<Undone, ChangeError> {
    let back: Vec<Field> = fields.iter().rev().filter(|field| !field.is_guard()).map(Field::turned).collect();
    for _ in 0..TRIES {
        let Some(live) = cluster.read(object).await?.filter(|live| live["metadata"]["uid"] == uid) else {
            return Ok(Undone::Nothing("the object is gone, and the change with it".to_owned()));
        };
        let shifted: Vec<String> = fields
            .iter()
            .filter(|field| field.is_guard() && live.pointer(&field.pointer) != field.after.as_ref())
            .map(|field| format!("{} is {}, not {}", field.pointer, shown(live.pointer(&field.pointer)), shown(field.after.as_ref())))
            .collect();
        // where a list was put in another order, nothing in it is where the drill had left it
        let in_place: Vec<&Field> = back
            .iter()
            .filter(|field| shifted.is_empty() || !fields.iter().any(|guard| guard.is_guard() && beside(&guard.pointer, &field.pointer)))
            .collect();
        let in_place: Vec<Field> = in_place.into_iter().cloned().collect();
        let (mut open, mut strange) = open(&in_place, &live);
        strange.extend(shifted);
        // the change was one write with its marks: where the mark is not, neither was the rest made, or somebody has put the whole object right
        let ours = live["metadata"]["labels"][RUN_LABEL] == run;
        let conflict = !strange.is_empty() && ours && !keep_theirs;
        if conflict {
            // until it is settled, the object goes on saying whose it is
            open.retain(|field| !field.pointer.contains("/labctl.dev~1"));
        }
        if !open.is_empty() && cluster.patch(object, &live, &operations(&open, &live)).await? == Tied::Stale {
            continue;
        }
        if conflict {
            return Err(ChangeError::Conflict { object: object.clone(), differences: strange });
        }
        let nothing = open.is_empty();
        // also after a crash between the two
        cluster.hand_back(object, owners).await?;
        return Ok(match (nothing, strange.is_empty()) {
            (false, _) => Undone::TakenBack,
            (true, true) => Undone::Nothing("it was as before already".to_owned()),
            (true, false) => Undone::Nothing(format!("somebody else has changed it: {}", strange.join("; "))),
        });
    }
    Err(ChangeError::Restless { object: object.clone() })
}

/// Whether two pointers lead into the same element of a list or map.
fn beside(one: &str, other: &str) -> bool {
    one.rsplit_once('/').is_some_and(|(parent, _)| other.starts_with(&format!("{parent}/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Value {
        json!({"metadata": {"labels": {"a": "1"}}, "spec": {"replicas": 1, "containers": [{"name": "api", "image": "good"}]}})
    }

    #[test]
    fn only_what_is_not_there_yet_is_set_and_a_third_value_is_told() {
        let fields = [Field::set("/spec/replicas", Some(json!(1)), 0), Field::set("/metadata/labels/b", None, "2")];
        let (first, strange) = open(&fields, &live());
        assert_eq!((first.len(), strange.len()), (2, 0));
        let mut half = live();
        half["spec"]["replicas"] = json!(0);
        assert_eq!(open(&fields, &half).0.len(), 1);
        half["spec"]["replicas"] = json!(5);
        assert_eq!(open(&fields, &half).1, ["/spec/replicas is 5, neither 1 nor 0"]);
    }

    #[test]
    fn maps_that_are_not_there_are_made_once() {
        let fields = [Field::set("/metadata/annotations/a", None, "1"), Field::set("/metadata/annotations/b", None, "2")];
        let operations = operations(&fields.iter().collect::<Vec<_>>(), &live());
        let paths: Vec<_> = operations.iter().map(|operation| operation["path"].as_str().unwrap()).collect();
        assert_eq!(paths, ["/metadata/annotations", "/metadata/annotations/a", "/metadata/annotations/b"]);
    }

    #[test]
    fn a_guard_stands_for_the_element_it_is_in() {
        let guard = Field::guard("/spec/containers/0/name", "api");
        assert!(beside(&guard.pointer, "/spec/containers/0/image") && !beside(&guard.pointer, "/spec/containers/1/image"));
        assert!(!beside(&guard.pointer, "/metadata/labels/b"));
    }
}
