//! What each failure means to the caller: exit code, and what to do. docs/exit-codes.md is made from this table.

/// Exit codes of labctl itself; a scenario's own are in sre.
pub mod code {
    pub const OK: u8 = 0;
    pub const BUG: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const UNFIT: u8 = 3;
    pub const LOCKED: u8 = 4;
    pub const NOT_CONVERGED: u8 = 5;
    pub const CHANGES: u8 = 6;
    pub const REFUSED: u8 = 7;
    pub const INTERRUPTED: u8 = 130;
}

/// One kind of failure.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub id: &'static str,
    pub exit: u8,
    pub what: &'static str,
    pub fix: &'static str,
}

const fn known(id: &'static str, exit: u8, what: &'static str, fix: &'static str) -> Known {
    Known { id, exit, what, fix }
}

/// Every failure with a stable id. Causes that name a workload (`LAB-IMAGE-…`, `LAB-CRASH-…`) carry their own fix and end as not converged.
pub const KNOWN: &[Known] = &[
    known(
        "LAB-USAGE-001",
        code::USAGE,
        "the command line or a file of the lab is wrong",
        "read the message: it names file, line and the nearest right word",
    ),
    known(
        "LAB-DOCKER-001",
        code::UNFIT,
        "the container engine does not answer",
        "start it (systemctl start docker, or tests/testbed/testbed engine start on a bare machine), or set DOCKER_HOST",
    ),
    known(
        "LAB-DOCKER-002",
        code::UNFIT,
        "this user may not use the container engine",
        "add the user to group docker (sudo usermod -aG docker $USER, then log in again), or run as root",
    ),
    known(
        "LAB-DOCKER-003",
        code::UNFIT,
        "the container engine is too slow or stuck",
        "look at its log; restart it; then run the same command again",
    ),
    known(
        "LAB-DOCKER-004",
        code::NOT_CONVERGED,
        "the container engine refused something",
        "read its message; then run the same command again",
    ),
    known("LAB-DOCKER-005", code::UNFIT, "the engine runs Windows containers", "switch Docker Desktop to Linux containers"),
    known(
        "LAB-DISK-001",
        code::UNFIT,
        "the disk is full",
        "free room (docker system df shows what images and volumes use), then run the same command again; nothing is lost",
    ),
    known(
        "LAB-FILE-001",
        code::UNFIT,
        "a file of labctl's cannot be read or written",
        "mend its permissions, or set XDG_DATA_HOME and XDG_STATE_HOME to a folder of yours",
    ),
    known(
        "LAB-LOCK-001",
        code::LOCKED,
        "another labctl works on this lab",
        "wait for it, or end it; the lock goes with the process, however it ends",
    ),
    known(
        "LAB-PORT-001",
        code::UNFIT,
        "a port on 127.0.0.1 is taken",
        "end what listens there (ss -ltnp), or write another under cluster.ports in the stack; then run the same command again",
    ),
    known("LAB-PORT-002", code::UNFIT, "no free port on 127.0.0.1", "end something that listens; ss -ltnp shows what does"),
    known("LAB-CLASH-001", code::REFUSED, "a container has the registry's name and is not labctl's", "rename or remove that container"),
    known(
        "LAB-CLASH-002",
        code::REFUSED,
        "a kind cluster has the lab's name and is not this lab's",
        "use another name (--lab NAME), or delete that cluster yourself",
    ),
    known("LAB-TOOL-001", code::UNFIT, "a tool is missing", "install it as the message says, or use a bundle that brings it"),
    known(
        "LAB-TOOL-002",
        code::NOT_CONVERGED,
        "a tool failed",
        "read its last lines above; labctl run show has all of them; then run the same command again",
    ),
    known("LAB-CLUSTER-001", code::REFUSED, "the cluster has another number of nodes than the stack", "labctl down --yes, then labctl up"),
    known("LAB-CLUSTER-002", code::REFUSED, "the cluster runs another node image than the lab wants", "labctl down --yes, then labctl up"),
    known(
        "LAB-CLUSTER-003",
        code::NOT_CONVERGED,
        "the API server did not accept or show something",
        "read the message; then run the same command again",
    ),
    known(
        "LAB-CLUSTER-004",
        code::NOT_CONVERGED,
        "the API server cannot be reached",
        "docker ps shows whether the node runs; labctl up starts it again",
    ),
    known(
        "LAB-CLUSTER-005",
        code::NOT_CONVERGED,
        "the cluster does not stay up",
        "docker logs NODE shows why the node ends; memory and inotify limits are the usual reasons (labctl doctor)",
    ),
    known(
        "LAB-REGISTRY-001",
        code::NOT_CONVERGED,
        "the lab's registry did not take an image",
        "docker logs labctl-registry; then run the same command again",
    ),
    known("LAB-BUNDLE-001", code::USAGE, "the bundle cannot be used", "make it again: tests/testbed/testbed bundle lite-packages"),
    known(
        "LAB-BUNDLE-002",
        code::USAGE,
        "a file of the bundle is damaged",
        "make or copy the bundle again; nothing of the damaged file was used",
    ),
    known("LAB-BUNDLE-003", code::USAGE, "a file of the bundle cannot be read", "mend its permissions, or make the bundle again"),
    known("LAB-BUNDLE-004", code::USAGE, "an archive of the bundle holds another image than it says", "make the bundle again"),
    known(
        "LAB-BUNDLE-005",
        code::USAGE,
        "the bundle lacks an image the lab needs",
        "take the component out of the stack, or use a stack made for this bundle",
    ),
    known(
        "LAB-IMAGE-001",
        code::NOT_CONVERGED,
        "a node could not pull an image",
        "the message names the image and the registry's answer; then run the same command again",
    ),
    known(
        "LAB-CHECK-001",
        code::NOT_CONVERGED,
        "a component runs and does not do its work",
        "labctl logs COMPONENT; labctl events COMPONENT; then run the same command again",
    ),
    known(
        "LAB-READY-001",
        code::NOT_CONVERGED,
        "a workload did not become ready",
        "labctl events COMPONENT; then run the same command again",
    ),
    known(
        "LAB-STEP-DEADLINE",
        code::NOT_CONVERGED,
        "a step took longer than it may",
        "the message says on what it waited; then run the same command again: what was done is kept",
    ),
    known("LAB-FIT-001", code::UNFIT, "the host has less than the lab asks for", "a smaller stack or size, or --force"),
    known("LAB-REFUSED-001", code::REFUSED, "a question was not answered with yes", "answer, or give --yes"),
    known("LAB-REFUSED-002", code::REFUSED, "--read-only forbids it", "leave --read-only out"),
    known("LAB-NOLAB-001", code::UNFIT, "there is no such lab", "labctl up brings one up"),
    known("LAB-RUN-001", code::USAGE, "there is no such run", "labctl run list shows them"),
    known("LAB-CANCELLED", code::INTERRUPTED, "the run was cancelled", "labctl up goes on where it stopped"),
    known("LAB-LEFT-001", code::NOT_CONVERGED, "something of the lab is left after down", "the message names it; run labctl down again"),
    known("LAB-BUG", code::BUG, "a fault of labctl's own", "please report it with the run's folder (labctl run show)"),
];

/// A failure on its way to the person.
#[derive(Debug)]
pub struct Failure {
    pub id: String,
    pub message: String,
}

impl Failure {
    pub fn new(id: &str, message: impl Into<String>) -> Self {
        Self { id: id.to_owned(), message: message.into() }
    }

    pub fn exit(&self) -> u8 {
        look_up(&self.id).map_or(code::NOT_CONVERGED, |known| known.exit)
    }

    pub fn fix(&self) -> Option<&'static str> {
        look_up(&self.id).map(|known| known.fix)
    }
}

/// What is known of an id.
pub fn look_up(id: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.id == id)
}

impl From<crate::engine::step::StepError> for Failure {
    fn from(error: crate::engine::step::StepError) -> Self {
        Self::new(error.code, error.message)
    }
}

impl From<crate::catalog::CatalogError> for Failure {
    fn from(error: crate::catalog::CatalogError) -> Self {
        use crate::catalog::CatalogError;
        let id = match &error {
            CatalogError::Bundle { .. } => "LAB-BUNDLE-001",
            CatalogError::NotInBundle { .. } => "LAB-BUNDLE-005",
            _ => "LAB-USAGE-001",
        };
        Self::new(id, error.to_string())
    }
}

impl From<crate::support::files::FileError> for Failure {
    fn from(error: crate::support::files::FileError) -> Self {
        crate::engine::step::StepError::from(error).into()
    }
}

impl From<crate::support::lock::LockError> for Failure {
    fn from(error: crate::support::lock::LockError) -> Self {
        match error {
            crate::support::lock::LockError::Held { .. } => Self::new("LAB-LOCK-001", error.to_string()),
            crate::support::lock::LockError::File(error) => error.into(),
        }
    }
}

impl From<crate::adapters::docker::DockerError> for Failure {
    fn from(error: crate::adapters::docker::DockerError) -> Self {
        crate::engine::step::StepError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_each_says_what_to_do() {
        let mut ids: Vec<_> = KNOWN.iter().map(|known| known.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), KNOWN.len());
        assert!(KNOWN.iter().all(|known| !known.fix.is_empty() && !known.what.is_empty()));
    }
}
