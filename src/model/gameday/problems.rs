//! What must hold of a game day beside each of its parts being right.

use super::file::GameDay;
use std::collections::BTreeSet;

fn is_name(text: &str, most: usize) -> bool {
    !text.is_empty()
        && text.len() <= most
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl GameDay {
    /// Everything wrong with it, as sentences; empty when it is right.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let name = &self.metadata.name;
        if !is_name(name, 30) {
            found.push(format!("metadata.name `{name}` is no name: use 1 to 30 letters a-z, digits and inner dashes"));
        }
        if self.acts.is_empty() {
            found.push("acts is empty: a game day has at least one".to_owned());
        }
        if self.users.as_ref().is_some_and(|users| users.every.get().is_zero()) {
            found.push("users.every is 0s: that would be as many requests as this host can make".to_owned());
        }
        if self.users.as_ref().is_some_and(|users| !users.http.endpoint.contains('/')) {
            found.push("users.http.endpoint needs its component: COMPONENT/ENDPOINT".to_owned());
        }
        let mut names = BTreeSet::new();
        for act in &self.acts {
            if !is_name(&act.name, 30) {
                found.push(format!("acts: `{}` is no name: use 1 to 30 letters a-z, digits and inner dashes", act.name));
            } else if !names.insert(&act.name) {
                found.push(format!("acts: two are called `{}`: give each its own name", act.name));
            }
            if act.scenario.is_empty() {
                found.push(format!("act `{}` has no scenario", act.name));
            }
            let expect = &act.expect;
            if expect.detected_by.as_ref().is_some_and(|by| by.alerts.is_empty()) {
                found.push(format!("act `{}`: detectedBy.alerts is empty", act.name));
            }
            let responds = expect.runbook.is_some() || expect.acknowledged_within.is_some() || expect.mitigated_within.is_some();
            if responds && expect.detected_by.is_none() {
                found.push(format!("act `{}` expects a response and no alert: write detectedBy, or nobody is paged", act.name));
            }
            if act.lasts.is_some_and(|lasts| lasts.get().is_zero()) {
                found.push(format!("act `{}` lasts 0s: nothing could be seen of it", act.name));
            }
        }
        found
    }
}
