//! The list of rules, and what they are judged against.

use super::{engine_rules as engine, host_rules as host, net_rules as net};
use crate::model::finding::{Finding, Level};
use crate::model::host::{EngineFacts, EngineInfo, HostFacts};

/// What the lab at hand needs; the default is what stack `lite` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Major and minor version of Kubernetes, if it is known.
    pub kubernetes: Option<(u32, u32)>,
    /// Bytes of free disk where the engine keeps its data.
    pub disk: u64,
    /// Bytes of memory that can be had without swapping.
    pub memory: u64,
    /// Whether image registries must be reached: not with a bundle, not with `--offline`.
    pub registries: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            kubernetes: None,
            disk: 8 << 30,
            memory: 4 << 30,
            registries: true,
        }
    }
}

/// What a rule looks at.
pub(super) struct Case<'a> {
    pub host: &'a HostFacts,
    /// `None` when nobody asked the engine.
    pub engine: Option<&'a EngineFacts>,
    pub wanted: &'a Wanted,
}

impl Case<'_> {
    /// The engine's own words, when it was reached.
    pub fn info(&self) -> Option<&EngineInfo> {
        match self.engine {
            Some(EngineFacts::Reached(info)) => Some(info),
            _ => None,
        }
    }

    /// The kernel that nodes run on is this host's: not so on macOS, where the engine has a virtual machine.
    pub fn linux(&self) -> bool {
        self.host.os == "linux"
    }
}

/// `None`: the rule has no meaning here.
type Rule = fn(&Case<'_>) -> Option<Finding>;

const RULES: &[Rule] = &[
    engine::reachable,
    host::cgroup,
    host::capabilities,
    host::inotify_instances,
    host::inotify_watches,
    host::open_files,
    host::disk,
    host::memory,
    host::cpus,
    host::ports,
    host::kind,
    host::kubectl,
    host::helm,
    host::k6,
    host::overlay,
    host::br_netfilter,
    host::iptables,
    net::proxies,
    net::names,
    net::registries,
    host::kernel,
    engine::storage_driver,
    engine::version,
    engine::rootless,
    engine::platform,
];

/// Judges what was read: one finding per rule that has a meaning here, in the order of their ids.
pub fn judge(host: &HostFacts, engine: Option<&EngineFacts>, wanted: &Wanted) -> Vec<Finding> {
    let case = Case { host, engine, wanted };
    let mut findings: Vec<Finding> = RULES.iter().filter_map(|rule| rule(&case)).collect();
    findings.sort_by(|a, b| a.id.cmp(&b.id));
    findings
}

/// The worst level; `Ok` for no findings. `Fail` is exit code 3.
pub fn exit_level(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}
