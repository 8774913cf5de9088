//! The API server that the tests of this tier share, started by the first that asks; gone when the test process is.
//!
//! Either `LABCTL_TEST_KUBECONFIG` names a server that may be written to, or `LABCTL_TEST_APISERVER` names the folders (with `:` between) that
//! hold the binaries `kube-apiserver` and `etcd`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests say what they expect")]

use labctl::adapters::kube::{Kube, connect};
use std::path::PathBuf;
use tokio::sync::OnceCell;

#[path = "../../benches/rig/server.rs"]
mod host;

const MISSING: &str = "NOT RUN: tier apiserver: there is no API server; `tests/testbed/testbed build apiserver --yes` brings one, \
    `scripts/test --tier apiserver` runs the tier";

struct Running {
    kubeconfig: PathBuf,
    audit: Option<PathBuf>,
    _server: Option<host::Server>,
}

static SERVER: OnceCell<Option<Running>> = OnceCell::const_new();

/// The server, or `None` after saying aloud that there is none.
pub async fn server() -> Option<Kube> {
    let running = running().await?;
    let kube = connect(&running.kubeconfig, None).await.unwrap();
    kube.ready().await.unwrap();
    Some(kube)
}

/// Writes that labctl made according to the server's audit log, as `verb uri`, dry runs included; only of a server that we started.
pub async fn audited_writes(containing: &str) -> Option<Vec<String>> {
    let log = std::fs::read_to_string(running().await?.audit.as_ref()?).unwrap();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let writes = lines.filter(is_write).filter(|event| event["requestURI"].as_str().is_some_and(|uri| uri.contains(containing)));
    Some(writes.map(|event| format!("{} {}", event["verb"], event["requestURI"])).collect())
}

/// Where the server's kubeconfig is.
pub async fn kubeconfig() -> Option<PathBuf> {
    Some(running().await?.kubeconfig.clone())
}

/// Users besides the administrator, all of whom may do everything.
pub const CONTENDERS: [&str; 8] = ["w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7"];

/// The same server as `user`, one of [`CONTENDERS`]; of a server that we did not start, as its kubeconfig says.
pub async fn kubeconfig_as(user: &str) -> Option<PathBuf> {
    let ours = kubeconfig().await?;
    if running().await?.audit.is_none() {
        return Some(ours);
    }
    let path = ours.with_extension(user);
    std::fs::write(&path, std::fs::read_to_string(&ours).unwrap().replace("-admin\"", &format!("-{user}\""))).unwrap();
    Some(path)
}

/// How much the audit log holds now, in bytes.
pub async fn audit_length() -> Option<u64> {
    Some(std::fs::metadata(running().await?.audit.as_ref()?).unwrap().len())
}

/// The writes of labctl that were logged since it held `length` bytes.
pub async fn audited_since(length: u64) -> Option<Vec<serde_json::Value>> {
    let log = std::fs::read(running().await?.audit.as_ref()?).unwrap();
    let text = String::from_utf8_lossy(&log[usize::try_from(length).unwrap()..]).into_owned();
    Some(text.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(is_write).collect())
}

/// Whether an audit event is a write of labctl's.
fn is_write(event: &serde_json::Value) -> bool {
    event["userAgent"].as_str().is_some_and(|agent| agent.starts_with("labctl/"))
        && !matches!(event["verb"].as_str(), Some("get" | "list" | "watch"))
}

async fn running() -> Option<&'static Running> {
    SERVER.get_or_init(find).await.as_ref()
}

async fn find() -> Option<Running> {
    if let Ok(path) = std::env::var("LABCTL_TEST_KUBECONFIG") {
        return Some(Running { kubeconfig: path.into(), audit: None, _server: None });
    }
    let folders = std::env::var("LABCTL_TEST_APISERVER").unwrap_or_default();
    if let (Some(etcd), Some(api)) = (host::folder_of(&folders, "etcd"), host::folder_of(&folders, "kube-apiserver")) {
        let server = host::start(&etcd, &api, &CONTENDERS, true).unwrap();
        server.ready().await.unwrap();
        return Some(Running { kubeconfig: server.kubeconfig(), audit: Some(server.audit()), _server: Some(server) });
    }
    let required = std::env::var("LABCTL_REQUIRE_TIERS").is_ok_and(|tiers| tiers.split([',', ' ']).any(|tier| tier == "apiserver"));
    assert!(!required, "{MISSING}");
    println!("{MISSING}");
    None
}

/// A program that lies beside the API server.
pub fn program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var("LABCTL_TEST_APISERVER").unwrap_or_default();
    host::folder_of(&folders, name).map(|folder| folder.join(name))
}

/// A server of one's own, as empty as it comes; gone when this is dropped.
pub struct Fresh {
    pub kube: Kube,
    pub kubeconfig: PathBuf,
    server: host::Server,
}

impl Fresh {
    /// Kills the API server, which is then started again on the same port.
    pub fn kill(&mut self) {
        use std::io::Write as _;
        self.server.keeper.stdin.as_mut().unwrap().write_all(b"kill\n").unwrap();
    }
}

/// Starts one; `None` after saying aloud that the programs are missing.
pub async fn fresh() -> Option<Fresh> {
    let folders = std::env::var("LABCTL_TEST_APISERVER").unwrap_or_default();
    let (Some(etcd), Some(api)) = (host::folder_of(&folders, "etcd"), host::folder_of(&folders, "kube-apiserver")) else {
        println!("{MISSING}");
        return None;
    };
    let server = host::start(&etcd, &api, &[], true).unwrap();
    let kube = server.ready().await.unwrap();
    Some(Fresh { kube, kubeconfig: server.kubeconfig(), server })
}
