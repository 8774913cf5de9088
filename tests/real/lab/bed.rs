//! The lab that all tests of this tier share, and the hands that touch it: labctl, docker, kubectl inside the node, HTTP through the gateway.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "clippy knows tests only by #[test]; these are their helpers"
)]

use crate::tier::needs;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const BRING: &str = "tests/testbed/testbed bundle lite-packages --yes && tests/testbed/testbed engine start --yes, then set it to the bundle's folder; \
                     scripts/test --real --tier lab does all of it";

/// One lab in a home of its own.
pub struct Bed {
    pub home: PathBuf,
    pub name: String,
    pub bundle: PathBuf,
    /// What the first `up` printed with `--output json`.
    pub first: String,
    /// How long it took.
    pub took: Duration,
    _keeper: Option<Child>,
}

static BED: OnceLock<Option<Bed>> = OnceLock::new();

/// The shared lab, brought up by the first test that asks; `None` after saying that the tier did not run.
pub fn bed() -> Option<&'static Bed> {
    BED.get_or_init(|| needs("lab", "LABCTL_TEST_BUNDLE", BRING).map(|bundle| Bed::bring(&bundle))).as_ref()
}

/// A lab for tests that leave it as they have found it: the one of `LABCTL_TEST_LAB=HOME:NAME`, which somebody has up, else the shared one.
pub fn lent() -> Option<&'static Bed> {
    static LENT: OnceLock<Option<Bed>> = OnceLock::new();
    let lent = LENT.get_or_init(|| {
        let named = std::env::var("LABCTL_TEST_LAB").ok()?;
        let (home, name) = named.split_once(':').expect("LABCTL_TEST_LAB is HOME:NAME");
        Some(Bed {
            home: home.into(),
            name: name.to_owned(),
            bundle: PathBuf::new(),
            first: String::new(),
            took: Duration::ZERO,
            _keeper: None,
        })
    });
    lent.as_ref().or_else(bed)
}

impl Bed {
    fn bring(bundle: &str) -> Self {
        let name = format!("rt-{}", std::process::id());
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
        std::fs::create_dir_all(&home).unwrap();
        let keeper = keeper(&home, &name);
        let mut bed = Self { home, name, bundle: bundle.into(), first: String::new(), took: Duration::ZERO, _keeper: Some(keeper) };
        let started = Instant::now();
        let output = bed.labctl(&["up", "--headless", "--stack", "lite-packages", "--bundle", bundle, "--output", "json"]);
        assert_eq!(output.status.code(), Some(0), "the first up failed: {}", told(&output));
        (bed.first, bed.took) = (String::from_utf8(output.stdout).unwrap(), started.elapsed());
        println!("lab {} came up in {:.1} s", bed.name, bed.took.as_secs_f64());
        bed
    }

    /// labctl with the bed's home and lab, and nothing else of this environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_labctl"));
        command.args(args).env_clear().env("HOME", &self.home).env("LABCTL_LAB", &self.name).stdin(Stdio::null());
        for kept in ["PATH", "DOCKER_HOST"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command
    }

    /// Runs labctl to its end.
    pub fn labctl(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The answer of `labctl ARGS -o json`.
    pub fn ask(&self, args: &[&str]) -> Value {
        let output = self.labctl(args);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic_with(args, &output, &error.to_string()))
    }

    /// `up` as it would be typed again; its events.
    pub fn up_again(&self) -> Vec<Value> {
        let output = self.labctl(&["up", "--headless", "--output", "json"]);
        assert_eq!(output.status.code(), Some(0), "up: {}", told(&output));
        events(&String::from_utf8(output.stdout).unwrap())
    }

    /// `status` says that every component works.
    pub fn assert_ready(&self) {
        let status = self.ask(&["status", "-o", "json"]);
        assert_eq!(status["ready"], true, "{status:#}");
    }

    pub fn plane(&self) -> String {
        format!("{}-control-plane", self.name)
    }

    /// kubectl inside the node, as an administrator that is not labctl.
    pub fn kubectl(&self, args: &[&str]) -> String {
        let plane = self.plane();
        let mut all = vec!["exec", &plane, "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf"];
        all.extend(args);
        docker(&all)
    }

    /// Kind, namespace and name of everything in the cluster whose name nobody makes up.
    pub fn objects(&self) -> BTreeSet<String> {
        const KINDS: &str = "namespaces,deployments,daemonsets,statefulsets,jobs,cronjobs,services,configmaps,secrets,serviceaccounts,clusterroles,\
                             clusterrolebindings,roles,rolebindings,persistentvolumeclaims,customresourcedefinitions,apiservices";
        let columns = "-o=custom-columns=K:.kind,S:.metadata.namespace,N:.metadata.name";
        self.kubectl(&["get", KINDS, "-A", "--no-headers", columns]).lines().map(words).collect()
    }

    /// The port of the gateway, as the engine maps it.
    pub fn port(&self) -> String {
        let mapped = docker(&["port", &self.plane(), "30080/tcp"]);
        mapped.trim().rsplit(':').next().unwrap().to_owned()
    }

    /// A call through the gateway's port on this host, by the name a browser would use.
    pub async fn call(&self, method: &str, component: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        labctl::support::tls::install_provider();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        let url = format!("http://127.0.0.1:{}{path}", self.port());
        let mut request = client.request(method.parse().unwrap(), url).header("host", format!("{component}.{}.localhost", self.name));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
    }

    /// Asks until `good` finds what it looks for; telemetry takes its time to arrive.
    pub async fn await_answer<T>(&self, component: &str, path: &str, good: impl Fn(&Value) -> Option<T>) -> T {
        let mut last = Value::Null;
        for _ in 0..60 {
            let (_, answer) = self.call("GET", component, path, None).await;
            if let Some(found) = good(&answer) {
                return found;
            }
            last = answer;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("{component}{path} does not show it; last: {last}")
    }
}

/// Ends the lab when this process has ended, whether or not its tests did.
fn keeper(home: &Path, name: &str) -> Child {
    let script = "read _ || true; \"$1\" down --yes --wait-lock --lab \"$2\" >/dev/null && rm -rf \"$HOME\"";
    Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_labctl"), name])
        .env("HOME", home)
        .env_remove("KUBECONFIG")
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_STATE_HOME")
        .stdin(Stdio::piped())
        .spawn()
        .expect("sh starts")
}

/// What docker answers.
pub fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().expect("the docker command is there: kind needs it too");
    assert!(output.status.success(), "docker {}: {}", args.join(" "), told(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Names of containers, also stopped ones, that bear `label`.
pub fn containers(label: &str) -> Vec<String> {
    docker(&["ps", "-a", "--filter", &format!("label={label}"), "--format", "{{.Names}}"]).lines().map(str::to_owned).collect()
}

/// Command lines of this machine's processes that speak of `word`, this test's own left out.
pub fn processes(word: &str) -> Vec<String> {
    let own = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let pid = entry.file_name().to_string_lossy().into_owned();
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        // the keeper waits for the end of this very process
        if pid != own && line.contains(word) && !line.starts_with("sh -c read _") {
            found.push(format!("{pid} {line}"));
        }
    }
    found
}

/// One JSON value a line.
pub fn events(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a command said, for messages.
pub fn told(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    let failed: Vec<&str> = out.lines().filter(|line| line.contains(r#""as":"failed""#)).collect();
    let tail: Vec<&str> = out.lines().rev().take(5).collect();
    let err = String::from_utf8_lossy(&output.stderr);
    format!("{}; standard error: {err}; failed steps: {}; standard output ends: {}", output.status, failed.join("\n"), tail.join("\n"))
}

fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn panic_with(args: &[&str], output: &Output, why: &str) -> Value {
    panic!("labctl {}: {why}: {}", args.join(" "), told(output))
}
