//! Rules about the container engine.

use super::rules::Case;
use crate::model::finding::Finding;
use crate::model::host::EngineFacts;

pub fn reachable(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-001";
    match case.engine? {
        EngineFacts::Reached(info) => Some(Finding::ok(
            ID,
            format!("container engine {} answers at {}", info.version, info.endpoint),
        )),
        EngineFacts::Unreachable { endpoint, why } => {
            let fix = if why.to_lowercase().contains("permission denied") {
                "add yourself to the engine's group (`sudo usermod -aG docker $USER`, then log in again), or run labctl as root"
            } else {
                "start the engine (`sudo systemctl start docker`), or set DOCKER_HOST to where it listens; \
                 where none can be installed from the internet: `tests/testbed/testbed engine start` (docs/testbed.md)"
            };
            Some(Finding::fail(
                ID,
                format!("no container engine at {endpoint}: {why}"),
                "kind's nodes are containers",
                fix,
            ))
        }
    }
}

pub fn storage_driver(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-022";
    let driver = case.info()?.storage_driver.as_str();
    Some(match driver {
        "vfs" => Finding::warn(
            ID,
            "storage driver vfs",
            "it copies every layer of every image: slow, and many times the disk",
            "put the engine's data on a file system that overlay2 supports (ext4, xfs with ftype=1), and set `storage-driver: overlay2`",
        ),
        "" => Finding::unknown(
            ID,
            "the engine does not name its storage driver",
            "an unsuitable one makes a lab slow",
        ),
        other => Finding::ok(ID, format!("storage driver {other}")),
    })
}

pub fn version(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-023";
    /// Debian 12 has 20.10, the oldest that labs were seen running on.
    const OLDEST: (u32, u32) = (20, 10);
    let text = case.info()?.version.as_str();
    Some(match major_minor(text) {
        None => Finding::unknown(
            ID,
            format!("the engine says it is version `{text}`"),
            "labs were seen on 20.10 and later",
        ),
        // Podman speaks the same API with numbers of its own
        Some(found) if found < OLDEST && found.0 > 9 => Finding::warn(
            ID,
            format!("engine {text}"),
            "labs were seen on 20.10 and later; older ones lack private cgroup namespaces",
            "install a current engine",
        ),
        Some(_) => Finding::ok(ID, format!("engine {text}")),
    })
}

pub fn rootless(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-024";
    let info = case.info()?;
    Some(match (info.rootless, info.cgroup_version) {
        (false, _) => Finding::ok(ID, "the engine runs as root"),
        (true, Some(2)) => Finding::warn(
            ID,
            "the engine is rootless",
            "nodes need the controllers cpu, memory and pids delegated to your user",
            "if a node does not start: `Delegate=cpu cpuset io memory pids` in a drop-in of `user@.service`, then log in again",
        ),
        (true, _) => Finding::fail(
            ID,
            "the engine is rootless, on cgroup v1",
            "a rootless engine cannot limit anything there, so kind refuses it",
            "use an engine that runs as root, or boot with cgroup v2 (`systemd.unified_cgroup_hierarchy=1`)",
        ),
    })
}

pub fn platform(case: &Case<'_>) -> Option<Finding> {
    const ID: &str = "LAB-HOST-025";
    let info = case.info()?;
    Some(if info.os == "linux" {
        Finding::ok(ID, format!("the engine runs {} containers on {}", info.os, info.arch))
    } else {
        Finding::fail(
            ID,
            format!("the engine runs {} containers", info.os),
            "nodes are Linux containers",
            "switch the engine to Linux containers",
        )
    })
}

/// The first two numbers of a dotted version.
pub(super) fn major_minor(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
