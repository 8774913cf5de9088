//! A node that cannot be killed. On cgroup v1 the runc inside a node freezes a pod's cgroup for a moment when it sets its devices
//! (<https://github.com/kubernetes/kubernetes/issues/104280>). A node killed in that moment leaves the processes frozen: they cannot take
//! their SIGKILL, the node's first process waits for them, and `docker rm -f` fails for ever.

use super::engine::{Container, DockerError, Engine};
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::CreateContainerOptionsBuilder;
use futures::TryStreamExt as _;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_mins(1);
/// What is thawed dies and takes its cgroup along: one that is gone while it is looked at was thawed with the one above it.
const SCRIPT: &str = r#"find /freezer -path "*$1*" -name freezer.state 2>/dev/null | while read -r state; do
  { grep -qx THAWED "$state" || echo THAWED > "$state" || ! [ -e "$state" ]; } 2>/dev/null || exit 1
done"#;

impl Engine {
    /// Thaws whatever is frozen below a container. The freezer belongs to the engine's host, which need not be this one, so a helper made from the
    /// container's own image does it there. Does nothing on cgroup v2.
    pub async fn thaw(&self, container: &Container) -> Result<(), DockerError> {
        if self.facts().await?.cgroup_version != Some(1) {
            return Ok(());
        }
        let name = format!("{}-thaw", container.name);
        let words = |all: &[&str]| Some(all.iter().map(|word| (*word).to_owned()).collect());
        let body = ContainerCreateBody {
            image: Some(container.image.clone()),
            entrypoint: words(&["sh", "-c", SCRIPT, "sh"]),
            cmd: words(&[&container.id]),
            // it goes with the cluster, should it be left behind
            labels: Some(container.labels.clone()),
            host_config: Some(HostConfig {
                binds: words(&["/sys/fs/cgroup/freezer:/freezer"]),
                privileged: Some(true),
                network_mode: Some("none".to_owned()),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        self.remove(&name).await?;
        let helped = self
            .within(&format!("thaw {}", container.name), DEADLINE, async {
                let options = CreateContainerOptionsBuilder::default().name(&name).build();
                self.docker.create_container(Some(options), body).await?;
                self.docker.start_container(&name, None).await?;
                self.docker.wait_container(&name, None).try_collect::<Vec<_>>().await.map(drop)
            })
            .await;
        self.remove(&name).await?;
        helped
    }
}
