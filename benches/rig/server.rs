//! A kube-apiserver with its etcd, and controllers if wanted, on free loopback ports, in a temporary folder; gone when the process that started it is, however that ended.
//!
//! Shared by the rigs (`benches/`) and the tests on real parts (`tests/real/`).

use labctl::adapters::kube::{Kube, connect};
use std::error::Error;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Ends both servers when its input closes. `kill` in its input kills the API server and starts it again on the same port.
const KEEPER: &str = r#"
trap '' INT
"$1/etcd" --data-dir "$3/etcd" --listen-client-urls "http://127.0.0.1:$4" --advertise-client-urls "http://127.0.0.1:$4" \
  --listen-peer-urls "http://127.0.0.1:$5" --initial-advertise-peer-urls "http://127.0.0.1:$5" --initial-cluster "default=http://127.0.0.1:$5" \
  --unsafe-no-fsync --log-level error >"$3/etcd.log" 2>&1 &
etcd=$!
# it makes its own certificate; the same key signs service account tokens
serve() {
  "$2/kube-apiserver" --etcd-servers "http://127.0.0.1:$4" --cert-dir "$3/certs" --secure-port "$6" --bind-address 127.0.0.1 \
    --token-auth-file "$3/tokens.csv" --authorization-mode RBAC --disable-admission-plugins ServiceAccount \
    --service-account-key-file "$3/certs/apiserver.crt" --service-account-signing-key-file "$3/certs/apiserver.key" \
    --service-account-issuer https://kubernetes.default.svc --service-cluster-ip-range 10.96.0.0/16 \
    --audit-policy-file "$3/audit.yaml" --audit-log-path "$3/audit.log" --audit-log-maxsize 10000 >>"$3/apiserver.log" 2>&1 &
  api=$!
}
serve "$@"
if [ "$7" = true ]; then
  # namespaces go and owned objects follow; it gives up when there is no API server yet, so it is started again until this ends
  while :; do
    "$2/kube-controller-manager" --kubeconfig "$3/kubeconfig" --leader-elect=false --secure-port 0 \
      --controllers namespace-controller,garbage-collector-controller >>"$3/controllers.log" 2>&1 &
    echo $! >"$3/controllers.pid"; wait $!; sleep 0.2
  done &
  controllers=$!
fi
while read -r word; do
  [ "$word" = kill ] || continue
  kill -9 "$api"; wait "$api" 2>/dev/null
  serve "$@"
done
[ "$7" = true ] && kill -9 "$controllers" "$(cat "$3/controllers.pid")"
kill -9 "$api" "$etcd"; wait "$api" "$etcd"; rm -rf "$3"
"#;

/// Both servers, as long as this lives.
pub struct Server {
    /// Holds kubeconfig, certificates, audit log and the servers' own logs.
    pub folder: PathBuf,
    pub keeper: Child,
}

impl Server {
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    pub fn audit(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    /// Waits until the API server serves.
    pub async fn ready(&self) -> Result<Kube, Box<dyn Error + Send + Sync>> {
        let kube = connect(&self.kubeconfig(), None).await?;
        let started = tokio::time::Instant::now();
        // nothing can be watched before there is a server, so this one wait has to ask again and again
        while let Err(error) = kube.ready().await {
            if started.elapsed() > Duration::from_secs(90) {
                return Err(format!("the API server does not come up: {error}; its log is in {}", self.folder.display()).into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(kube)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _gone = self.keeper.wait();
    }
}

/// The first of `folders` (with `:` between, each with or without `bin`) that holds `program`.
pub fn folder_of(folders: &str, program: &str) -> Option<PathBuf> {
    let folders = folders.split([':', '\n']).filter(|folder| !folder.is_empty());
    let mut candidates = folders.flat_map(|folder| [PathBuf::from(folder), Path::new(folder).join("bin")]);
    candidates.find(|folder| folder.join(program).is_file())
}

/// Starts the programs; [`Server::ready`] waits for them. `etcd` and `api` are the folders that hold them. Whoever is among `users`, besides
/// `admin`, may do everything too; their tokens differ in the name at the end. With `controllers`, namespaces and owned objects go as they should.
pub fn start(etcd: &Path, api: &Path, users: &[&str], controllers: bool) -> std::io::Result<Server> {
    let folder = tempfile::tempdir()?.keep();
    // all three are held until all are known, so that they differ
    let listeners: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    let ports: Vec<String> =
        listeners.iter().map(|listener| Ok(listener.local_addr()?.port().to_string())).collect::<std::io::Result<_>>()?;
    drop(listeners);
    let token = format!("{:016x}", rand::random::<u64>());
    let users: Vec<String> =
        ["admin"].iter().chain(users).map(|user| format!("{token}-{user},{user},{user},\"system:masters\"\n")).collect();
    std::fs::write(folder.join("tokens.csv"), users.concat())?;
    std::fs::write(
        folder.join("audit.yaml"),
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n",
    )?;
    std::fs::write(folder.join("kubeconfig"), kubeconfig(&format!("https://127.0.0.1:{}", ports[2]), &format!("{token}-admin")))?;
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "keeper"]).args([etcd, api, &folder]).args(&ports).arg(controllers.to_string());
    let keeper = keeper.stdin(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    Ok(Server { folder, keeper })
}

/// A kubeconfig for one server whose certificate nobody knows.
fn kubeconfig(server: &str, token: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: \"{server}\", insecure-skip-tls-verify: true}}}}]\n\
         users: [{{name: u, user: {{token: \"{token}\"}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\ncurrent-context: c\n"
    )
}
