//! Which rule judges which kind, which kinds are waited for, and which report the generation they have seen.

use super::around::Around;
use super::judgement::{Judgement, what};
use super::{
    apiservice, application, certificate, crd, cronjob, daemonset, deployment, gateway, generic, hpa, ingress, istio, job, litmus,
    namespace, node, once, pdb, pod, prometheus, pv, pvc, replicaset, rollout, service, statefulset, webhook,
};
use crate::cluster::object::{ObjectRef, built_in};
use serde_json::Value;

/// Every kind with a rule of its own, as `apiVersion` and kind, and two without.
#[cfg(test)]
pub(super) const KNOWN: [(&str, &str); 45] = [
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "ReplicaSet"),
    ("v1", "ReplicationController"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
    ("v1", "Pod"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "PersistentVolume"),
    ("v1", "Service"),
    ("v1", "Namespace"),
    ("v1", "Node"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
    ("networking.k8s.io/v1", "Ingress"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("policy/v1", "PodDisruptionBudget"),
    ("gateway.networking.k8s.io/v1", "Gateway"),
    ("gateway.networking.k8s.io/v1", "GatewayClass"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("argoproj.io/v1alpha1", "Application"),
    ("argoproj.io/v1alpha1", "Rollout"),
    ("argoproj.io/v1alpha1", "AnalysisRun"),
    ("argoproj.io/v1alpha1", "Workflow"),
    ("cert-manager.io/v1", "Certificate"),
    ("cert-manager.io/v1", "CertificateRequest"),
    ("cert-manager.io/v1", "Issuer"),
    ("cert-manager.io/v1", "ClusterIssuer"),
    ("acme.cert-manager.io/v1", "Order"),
    ("acme.cert-manager.io/v1", "Challenge"),
    ("networking.istio.io/v1", "Gateway"),
    ("networking.istio.io/v1", "VirtualService"),
    ("security.istio.io/v1", "PeerAuthentication"),
    ("litmuschaos.io/v1alpha1", "ChaosEngine"),
    ("litmuschaos.io/v1alpha1", "ChaosResult"),
    ("monitoring.coreos.com/v1", "Prometheus"),
    ("monitoring.coreos.com/v1", "Alertmanager"),
    ("monitoring.coreos.com/v1", "ThanosRuler"),
    ("monitoring.coreos.com/v1", "ServiceMonitor"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
    ("example.org/v1", "Widget"),
    ("v1", "ConfigMap"),
];

/// The rule of the object's kind.
pub(super) fn judge(object: &Value, around: &dyn Around) -> Judgement {
    match what(object) {
        ("apps", "Deployment") => deployment::judge(object),
        ("apps", "StatefulSet") => statefulset::judge(object),
        ("apps", "DaemonSet") => daemonset::judge(object),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => replicaset::judge(object),
        ("batch", "Job") => job::judge(object),
        ("batch", "CronJob") => cronjob::judge(object),
        ("", "Pod") => pod::judge(object),
        ("", "PersistentVolumeClaim") => pvc::judge(object, around),
        ("", "PersistentVolume") => pv::judge(object),
        ("", "Service") => service::judge(object, around),
        ("", "Namespace") => namespace::judge(object, around),
        ("", "Node") => node::judge(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => crd::judge(object, around),
        ("apiregistration.k8s.io", "APIService") => apiservice::judge(object),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration") => {
            webhook::judge(object, around)
        }
        ("networking.k8s.io" | "extensions", "Ingress") => ingress::judge(object, around),
        ("autoscaling", "HorizontalPodAutoscaler") => hpa::judge(object),
        ("policy", "PodDisruptionBudget") => pdb::judge(object),
        ("gateway.networking.k8s.io", kind) => gateway::judge(kind, object, around),
        ("argoproj.io", "Application") => application::judge(object),
        ("argoproj.io", "Rollout") => rollout::judge(object),
        ("argoproj.io", "AnalysisRun" | "Experiment" | "Workflow") => once::judge(object),
        ("cert-manager.io" | "acme.cert-manager.io", kind) => certificate::judge(kind, object),
        ("networking.istio.io" | "security.istio.io" | "telemetry.istio.io" | "extensions.istio.io", _) => istio::judge(object),
        ("litmuschaos.io", "ChaosEngine") => litmus::engine(object),
        ("litmuschaos.io", "ChaosResult") => litmus::result(object),
        ("monitoring.coreos.com", "Prometheus" | "PrometheusAgent" | "Alertmanager" | "ThanosRuler") => prometheus::server(object),
        ("monitoring.coreos.com", _) => prometheus::configuration(object),
        _ => generic::judge(object, around),
    }
}

/// Kinds whose controllers always report the generation they saw; before they have, nobody has looked.
pub(super) fn reports_generation(object: &Value) -> bool {
    matches!(
        what(object),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("", "ReplicationController")
            | ("policy", "PodDisruptionBudget")
            | ("argoproj.io", "Rollout")
    )
}

/// Whether this kind can be there without being ready, and will get ready by itself. ConfigMaps, rights and the like cannot, and are not worth a
/// watch. A claim is judged with the pods that use it: one without a consumer may rightly stay unbound for ever. An autoscaler, a budget or an
/// Ingress says something about other parts (metrics, pods, a controller) that have their own component and their own checks.
pub fn needs_waiting(object: &ObjectRef) -> bool {
    let group = object.group();
    if !built_in(group) {
        return true;
    }
    match group {
        "" => matches!(object.kind.as_str(), "Pod" | "Service" | "Namespace" | "Node" | "ReplicationController"),
        "apps" => matches!(object.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet"),
        "batch" => object.kind == "Job",
        "apiextensions.k8s.io" | "apiregistration.k8s.io" => true,
        "admissionregistration.k8s.io" => matches!(object.kind.as_str(), "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration"),
        _ => false,
    }
}
