//! The order of parts: what must be ready before what, without circles.

use super::error::CatalogError;
use super::load::Lab;
use std::collections::{BTreeMap, BTreeSet};

/// Names of the lab's parts, each after all that it needs or comes after. Fails with the circle when there is one.
pub fn order(lab: &Lab) -> Result<Vec<String>, CatalogError> {
    let mut waiting: BTreeMap<&str, BTreeSet<&str>> = lab
        .parts
        .iter()
        .map(|(name, part)| {
            (name.as_str(), part.needs.iter().chain(&part.after).map(String::as_str).filter(|other| other != name).collect())
        })
        .collect();
    let mut done: Vec<String> = Vec::new();
    while !waiting.is_empty() {
        let free: Vec<&str> = waiting.iter().filter(|(_, needs)| needs.is_empty()).map(|(name, _)| *name).collect();
        if free.is_empty() {
            return Err(CatalogError::Cycle(circle(&waiting)));
        }
        for name in free {
            waiting.remove(name);
            for needs in waiting.values_mut() {
                needs.remove(name);
            }
            done.push(name.to_owned());
        }
    }
    Ok(done)
}

/// One circle, walked from any part that waits.
fn circle(waiting: &BTreeMap<&str, BTreeSet<&str>>) -> String {
    let mut path: Vec<&str> = Vec::new();
    let mut at = waiting.keys().next().copied();
    while let Some(name) = at {
        if let Some(start) = path.iter().position(|seen| *seen == name) {
            path.push(name);
            return path.split_off(start).join(" → ");
        }
        path.push(name);
        at = waiting.get(name).and_then(|needs| needs.iter().next().copied());
    }
    path.join(" → ")
}
