//! The container engine, through its API (bollard): facts, images, containers, commands inside nodes.

use crate::model::host::EngineInfo;
use crate::support::progress::Sink;
use bollard::Docker;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::models::{
    ContainerCreateBody, EndpointSettings, HostConfig, NetworkConnectRequest, PortBinding, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ImportImageOptionsBuilder, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
};
use futures::StreamExt;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;
use tokio_util::io::ReaderStream;

/// What the engine said, or why it could not be asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is and names its fields")]
pub enum DockerError {
    #[error("the container engine at {at} does not answer: {cause}")]
    Unreachable { at: String, cause: String },
    #[error("this user may not use the container engine at {at}: permission denied")]
    Denied { at: String },
    #[error("the container engine did not {what} within {}s", .deadline.as_secs())]
    Deadline { what: String, deadline: Duration },
    #[error("{what}: {cause}")]
    Refused { what: String, cause: String },
    #[error("`{command}` in container {container} ended with {code}: {output}")]
    Exec { container: String, command: String, code: i64, output: String },
    #[error("{path} cannot be read: {cause}")]
    File { path: String, cause: std::io::Error },
}

/// A connection to the engine; cheap to clone.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) docker: Docker,
    at: String,
}

/// A container as far as labctl cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// The full id.
    pub id: String,
    /// Without the leading slash the engine shows.
    pub name: String,
    /// As it was asked for: a name with tag, or an id.
    pub image: String,
    /// `running`, `exited`, `paused`, `created` …
    pub state: String,
    /// Labels, by key.
    pub labels: HashMap<String, String>,
    /// Address on each network.
    pub addresses: HashMap<String, String>,
    /// Host ports by container port (`5000/tcp`).
    pub ports: HashMap<String, u16>,
    /// Names of its volumes.
    pub volumes: Vec<String>,
    /// Folder on the host by folder in the container.
    pub mounts: HashMap<String, String>,
}

/// What to run.
#[derive(Debug, Clone, Default)]
pub struct NewContainer {
    /// Its name on the engine; one that is taken is an error.
    pub name: String,
    /// A reference that the engine already has; nothing is pulled.
    pub image: String,
    /// `NAME=value`.
    pub env: Vec<String>,
    /// Labels, by key.
    pub labels: HashMap<String, String>,
    /// `volume:/path`.
    pub binds: Vec<String>,
    /// Container port (`5000/tcp`) to host port on 127.0.0.1.
    pub ports: Vec<(String, u16)>,
    /// The engine's network it joins; the default bridge when `None`.
    pub network: Option<String>,
}

/// The engine is local: an answer that takes longer than this is a fault to be told.
const QUICK: Duration = Duration::from_secs(15);
/// Starting and stopping containers.
const SLOW: Duration = Duration::from_secs(90);

impl Engine {
    /// Connects the way the docker CLI does: `DOCKER_HOST`, else the local socket. Asks nothing yet.
    pub fn connect(docker_host: Option<&str>) -> Result<Self, DockerError> {
        let at = docker_host.unwrap_or("unix:///var/run/docker.sock").to_owned();
        let docker = match docker_host {
            Some(host) => Docker::connect_with_host(host),
            None => Docker::connect_with_local_defaults(),
        };
        let docker = docker.map_err(|error| DockerError::Unreachable { at: at.clone(), cause: error.to_string() })?;
        // bollard's own deadline would also cut long image loads; ours are set per call
        Ok(Self { docker: docker.with_timeout(Duration::from_hours(1)), at })
    }

    /// Where the engine is looked for.
    pub fn at(&self) -> &str {
        &self.at
    }

    pub(super) async fn within<T>(
        &self,
        what: &str,
        deadline: Duration,
        call: impl Future<Output = Result<T, bollard::errors::Error>>,
    ) -> Result<T, DockerError> {
        match tokio::time::timeout(deadline, call).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.explain(what, &error)),
            Err(_) => Err(DockerError::Deadline { what: what.to_owned(), deadline }),
        }
    }

    fn explain(&self, what: &str, error: &bollard::errors::Error) -> DockerError {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            text = cause.to_string();
            source = cause.source();
        }
        if let bollard::errors::Error::DockerContainerWaitError { code, .. } = error {
            text = format!("exit code {code} {text}");
        }
        let lower = text.to_lowercase();
        if lower.contains("permission denied") {
            DockerError::Denied { at: self.at.clone() }
        } else if lower.contains("no such file") || lower.contains("connection refused") || lower.contains("error trying to connect") {
            DockerError::Unreachable { at: self.at.clone(), cause: text }
        } else {
            DockerError::Refused { what: what.to_owned(), cause: text }
        }
    }

    /// What kind of engine this is.
    pub async fn facts(&self) -> Result<EngineInfo, DockerError> {
        let info = self.within("say what it is", QUICK, self.docker.info()).await?;
        let version = self.within("say its version", QUICK, self.docker.version()).await?;
        let cgroup_version = info.cgroup_version.map(|version| version.to_string()).and_then(|text| text.parse().ok());
        Ok(EngineInfo {
            endpoint: self.at.clone(),
            version: version.version.unwrap_or_default(),
            api: version.api_version.unwrap_or_default(),
            cgroup_version,
            storage_driver: info.driver.unwrap_or_default(),
            default_runtime: info.default_runtime.unwrap_or_default(),
            rootless: info.security_options.iter().flatten().any(|option| option.contains("rootless")),
            os: info.os_type.unwrap_or_default(),
            arch: info.architecture.unwrap_or_default(),
            ncpu: info.ncpu.and_then(|count| u32::try_from(count).ok()).unwrap_or_default(),
            mem_total: info.mem_total.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default(),
            disk: None,
        })
    }

    /// The id of the image called `reference`, when the engine has it.
    pub async fn image_id(&self, reference: &str) -> Result<Option<String>, DockerError> {
        let found = self.within("inspect an image", QUICK, async {
            match self.docker.inspect_image(reference).await {
                Ok(image) => Ok(image.id),
                Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
                Err(error) => Err(error),
            }
        });
        found.await
    }

    /// Loads a docker archive (`docker save`); reports bytes read.
    pub async fn load(&self, archive: &Path, deadline: Duration, sink: &Sink) -> Result<(), DockerError> {
        let file_error = |cause| DockerError::File { path: archive.display().to_string(), cause };
        let file = tokio::fs::File::open(archive).await.map_err(file_error)?;
        let total = file.metadata().await.map_err(file_error)?.len();
        let (report, mut done) = (sink.clone(), 0);
        let stream = ReaderStream::with_capacity(file, 1 << 20).inspect(move |chunk| {
            if let Ok(chunk) = chunk {
                done += chunk.len() as u64;
                report.progress(done, Some(total), "B");
            }
        });
        let options = ImportImageOptionsBuilder::default().quiet(true).build();
        self.within("load an image", deadline, async {
            let mut answers = std::pin::pin!(self.docker.import_image_stream(options, stream, None));
            while let Some(answer) = answers.next().await {
                answer?;
            }
            Ok(())
        })
        .await
    }

    /// Containers with all of `labels` (`key=value`), stopped ones included.
    pub async fn containers(&self, labels: &[String]) -> Result<Vec<Container>, DockerError> {
        let filters = HashMap::from([("label".to_owned(), labels.to_vec())]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let listed = self.within("list containers", QUICK, self.docker.list_containers(Some(options))).await?;
        let mut found = Vec::new();
        for summary in listed {
            if let Some(id) = summary.id
                && let Some(container) = self.container(&id).await?
            {
                found.push(container);
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// The container called `name`, when there is one.
    pub async fn container(&self, name: &str) -> Result<Option<Container>, DockerError> {
        let inspected = self.within("inspect a container", QUICK, async {
            match self.docker.inspect_container(name, None).await {
                Ok(container) => Ok(Some(container)),
                Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let Some(found) = inspected.await? else { return Ok(None) };
        let networks = found.network_settings.unwrap_or_default();
        let ports = networks.ports.unwrap_or_default().into_iter().filter_map(|(port, bindings)| {
            let host = bindings?.into_iter().find_map(|binding| binding.host_port?.parse().ok())?;
            Some((port, host))
        });
        let config = found.config.unwrap_or_default();
        let mounts = found.mounts.unwrap_or_default();
        Ok(Some(Container {
            id: found.id.unwrap_or_default(),
            name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
            image: config.image.unwrap_or_default(),
            state: found.state.and_then(|state| state.status).map(|status| status.to_string()).unwrap_or_default(),
            labels: config.labels.unwrap_or_default(),
            addresses: networks
                .networks
                .unwrap_or_default()
                .into_iter()
                .map(|(name, endpoint)| (name, endpoint.ip_address.unwrap_or_default()))
                .collect(),
            ports: ports.collect(),
            volumes: mounts.iter().filter_map(|mount| mount.name.clone()).collect(),
            mounts: mounts.into_iter().filter_map(|mount| Some((mount.destination?, mount.source?))).collect(),
        }))
    }

    /// Creates and starts a container; it comes back with the engine.
    pub async fn run(&self, new: NewContainer) -> Result<(), DockerError> {
        let bindings = new.ports.iter().map(|(port, host)| {
            let binding = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some(host.to_string()) };
            (port.clone(), Some(vec![binding]))
        });
        let body = ContainerCreateBody {
            image: Some(new.image.clone()),
            env: Some(new.env.clone()),
            labels: Some(new.labels.clone()),
            exposed_ports: Some(new.ports.iter().map(|(port, _)| port.clone()).collect()),
            host_config: Some(HostConfig {
                binds: Some(new.binds.clone()),
                port_bindings: Some(bindings.collect()),
                restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::UNLESS_STOPPED), maximum_retry_count: None }),
                network_mode: new.network.clone(),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptionsBuilder::default().name(&new.name).build();
        self.within(&format!("create container {}", new.name), SLOW, self.docker.create_container(Some(options), body)).await?;
        self.start(&new.name).await
    }

    /// Starts a container.
    pub async fn start(&self, name: &str) -> Result<(), DockerError> {
        self.within(&format!("start container {name}"), SLOW, self.docker.start_container(name, None)).await
    }

    /// Stops all processes of a container where they are.
    pub async fn pause(&self, name: &str) -> Result<(), DockerError> {
        self.within(&format!("pause container {name}"), SLOW, self.docker.pause_container(name)).await
    }

    /// Lets a paused container go on.
    pub async fn unpause(&self, name: &str) -> Result<(), DockerError> {
        self.within(&format!("unpause container {name}"), SLOW, self.docker.unpause_container(name)).await
    }

    /// Removes a container with its anonymous volumes; one that is gone is no error.
    pub async fn remove(&self, name: &str) -> Result<(), DockerError> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        let removed = self.within(&format!("remove container {name}"), SLOW, self.docker.remove_container(name, Some(options))).await;
        match removed {
            Err(DockerError::Refused { cause, .. }) if cause.contains("No such container") || cause.contains("already in progress") => {
                Ok(())
            }
            other => other,
        }
    }

    /// Names of the volumes with label `key=value`.
    pub async fn volumes(&self, label: &str) -> Result<Vec<String>, DockerError> {
        let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
        let options = bollard::query_parameters::ListVolumesOptionsBuilder::default().filters(&filters).build();
        let listed = self.within("list volumes", QUICK, self.docker.list_volumes(Some(options))).await?;
        Ok(listed.volumes.unwrap_or_default().into_iter().map(|volume| volume.name).collect())
    }

    /// Names of all volumes.
    pub async fn all_volumes(&self) -> Result<Vec<String>, DockerError> {
        let listed =
            self.within("list volumes", QUICK, self.docker.list_volumes(None::<bollard::query_parameters::ListVolumesOptions>)).await?;
        Ok(listed.volumes.unwrap_or_default().into_iter().map(|volume| volume.name).collect())
    }

    /// Removes a network; one that containers still use is an error.
    pub async fn remove_network(&self, name: &str) -> Result<(), DockerError> {
        self.within(&format!("remove network {name}"), QUICK, self.docker.remove_network(name)).await
    }

    /// Makes a volume with labels; one that is there is left as it is.
    pub async fn create_volume(&self, name: &str, labels: HashMap<String, String>) -> Result<(), DockerError> {
        let body = bollard::models::VolumeCreateRequest { name: Some(name.to_owned()), labels: Some(labels), ..Default::default() };
        self.within(&format!("create volume {name}"), QUICK, self.docker.create_volume(body)).await.map(|_| ())
    }

    /// Removes a volume; one that a container still uses is an error.
    pub async fn remove_volume(&self, name: &str) -> Result<(), DockerError> {
        self.within(
            &format!("remove volume {name}"),
            SLOW,
            self.docker.remove_volume(name, None::<bollard::query_parameters::RemoveVolumeOptions>),
        )
        .await
    }

    /// Whether there is a network called `name`.
    pub async fn has_network(&self, name: &str) -> Result<bool, DockerError> {
        self.within("inspect a network", QUICK, async {
            match self.docker.inspect_network(name, None).await {
                Ok(_) => Ok(true),
                Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Puts a container on a network; one that is on it already stays.
    pub async fn join(&self, network: &str, container: &str) -> Result<(), DockerError> {
        let request = NetworkConnectRequest { container: container.to_owned(), endpoint_config: Some(EndpointSettings::default()) };
        let joined =
            self.within(&format!("connect {container} to network {network}"), QUICK, self.docker.connect_network(network, request)).await;
        match joined {
            Err(DockerError::Refused { cause, .. }) if cause.contains("already exists") => Ok(()),
            other => other,
        }
    }

    /// Starts a command in a container and leaves it to itself: it goes on when this process ends.
    pub async fn launch(&self, container: &str, command: &[String]) -> Result<(), DockerError> {
        let what = format!("start `{}` in {container}", command.join(" "));
        let options = CreateExecOptions { cmd: Some(command.to_vec()), ..CreateExecOptions::<String>::default() };
        let detached = StartExecOptions { detach: true, ..StartExecOptions::default() };
        self.within(&what, QUICK, async {
            let exec = self.docker.create_exec(container, options).await?;
            self.docker.start_exec(&exec.id, Some(detached)).await.map(drop)
        })
        .await
    }

    /// Runs a command in a container and gives back what it printed; an exit code other than 0 is an error with the output.
    pub async fn exec(&self, container: &str, command: &[&str], deadline: Duration) -> Result<String, DockerError> {
        let what = format!("run `{}` in {container}", command.join(" "));
        let options = CreateExecOptions {
            cmd: Some(command.iter().map(|word| (*word).to_owned()).collect()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..CreateExecOptions::<String>::default()
        };
        let (output, code) = self
            .within(&what, deadline, async {
                let exec = self.docker.create_exec(container, options).await?;
                let mut output = String::new();
                if let StartExecResults::Attached { output: mut stream, .. } = self.docker.start_exec(&exec.id, None).await? {
                    while let Some(chunk) = stream.next().await {
                        output.push_str(&String::from_utf8_lossy(&chunk?.into_bytes()));
                    }
                }
                let inspected = self.docker.inspect_exec(&exec.id).await?;
                Ok((output, inspected.exit_code.unwrap_or(-1)))
            })
            .await?;
        if code == 0 {
            return Ok(output);
        }
        Err(DockerError::Exec { container: container.to_owned(), command: command.join(" "), code, output: output.trim().to_owned() })
    }
}
