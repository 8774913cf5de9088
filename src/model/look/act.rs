//! What a person may do to a running lab while they look at it.

use crate::model::run::Object;

/// A kind of object that runs pods and can roll them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Workload {
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` `StatefulSet`.
    StatefulSet,
    /// `apps/v1` `DaemonSet`: one pod for each node, so it cannot be scaled.
    DaemonSet,
}

impl Workload {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Deployment, Self::StatefulSet, Self::DaemonSet];

    /// The kind's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
        }
    }

    /// The kind as URLs have it.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
        }
    }

    /// The workload kind of an object, if it is one.
    pub fn of(object: &Object) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == object.kind)
    }
}

/// One workload by name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Target {
    pub kind: Workload,
    pub namespace: String,
    pub name: String,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}/{}", self.kind.name(), self.namespace, self.name)
    }
}

/// A verb on an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says what its fields are")]
pub enum Act {
    /// Deletes a pod, so that what runs it makes another. `by` is what runs it, if anything does.
    DeletePod { namespace: String, name: String, by: Option<Object> },
    /// Replaces all pods of a workload as its rollout strategy says.
    Restart { target: Target, pods: u32 },
    /// Changes how many pods there are to be. `manifest` is the number the component's manifest names, where it names one.
    Scale { target: Target, from: u32, to: u32, manifest: Option<u32> },
}

impl Act {
    /// What will happen, in words, for the question before it.
    pub fn sentence(&self) -> String {
        match self {
            Self::DeletePod { namespace, name, by: Some(by) } => {
                format!("Pod {namespace}/{name} is ended, and {} {} makes a new one in its place.", by.kind, by.name)
            }
            Self::DeletePod { namespace, name, by: None } => {
                format!("Pod {namespace}/{name} is ended and does not come back: nothing runs it but itself.")
            }
            Self::Restart { target, pods } => {
                let pods = match pods {
                    0 => "it has no pods now, and the next ones are new".to_owned(),
                    1 => "its pod is replaced by a new one".to_owned(),
                    pods => format!("its {pods} pods are replaced by new ones, in the order its rollout strategy has"),
                };
                format!("{target} is restarted: {pods}. Its manifest stays as it is, and labctl up finds nothing to mend.")
            }
            Self::Scale { target, from, to, manifest } => {
                let then = match manifest {
                    Some(manifest) if manifest == to => "That is what its manifest says.".to_owned(),
                    Some(manifest) => {
                        format!(
                            "Its manifest says {manifest}: labctl status shows that it was changed, and the next labctl up sets it back to {manifest}."
                        )
                    }
                    None => "Its manifest names no number, so it stays so.".to_owned(),
                };
                let none = if *to == 0 { " Nothing of it runs then." } else { "" };
                format!("{target} is scaled from {from} to {to}.{none} {then}")
            }
        }
    }

    /// Whether something stops working by it, if only for a while, so that a person must say yes first.
    pub fn is_dangerous(&self) -> bool {
        match self {
            Self::DeletePod { .. } | Self::Restart { .. } => true,
            Self::Scale { from, to, .. } => to < from,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(from: u32, to: u32, manifest: Option<u32>) -> Act {
        Act::Scale { target: Target { kind: Workload::Deployment, namespace: "n".into(), name: "d".into() }, from, to, manifest }
    }

    #[test]
    fn what_the_next_up_does_about_it_is_said_beforehand() {
        let says = |act: &Act, words: &str| assert!(act.sentence().contains(words), "{}", act.sentence());
        says(&scale(1, 3, Some(1)), "the next labctl up sets it back to 1");
        says(&scale(3, 1, Some(1)), "That is what its manifest says");
        says(&scale(1, 3, None), "it stays so");
        says(&scale(1, 0, None), "Nothing of it runs then");
        let alone = Act::DeletePod { namespace: "n".into(), name: "p".into(), by: None };
        says(&alone, "does not come back");
    }

    #[test]
    fn what_takes_something_away_is_dangerous() {
        assert!(scale(2, 1, None).is_dangerous() && !scale(1, 2, None).is_dangerous());
    }
}
