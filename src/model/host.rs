//! What is known of the machine and of its container engine. Filled by those who look, judged by `insight`, shown by the front ends.
//!
//! `None` means "could not be read", never "no": the rules say so instead of guessing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The machine labctl runs on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct HostFacts {
    /// `linux`, `macos`.
    pub os: String,
    /// Release of the kernel, as `uname -r` prints it.
    pub kernel: String,
    /// `x86_64`, `aarch64`.
    pub arch: String,
    /// Whether labctl runs as root.
    pub root: bool,
    /// Processors of the machine.
    pub cpus: u32,
    /// Bytes.
    pub mem_total: Option<u64>,
    /// Bytes that can be had without swapping.
    pub mem_available: Option<u64>,
    /// 1 or 2.
    pub cgroup: Option<u8>,
    /// `fs.inotify.max_user_watches`.
    pub inotify_watches: Option<u64>,
    /// `fs.inotify.max_user_instances`.
    pub inotify_instances: Option<u64>,
    /// Soft limit of open files of this process.
    pub open_files: Option<u64>,
    /// Where the engine keeps its data, or the closest parent that exists.
    pub disk: Option<Disk>,
    /// Names of capabilities that are missing from the bounding set; empty when it is full.
    pub missing_capabilities: Option<Vec<String>>,
    /// Of the ports that were asked about, those that cannot be listened on.
    pub ports_taken: Vec<u16>,
    /// One entry for each program that was looked for.
    pub tools: Vec<Tool>,
    /// Proxy variables that are set; passwords are taken out.
    pub proxies: Vec<Proxy>,
    /// One entry for each registry host that was asked about; empty when offline.
    pub registries: Vec<Reach>,
    /// `nf_tables` or `legacy`; `None` when there is no `iptables`.
    pub iptables: Option<String>,
    /// One entry for each module that was looked for.
    pub modules: Vec<KernelModule>,
}

/// Room on the file system that holds `path`, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// What was measured.
    pub path: PathBuf,
    /// Bytes that an ordinary user may still write.
    pub free: u64,
    /// Bytes in all.
    pub total: u64,
}

/// A program that a lab uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// As it is called.
    pub name: String,
    /// `None` when it is not on PATH.
    pub path: Option<PathBuf>,
    /// `1.34.4`, without a leading `v`; `None` when it did not say in time.
    pub version: Option<String>,
}

/// A proxy variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proxy {
    /// As it is spelled in the environment.
    pub name: String,
    /// Without user and password.
    pub value: String,
}

/// How far a host could be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reach {
    /// `host` or `host:port`.
    pub host: String,
    /// What came of it.
    pub got: Reached,
}

/// What came of trying to reach a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Reached {
    /// A connection was made, through the named proxy if there is one.
    Connected {
        /// The proxy, without its password.
        by: Option<String>,
    },
    /// Its name does not resolve.
    NoName {
        /// In the resolver's words.
        why: String,
    },
    /// Its name resolves (or a proxy is in charge) and no connection was made.
    NoConnection {
        /// In the system's or the proxy's words.
        why: String,
    },
}

/// A part of the kernel that nodes need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KernelModule {
    /// As it is called.
    pub name: String,
    /// It works now: loaded, or built in.
    pub there: bool,
    /// It is not there now, and `modprobe` would find it.
    pub loadable: bool,
}

/// The container engine: what it says of itself, or why it could not be asked. Filled by its adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum EngineFacts {
    /// It answered.
    Reached(EngineInfo),
    /// It did not.
    Unreachable {
        /// Where it was looked for: `unix:///var/run/docker.sock`.
        endpoint: String,
        /// The error in words.
        why: String,
    },
}

/// A container engine as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EngineInfo {
    /// Where it listens.
    pub endpoint: String,
    /// `20.10.24`.
    pub version: String,
    /// `1.41`.
    pub api: String,
    /// `1` or `2`; the engine's own, which counts for nodes (it may run in a virtual machine).
    pub cgroup_version: Option<u8>,
    /// `overlay2`.
    pub storage_driver: String,
    /// `runc`, or another one that the engine starts containers with.
    pub default_runtime: String,
    /// It runs without root.
    pub rootless: bool,
    /// `linux`.
    pub os: String,
    /// `x86_64`.
    pub arch: String,
    /// Processors of the machine the engine runs on.
    pub ncpu: u32,
    /// Bytes of the machine the engine runs on.
    pub mem_total: u64,
    /// Room where it keeps images and volumes, if that can be seen from here.
    pub disk: Option<Disk>,
}
