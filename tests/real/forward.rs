//! Port-forwards through a real API server, to whatever serves DNS metrics in every kind cluster.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use crate::tier::needs;
use labctl::adapters::kube::{Forward, ForwardError, Objects};
use labctl::support::http::{Call, Http};

async fn client() -> Option<kube::Client> {
    let file = needs("cluster", "LABCTL_TEST_KUBECONFIG", "`kind create cluster --kubeconfig FILE` and set it to FILE")?;
    labctl::support::tls::install_provider();
    let file = kube::config::Kubeconfig::read_from(file).unwrap();
    let config = kube::Config::from_custom_kubeconfig(file, &kube::config::KubeConfigOptions::default()).await.unwrap();
    Some(kube::Client::try_from(config).unwrap())
}

#[tokio::test]
#[ignore = "needs a kind cluster: LABCTL_TEST_KUBECONFIG=FILE"]
async fn a_service_of_a_real_cluster_answers_through_a_forward() {
    let Some(client) = client().await else { return };
    let forward = Forward::open(client.clone(), "kube-system", "kube-dns", 9153).await.unwrap();
    let http = Http::local().unwrap();
    for _ in 0..3 {
        let answer = http.call(Call::get(&format!("http://{}", forward.address()), "/metrics")).await.unwrap();
        assert_eq!(answer.status, 200, "{}", forward.trouble().unwrap_or_default());
        assert!(answer.text().contains("coredns_build_info"));
    }
    let error = Forward::open(client, "kube-system", "kube-dns", 1).await.unwrap_err();
    assert!(matches!(error, ForwardError::NoPort { .. }), "{error}");
}

#[tokio::test]
#[ignore = "needs a kind cluster: LABCTL_TEST_KUBECONFIG=FILE"]
async fn objects_of_a_real_cluster_are_read_by_kind() {
    let Some(client) = client().await else { return };
    let objects = Objects::new(client);
    let dns = objects.get(None, "Deployment", "kube-system", "coredns").await.unwrap().unwrap();
    assert!(dns.pointer("/status/observedGeneration").is_some());
    assert!(objects.get(None, "Namespace", "anything", "kube-system").await.unwrap().is_some(), "a kind without namespaces");
    assert!(objects.get(None, "Deployment", "kube-system", "none").await.unwrap().is_none());
    // not in the table of known kinds: looked up
    assert!(objects.get(None, "ClusterRole", "", "cluster-admin").await.unwrap().is_some());
    assert!(objects.get(Some("scheduling.k8s.io/v1"), "PriorityClass", "", "system-node-critical").await.unwrap().is_some());
    assert!(objects.get(None, "Nothing", "", "x").await.unwrap_err().to_string().contains("knows no kind Nothing"));
}
