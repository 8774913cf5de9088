//! `kind: List` and its kin: a list counts as its items.

use serde_json::Value;

/// Lists within lists deeper than this are left as they are.
const DEEPEST: usize = 8;

/// Appends `object`, or the items of the list that it is. Items of a typed list (`RoleList`) that do not say what they are get it from the list,
/// as in kubectl.
pub fn flatten(object: Value, depth: usize, into: &mut Vec<Value>) {
    let kind = object["kind"].as_str().unwrap_or_default();
    if depth >= DEEPEST || !kind.ends_with("List") || !object["items"].is_array() {
        into.push(object);
        return;
    }
    let item_kind = kind.strip_suffix("List").unwrap_or_default().to_owned();
    let version = object["apiVersion"].clone();
    let Value::Object(mut map) = object else { return };
    let Some(Value::Array(items)) = map.shift_remove("items") else { return };
    for mut item in items {
        if let Some(map) = item.as_object_mut()
            && !map.contains_key("kind")
            && !map.contains_key("apiVersion")
            && !item_kind.is_empty()
        {
            map.insert("kind".to_owned(), Value::String(item_kind.clone()));
            map.insert("apiVersion".to_owned(), version.clone());
        }
        flatten(item, depth + 1, into);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(object: Value, expected: &[Value]) {
        let mut found = Vec::new();
        flatten(object, 0, &mut found);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_list_counts_as_its_items() {
        check(
            json!({"kind": "List", "items": [{"kind": "A"}, {"kind": "List", "items": [{"kind": "B"}]}]}),
            &[json!({"kind": "A"}), json!({"kind": "B"})],
        );
        check(json!({"kind": "List", "items": []}), &[]);
    }

    #[test]
    fn items_of_a_typed_list_are_told_what_they_are() {
        let list = json!({"apiVersion": "rbac/v1", "kind": "RoleList", "items": [{"metadata": {"name": "a"}}]});
        check(list, &[json!({"metadata": {"name": "a"}, "kind": "Role", "apiVersion": "rbac/v1"})]);
    }

    #[test]
    fn a_kind_that_only_sounds_like_a_list_is_an_object() {
        check(json!({"kind": "AllowList", "spec": 1}), &[json!({"kind": "AllowList", "spec": 1})]);
    }
}
