//! What would have to be written, and why. Plans without writing.

use super::fields::{FieldTree, Manager, compare, managers};
use super::inventory::{Inventory, Item};
use super::object::{COMPONENT_LABEL, Key, LAB_LABEL, MANAGER, ObjectRef, PRUNE_ANNOTATION};
use super::prepare::Prepared;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What has to happen to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Action {
    Create,
    /// The fields that are not as wanted.
    Update {
        fields: Vec<String>,
    },
    Unchanged,
    /// We made it and nobody wants it any more.
    Prune,
}

/// Somebody else's claim on an object that we want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The field manager, or the other lab.
    pub owner: String,
}

/// One object of a difference.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which component wants it, or brought it.
    pub component: String,
    /// Its name.
    pub object: ObjectRef,
    /// What has to happen.
    pub action: Action,
    /// Not empty when the object was there before we first applied it: applying it takes it over from these.
    pub adopted_from: Vec<Foreign>,
    pub(super) prepared: Option<Arc<Prepared>>,
    pub(super) uid: Option<String>,
    /// It is on its way out and must be gone before it can be made again.
    pub(super) terminating: bool,
}

/// The difference between what some components want and what is there.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// In the order the objects were given; prunes after the rest of their component.
    pub entries: Vec<Entry>,
    pub(super) inventory: Arc<Inventory>,
    /// Components whose objects are as wanted and whose record is not: a run died between the two.
    pub(super) unrecorded: BTreeSet<String>,
    /// Components on record that nobody wants any more, unless definitions are all they have left; `retire_component` takes them away.
    pub unwanted: Vec<String>,
}

impl Entry {
    /// Whether anything has to happen to the object.
    pub fn changes(&self) -> bool {
        self.action != Action::Unchanged
    }
}

impl Diff {
    /// The entries of one component.
    pub fn of<'d>(&'d self, component: &'d str) -> impl Iterator<Item = &'d Entry> {
        self.entries.iter().filter(move |entry| entry.component == component)
    }

    /// Whether nothing has to be written at all.
    pub fn is_noop(&self) -> bool {
        self.unrecorded.is_empty() && self.unwanted.is_empty() && !self.entries.iter().any(Entry::changes)
    }

    /// Whether nothing has to be written for this component.
    pub fn is_noop_for(&self, component: &str) -> bool {
        !self.unrecorded.contains(component) && !self.of(component).any(Entry::changes)
    }

    /// Creates, updates, unchanged, prunes.
    pub fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for entry in &self.entries {
            counts[match entry.action {
                Action::Create => 0,
                Action::Update { .. } => 1,
                Action::Unchanged => 2,
                Action::Prune => 3,
            }] += 1;
        }
        counts
    }
}

/// Components whose objects are all as wanted, but whose record is not exactly these objects.
pub fn unrecorded(entries: &[Entry], inventory: &Inventory) -> BTreeSet<String> {
    let mut exact: BTreeMap<&str, Option<BTreeMap<Key, Item>>> = BTreeMap::new();
    for entry in entries {
        let items = exact.entry(&entry.component).or_insert_with(|| Some(BTreeMap::new()));
        match (&entry.prepared, &mut *items) {
            (Some(prepared), Some(items)) if !entry.changes() => {
                let item = Item::new(&entry.object, entry.uid.as_deref().unwrap_or_default(), &prepared.hash);
                items.insert(entry.object.key(), item);
            }
            // it has something to write, and will be recorded with it
            _ => *items = None,
        }
    }
    // on every run: compared in place, since a record can hold thousands of items
    let differs = |component: &str, items: &BTreeMap<Key, Item>| {
        inventory.components.get(component).map_or(!items.is_empty(), |record| record.items != *items)
    };
    exact
        .into_iter()
        .filter(|(component, items)| items.as_ref().is_some_and(|items| differs(component, items)))
        .map(|(component, _)| component.to_owned())
        .collect()
}

/// What local comparison says of one object.
#[derive(Debug)]
pub enum Verdict {
    Create,
    Unchanged,
    Update(Vec<String>),
    /// Differs, though we want what we wanted last time: either somebody changed it or the server spells it otherwise. A dry run tells.
    Doubt(Vec<String>),
}

/// Compares one wanted object with what is there. `recorded` is the hash of what was last applied.
pub fn judge(prepared: &Prepared, live: Option<&Value>, recorded: Option<&str>) -> Verdict {
    let Some(live) = live else { return Verdict::Create };
    if live["metadata"]["deletionTimestamp"].is_string() {
        return Verdict::Update(vec!["metadata.deletionTimestamp".to_owned()]);
    }
    let all = managers(live);
    let Some(ours) = all.iter().find(|manager| manager.applied_by(MANAGER)) else {
        let fields = compare(&prepared.object, live, &FieldTree::default());
        return Verdict::Update(fields.into_iter().map(|difference| difference.path).collect());
    };
    let mut fields: Vec<String> = compare(&prepared.object, live, &ours.fields).into_iter().map(|difference| difference.path).collect();
    if ours.api_version != prepared.reference.api_version {
        fields.push("apiVersion".to_owned());
    }
    if fields.is_empty() {
        return Verdict::Unchanged;
    }
    match recorded {
        Some(hash) if hash != prepared.hash => Verdict::Update(fields),
        _ => Verdict::Doubt(fields),
    }
}

/// Whether a rehearsed apply would have changed anything, ownership of ours included.
pub fn rehearsal_changes(live: &Value, rehearsed: &Value) -> bool {
    let ours = |object: &Value| managers(object).into_iter().find(|m| m.applied_by(MANAGER)).map(|m: Manager| m.fields);
    let essence = |object: &Value| {
        let mut object = object.clone();
        if let Some(map) = object.as_object_mut() {
            map.shift_remove("apiVersion");
            map.shift_remove("kind");
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            for name in ["managedFields", "resourceVersion", "generation"] {
                metadata.shift_remove(name);
            }
        }
        object
    };
    essence(live) != essence(rehearsed) || ours(live) != ours(rehearsed)
}

/// Who else has a claim on `live`; empty once we have applied it.
pub fn claims(live: &Value, lab: &str) -> Vec<Foreign> {
    let all = managers(live);
    let mut found: Vec<Foreign> = Vec::new();
    if let Some(other) = live["metadata"]["labels"][LAB_LABEL].as_str().filter(|other| *other != lab) {
        found.push(Foreign { owner: format!("lab {other}") });
    } else if all.iter().any(|manager| manager.applied_by(MANAGER)) {
        return found;
    }
    for manager in all.iter().filter(|manager| manager.subresource.is_empty() && manager.name != MANAGER) {
        if !found.iter().any(|foreign| foreign.owner == manager.name) {
            found.push(Foreign { owner: manager.name.clone() });
        }
    }
    found
}

/// The entries for what is on record and wanted by no component.
pub fn prunes(inventory: &Inventory, wanted: &BTreeMap<String, Vec<Arc<Prepared>>>, live: &HashMap<Key, Value>, lab: &str) -> Vec<Entry> {
    let keys: BTreeSet<Key> = wanted.values().flatten().map(|prepared| prepared.reference.key()).collect();
    let mut found = Vec::new();
    for (component, record) in &inventory.components {
        for (key, item) in &record.items {
            if keys.contains(key) {
                continue;
            }
            if let Some(there) = live.get(key)
                && may_prune(there, item, component, lab)
            {
                found.push(Entry {
                    component: component.clone(),
                    object: item.reference(),
                    // without its definition every custom resource goes, whoever made it; charts move definitions about and mean no such thing
                    // (https://github.com/helm/helm/issues/8163)
                    action: if item.is_definition() { Action::Unchanged } else { Action::Prune },
                    adopted_from: Vec::new(),
                    prepared: None,
                    uid: uid_of(there),
                    terminating: false,
                });
            }
        }
    }
    found
}

/// Whether an object on record is still the one we made, for this component, and may go.
pub fn may_prune(live: &Value, item: &Item, component: &str, lab: &str) -> bool {
    let labels = &live["metadata"]["labels"];
    let ours = managers(live).iter().any(|manager| manager.applied_by(MANAGER));
    // made anew by somebody else under the same name
    let same = item.uid.is_empty() || live["metadata"]["uid"] == item.uid.as_str() || ours;
    // moved to another component or lab, which has applied it since
    let still = labels[COMPONENT_LABEL].as_str().is_none_or(|c| c == component) && labels[LAB_LABEL].as_str().is_none_or(|l| l == lab);
    let annotations = &live["metadata"]["annotations"];
    // the second is how charts ask for the same: https://helm.sh/docs/howto/charts_tips_and_tricks/#tell-helm-not-to-uninstall-a-resource
    let kept = annotations[PRUNE_ANNOTATION] == "disabled" || annotations["helm.sh/resource-policy"] == "keep";
    same && ours && still && !kept
}

pub fn uid_of(live: &Value) -> Option<String> {
    live["metadata"]["uid"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wanted(data: &str) -> Prepared {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": {"a": data}});
        Prepared {
            component: "x".into(),
            reference: ObjectRef::of(&object).unwrap(),
            hash: super::super::config_sha::hash_of(&object),
            turn: super::super::turn::Turn::Main,
            object,
        }
    }

    fn live(data: &str, manager: &str, labels: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n", "uid": "u", "labels": labels, "managedFields": [
            {"manager": manager, "operation": "Apply", "apiVersion": "v1", "fieldsV1": {"f:data": {"f:a": {}}}}]}, "data": {"a": data}})
    }

    #[test]
    fn a_changed_wish_is_an_update_and_a_changed_cluster_is_a_doubt() {
        let now = wanted("2");
        let there = live("1", "labctl", &json!({}));
        assert!(matches!(judge(&now, Some(&there), Some("other")), Verdict::Update(f) if f == ["data.a"]));
        assert!(matches!(judge(&now, Some(&there), Some(&now.hash)), Verdict::Doubt(f) if f == ["data.a"]));
        assert!(matches!(judge(&now, Some(&there), None), Verdict::Doubt(_)));
        assert!(matches!(judge(&now, Some(&live("2", "labctl", &json!({}))), None), Verdict::Unchanged));
        assert!(matches!(judge(&now, None, None), Verdict::Create));
    }

    #[test]
    fn what_somebody_else_made_is_adopted_and_said_so() {
        let there = live("2", "helm", &json!({}));
        assert!(matches!(judge(&wanted("2"), Some(&there), None), Verdict::Update(_)));
        assert_eq!(claims(&there, "l"), [Foreign { owner: "helm".into() }]);
        assert!(claims(&live("2", "labctl", &json!({LAB_LABEL: "l"})), "l").is_empty());
        assert_eq!(claims(&live("2", "labctl", &json!({LAB_LABEL: "m"})), "l"), [Foreign { owner: "lab m".into() }]);
    }

    #[test]
    fn only_what_is_on_record_and_still_ours_is_pruned() {
        let item = Item::new(&wanted("1").reference, "u", "h");
        let labels = json!({LAB_LABEL: "l", COMPONENT_LABEL: "x"});
        assert!(may_prune(&live("1", "labctl", &labels), &item, "x", "l"));
        assert!(!may_prune(&live("1", "kubectl", &labels), &item, "x", "l"), "made anew by somebody");
        assert!(!may_prune(&live("1", "labctl", &json!({LAB_LABEL: "l", COMPONENT_LABEL: "y"})), &item, "x", "l"), "moved");
        let mut kept = live("1", "labctl", &labels);
        kept["metadata"]["annotations"] = json!({PRUNE_ANNOTATION: "disabled"});
        assert!(!may_prune(&kept, &item, "x", "l"), "asked to be kept");
        kept["metadata"]["annotations"] = json!({"helm.sh/resource-policy": "keep"});
        assert!(!may_prune(&kept, &item, "x", "l"), "asked to be kept by its chart");
    }

    #[test]
    fn a_definition_that_is_no_longer_wanted_stays_on_record_and_is_not_pruned() {
        let labels = json!({LAB_LABEL: "l", COMPONENT_LABEL: "x"});
        let mut there = HashMap::new();
        let mut record = super::super::inventory::Record::default();
        for (version, kind) in [("apiextensions.k8s.io/v1", "CustomResourceDefinition"), ("v1", "ConfigMap")] {
            let mut object = live("1", "labctl", &labels);
            object["apiVersion"] = json!(version);
            object["kind"] = json!(kind);
            let reference = ObjectRef::of(&object).unwrap();
            record.items.insert(reference.key(), Item::new(&reference, "u", "h"));
            there.insert(reference.key(), object);
        }
        let inventory = Inventory { components: BTreeMap::from([("x".to_owned(), record)]) };
        let found = prunes(&inventory, &BTreeMap::from([("x".to_owned(), Vec::new())]), &there, "l");
        let fates: BTreeMap<&str, &Action> = found.iter().map(|entry| (entry.object.kind.as_str(), &entry.action)).collect();
        assert_eq!(fates, BTreeMap::from([("ConfigMap", &Action::Prune), ("CustomResourceDefinition", &Action::Unchanged)]));
    }
}
