//! Rules about the machine itself.

#![expect(clippy::unnecessary_wraps, reason = "every rule has the one type that the list of rules holds")]

use super::engine_rules::major_minor;
use super::rules::Case;
use crate::model::finding::{Finding, SafeFix};

pub fn cgroup(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-002";
    // the engine's word counts: it may have a kernel of its own
    let version = case.info().and_then(|info| info.cgroup_version).or(case.host.cgroup);
    Some(match version {
        Some(2) => Finding::ok(ID, "cgroup v2"),
        Some(1) => {
            let concerned = case.wanted.kubernetes.is_none_or(|version| version >= (1, 35));
            let why = if concerned {
                "kubelets from Kubernetes 1.35 on refuse to start on cgroup v1 unless they are told to"
            } else {
                "this lab's Kubernetes still starts on it; from 1.35 on a kubelet refuses unless it is told to"
            };
            Finding::warn(
                ID,
                "cgroup v1",
                why,
                "nothing to do: labctl writes `failCgroupV1: false` into the nodes' kubelet configuration where it finds cgroup v1; \
                 for good, boot with `systemd.unified_cgroup_hierarchy=1`",
            )
        }
        _ if case.linux() => Finding::unknown(ID, "no cgroup file system at /sys/fs/cgroup", "nodes need one"),
        _ => return None,
    })
}

pub fn capabilities(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-003";
    if !case.linux() {
        return None;
    }
    let Some(missing) = &case.host.missing_capabilities else {
        return Some(Finding::unknown(
            ID,
            "the bounding set of capabilities could not be read",
            "privileged containers, which nodes are, need all of them",
        ));
    };
    if missing.is_empty() {
        return Some(Finding::ok(ID, "no capability is missing from the bounding set"));
    }
    let what = format!("missing from the bounding set: {}", missing.join(", "));
    let trimmed = case.info().is_some_and(|info| !matches!(info.default_runtime.as_str(), "" | "runc" | "crun"));
    Some(if trimmed {
        let runtime = case.info().map_or("", |info| info.default_runtime.as_str());
        Finding::ok(ID, format!("{what}; the engine's default runtime `{runtime}` stands in for runc"))
    } else {
        Finding::warn(
            ID,
            what,
            "runc cannot start privileged containers, which nodes are: \"unable to apply caps: operation not permitted\"",
            "the engine needs a default runtime that asks only for what is there: \
             `tests/testbed/testbed engine start` starts one with it (docs/testbed.md)",
        )
    })
}

pub fn inotify_instances(case: &Case<'_>) -> Option<Finding> {
    at_least(
        case,
        "LAB-HOST-004",
        "fs.inotify.max_user_instances",
        case.host.inotify_instances,
        512,
        "each node and many pods hold some; when they run out, pods fail with \"too many open files\"",
    )
}

pub fn inotify_watches(case: &Case<'_>) -> Option<Finding> {
    at_least(
        case,
        "LAB-HOST-005",
        "fs.inotify.max_user_watches",
        case.host.inotify_watches,
        524_288,
        "kubelets and log readers watch many files; when they run out, logs and config changes are missed",
    )
}

/// A sysctl that should be at least `least`.
fn at_least(case: &Case<'_>, id: &str, key: &str, value: Option<u64>, least: u64, why: &str) -> Option<Finding> {
    if !case.linux() {
        return None;
    }
    Some(match value {
        None => Finding::unknown(id, format!("{key} could not be read"), why),
        Some(value) if value >= least => Finding::ok(id, format!("{key} = {value}")),
        Some(value) => {
            let action = SafeFix::Sysctl { key: key.to_owned(), value: least.to_string() };
            let fix = format!("`sudo {action}`, and the same line in /etc/sysctl.d/99-labctl.conf to keep it");
            Finding::warn(id, format!("{key} = {value}, below {least}"), why, fix).with_action(action)
        }
    })
}

pub fn open_files(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-006";
    const LEAST: u64 = 1024;
    Some(match case.host.open_files? {
        limit if limit >= LEAST => Finding::ok(ID, format!("open files: {limit}")),
        limit => Finding::warn(
            ID,
            format!("open files: {limit}, below {LEAST}"),
            "pulling and loading images in parallel holds many files and connections open",
            "`ulimit -n 4096` in the shell that starts labctl",
        ),
    })
}

pub fn disk(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-007";
    let wanted = case.wanted.disk;
    let Some(disk) = case.info().and_then(|info| info.disk.as_ref()).or(case.host.disk.as_ref()) else {
        return Some(Finding::unknown(ID, "free disk could not be read", format!("a lab like this one needs {}", gib(wanted))));
    };
    let what = format!("{} free at {}", gib(disk.free), disk.path.display());
    let fix = "free some: `docker system df` shows what images, volumes and caches hold, `docker system prune` removes what nothing uses";
    Some(if disk.free < wanted {
        Finding::fail(ID, what, format!("a lab like this one needs {}", gib(wanted)), fix)
    } else if disk.free < wanted / 2 * 3 {
        Finding::warn(ID, what, format!("a lab like this one needs {}; logs and metrics grow", gib(wanted)), fix)
    } else {
        Finding::ok(ID, what)
    })
}

pub fn memory(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-008";
    let wanted = case.wanted.memory;
    // an engine in a virtual machine has that machine's memory, not the host's
    let there = if case.linux() { case.host.mem_available } else { case.info().map(|info| info.mem_total) };
    let Some(there) = there else {
        return Some(Finding::unknown(ID, "free memory could not be read", format!("a lab like this one needs {}", gib(wanted))));
    };
    let what = format!("{} of memory to be had", gib(there));
    let fix = "stop other programs, give the engine's virtual machine more, or choose a smaller size or stack (`labctl plan`)";
    Some(if there < wanted {
        Finding::fail(ID, what, format!("a lab like this one needs {}; pods would be killed or never scheduled", gib(wanted)), fix)
    } else if there < wanted / 4 * 5 {
        Finding::warn(ID, what, format!("a lab like this one needs {}: little is left for anything else", gib(wanted)), fix)
    } else {
        Finding::ok(ID, what)
    })
}

pub fn cpus(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-009";
    let cpus = case.info().map(|info| info.ncpu).filter(|cpus| *cpus > 0).unwrap_or(case.host.cpus);
    Some(match cpus {
        0 => Finding::unknown(ID, "the number of CPUs could not be read", "a control plane needs two"),
        1 => Finding::warn(
            ID,
            "1 CPU",
            "a control plane is made for two or more: everything takes long, and deadlines may pass",
            "give the engine's machine two CPUs or more",
        ),
        cpus => Finding::ok(ID, format!("{cpus} CPUs")),
    })
}

pub fn ports(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-010";
    Some(if case.host.ports_taken.is_empty() {
        Finding::ok(ID, "the ports a lab asks for are free")
    } else {
        let taken: Vec<String> = case.host.ports_taken.iter().map(u16::to_string).collect();
        Finding::warn(
            ID,
            format!("taken on 127.0.0.1: {}", taken.join(", ")),
            "a lab that fixes these ports cannot be made; one with `ports: auto` takes others",
            format!("`ss -ltnp 'sport = :{}'` shows who has it; or use `ports: auto` in the stack", taken[0]),
        )
    })
}

pub fn kind(case: &Case<'_>) -> Option<Finding> {
    tool(case, "LAB-HOST-011", "kind", "clusters are made with it")
}

pub fn kubectl(case: &Case<'_>) -> Option<Finding> {
    tool(case, "LAB-HOST-012", "kubectl", "labctl does not need it; runbooks and you do")
}

pub fn helm(case: &Case<'_>) -> Option<Finding> {
    tool(case, "LAB-HOST-013", "helm", "components that come as charts are rendered with it; stack `lite` has none")
}

pub fn k6(case: &Case<'_>) -> Option<Finding> {
    tool(case, "LAB-HOST-014", "k6", "load runs with it; bringing a lab up does not need it")
}

fn tool(case: &Case<'_>, id: &str, name: &str, why: &str) -> Option<Finding> {
    let tool = case.host.tools.iter().find(|tool| tool.name == name)?;
    Some(match (&tool.path, &tool.version) {
        (Some(path), Some(version)) => Finding::ok(id, format!("{name} {version} at {}", path.display())),
        (Some(path), None) => Finding::unknown(id, format!("{name} at {} does not say its version", path.display()), why),
        (None, _) => Finding::warn(
            id,
            format!("{name} is not on PATH"),
            why,
            format!("install {name}, or use a bundle that has it (`labctl up --bundle`): its tools are used when PATH has none"),
        ),
    })
}

pub fn overlay(case: &Case<'_>) -> Option<Finding> {
    module(case, "LAB-HOST-015", "overlay", "images are unpacked onto it, by the engine and inside the nodes", true)
}

pub fn br_netfilter(case: &Case<'_>) -> Option<Finding> {
    module(
        case,
        "LAB-HOST-016",
        "br_netfilter",
        "Services may not be reached from pods on the same node without it, with networks that are bridges",
        false,
    )
}

fn module(case: &Case<'_>, id: &str, name: &str, why: &str, must: bool) -> Option<Finding> {
    if !case.linux() {
        return None;
    }
    let module = case.host.modules.iter().find(|module| module.name == name)?;
    Some(if module.there {
        Finding::ok(id, format!("kernel module {name} is there"))
    } else if module.loadable {
        let action = SafeFix::LoadModule { name: name.to_owned() };
        Finding::warn(id, format!("kernel module {name} is not loaded"), why, format!("`sudo {action}`")).with_action(action)
    } else {
        let what = format!("the kernel has no module {name}");
        let fix = "use a kernel that has it: a distribution's standard one does";
        if must { Finding::fail(id, what, why, fix) } else { Finding::warn(id, what, why, fix) }
    })
}

pub fn iptables(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-017";
    if !case.linux() {
        return None;
    }
    Some(match case.host.iptables.as_deref() {
        Some(backend) => Finding::ok(ID, format!("iptables uses {backend}")),
        None => Finding::unknown(
            ID,
            "no iptables on PATH",
            "the engine routes to nodes with it; nothing to do where the engine is up and brings its own",
        ),
    })
}

pub fn kernel(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-021";
    /// The oldest that kubeadm's own check accepts without a warning.
    const OLDEST: (u32, u32) = (4, 19);
    if !case.linux() {
        return None;
    }
    let release = &case.host.kernel;
    Some(match major_minor(release) {
        None => Finding::unknown(ID, format!("kernel release `{release}`"), "Kubernetes wants 4.19 or later"),
        Some(found) if found < OLDEST => {
            Finding::warn(ID, format!("kernel {release}"), "Kubernetes wants 4.19 or later", "use a newer kernel")
        }
        Some(_) => Finding::ok(ID, format!("kernel {release}")),
    })
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}
