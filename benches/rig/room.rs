//! A running API server and the chores around a measurement: namespaces made ahead, everything taken away behind.

use super::parts::Parts;
use super::server::{Server, start};
use super::{Outcome, objects};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::Method;
use labctl::adapters::kube::Kube;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// An API server, a connection to it, and a folder for files.
pub struct Room {
    pub server: Server,
    pub kube: Kube,
    files: tempfile::TempDir,
}

const IN_FLIGHT: usize = 16;

impl Room {
    pub async fn start(parts: &Parts) -> Outcome<Self> {
        let server = start(&parts.etcd, &parts.api, &[], false)?;
        let kube = server.ready().await?;
        Ok(Self { server, kube, files: tempfile::tempdir()? })
    }

    /// A path for a file of this measurement; folders on the way are made.
    pub fn file(&self, name: &str) -> Outcome<PathBuf> {
        let path = self.files.path().join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(path)
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.server.kubeconfig()
    }

    /// Makes namespaces, so that no contestant has to.
    pub async fn make(&self, namespaces: &[String]) -> Outcome<()> {
        for name in namespaces {
            let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            self.kube.apply(&format!("/api/v1/namespaces/{name}"), "rig", &object, false).await?;
        }
        Ok(())
    }

    /// Takes namespaces away with all that the sets of a rig put into them. No controller runs here that would.
    pub async fn wipe(&self, namespaces: &[String]) -> Outcome<()> {
        let kinds = [
            "/api/v1/%/configmaps",
            "/api/v1/%/secrets",
            "/api/v1/%/serviceaccounts",
            "/api/v1/%/services",
            "/api/v1/%/pods",
            "/apis/apps/v1/%/deployments",
            "/apis/apps/v1/%/statefulsets",
            "/apis/apps/v1/%/daemonsets",
            "/apis/rbac.authorization.k8s.io/v1/%/roles",
            "/apis/rbac.authorization.k8s.io/v1/%/rolebindings",
        ];
        let all = namespaces.iter().flat_map(|name| kinds.map(|kind| kind.replace('%', &format!("namespaces/{name}"))));
        self.delete(all.map(|path| format!("{path}?gracePeriodSeconds=0")).collect()).await?;
        for name in namespaces {
            self.delete(vec![format!("/api/v1/namespaces/{name}")]).await?;
            let done = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {"finalizers": []}});
            self.send(Method::PUT, &format!("/api/v1/namespaces/{name}/finalize"), &done).await?;
        }
        Ok(())
    }

    /// Forgets what a lab has on record.
    pub async fn forget(&self, lab: &str) -> Outcome<()> {
        self.delete(vec![format!("/api/v1/namespaces/labctl-system/secrets?labelSelector=labctl.dev%2Finventory%3D{lab}")]).await
    }

    /// Takes definitions away, and with them their objects; waits until the last is gone.
    pub async fn undefine(&self, definitions: &[Value]) -> Outcome<()> {
        self.delete(definitions.iter().map(objects::path_of).collect()).await?;
        for definition in definitions {
            while self.there(&objects::path_of(definition)).await? {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    async fn there(&self, path: &str) -> Outcome<bool> {
        match self.kube.get(path).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn delete(&self, paths: Vec<String>) -> Outcome<()> {
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        let deletions: Vec<_> = paths
            .iter()
            .map(|path| async {
                match self.kube.delete(path, &options).await {
                    Err(error) if !error.is_not_found() => Err(error),
                    _ => Ok(()),
                }
            })
            .collect();
        stream::iter(deletions).buffer_unordered(IN_FLIGHT).try_collect::<()>().await?;
        Ok(())
    }

    /// Any request with a JSON body.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Outcome<Value> {
        send(&self.kube, method, "application/json", path, body).await
    }
}

/// Any request with a body of some type.
pub async fn send(kube: &Kube, method: Method, content: &str, path: &str, body: &Value) -> Outcome<Value> {
    let request = http::Request::builder().method(method).uri(path).header(http::header::CONTENT_TYPE, content);
    Ok(kube.client().request(request.body(body.to_string().into_bytes())?).await?)
}

/// Waits until the server answers again after it was killed.
pub async fn kill_and_wait(server: &mut Server) -> Outcome<std::time::Duration> {
    use std::io::Write as _;
    let begun = std::time::Instant::now();
    server.keeper.stdin.as_mut().ok_or("the keeper of the servers is gone")?.write_all(b"kill\n")?;
    // the old one may still answer until the signal is there
    let kube = labctl::adapters::kube::connect(&server.kubeconfig(), None).await?;
    while kube.ready().await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    server.ready().await?;
    Ok(begun.elapsed())
}

/// The same kubeconfig with another address.
pub fn kubeconfig_to(original: &Path, address: &str, to: &Path) -> Outcome<()> {
    let text = std::fs::read_to_string(original)?;
    let begin = text.find("https://").ok_or("the kubeconfig names no server")?;
    let end = begin + text[begin..].find('"').ok_or("the kubeconfig is not as the rig writes it")?;
    std::fs::write(to, format!("{}{address}{}", &text[..begin], &text[end..]))?;
    Ok(())
}
