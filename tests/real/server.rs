//! A kube-apiserver with its etcd on free loopback ports, in a temporary folder; gone when the test process is.
//!
//! Either `LABCTL_TEST_KUBECONFIG` names a server that may be written to, or `LABCTL_TEST_APISERVER` names the folders (with `:` between) that
//! hold the binaries `kube-apiserver` and `etcd`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests say what they expect")]

use labctl::adapters::kube::{Kube, connect};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::OnceCell;

const MISSING: &str = "NOT RUN: tier apiserver: there is no API server; `tests/testbed/testbed build apiserver --yes` brings one, \
    `scripts/test --tier apiserver` runs the tier";

/// Ends both servers when its input closes, so that nothing outlives a test process, however that ended.
const KEEPER: &str = r#"
"$1/etcd" --data-dir "$3/etcd" --listen-client-urls "http://127.0.0.1:$4" --advertise-client-urls "http://127.0.0.1:$4" \
  --listen-peer-urls "http://127.0.0.1:$5" --initial-advertise-peer-urls "http://127.0.0.1:$5" --initial-cluster "default=http://127.0.0.1:$5" \
  --unsafe-no-fsync --log-level error >"$3/etcd.log" 2>&1 &
etcd=$!
# it makes its own certificate; the same key signs service account tokens
"$2/kube-apiserver" --etcd-servers "http://127.0.0.1:$4" --cert-dir "$3/certs" --secure-port "$6" --bind-address 127.0.0.1 \
  --token-auth-file "$3/tokens.csv" --authorization-mode RBAC --disable-admission-plugins ServiceAccount \
  --service-account-key-file "$3/certs/apiserver.crt" --service-account-signing-key-file "$3/certs/apiserver.key" \
  --service-account-issuer https://kubernetes.default.svc --service-cluster-ip-range 10.96.0.0/16 \
  --audit-policy-file "$3/audit.yaml" --audit-log-path "$3/audit.log" >"$3/apiserver.log" 2>&1 &
api=$!
# namespaces go and owned objects follow; it gives up when there is no API server yet, so it is started again until this ends
while :; do
  "$2/kube-controller-manager" --kubeconfig "$3/kubeconfig" --leader-elect=false --secure-port 0 \
    --controllers namespace-controller,garbage-collector-controller >>"$3/controllers.log" 2>&1 &
  echo $! >"$3/controllers.pid"; wait $!; sleep 0.2
done &
controllers=$!
read -r _
kill "$controllers" "$(cat "$3/controllers.pid")"; kill "$api"; wait "$api"; kill "$etcd"; wait "$etcd"; rm -rf "$3"
"#;

struct Running {
    kubeconfig: PathBuf,
    audit: Option<PathBuf>,
    _keeper: Option<Child>,
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
        return Some(Running { kubeconfig: path.into(), audit: None, _keeper: None });
    }
    let folders = std::env::var("LABCTL_TEST_APISERVER").unwrap_or_default();
    if let (Some(etcd), Some(api)) = (folder_of(&folders, "etcd"), folder_of(&folders, "kube-apiserver")) {
        return Some(start(&etcd, &api).await);
    }
    let required = std::env::var("LABCTL_REQUIRE_TIERS").is_ok_and(|tiers| tiers.split([',', ' ']).any(|tier| tier == "apiserver"));
    assert!(!required, "{MISSING}");
    println!("{MISSING}");
    None
}

fn folder_of(folders: &str, binary: &str) -> Option<PathBuf> {
    let candidates =
        folders.split([':', '\n']).filter(|f| !f.is_empty()).flat_map(|folder| [PathBuf::from(folder), Path::new(folder).join("bin")]);
    candidates.into_iter().find(|folder| folder.join(binary).is_file())
}

async fn start(etcd: &Path, api: &Path) -> Running {
    let folder = tempfile::tempdir().unwrap().keep();
    // all three are held until all are known, so that they differ
    let listeners: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let ports: Vec<String> = listeners.iter().map(|l| l.local_addr().unwrap().port().to_string()).collect();
    drop(listeners);
    let token = format!("{:016x}", rand::random::<u64>());
    let users: Vec<String> =
        ["admin"].iter().chain(&CONTENDERS).map(|user| format!("{token}-{user},{user},{user},\"system:masters\"\n")).collect();
    std::fs::write(folder.join("tokens.csv"), users.concat()).unwrap();
    std::fs::write(
        folder.join("audit.yaml"),
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n",
    )
    .unwrap();
    let kubeconfig = folder.join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: \"https://127.0.0.1:{}\", insecure-skip-tls-verify: true}}}}]\n\
         users: [{{name: u, user: {{token: \"{token}-admin\"}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\ncurrent-context: c\n",
        ports[2]
    );
    std::fs::write(&kubeconfig, text).unwrap();
    let keeper =
        Command::new("sh").args(["-c", KEEPER, "keeper"]).args([etcd, api, &folder]).args(&ports).stdin(Stdio::piped()).spawn().unwrap();
    let kube = connect(&kubeconfig, None).await.unwrap();
    let started = tokio::time::Instant::now();
    // nothing can be watched before there is a server, so this one wait has to ask again and again
    while let Err(error) = kube.ready().await {
        assert!(started.elapsed() < Duration::from_secs(90), "the API server does not come up: {error}; see {}", folder.display());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Running { kubeconfig, audit: Some(folder.join("audit.log")), _keeper: Some(keeper) }
}

/// The kubeconfig of the server that all tests share.
pub async fn kubeconfig() -> Option<PathBuf> {
    running().await.map(|running| running.kubeconfig.clone())
}

/// A program that lies beside the API server.
pub fn program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var("LABCTL_TEST_APISERVER").unwrap_or_default();
    folder_of(&folders, name).map(|folder| folder.join(name))
}

/// A server of one's own, as empty as it comes; gone when this is dropped.
pub struct Fresh {
    pub kube: Kube,
    pub kubeconfig: PathBuf,
    _running: Running,
}

/// Starts one; `None` after saying aloud that the programs are missing.
pub async fn fresh() -> Option<Fresh> {
    let folders = std::env::var("LABCTL_TEST_APISERVER").unwrap_or_default();
    let (Some(etcd), Some(api)) = (folder_of(&folders, "etcd"), folder_of(&folders, "kube-apiserver")) else {
        println!("{MISSING}");
        return None;
    };
    let running = start(&etcd, &api).await;
    let kube = connect(&running.kubeconfig, None).await.unwrap();
    kube.ready().await.unwrap();
    Some(Fresh { kube, kubeconfig: running.kubeconfig.clone(), _running: running })
}
