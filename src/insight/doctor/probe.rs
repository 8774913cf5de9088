//! Reads the machine: files of the kernel, PATH, ports, registries. What it reads from is passed in, so that tests give it a folder.

use super::{proc, reach};
use crate::model::host::{Disk, HostFacts, KernelModule, Proxy, Tool};
use futures::future::join_all;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// A program to look for, and the arguments that make it say its version without touching anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolProbe {
    /// Its name on PATH.
    pub name: String,
    /// Such as `--version`.
    pub args: Vec<String>,
}

/// Where to look.
#[derive(Debug, Clone)]
pub struct Probe {
    /// `/`, or a test's folder with `proc`, `sys` and `lib` in it.
    pub root: PathBuf,
    /// `linux`, `macos`; `std::env::consts::OS`.
    pub os: String,
    /// Effective user id.
    pub uid: u32,
    /// The environment; PATH and the proxy variables are used.
    pub env: Vec<(String, String)>,
    /// Where free disk is measured; the closest parent that exists.
    pub data: PathBuf,
    /// Ports of 127.0.0.1 that a lab wants.
    pub ports: Vec<u16>,
    /// Programs to look for.
    pub tools: Vec<ToolProbe>,
    /// `host` or `host:port` of image registries; none are tried when this is empty (offline).
    pub registries: Vec<String>,
    /// For each program and each registry.
    pub deadline: Duration,
}

impl Probe {
    /// This machine, with the environment that was passed in.
    pub fn this_machine(env: Vec<(String, String)>) -> Self {
        let tool = |name: &str, args: &[&str]| ToolProbe { name: name.to_owned(), args: args.iter().map(|&arg| arg.to_owned()).collect() };
        Self {
            root: PathBuf::from("/"),
            os: std::env::consts::OS.to_owned(),
            uid: rustix::process::geteuid().as_raw(),
            env,
            data: PathBuf::from("/var/lib/docker"),
            ports: Vec::new(),
            tools: vec![
                tool("docker", &["--version"]),
                tool("kind", &["version"]),
                tool("kubectl", &["version", "--client"]),
                tool("helm", &["version", "--short"]),
                tool("k6", &["version"]),
            ],
            registries: ["registry-1.docker.io", "registry.k8s.io", "ghcr.io", "quay.io"].map(str::to_owned).to_vec(),
            deadline: Duration::from_secs(3),
        }
    }

    /// The same, without asking anybody outside this machine.
    #[must_use]
    pub fn offline(mut self) -> Self {
        self.registries.clear();
        self
    }

    /// The last value of a variable of the environment.
    pub(super) fn var(&self, name: &str) -> Option<&str> {
        self.env.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(path)).ok()
    }

    fn number(&self, path: &str) -> Option<u64> {
        self.text(path)?.trim().parse().ok()
    }

    fn cgroup(&self) -> Option<u8> {
        let folder = self.root.join("sys/fs/cgroup");
        if folder.join("cgroup.controllers").is_file() {
            Some(2)
        } else if folder.join("memory").is_dir() || folder.join("cpu").is_dir() {
            Some(1)
        } else {
            None
        }
    }

    fn cpus(&self) -> u32 {
        let listed = self.text("proc/cpuinfo").map_or(0, |text| text.lines().filter(|line| line.starts_with("processor")).count());
        let count = if listed > 0 { listed } else { std::thread::available_parallelism().map_or(0, std::num::NonZero::get) };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn modules(&self, kernel: &str) -> Vec<KernelModule> {
        let folder = format!("lib/modules/{kernel}");
        let loaded = self.text("proc/modules").unwrap_or_default();
        let builtin = self.text(&format!("{folder}/modules.builtin")).unwrap_or_default();
        let dep = self.text(&format!("{folder}/modules.dep")).unwrap_or_default();
        let module = |name: &str, works: bool| {
            let (listed, loadable) = proc::module(name, &loaded, &builtin, &dep);
            let there = listed || works;
            KernelModule { name: name.to_owned(), there, loadable: loadable && !there }
        };
        // kernels without modules list nothing: what the module brings is looked for as well
        let overlay = self.text("proc/filesystems").is_some_and(|text| text.split_whitespace().any(|word| word == "overlay"));
        let bridge = self.root.join("proc/sys/net/bridge/bridge-nf-call-iptables").is_file();
        vec![module("overlay", overlay), module("br_netfilter", bridge)]
    }

    fn proxies(&self) -> Vec<Proxy> {
        const NAMES: &[&str] = &["http_proxy", "https_proxy", "all_proxy", "no_proxy"];
        let wanted = |name: &str| NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
        self.env
            .iter()
            .filter(|(name, value)| wanted(name) && !value.is_empty())
            .map(|(name, value)| Proxy { name: name.clone(), value: reach::without_password(value) })
            .collect()
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(self.var("PATH")?).map(|folder| folder.join(name)).find(|path| is_program(path))
    }

    /// What a program prints, or nothing when it fails to say it in time. It gets no input and is ended at the deadline.
    async fn says(&self, path: &Path, args: &[String]) -> Option<String> {
        let mut command = tokio::process::Command::new(path);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let output = tokio::time::timeout(self.deadline, command.output()).await.ok()?.ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    }

    async fn tool(&self, probe: &ToolProbe) -> Tool {
        let path = self.find(&probe.name);
        let said = match &path {
            Some(path) => self.says(path, &probe.args).await,
            None => None,
        };
        Tool { name: probe.name.clone(), path, version: said.as_deref().and_then(proc::version) }
    }

    async fn iptables(&self) -> Option<String> {
        let path = self.find("iptables")?;
        let said = self.says(&path, &["--version".to_owned()]).await?;
        let backend = said.split_once('(')?.1.split_once(')')?.0;
        Some(backend.to_owned())
    }

    async fn ports_taken(&self) -> Vec<u16> {
        let mut taken = Vec::new();
        for &port in &self.ports {
            if tokio::net::TcpListener::bind(("127.0.0.1", port)).await.is_err() {
                taken.push(port);
            }
        }
        taken
    }

    /// Reads everything, at most one deadline long: programs and registries are asked side by side.
    async fn gather(&self) -> HostFacts {
        let kernel = self.text("proc/sys/kernel/osrelease").map(|text| text.trim().to_owned()).unwrap_or_default();
        let (mem_total, mem_available) = self.text("proc/meminfo").map_or((None, None), |text| proc::memory(&text));
        let last_cap = self.text("proc/sys/kernel/cap_last_cap");
        let missing_capabilities = self.text("proc/self/status").and_then(|text| proc::missing_capabilities(&text, last_cap.as_deref()));
        let (tools, registries, iptables, ports_taken) = tokio::join!(
            join_all(self.tools.iter().map(|tool| self.tool(tool))),
            join_all(self.registries.iter().map(|host| reach::reach(self, host))),
            self.iptables(),
            self.ports_taken(),
        );
        HostFacts {
            os: self.os.clone(),
            arch: std::env::consts::ARCH.to_owned(),
            root: self.uid == 0,
            cpus: self.cpus(),
            mem_total,
            mem_available,
            cgroup: self.cgroup(),
            inotify_watches: self.number("proc/sys/fs/inotify/max_user_watches"),
            inotify_instances: self.number("proc/sys/fs/inotify/max_user_instances"),
            open_files: self.text("proc/self/limits").and_then(|text| proc::open_files(&text)),
            disk: disk(&self.data),
            missing_capabilities,
            ports_taken,
            tools,
            proxies: self.proxies(),
            registries,
            iptables,
            modules: self.modules(&kernel),
            kernel,
        }
    }
}

impl HostFacts {
    /// Reads everything, at most one deadline long.
    pub async fn read(probe: &Probe) -> Self {
        probe.gather().await
    }
}

fn disk(path: &Path) -> Option<Disk> {
    let there = path.ancestors().find(|path| path.exists())?;
    let stat = rustix::fs::statvfs(there).ok()?;
    Some(Disk { path: there.to_owned(), free: stat.f_bavail * stat.f_frsize, total: stat.f_blocks * stat.f_frsize })
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
