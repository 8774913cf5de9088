//! Rows of answers.

use crate::model::run::{At, Object};
use std::fmt;

/// Where a component answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRow {
    /// Whose it is.
    pub component: String,
    /// Unique within the component.
    pub name: String,
    /// `namespace/service:port`, as other pods reach it.
    pub service: String,
    /// For a browser on this host; `None` where no gateway leads to it.
    pub url: Option<String>,
}

/// An alert that fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// Label `alertname`.
    pub name: String,
    /// Label `severity`; empty where the rule gives none.
    pub severity: String,
    /// Annotation `summary`, else `description`.
    pub summary: String,
    /// What tells it from others of its name, as `key=value`.
    pub labels: Vec<String>,
    /// Since when, where that is known.
    pub since: Option<At>,
}

/// What Kubernetes said about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// When it was last said; `None` when it is not known.
    pub last: Option<At>,
    /// Anything but `Normal`.
    pub warning: bool,
    /// One word, such as `FailedScheduling`.
    pub reason: String,
    /// What it is about.
    pub about: Object,
    /// How often it was said.
    pub count: u64,
    /// One line.
    pub message: String,
}

/// Why something is not well, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseRow {
    /// Such as `LAB-IMAGE-002`.
    pub id: String,
    /// For people.
    pub sentence: String,
    /// The next step.
    pub fix: String,
}

/// What is used of CPU (thousandths of a core) and memory (bytes).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// By name.
    pub nodes: Vec<NodeUse>,
    /// By namespace and name.
    pub pods: Vec<PodUse>,
}

/// A node's share.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it; `of` is what the node has to give")]
pub struct NodeUse {
    pub name: String,
    pub millicores: u64,
    pub of_millicores: u64,
    pub bytes: u64,
    pub of_bytes: u64,
}

/// A pod's share, all its containers together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PodUse {
    pub namespace: String,
    pub name: String,
    pub millicores: u64,
    pub bytes: u64,
}

impl Usage {
    /// Of all nodes: thousandths of a core, bytes, and what there is of each.
    pub fn total(&self) -> NodeUse {
        self.nodes.iter().fold(NodeUse::default(), |sum, node| NodeUse {
            name: String::new(),
            millicores: sum.millicores.saturating_add(node.millicores),
            of_millicores: sum.of_millicores.saturating_add(node.of_millicores),
            bytes: sum.bytes.saturating_add(node.bytes),
            of_bytes: sum.of_bytes.saturating_add(node.of_bytes),
        })
    }

    /// One pod's; `None` where it was not measured.
    pub fn of(&self, namespace: &str, name: &str) -> Option<&PodUse> {
        self.pods
            .binary_search_by(|pod| (pod.namespace.as_str(), pod.name.as_str()).cmp(&(namespace, name)))
            .ok()
            .and_then(|at| self.pods.get(at))
    }
}

/// What opens a component. Never part of a snapshot: it is asked for when a person wants to see it, and forgotten when they look away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// What it opens, for people.
    pub name: String,
    /// Whose it is.
    pub component: String,
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: SecretText,
}

/// A text that does not get into logs: only [`SecretText::reveal`] gives it away.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Wraps it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for a person's eyes or clipboard.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_in_what_is_logged() {
        let one =
            Credential { name: "Grafana".into(), component: "grafana".into(), user: "admin".into(), password: SecretText::new("hunter2") };
        assert!(!format!("{one:?}").contains("hunter2"));
        assert_eq!(one.password.reveal(), "hunter2");
    }

    #[test]
    fn a_pods_share_is_found_by_name_and_space() {
        let pod = |namespace: &str, name: &str, bytes| PodUse { namespace: namespace.into(), name: name.into(), millicores: 1, bytes };
        let usage = Usage { nodes: vec![], pods: vec![pod("a", "x", 1), pod("a", "y", 2), pod("b", "x", 3)] };
        assert_eq!(usage.of("b", "x").map(|pod| pod.bytes), Some(3));
        assert_eq!(usage.of("b", "y"), None);
    }
}
