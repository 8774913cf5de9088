//! Hooks of charts: labctl has no releases and no install or upgrade, so each hook becomes an ordinary object that is brought about in its turn, or
//! is left out. The rules are a table; docs/charts.md shows it.

use super::error::CatalogError;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What becomes of objects with a hook of some name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// It is an object like any other.
    Plain,
    /// It comes before the rest of its component, and Jobs and Pods of it must have ended well before the rest comes.
    Before,
    /// It comes when the rest of its component was accepted.
    After,
    /// It is not applied.
    LeftOut,
}

/// Name of a hook, what becomes of it, and why.
pub const HOOKS: &[(&str, Hook, &str)] = &[
    ("crd-install", Hook::Plain, "a definition from Helm 2 days; definitions come first anyway"),
    ("pre-install", Hook::Before, "what follows needs it: certificates, schemas, rights"),
    (
        "pre-upgrade",
        Hook::Before,
        "most charts give it together with pre-install; alone it must cope with nothing being there, as under Argo CD",
    ),
    ("post-install", Hook::After, "it works on what the rest made: patches a webhook, creates a first user"),
    ("post-upgrade", Hook::After, "as post-install"),
    ("test", Hook::LeftOut, "labctl's own `ready:` and `proof:` checks say whether a component works"),
    ("test-success", Hook::LeftOut, "the older name of test"),
    ("test-failure", Hook::LeftOut, "an older kind of test"),
    ("pre-delete", Hook::LeftOut, "it would clean up at once what was just made"),
    ("post-delete", Hook::LeftOut, "as pre-delete"),
    ("pre-rollback", Hook::LeftOut, "labctl never rolls a release back"),
    ("post-rollback", Hook::LeftOut, "as pre-rollback"),
];

/// Says on a rendered object when it comes: `before` or `after` and a weight, `before -5`. The cluster room reads it and takes it off.
pub const PHASE: &str = "labctl.dev/phase";

const HOOK: &str = "helm.sh/hook";
const WEIGHT: &str = "helm.sh/hook-weight";

/// An object that is not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// `Pod lab/test-connection`.
    pub object: String,
    /// The names of its hooks, as the chart has them.
    pub hooks: String,
}

/// Sorts what a chart renders: objects to apply, hooks with their phase on them, and what is left out.
pub fn sort(component: &str, objects: Vec<Value>) -> Result<(Vec<Value>, Vec<LeftOut>), CatalogError> {
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    for mut object in objects {
        let Some(names) = object.pointer("/metadata/annotations").and_then(|all| all[HOOK].as_str()).map(str::to_owned) else {
            kept.push(object);
            continue;
        };
        let refused = |why: &str| CatalogError::Hook { component: component.to_owned(), object: name_of(&object), why: why.to_owned() };
        let fates: BTreeSet<Hook> = names.split(',').filter_map(|name| fate(name.trim())).collect();
        // one that runs at several times runs at the first of them that labctl has
        match fates.first() {
            None => {
                return Err(refused(&format!(
                    "Helm has no hook `{names}` and would leave it out without a word; take the annotation `{HOOK}` off, or correct it"
                )));
            }
            Some(Hook::LeftOut) => left_out.push(LeftOut { object: name_of(&object), hooks: names }),
            Some(Hook::Plain) => kept.push(object),
            Some(fate) => {
                if object["metadata"]["name"].as_str().is_none_or(str::is_empty) {
                    return Err(refused(
                        "it has no name of its own (generateName), so labctl could not tell whether it ran already; switch it off in the chart's values",
                    ));
                }
                let phase = if *fate == Hook::Before { "before" } else { "after" };
                let weight: i64 = object["metadata"]["annotations"][WEIGHT].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
                object["metadata"]["annotations"][PHASE] = json!(format!("{phase} {weight}"));
                kept.push(object);
            }
        }
    }
    Ok((kept, left_out))
}

fn fate(name: &str) -> Option<Hook> {
    HOOKS.iter().find(|(known, ..)| name.eq_ignore_ascii_case(known)).map(|(_, fate, _)| *fate)
}

fn name_of(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, metadata) = (text(&object["kind"]), &object["metadata"]);
    let name = metadata["name"].as_str().or(metadata["generateName"].as_str()).unwrap_or_default();
    match metadata["namespace"].as_str() {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

/// The table as it stands in docs/charts.md.
pub fn hooks_page() -> String {
    let mut page = String::from("| hook | in labctl | why |\n| --- | --- | --- |\n");
    for (name, fate, why) in HOOKS {
        let fate = match fate {
            Hook::Plain => "an object like any other",
            Hook::Before => "before the rest, by weight; Jobs and Pods must have ended well",
            Hook::After => "after the rest, by weight",
            Hook::LeftOut => "left out",
        };
        page.push_str(&format!("| {name} | {fate} | {why} |\n"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(hook: &str) -> Value {
        json!({"kind": "Job", "metadata": {"name": "j", "annotations": {HOOK: hook, WEIGHT: "-5"}}})
    }

    #[track_caller]
    fn check(hook: &str, phase: Option<&str>) {
        let (kept, left_out) = sort("c", vec![job(hook)]).unwrap();
        assert_eq!(kept.first().map(|object| object["metadata"]["annotations"][PHASE].as_str().unwrap_or("plain")), phase, "{hook}");
        assert_eq!(left_out.is_empty(), phase.is_some(), "{hook}");
    }

    #[test]
    fn each_hook_has_its_turn_or_none() {
        check("pre-install,pre-upgrade", Some("before -5"));
        check("post-install, post-upgrade", Some("after -5"));
        check("post-install,pre-upgrade", Some("before -5"));
        check("Pre-Install", Some("before -5"));
        check("crd-install", Some("plain"));
        for hook in ["test", "test-success", "pre-delete", "post-delete", "pre-rollback", "post-delete,pre-rollback"] {
            check(hook, None);
        }
        // the cleaning up is left out, the making is not
        check("post-install,pre-delete", Some("after -5"));
    }

    #[test]
    fn what_cannot_be_known_to_have_run_is_refused() {
        let error = sort("c", vec![job("pre-instal")]).unwrap_err().to_string();
        assert!(error.contains("pre-instal") && error.contains("Job j"), "{error}");
        let nameless = json!({"kind": "Job", "metadata": {"generateName": "j-", "annotations": {HOOK: "pre-install"}}});
        assert!(sort("c", vec![nameless]).unwrap_err().to_string().contains("generateName"));
    }

    #[test]
    fn an_object_without_a_hook_is_not_touched() {
        let plain = json!({"kind": "Service", "metadata": {"name": "s"}});
        assert_eq!(sort("c", vec![plain.clone()]).unwrap(), (vec![plain], vec![]));
    }
}
