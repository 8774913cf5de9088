//! In which order objects of one component are written, and taken away.

use super::object::{ObjectRef, built_in};

/// Earlier waves are written first; within a wave order does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wave {
    /// What others live in or are defined by.
    Ground,
    /// What workloads read at start: accounts, rights, configuration.
    Config,
    /// Services, so that their environment and names are there before pods.
    Services,
    Workloads,
    /// What needs a running controller to be accepted, and what would stand in the way of the workloads.
    Custom,
}

impl Wave {
    /// The stage of what comes last.
    pub const LAST: usize = 3;

    /// What is written together: services and configuration need nothing of each other, only workloads need both.
    pub const fn stage(self) -> usize {
        match self {
            Self::Ground => 0,
            Self::Config | Self::Services => 1,
            Self::Workloads => 2,
            Self::Custom => Self::LAST,
        }
    }

    pub fn of(object: &ObjectRef) -> Self {
        let group = object.group();
        match object.kind.as_str() {
            "Namespace" | "PriorityClass" | "RuntimeClass" if built_in(group) => Self::Ground,
            "CustomResourceDefinition" => Self::Ground,
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" | "APIService" => Self::Custom,
            "Service" | "Endpoints" | "EndpointSlice" if built_in(group) => Self::Services,
            "Deployment"
            | "StatefulSet"
            | "DaemonSet"
            | "ReplicaSet"
            | "ReplicationController"
            | "Pod"
            | "Job"
            | "CronJob"
            | "HorizontalPodAutoscaler"
            | "PodDisruptionBudget"
            | "Ingress"
                if built_in(group) =>
            {
                Self::Workloads
            }
            _ if built_in(group) => Self::Config,
            _ => Self::Custom,
        }
    }
}

/// Rank for taking away: lower goes first. Not the plain reverse of writing: what can block the API goes before its backend, custom resources go
/// while their controller still runs, and what holds others goes last.
pub fn removal_rank(object: &ObjectRef) -> u8 {
    match object.kind.as_str() {
        "APIService" | "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" | "ValidatingAdmissionPolicyBinding" => 0,
        "CustomResourceDefinition" => 5,
        "Namespace" => 6,
        _ => match Wave::of(object) {
            Wave::Custom => 1,
            Wave::Workloads => 2,
            Wave::Services => 3,
            Wave::Config | Wave::Ground => 4,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(api_version: &str, kind: &str) -> ObjectRef {
        ObjectRef { api_version: api_version.into(), kind: kind.into(), namespace: None, name: "x".into() }
    }

    #[test]
    fn definitions_and_namespaces_come_first_and_webhooks_last() {
        let order: Vec<Wave> = [
            ("v1", "Namespace"),
            ("rbac.authorization.k8s.io/v1", "Role"),
            ("v1", "Service"),
            ("apps/v1", "Deployment"),
            ("argoproj.io/v1alpha1", "Application"),
        ]
        .map(|(version, kind)| Wave::of(&object(version, kind)))
        .to_vec();
        assert!(order.is_sorted(), "{order:?}");
        // Knative's Service is no core Service
        assert_eq!(Wave::of(&object("serving.knative.dev/v1", "Service")), Wave::Custom);
    }

    #[test]
    fn webhooks_go_before_their_backends_and_custom_resources_before_definitions() {
        let ranks = [
            removal_rank(&object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration")),
            removal_rank(&object("argoproj.io/v1alpha1", "Application")),
            removal_rank(&object("apps/v1", "Deployment")),
            removal_rank(&object("v1", "ConfigMap")),
            removal_rank(&object("apiextensions.k8s.io/v1", "CustomResourceDefinition")),
            removal_rank(&object("v1", "Namespace")),
        ];
        assert!(ranks.is_sorted(), "{ranks:?}");
    }
}
